//! A command-line tool without a browser of its own (RFC 8628): it asks for a code, and polls.

use anyhow::{Context, ensure};
use serde_json::Value;

use crate::world::World;

const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// The demo's client `demo-device`, with a code that it shows.
#[derive(Debug)]
pub struct Device<'a> {
    world: &'a World,
    device_code: String,
    /// What it shows.
    pub user_code: String,
    /// Where that is to be entered.
    pub verification_uri: String,
    /// The same with the code in it.
    pub verification_uri_complete: String,
}

impl<'a> Device<'a> {
    /// Asks for a code.
    ///
    /// # Errors
    /// When it gets none.
    pub fn start(world: &'a World) -> anyhow::Result<Self> {
        let asked = [("client_id", "demo-device"), ("scope", "openid profile offline_access")];
        let (status, told) = post(world, "/oauth/device_authorization", &asked)?;
        ensure!(status == 200, "the device was answered with {status}: {told}");
        let text = |name: &str| told[name].as_str().map(str::to_owned).with_context(|| format!("there is no {name}"));
        Ok(Self {
            world,
            device_code: text("device_code")?,
            user_code: text("user_code")?,
            verification_uri: text("verification_uri")?,
            verification_uri_complete: text("verification_uri_complete")?,
        })
    }

    /// Asks whether the person has answered; the tokens, or the error.
    ///
    /// # Errors
    /// When the issuer does not answer.
    pub fn poll(&self) -> anyhow::Result<Value> {
        let asked = [("client_id", "demo-device"), ("grant_type", GRANT_TYPE), ("device_code", &self.device_code)];
        Ok(post(self.world, "/oauth/token", &asked)?.1)
    }

    /// Uses a refresh token that it got; new tokens, or the error.
    ///
    /// # Errors
    /// When the issuer does not answer.
    pub fn refresh(&self, refresh_token: &str) -> anyhow::Result<Value> {
        let asked = [("client_id", "demo-device"), ("grant_type", "refresh_token"), ("refresh_token", refresh_token)];
        Ok(post(self.world, "/oauth/token", &asked)?.1)
    }
}

fn post(world: &World, path: &str, form: &[(&str, &str)]) -> anyhow::Result<(u16, Value)> {
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let mut answer = agent.post(format!("{}{path}", world.issuer.origin())).send_form(form.iter().copied())?;
    let text = answer.body_mut().read_to_string()?;
    Ok((answer.status().as_u16(), serde_json::from_str(&text).context("the answer is no JSON")?))
}
