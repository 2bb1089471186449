//! How an access token is presented (RFC 6750 §2, RFC 9449 §7.1), and what is answered when none is.

use axum::extract::{FromRequest as _, Request};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use evergrant_core::protocol::params::Params;
use evergrant_core::protocol::{AccessToken, ErrorCode, dpop};

use super::form::{FormRejection, FormText};
use super::headers::forbid_storing;
use super::oauth_refusal::{OAuthRefusal, dpop_algorithms};

/// An access token as it came.
#[derive(Clone, Debug)]
pub(crate) enum Presented {
    /// By itself.
    Bearer(AccessToken),
    /// With a proof that its sender has its key.
    Dpop(AccessToken),
}

/// From the header or the body of a request, never from the query, which servers log (RFC 6750 §2.3, RFC 9700 §4.3.2).
pub(crate) async fn presented(request: Request) -> Result<Option<Presented>, OAuthRefusal> {
    let in_header = in_header(request.headers())?;
    let has_form = request.method() == Method::POST && request.headers().contains_key(header::CONTENT_TYPE);
    let in_body = if has_form {
        match FormText::from_request(request, &()).await {
            // No other body carries a token (§2.2), so none is looked for.
            Err(FormRejection::MediaType) if in_header.is_some() => None,
            form => {
                let FormText(text) = form?;
                let params = Params::parse(&text).map_err(|_| two_tokens())?;
                params.filled("access_token").map(|token| Presented::Bearer(AccessToken::new(token)))
            }
        }
    } else {
        None
    };
    match (in_header, in_body) {
        (Some(_), Some(_)) => Err(two_tokens()),
        (in_header, in_body) => Ok(in_header.or(in_body)),
    }
}

/// From the `Authorization` header (RFC 6750 §2.1, RFC 9449 §7.1).
///
/// # Errors
/// When there are two of it: which one counts would be a guess.
pub(crate) fn in_header(headers: &HeaderMap) -> Result<Option<Presented>, OAuthRefusal> {
    let mut given = headers.get_all(header::AUTHORIZATION).iter();
    let credentials = given.next().and_then(|value| value.to_str().ok()?.split_once(' '));
    match given.next() {
        Some(_) => Err(two_tokens()),
        None => Ok(credentials.and_then(|(scheme, token)| {
            let token = AccessToken::new(token.trim());
            match scheme {
                _ if scheme.eq_ignore_ascii_case("Bearer") => Some(Presented::Bearer(token)),
                _ if scheme.eq_ignore_ascii_case(dpop::TOKEN_TYPE) => Some(Presented::Dpop(token)),
                _ => None,
            }
        })),
    }
}

/// Without a token there is no error to name (RFC 6750 §3.1).
pub(crate) fn nothing_presented() -> Response {
    let mut response = StatusCode::UNAUTHORIZED.into_response();
    let challenge = HeaderValue::from_static(r#"Bearer realm="evergrant""#);
    response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    if let Ok(challenge) = HeaderValue::try_from(format!("{} {}", dpop::TOKEN_TYPE, dpop_algorithms())) {
        response.headers_mut().append(header::WWW_AUTHENTICATE, challenge);
    }
    forbid_storing(response.headers_mut());
    response
}

/// RFC 6750 §2: "MUST NOT use more than one method".
pub(crate) fn two_tokens() -> OAuthRefusal {
    OAuthRefusal::bearer(ErrorCode::InvalidRequest, "Present one access token, in one way.")
}
