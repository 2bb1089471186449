//! Reading parameters: the query of a GET, the form body of a POST, as text, because who reads them decides what repeats.

use axum::body::to_bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use url::form_urlencoded;

/// The largest body that is read.
pub(crate) const LARGEST_BODY: usize = 64 * 1024;

/// The form-encoded parameters of a request.
pub(crate) struct FormText(pub(crate) String);

/// Why there are none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FormRejection {
    /// Not `application/x-www-form-urlencoded`.
    MediaType,
    /// Larger than [`LARGEST_BODY`], or broken off.
    Body,
    /// Not UTF-8.
    Encoding,
}

impl FormRejection {
    pub(crate) const fn status(self) -> StatusCode {
        match self {
            Self::MediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Body => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Encoding => StatusCode::BAD_REQUEST,
        }
    }

    pub(crate) const fn sentence(self) -> &'static str {
        match self {
            Self::MediaType => "The body must be application/x-www-form-urlencoded.",
            Self::Body => "The body is too large or incomplete.",
            Self::Encoding => "What was sent is not UTF-8.",
        }
    }
}

impl IntoResponse for FormRejection {
    fn into_response(self) -> Response {
        (self.status(), self.sentence()).into_response()
    }
}

impl FormText {
    /// What is encoded must be UTF-8 as well: decoding would put U+FFFD, which nobody sends, in the place of what is not, and
    /// a `state` would go back as another one.
    fn checked(text: String) -> Result<Self, FormRejection> {
        let is_mended = |part: &str| part.contains(char::REPLACEMENT_CHARACTER);
        let mended = form_urlencoded::parse(text.as_bytes()).any(|(name, value)| is_mended(&name) || is_mended(&value));
        if mended { Err(FormRejection::Encoding) } else { Ok(Self(text)) }
    }
}

impl<S: Send + Sync> FromRequest<S> for FormText {
    type Rejection = FormRejection;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Self::Rejection> {
        if request.method() != Method::POST {
            return Self::checked(request.uri().query().unwrap_or_default().to_owned());
        }
        let media_type = request.headers().get(header::CONTENT_TYPE);
        let media_type = media_type.and_then(|value| value.to_str().ok()).unwrap_or_default();
        let essence = media_type.split(';').next().unwrap_or_default().trim();
        if !essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return Err(FormRejection::MediaType);
        }
        let body = to_bytes(request.into_body(), LARGEST_BODY).await.map_err(|_| FormRejection::Body)?;
        Self::checked(String::from_utf8(body.into()).map_err(|_| FormRejection::Encoding)?)
    }
}
