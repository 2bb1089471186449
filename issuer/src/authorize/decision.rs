//! What a request needs before it is granted: a sign-in, a consent, or a refusal. A plain function, so that every
//! combination of `prompt`, `max_age`, session and consent is a line in a test.

use std::time::Duration;

use evergrant_core::protocol::authorize::Prompt;
use evergrant_core::protocol::{ErrorCode, OAuthError, Scope, Subject};
use evergrant_core::time::UnixTime;

use super::request::AuthorizationRequest;
use crate::store::Session;

/// What is known when a request is judged.
#[derive(Clone, Copy, Debug)]
pub struct Situation<'a> {
    /// Who is signed in in this browser.
    pub session: Option<&'a Session>,
    /// Whom the `id_token_hint` names.
    pub hinted: Option<&'a Subject>,
    /// What this person has allowed this client before.
    pub consented: &'a Scope,
    /// Whether the person has just said yes to this very request.
    pub just_allowed: bool,
    /// When this very request was first shown to the person, if it was.
    pub shown_at: Option<UnixTime>,
    /// The time.
    pub now: UnixTime,
}

/// What comes next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The person has to sign in.
    SignIn,
    /// The person has to allow it.
    AskConsent,
    /// Nothing is missing.
    Grant,
    /// It cannot be.
    Refuse(OAuthError),
}

/// Judges a request (OIDC Core §3.1.2.3 and §3.1.2.4).
pub fn decide(request: &AuthorizationRequest<'_>, situation: &Situation<'_>) -> Decision {
    let fresh = signed_in_for_this(situation);
    if let Some(session) = situation.session
        && fresh
        && situation.hinted.is_some_and(|hinted| *hinted != session.subject)
    {
        // OIDC Core §3.1.2.1, id_token_hint: no answer about somebody else than the person hinted at.
        return Decision::Refuse(OAuthError::new(
            ErrorCode::LoginRequired,
            "another person signed in than the one id_token_hint names",
        ));
    }
    if needs_sign_in(request, situation, fresh) {
        return if request.is_silent() {
            Decision::Refuse(login_required(situation.session.is_some()))
        } else {
            Decision::SignIn
        };
    }
    if needs_consent(request, situation) {
        return if request.is_silent() {
            Decision::Refuse(OAuthError::new(ErrorCode::ConsentRequired, "the person has not allowed this yet"))
        } else {
            Decision::AskConsent
        };
    }
    Decision::Grant
}

fn needs_sign_in(request: &AuthorizationRequest<'_>, situation: &Situation<'_>, fresh: bool) -> bool {
    let Some(session) = situation.session else { return true };
    if fresh {
        return false;
    }
    let asked = [Prompt::Login, Prompt::SelectAccount].iter().any(|prompt| request.prompts.contains(prompt));
    let too_old = request.max_age.is_some_and(|max_age| is_older(session, max_age, situation.now));
    let somebody_else = situation.hinted.is_some_and(|hinted| *hinted != session.subject);
    asked || too_old || somebody_else
}

/// Whether the person entered credentials since this request was shown: then `prompt=login` and `max_age` are served.
fn signed_in_for_this(situation: &Situation<'_>) -> bool {
    match (situation.session, situation.shown_at) {
        (Some(session), Some(shown_at)) => session.auth_time >= shown_at,
        _ => false,
    }
}

/// In whole seconds, as the client will judge `auth_time`.
fn is_older(session: &Session, max_age: Duration, now: UnixTime) -> bool {
    let age = now.as_seconds().saturating_sub(session.auth_time.as_seconds());
    u64::try_from(age).unwrap_or(0) > max_age.as_secs() || max_age.is_zero()
}

fn needs_consent(request: &AuthorizationRequest<'_>, situation: &Situation<'_>) -> bool {
    if situation.just_allowed {
        return false;
    }
    // RFC 8252 §8.6: any program of the device can pose as a native app, so what the person once allowed says nothing about
    // who asks now.
    let anybody_may_ask = request.client.can_be_posed_as_at(&request.target.redirect_uri);
    let allowed = situation.consented.covers(&request.scope) && !anybody_may_ask;
    let missing = request.client.require_consent && !allowed;
    missing || request.prompts.contains(&Prompt::Consent)
}

