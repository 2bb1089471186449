//! What a page is sent: parameters of which none repeats; and of a form, only from a page of the issuer's own.

use std::sync::Arc;

use axum::extract::{FromRequest, Request};
use evergrant_core::protocol::params::Params;

use super::form::FormText;
use super::{PageError, same_origin};
use crate::provider::Provider;

/// The query of a GET, or the body of a POST from anywhere.
pub(crate) struct PageParams(pub(crate) Params);

/// The fields of a form that only the issuer's own pages may send.
pub(crate) struct OwnForm(pub(crate) Params);

impl<S: Send + Sync> FromRequest<S> for PageParams {
    type Rejection = PageError;

    async fn from_request(request: Request, state: &S) -> Result<Self, PageError> {
        let FormText(text) = FormText::from_request(request, state).await?;
        let params = Params::parse(&text);
        params.map(Self).map_err(|_| PageError::bad_request("A field was sent twice, or too much was sent."))
    }
}

impl FromRequest<Arc<Provider>> for OwnForm {
    type Rejection = PageError;

    async fn from_request(request: Request, provider: &Arc<Provider>) -> Result<Self, PageError> {
        same_origin::check(request.headers(), &provider.config)?;
        let PageParams(params) = PageParams::from_request(request, provider).await?;
        Ok(Self(params))
    }
}
