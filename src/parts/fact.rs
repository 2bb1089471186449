//! Facts in lists: a term, and what there is to say of it.

use leptos::prelude::*;

/// A line of a `<dl>`.
pub(crate) fn fact(term: impl IntoAny, value: impl IntoAny) -> AnyView {
    line(term.into_any(), value.into_any())
}

fn line(term: AnyView, value: AnyView) -> AnyView {
    view! { <div><dt>{term}</dt><dd>{value}</dd></div> }.into_any()
}
