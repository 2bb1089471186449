//! The person: their picture, or their initials.

use evergrant_leptos::core::protocol::id_token::IdTokenClaims;
use leptos::prelude::*;

use crate::live::part;
use crate::words;

/// The picture, if it can be had safely; else the initials. It is decoration: the name stands beside it.
#[component]
pub(crate) fn Avatar(
    /// Who.
    claims: IdTokenClaims,
) -> impl IntoView {
    let initials = words::initials(claims.display_name());
    let picture = RwSignal::new(claims.picture.filter(|url| url.starts_with("https://")));
    view! {
        <span class="avatar" aria-hidden="true">
            {part(move || match picture.get() {
                // Whoever hosts the picture need not learn where it is looked at.
                Some(url) => view! {
                    <img src=url alt="" referrerpolicy="no-referrer" on:error=move |_| picture.set(None)/>
                }.into_any(),
                None => initials.clone().into_any(),
            })}
        </span>
    }
}
