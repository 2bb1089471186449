//! The mark of the project.

use leptos::prelude::*;

/// A leaf in the colour of the text around it, as in `index.html` and on the issuer's pages.
#[component]
pub(crate) fn Mark() -> impl IntoView {
    view! {
        <svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
            <path d="M26 6C13 5 6 11 6 18c0 4.6 3.4 8 8 8 8 0 13-8 12-20Z"/>
            <path d="M5 28c3-6 7-10 13-13"/>
        </svg>
    }
}
