//! Documents that are asked for again and again: an entity tag spares whoever has the newest one the rest (RFC 9110 §13).

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

/// A JSON document with its entity tag.
#[derive(Clone, Debug)]
pub(crate) struct Document {
    body: Bytes,
    tag: String,
}

impl Document {
    #[cfg(test)]
    pub(crate) fn body(&self) -> &Bytes {
        &self.body
    }

    /// # Errors
    /// When the value has no JSON form.
    pub(crate) fn json(value: &impl Serialize) -> Result<Self, serde_json::Error> {
        let body = serde_json::to_vec(value)?;
        let tag = format!(r#""{}""#, URL_SAFE_NO_PAD.encode(&Sha256::digest(&body)[..12]));
        Ok(Self { body: body.into(), tag })
    }

    /// The document, or 304 to whoever has it. `cache` is the `Cache-Control` of both.
    pub(crate) fn answer(&self, request: &HeaderMap, cache: &'static str) -> Response {
        let mut response = if self.is_known_to(request) {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            ([(header::CONTENT_TYPE, "application/json")], self.body.clone()).into_response()
        };
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
        let (name, tag): (HeaderName, _) = (header::ETAG, HeaderValue::from_str(&self.tag));
        if let Ok(tag) = tag {
            headers.insert(name, tag);
        }
        response
    }

    /// RFC 9110 §13.1.2: a list of tags, compared weakly, or `*`.
    fn is_known_to(&self, request: &HeaderMap) -> bool {
        let lists = request.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
        let mut tags = lists.flat_map(|list| list.split(',')).map(str::trim);
        tags.any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == self.tag)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn only_who_has_this_very_document_gets_304() {
        let (document, other) = (Document::json(&["a"]).unwrap(), Document::json(&["b"]).unwrap());
        let status = |known: &str| {
            let headers = HeaderMap::from_iter([(header::IF_NONE_MATCH, HeaderValue::from_str(known).unwrap())]);
            document.answer(&headers, "no-store").status().as_u16()
        };
        assert_eq!(status(&document.tag), 304);
        assert_eq!(status(&format!("{}, W/{}", other.tag, document.tag)), 304);
        assert_eq!(status("*"), 304);
        assert_eq!(status(&other.tag), 200);
        assert_eq!(document.answer(&HeaderMap::new(), "no-store").headers()[header::ETAG], document.tag.as_str());
    }
}
