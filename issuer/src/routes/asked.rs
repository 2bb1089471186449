//! What a person is asked in an interaction, read again from what was kept of it: for an authorization request, or for a device.

use evergrant_core::protocol::ClientId;
use evergrant_core::protocol::params::{self, Params};

use super::authorize;
use crate::authorize::request::AuthorizationRequest;
use crate::config::Client;
use crate::interactions::Pending;
use crate::provider::Provider;
use crate::user_code::UserCode;
use crate::web::PageError;

/// What a person signs in for.
pub(crate) enum Asked<'a> {
    /// An application sent them here.
    Authorization(Box<AuthorizationRequest<'a>>),
    /// They entered the code of a device.
    Device(AskedByDevice<'a>),
}

/// A device whose code was entered.
pub(crate) struct AskedByDevice<'a> {
    pub(crate) client: &'a Client,
    pub(crate) user_code: UserCode,
}

impl Asked<'_> {
    pub(crate) fn client(&self) -> &Client {
        match self {
            Self::Authorization(request) => request.client,
            Self::Device(asked) => asked.client,
        }
    }

    /// Who probably wants to sign in.
    pub(crate) fn login_hint(&self) -> Option<&str> {
        match self {
            Self::Authorization(request) => request.login_hint.as_deref(),
            Self::Device(_) => None,
        }
    }
}

/// What an interaction is for: the configuration may have changed since it was opened.
pub(crate) fn reread<'a>(provider: &'a Provider, pending: &Pending) -> Result<Asked<'a>, PageError> {
    match by_device(provider, pending) {
        Some(asked) => Ok(Asked::Device(asked)),
        None => Ok(Asked::Authorization(Box::new(authorize::reread(provider, pending)?))),
    }
}

/// The device an interaction is for, if it is for one. No authorization request that is kept has a `user_code`.
pub(crate) fn by_device<'a>(provider: &'a Provider, pending: &Pending) -> Option<AskedByDevice<'a>> {
    let params = Params::parse(&pending.interaction.request).ok()?;
    let user_code = UserCode::read(params.filled("user_code")?)?;
    let client = provider.config.client(&ClientId::new(params.filled("client_id")?))?;
    Some(AskedByDevice { client, user_code })
}

/// What is kept of a device's code in an interaction. In clear, since the pages that follow show it.
pub(crate) fn kept_of_device(client_id: &ClientId, user_code: &UserCode) -> String {
    params::encode([("client_id", client_id.as_str()), ("user_code", &user_code.to_string())])
}
