//! The person: their picture, or their initials.

use evergrant_leptos::{IdTokenClaims, use_session};
use leptos::prelude::*;

use super::name_or_ask;
use crate::live::{memo, part, text};
use crate::words;

/// The picture, if it can be had safely; else the initials. It is decoration: the name stands beside it.
#[component]
pub(crate) fn Avatar() -> impl IntoView {
    let view = use_session().view();
    let initials = move || {
        view.with(|view| {
            view.claims.as_ref().map(|claims| words::initials(&name_or_ask(claims.display_name(), &claims.sub)))
        })
    };
    let picture = memo(move || view.with(|view| view.claims.as_ref().and_then(picture).unwrap_or_default()));
    let is_broken = RwSignal::new(false);
    view! {
        <span class="avatar" aria-hidden="true">
            {part(move || match picture.get() {
                // Whoever hosts the picture need not learn where it is looked at.
                url if !url.is_empty() && !is_broken.get() => view! {
                    <img src=url alt="" referrerpolicy="no-referrer" on:error=move |_| is_broken.set(true)/>
                }.into_any(),
                _ => text(move || initials().unwrap_or_default()).into_any(),
            })}
        </span>
    }
}

fn picture(claims: &IdTokenClaims) -> Option<String> {
    claims.picture.clone().filter(|url| url.starts_with("https://"))
}
