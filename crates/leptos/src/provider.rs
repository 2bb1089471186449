//! The component that holds the session.

use evergrant_browser::Runtime;
use evergrant_core::config::Config;
use leptos::prelude::*;

use crate::handle::SessionHandle;

/// Starts the session that `config` describes, and provides it to `children` by [`crate::use_session`].
///
/// A stored session is known when the children are first rendered: nothing flashes. A response of the issuer in the
/// address is taken out of it and completed meanwhile, with the status `signing-in`.
#[component]
pub fn SessionProvider(
    /// The client, its issuer, and how its session is kept.
    config: Config,
    /// What may use the session.
    children: Children,
) -> impl IntoView {
    let view = RwSignal::new(None);
    let runtime = Runtime::start(config, move |changed| view.set(Some(changed)));
    provide_context(SessionHandle::new(runtime, view));
    children()
}
