//! `GET|POST /consent`: what a client asks for, in words, and the person's answer.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use evergrant_core::protocol::params::Params;
use evergrant_core::protocol::{ErrorCode, OAuthError};

use super::authorize::{self, Answering, Next};
use crate::interactions::{self, Pending};
use crate::provider::Provider;
use crate::scopes;
use crate::secret::Secret;
use crate::sessions::{self, SignedIn};
use crate::web::PageError;
use crate::web::headers::see_other;
use crate::web::page_params::{OwnForm, PageParams};
use crate::web::pages::{ConsentPage, Page as _};

pub(crate) async fn page(
    State(provider): State<Arc<Provider>>,
    headers: HeaderMap,
    PageParams(params): PageParams,
) -> Result<Response, PageError> {
    let now = provider.clock.now();
    let pending = interactions::unanswered(&provider, &headers, &params, now).await?;
    let request = authorize::reread(&provider, &pending)?;
    let Some(signed_in) = sessions::current(&provider, &headers, now).await? else {
        return authorize::follow(Next::Page("/sign-in"), &request, &pending);
    };
    let person = provider.config.user(signed_in.session.subject.as_str());
    let api = request.audience.as_deref().and_then(|audience| provider.config.api(audience));
    let form_token = for_person(&pending, &signed_in);
    let page = ConsentPage {
        client_name: &request.client.name,
        client_id: request.client.client_id.as_str(),
        interaction: pending.token.expose(),
        form_token: form_token.expose(),
        person: person.map_or("", |person| person.display_name()),
        api_name: api.map(|api| api.name.as_str()),
        identity: scopes::of_identity(&request.scope),
        api_scopes: scopes::of_api(&request.scope, api).collect(),
    };
    Ok(page.respond(StatusCode::OK))
}

pub(crate) async fn submit(
    State(provider): State<Arc<Provider>>,
    headers: HeaderMap,
    OwnForm(params): OwnForm,
) -> Result<Response, PageError> {
    let now = provider.clock.now();
    let pending = interactions::pending(&provider, &headers, &params, now).await?;
    let request = authorize::reread(&provider, &pending)?;
    let signed_in = sessions::current(&provider, &headers, now).await?;
    let mut answering = Answering {
        request: &request,
        session: signed_in.as_ref().map(|signed_in| &signed_in.session),
        pending: Some(&pending),
        just_allowed: false,
        now,
    };
    let page_again = || Ok(see_other(&pending.address("/consent", &request.client.client_id)));
    let next = match params.first("decision") {
        // The page named a person: their yes is not that of somebody who signed in meanwhile.
        Some("allow") if signed_in.as_ref().is_some_and(|signed_in| is_of_another(&params, &pending, signed_in)) => {
            return page_again();
        }
        Some("allow") => {
            answering.just_allowed = true;
            authorize::next(&provider, &answering).await?
        }
        Some("deny") => {
            let denied = OAuthError::new(ErrorCode::AccessDenied, "the person did not allow it");
            authorize::refuse(&provider, &answering, &denied).await?
        }
        _ => return page_again(),
    };
    authorize::follow(next, &request, &pending)
}

/// What the page of a request carries for the person it names.
fn for_person(pending: &Pending, signed_in: &SignedIn) -> Secret {
    pending.token.derive(signed_in.session.subject.as_str())
}

/// Whether the form is of a page that names somebody else.
fn is_of_another(form: &Params, pending: &Pending, signed_in: &SignedIn) -> bool {
    let named = form.filled("form_token").map(Secret::presented);
    named.is_some_and(|named| !named.matches(&for_person(pending, signed_in)))
}
