//! What scopes let an application do, as people read it: `asks to ...`.

use evergrant_core::protocol::Scope;

use crate::config::Api;

/// The scopes that belong to no API (OIDC Core §5.4 and §11).
const IDENTITY: [(&str, &str); 4] = [
    ("openid", "know that it is you who signs in"),
    ("profile", "see your name and picture"),
    ("email", "see your e-mail address"),
    ("offline_access", "keep this access while you are away, until you sign it out"),
];

/// What `scope` has of those that belong to no API, in words.
pub(crate) fn of_identity(scope: &Scope) -> Vec<&'static str> {
    IDENTITY.into_iter().filter_map(|(word, words)| scope.contains(word).then_some(words)).collect()
}

/// The others of `scope`, each with what it lets an application do at this API, if somebody has said so.
pub(crate) fn of_api<'a>(scope: &'a Scope, api: Option<&'a Api>) -> impl Iterator<Item = (&'a str, Option<&'a str>)> {
    let others = scope.words().filter(|word| IDENTITY.iter().all(|(identity, _)| identity != word));
    others.map(move |word| (word, api.and_then(|api| api.descriptions.get(word)).map(String::as_str)))
}
