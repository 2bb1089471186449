//! What the tokens at hand say, for whoever inspects them: behind the feature `inspector`. The tokens themselves stay here.

use evergrant_core::protocol::jwt::Unverified;
use js_sys::{Array, JSON, Object};
use wasm_bindgen::{JsCast, JsValue};

use super::Runtime;

/// What the tokens at hand say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TokenClaims {
    /// The ID token, whose signature was checked when it came.
    pub id_token: Vec<Claim>,
    /// The access token, which is for the API and was not checked here. Empty when there is none, or when it is not a JWT: apps need not be able to
    /// read it (RFC 9068 §6).
    pub access_token: Vec<Claim>,
}

/// One claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Its name.
    pub name: String,
    /// Its value as a person writes it: texts without quotes, `yes` and `no`, lists with commas.
    pub words: String,
    /// Its value as JSON.
    pub json: String,
}

impl Runtime {
    /// What the tokens at hand say; nothing when nobody is signed in.
    pub fn token_claims(&self) -> TokenClaims {
        self.0.store.session().map_or_else(TokenClaims::default, |session| TokenClaims {
            id_token: claims(session.id_token.secret()),
            access_token: session.access_token.as_ref().map_or_else(Vec::new, |token| claims(token.secret())),
        })
    }
}

/// By the browser's own JSON, which writes values as well: serde's way to do that would be kilobytes more to load.
fn claims(token: &str) -> Vec<Claim> {
    let payload = Unverified::parse(token).ok().and_then(|jwt| String::from_utf8(jwt.payload).ok());
    let parsed = payload.and_then(|payload| JSON::parse(&payload).ok()).unwrap_or(JsValue::NULL);
    let Ok(object) = parsed.dyn_into::<Object>() else { return Vec::new() };
    let members = Object::entries(&object);
    members.iter().map(|member| Array::from(&member)).map(|member| claim(&member.get(0), &member.get(1))).collect()
}

fn claim(name: &JsValue, value: &JsValue) -> Claim {
    let json = JSON::stringify(value).map(String::from).unwrap_or_default();
    let words = match (value.as_string(), value.as_bool()) {
        (Some(text), _) => text,
        (None, Some(is_so)) => if is_so { "yes" } else { "no" }.to_owned(),
        _ if Array::is_array(value) => String::from(Array::from(value).join(", ")),
        _ => json.clone(),
    };
    Claim { name: name.as_string().unwrap_or_default(), words, json }
}
