//! What a person reads when something does not go on: what happened, and what to do.

use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tracing::error;

use super::form::FormRejection;
use super::headers::whole_seconds;
use super::pages::{MessagePage, Page as _};
use super::reason::Reason;
use crate::config::Client;
use crate::error::Failure;

/// An error as a page.
#[derive(Debug)]
pub(crate) struct PageError {
    status: StatusCode,
    heading: &'static str,
    sentence: &'static str,
    advice: Option<&'static str>,
    /// The application from which to start again: its name and a page of it.
    application: Option<(String, String)>,
    not_signed_out: bool,
    retry_after: Option<Duration>,
}

impl PageError {
    /// The request itself makes no sense; `sentence` says why.
    pub(crate) fn bad_request(sentence: &'static str) -> Self {
        Self::cannot_go_on(StatusCode::BAD_REQUEST, sentence)
    }

    /// A sign-out that makes no sense: the person can sign out all the same, on the issuer's own page.
    pub(crate) fn not_signed_out(sentence: &'static str) -> Self {
        let advice =
            "You have not been signed out here. Whoever runs the application that sent you should know about this.";
        Self { advice: Some(advice), not_signed_out: true, ..Self::bad_request(sentence) }
    }

    /// The same for a browser in which nobody is signed in: there is nothing to sign out.
    pub(crate) fn with_nobody_signed_in(self) -> Self {
        let advice = "Nobody is signed in here in this browser. Whoever runs the application that sent you should know about this.";
        Self { advice: Some(advice), not_signed_out: false, ..self }
    }

    /// An interaction of this client's that is over, or was opened in another browser.
    pub(crate) fn interaction_over(client: Option<&Client>) -> Self {
        let application = client.and_then(|client| Some((client.name.clone(), client.front_page()?.to_owned())));
        let advice = application.is_none().then_some("Go back to the application and start again there.");
        Self {
            application,
            advice,
            ..Self::new(
                StatusCode::BAD_REQUEST,
                "This page is out of date",
                "It was answered already, took too long, or was opened in another browser.",
            )
        }
    }

    /// A post from somebody else's page.
    pub(crate) fn foreign_post() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "This form was sent from elsewhere",
            "For your safety it counts only when sent from the issuer's own page. \
             Go back to the application and start again there.",
        )
    }

    /// No such page.
    pub(crate) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "There is nothing here", "The address is not one of the issuer's.")
    }

    fn cannot_go_on(status: StatusCode, sentence: &'static str) -> Self {
        // It is the application's mistake, as a rule, and a person can do nothing about that.
        let advice = "Go back and try again. If an application sent you here, whoever runs it should know about this.";
        Self { advice: Some(advice), ..Self::new(status, "This request cannot go on", sentence) }
    }

    fn new(status: StatusCode, heading: &'static str, sentence: &'static str) -> Self {
        Self { status, heading, sentence, advice: None, application: None, not_signed_out: false, retry_after: None }
    }
}

impl From<Failure> for PageError {
    fn from(failure: Failure) -> Self {
        error!("{failure}");
        Self {
            retry_after: Some(Duration::from_secs(5)),
            ..Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "Something does not work here",
                "It is not your fault. Try again in a moment.",
            )
        }
    }
}

impl From<FormRejection> for PageError {
    fn from(rejection: FormRejection) -> Self {
        Self::cannot_go_on(rejection.status(), rejection.sentence())
    }
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        let application = self.application.as_ref().map(|(name, page)| (name.as_str(), page.as_str()));
        let Self { heading, sentence, advice, not_signed_out, .. } = self;
        let page = MessagePage { heading, sentence, advice, application, not_signed_out, in_account: false };
        let mut response = page.respond(self.status);
        Reason::add_sentence(&mut response, sentence);
        if let Some(wait) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(whole_seconds(wait)));
        }
        response
    }
}
