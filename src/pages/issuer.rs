//! An issuer of one's own in place of the app's: what to say about it, and what to tell it about the app.

mod check;
mod form;
mod registration;

use evergrant_leptos::{OtherIssuer, use_session};
use leptos::prelude::*;

use self::form::IssuerForm;
use self::registration::Registration;
use crate::live::click;
use crate::other_issuer;
use crate::route::Heading;

/// The page.
#[component]
pub(crate) fn IssuerPage() -> impl IntoView {
    let config = use_session().config();
    let in_use = match OtherIssuer::is_used_by(&config) {
        false => ().into_any(),
        true => view! {
            <section class="notice" data-testid="other-issuer">
                <p class="headline">"You are using an issuer of your own."</p>
                <p>"It is "<span class="address">{config.issuer.to_string()}</span>", and this app its client "
                    <span class="address">{config.client_id.to_string()}</span>"."</p>
                <div class="actions">
                    <button on:click=click(other_issuer::go_back)>"Back to the issuer of this app"</button>
                </div>
            </section>
        }
        .into_any(),
    };
    view! {
        <Heading>"Your own issuer"</Heading>
        <p class="lede">
            "See how silent renewal does at Auth0, Keycloak, Entra or any other OpenID provider. What you enter stays in this browser."
        </p>
        {in_use}
        <div class="columns"><IssuerForm/><Registration/></div>
    }
}
