//! What the session is doing: how it stands now, and the inspector.

mod facts;

use evergrant_leptos::inspector::SessionInspector;
use leptos::prelude::*;

use self::facts::Facts;
use crate::live::part;
use crate::parts::Nobody;
use crate::route::{Heading, subject};

/// The page.
#[component]
pub(crate) fn SessionPage() -> impl IntoView {
    let subject = subject();
    view! {
        <Heading>"Session"</Heading>
        {part(move || match subject.with(String::is_empty) {
            false => view! { <Facts/> }.into_any(),
            true => view! { <Nobody otherwise="Once you are, this page shows what was granted, and every renewal."/> }.into_any(),
        })}
        <SessionInspector section="card"/>
    }
}