fn login_required(signed_in: bool) -> OAuthError {
    let description =
        if signed_in { "the person has to sign in again" } else { "nobody is signed in at the issuer in this browser" };
    OAuthError::new(ErrorCode::LoginRequired, description)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::authorize::request;
    use crate::config::Config;
    use crate::secret::SecretHash;

    const NOW: UnixTime = UnixTime::from_seconds(10_000);

    /// What is decided for `extra` parameters when the person signed in at `signed_in` seconds and allowed `consented`.
    fn decided(
        extra: &str,
        signed_in: Option<i64>,
        consented: &str,
        shown_at: Option<i64>,
        just_allowed: bool,
    ) -> String {
        let config = Config::parse(include_str!("../../demo.toml")).unwrap();
        let text = format!(
            "client_id=evergrant-app&redirect_uri=http://localhost:8080/callback&response_type=id_token\
             &scope=openid+email&nonce=n&{extra}"
        );
        let request = request::read(&config, &text).unwrap();
        let session = signed_in.map(|seconds| Session {
            id: SecretHash::of("id"),
            sid: "sid".into(),
            subject: Subject::new("ann"),
            device: String::new(),
            password: None,
            auth_time: UnixTime::from_seconds(seconds),
            idle_until: NOW,
            absolute_until: NOW,
        });
        let situation = Situation {
            session: session.as_ref(),
            hinted: None,
            consented: &Scope::parse(consented),
            just_allowed,
            shown_at: shown_at.map(UnixTime::from_seconds),
            now: NOW,
        };
        match decide(&request, &situation) {
            Decision::Refuse(error) => error.error.to_string(),
            decision => format!("{decision:?}"),
        }
    }

    #[test]
    fn each_combination_of_prompt_age_session_and_consent() {
        let all = "openid email profile";
        for (extra, signed_in, consented, shown_at, just_allowed, expected) in [
            ("", None, "", None, false, "SignIn"),
            ("", Some(0), "", None, false, "AskConsent"),
            ("", Some(0), "openid", None, false, "AskConsent"),
            ("", Some(0), all, None, false, "Grant"),
            ("", Some(0), "", Some(1), true, "Grant"),
            ("", None, all, Some(1), true, "SignIn"),
            ("prompt=none", None, "", None, false, "login_required"),
            ("prompt=none", Some(0), "openid", None, false, "consent_required"),
            ("prompt=none", Some(0), all, None, false, "Grant"),
            ("prompt=none&max_age=10", Some(9_980), all, None, false, "login_required"),
            ("prompt=none&max_age=0", Some(10_000), all, None, false, "login_required"),
            ("max_age=10", Some(9_990), all, None, false, "Grant"),
            ("max_age=10", Some(9_989), all, None, false, "SignIn"),
            ("max_age=0", Some(9_990), all, Some(9_990), false, "Grant"),
            ("prompt=login", Some(9_990), all, None, false, "SignIn"),
            ("prompt=login", Some(9_990), all, Some(9_991), false, "SignIn"),
            ("prompt=login", Some(9_991), all, Some(9_991), false, "Grant"),
            ("prompt=select_account", Some(9_990), all, None, false, "SignIn"),
            ("prompt=consent", Some(9_990), all, None, false, "AskConsent"),
            ("prompt=consent", Some(9_990), all, Some(9_990), true, "Grant"),
            ("prompt=login+consent", Some(9_991), all, Some(9_991), false, "AskConsent"),
        ] {
            let found = decided(extra, signed_in, consented, shown_at, just_allowed);
            assert_eq!(found, expected, "{extra} {signed_in:?} {consented:?} {shown_at:?} {just_allowed}");
        }
    }
}
