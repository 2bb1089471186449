//! The pages of a device that asks to be signed in.

use askama::Template;

use super::Page;

/// Asks for the code that the device shows.
#[derive(Template)]
#[template(path = "device.html")]
pub(crate) struct DevicePage<'a> {
    pub(crate) form_token: &'a str,
    /// What the field is filled with.
    pub(crate) user_code: &'a str,
    pub(crate) error: Option<&'a str>,
}

/// Asks whether the device may have what it asks for.
#[derive(Template)]
#[template(path = "device_confirm.html")]
pub(crate) struct DeviceConfirmPage<'a> {
    pub(crate) client_name: &'a str,
    pub(crate) client_id: &'a str,
    /// As the device shows it.
    pub(crate) user_code: &'a str,
    pub(crate) interaction: &'a str,
    pub(crate) form_token: &'a str,
    pub(crate) person: &'a str,
    pub(crate) api_name: Option<&'a str>,
    /// What the person is asked to share, in words.
    pub(crate) identity: Vec<&'static str>,
    /// The API's own scopes, each with what it lets the device do, if somebody has said so.
    pub(crate) api_scopes: Vec<(&'a str, Option<&'a str>)>,
}

impl Page for DevicePage<'_> {}

impl Page for DeviceConfirmPage<'_> {}
