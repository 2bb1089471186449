//! What the tokens say, in plain words beside the names and values of their claims.

use evergrant_browser::Claim;
use evergrant_core::time::UnixTime;
use leptos::prelude::*;

use crate::clock::use_clock;
use crate::handle::use_session;
use crate::html::escaped;
use crate::live::{memo, text};
use crate::words::{self, Distance};

/// The claims of both tokens.
#[component]
pub(super) fn Claims(section: &'static str) -> impl IntoView {
    let session = use_session();
    let now = use_clock();
    // Memos: what a person has marked to copy stays so while the text does.
    let id_token = memo(move || rows(&session.token_claims().id_token, now.get()));
    let access_token = memo(move || rows(&session.token_claims().access_token, now.get()));
    view! {
        <section class=section aria-labelledby="evergrant-id-token">
            <h2 id="evergrant-id-token">"What the ID token says"</h2>
            <p class="evergrant-muted">"It tells this app who you are. Its signature was checked."</p>
            <dl inner_html=text(move || id_token.get())></dl>
        </section>
        <section class=section aria-labelledby="evergrant-access-token">
            <h2 id="evergrant-access-token">"What the access token says"</h2>
            <p class="evergrant-muted">{text(move || match access_token.with(String::is_empty) {
                true => "There is none, or it is not a JWT: then only the API can read it.",
                false => "It is for the API, which checks it. This app only passes it on.",
            })}</p>
            <dl inner_html=text(move || access_token.get())></dl>
        </section>
    }
}

/// Those that are known come first, in the order of [`KNOWN`].
fn rows(claims: &[Claim], now: UnixTime) -> String {
    let mut rows = String::new();
    for (name, meaning) in KNOWN {
        if let Some(claim) = claims.iter().find(|claim| claim.name == name) {
            rows += &row(claim, meaning, now);
        }
    }
    for claim in claims {
        if !KNOWN.iter().any(|(name, _)| claim.name == *name) {
            rows += &row(claim, "", now);
        }
    }
    rows
}

fn row(Claim { name, words, json }: &Claim, meaning: &str, now: UnixTime) -> String {
    let time = json.parse().ok().filter(|_| TIMES.contains(&name.as_str())).map(UnixTime::from_seconds);
    let value = match time {
        Some(time) => words::date_and_time(time) + " · " + &Distance::between(now, time).in_calm_words(),
        None => words.clone(),
    };
    let mut row = format!("<div><dt>{meaning} <code>{}</code></dt><dd>{}", escaped(name), escaped(&value));
    // Where the raw value is the same but for its quotes, once is enough.
    if json.trim_matches('"') != value {
        row += &format!(" <code>{}</code>", escaped(json));
    }
    row + "</dd></div>"
}

/// Seconds since the epoch (RFC 7519 §2, NumericDate).
const TIMES: [&str; 5] = ["auth_time", "iat", "nbf", "exp", "updated_at"];

/// The claims of OIDC Core §2 and §5.1 and of RFC 9068 §2.2, for people first.
const KNOWN: [(&str, &str); 28] = [
    ("name", "Name"),
    ("given_name", "First name"),
    ("family_name", "Family name"),
    ("nickname", "Nickname"),
    ("preferred_username", "User name"),
    ("email", "E-mail"),
    ("email_verified", "E-mail confirmed"),
    ("picture", "Picture"),
    ("locale", "Language"),
    ("zoneinfo", "Time zone"),
    ("scope", "Allows"),
    ("sub", "Known to the issuer as"),
    ("iss", "Issued by"),
    ("aud", "Meant for"),
    ("azp", "Used by"),
    ("client_id", "Used by"),
    ("auth_time", "Password last entered"),
    ("amr", "Signed in by means of"),
    ("iat", "Issued"),
    ("nbf", "Not good before"),
    ("exp", "Good until"),
    ("updated_at", "Profile last changed"),
    ("sid", "The issuer's session"),
    ("grant_id", "The grant it comes from"),
    ("jti", "Its own name"),
    ("nonce", "Ties it to its request"),
    ("at_hash", "Ties it to the access token"),
    ("c_hash", "Ties it to the code"),
];

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    fn claim(name: &str, words: &str, json: &str) -> Claim {
        Claim { name: name.to_owned(), words: words.to_owned(), json: json.to_owned() }
    }

    #[wasm_bindgen_test]
    fn people_come_first_and_what_nobody_knows_last() {
        let claims = [claim("x_own", "1", "1"), claim("exp", "7200", "7200"), claim("name", "<b>", "\"<b>\"")];
        let rows = rows(&claims, UnixTime::from_seconds(0));
        let places = ["Name", "&lt;b&gt;", "Good until", "in 2 h 0 min", "<code>7200</code>", "x_own"];
        let places: Vec<_> = places.iter().map(|text| rows.find(text)).collect();
        assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{places:?} {rows}");
        assert_eq!(rows.matches("&lt;b&gt;").count(), 1, "a text is its own raw value: {rows}");
    }
}
