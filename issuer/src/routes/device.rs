//! `GET|POST /device`: where a person enters the code that a device shows (RFC 8628 §3.3). A link may fill it in, and does no more
//! than that (§3.3.1): who comes to the page that asks (`confirm`) has pressed a button here.

pub(crate) mod confirm;

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use evergrant_core::time::UnixTime;

use super::{asked, sign_in};
use crate::config::GrantType;
use crate::error::Failure;
use crate::interactions;
use crate::provider::Provider;
use crate::secret::Secret;
use crate::sessions;
use crate::store::DeviceAuthorization;
use crate::user_code::UserCode;
use crate::web::PageError;
use crate::web::headers::{see_other, set_cookie, whole_seconds};
use crate::web::page_params::{OwnForm, PageParams};
use crate::web::pages::{DevicePage, Page as _};
use crate::web::peer::Peer;

/// Where it is: `verification_uri`.
pub(crate) const PATH: &str = "/device";

pub(crate) async fn page(
    State(provider): State<Arc<Provider>>,
    headers: HeaderMap,
    PageParams(params): PageParams,
) -> Result<Response, PageError> {
    if !provider.config.uses_grant(GrantType::DeviceCode) {
        return Err(PageError::not_found());
    }
    let (browser, cookie) = interactions::browser(&provider, &headers)?;
    // Nothing but a code: what the page shows is not for others to say.
    let user_code = params.filled("user_code").and_then(UserCode::read).map(|code| code.to_string());
    let form_token = form_token(&browser);
    let page = DevicePage {
        form_token: form_token.expose(),
        user_code: user_code.as_deref().unwrap_or_default(),
        error: None,
    };
    let mut response = page.respond(StatusCode::OK);
    set_cookie(&mut response, cookie);
    Ok(response)
}

pub(crate) async fn submit(
    State(provider): State<Arc<Provider>>,
    Peer(address): Peer,
    headers: HeaderMap,
    OwnForm(params): OwnForm,
) -> Result<Response, PageError> {
    let (browser, _) = interactions::browser(&provider, &headers)?;
    let own = form_token(&browser);
    if !Secret::presented(params.first("form_token").unwrap_or_default()).matches(&own) {
        return Err(PageError::foreign_post());
    }
    let entered = params.first("user_code").unwrap_or_default();
    let again = |error: &str, status| {
        let page = DevicePage { form_token: own.expose(), user_code: entered, error: Some(error) };
        page.respond(status)
    };
    if let Err(wait) = provider.limits.user_code(address) {
        let error = format!("Too many codes. Wait {}, then try again.", sign_in::in_words(wait));
        let mut response = again(&error, StatusCode::TOO_MANY_REQUESTS);
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(whole_seconds(wait)));
        return Ok(response);
    }
    let now = provider.clock.now();
    let found = match UserCode::read(entered) {
        Some(user_code) => waiting(&provider, &user_code, now).await?.map(|device| (user_code, device)),
        None => Err(NotWaiting::Unknown),
    };
    let (user_code, device) = match found {
        Ok(found) => found,
        Err(reason) => {
            let error = format!("{}. {}", reason.heading(), reason.sentence());
            return Ok(again(&error, StatusCode::UNPROCESSABLE_ENTITY));
        }
    };
    let kept = asked::kept_of_device(&device.client_id, &user_code);
    let (pending, cookie) = interactions::open(&provider, &headers, address, kept, now).await?;
    let next = match sessions::current(&provider, &headers, now).await? {
        Some(_) => confirm::PATH,
        None => "/sign-in",
    };
    let mut response = see_other(&pending.address(next, &device.client_id));
    set_cookie(&mut response, cookie);
    Ok(response)
}

/// Why nobody can answer for a code.
#[derive(Clone, Copy, Debug)]
enum NotWaiting {
    Unknown,
    Expired,
    Answered,
}

impl NotWaiting {
    const fn heading(self) -> &'static str {
        match self {
            Self::Unknown => "No device shows this code",
            Self::Expired => "This code has expired",
            Self::Answered => "This code was used already",
        }
    }

    const fn sentence(self) -> &'static str {
        match self {
            Self::Unknown => "Look at it once more: it has eight letters, and neither vowels nor digits.",
            Self::Expired => "Start again on the device, and it shows a new one.",
            Self::Answered => "It counts once. Start again on the device, and it shows a new one.",
        }
    }
}

/// The device that waits for an answer under a code.
async fn waiting(
    provider: &Provider,
    user_code: &UserCode,
    now: UnixTime,
) -> Result<Result<DeviceAuthorization, NotWaiting>, Failure> {
    Ok(match provider.store.device_authorization(user_code.hash()).await? {
        None => Err(NotWaiting::Unknown),
        Some(device) if device.answered_at.is_some() => Err(NotWaiting::Answered),
        Some(device) if device.expires_at <= now => Err(NotWaiting::Expired),
        Some(device) => Ok(device),
    })
}

/// What the form carries: it cannot be known without this browser's cookie.
fn form_token(browser: &Secret) -> Secret {
    browser.derive("user code")
}
