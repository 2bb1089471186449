//! Failures to try, where the issuer takes orders for them: what the session does about each is on the timeline.

use evergrant_browser::rehearsal::{Rehearsal, is_cut_off};
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::timeline::Zoom;
use crate::handle::use_session;
use crate::live::{click, part, text};

/// A button for each failure, once the issuer has said that it takes orders; until then, nothing.
#[component]
pub(super) fn Rehearsals(
    section: &'static str,
    /// Turned to where the failure will be seen.
    zoom: RwSignal<Zoom>,
) -> impl IntoView {
    let session = use_session();
    let possible = RwSignal::new(false);
    spawn_local(async move {
        possible.try_set(session.can_rehearse().await);
    });
    part(move || possible.get().then(|| view! { <Offered section zoom/> }).into_any())
}

#[component]
fn Offered(section: &'static str, zoom: RwSignal<Zoom>) -> impl IntoView {
    let session = use_session();
    let said = RwSignal::new(String::new());
    let cut_off = RwSignal::new(is_cut_off());
    let rehearse = move |rehearsal: Rehearsal| {
        zoom.set(if rehearsal == Rehearsal::Sleep { Zoom::QuarterHour } else { Zoom::Minute });
        said.set(String::new());
        spawn_local(async move {
            let done = session.rehearse(rehearsal).await;
            // The page may be another one by now.
            let done = if done.is_ok() { "Done: watch the timeline." } else { "The issuer did not take the order." };
            said.try_set(done.to_owned());
            cut_off.try_set(is_cut_off());
        });
    };
    let offered = move |index: usize| match &OFFERED[index] {
        (Rehearsal::Offline, ..) if cut_off.get() => &ONLINE,
        offered => offered,
    };
    let offer = move |index: usize| {
        view! {
            <li>
                <button on:click=click(move || rehearse(offered(index).0))>{text(move || offered(index).1)}</button>
                <p>{text(move || offered(index).2)}</p>
            </li>
        }
    };
    view! {
        <section class=section aria-labelledby="evergrant-rehearsals">
            <h2 id="evergrant-rehearsals">"Try a failure"</h2>
            <p class="evergrant-muted">"The issuer runs for developers, so it can be told to fail. What you order happens for real."</p>
            <ul class="evergrant-rehearsals">
                {(0..OFFERED.len()).map(offer).collect_view()}
            </ul>
            <p role="status">{text(move || said.get())}</p>
        </section>
    }
}

const OFFERED: [(Rehearsal, &str, &str); 7] = [
    (
        Rehearsal::Expire,
        "Expire now",
        "From this moment the access token counts as expired here: it is handed out no more, and renewed.",
    ),
    (
        Rehearsal::EndIssuerSession,
        "Sign out at the issuer",
        "The issuer signs everybody out, then this page renews. Without a refresh token, you have to sign in again.",
    ),
    (
        Rehearsal::Fail,
        "Fail the next renewal",
        "The issuer answers the next request with an error; this page renews now.",
    ),
    (
        Rehearsal::Slow,
        "Slow the next renewal",
        "The issuer takes four seconds for the next answer; this page renews now.",
    ),
    (
        Rehearsal::TooManyRequests,
        "Answer 429",
        "The issuer answers that it is asked too often, and wants five seconds of peace; this page renews now.",
    ),
    (
        Rehearsal::Sleep,
        "Sleep ten minutes",
        "This page's clock goes ten minutes ahead, as a laptop's does that slept, and the page wakes. The clock is right again \
         when the page is loaded again.",
    ),
    (
        Rehearsal::Offline,
        "Go offline",
        "This page sends no more requests for tokens, hears that the network is gone, and tries to renew.",
    ),
];

const ONLINE: (Rehearsal, &str, &str) =
    (Rehearsal::Online, "Go online", "This page may send requests again, and hears that the network is back.");
