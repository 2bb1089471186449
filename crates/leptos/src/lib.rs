//! Sign-in and silent renewal for [Leptos](leptos) apps.
//!
//! A provider holds the session; [`use_session`] gives it to every component below as signals and actions.
//!
//! ```no_run
//! use evergrant_leptos::core::protocol::authorize::Flow;
//! use evergrant_leptos::{Config, SessionProvider, use_session};
//! use leptos::prelude::*;
//!
//! #[component]
//! fn Greeting() -> impl IntoView {
//!     let session = use_session();
//!     let name = move || session.view().get().claims.map(|claims| claims.display_name().to_owned());
//!     view! {
//!         <Show when=move || session.status().get().is_signed_in()
//!             fallback=move || view! { <button on:click=move |_| session.sign_in(Flow::Code, "/".into())>"Sign in"</button> }>
//!             <p>"Hello, " {name}</p>
//!         </Show>
//!     }
//! }
//!
//! fn app(config: Config) -> impl IntoView {
//!     view! { <SessionProvider config><Greeting/></SessionProvider> }
//! }
//! ```
//!
//! The configuration usually comes from [`load_config`], so that one build serves every deployment.

mod handle;
mod provider;

pub use evergrant_browser::{FetchError, NoAccessToken, StartError, load_config};
pub use evergrant_core as core;
pub use evergrant_core::config::Config;
pub use evergrant_core::protocol::authorize::Flow;
pub use evergrant_core::session::{EndReason, Failure, Method, RenewalRecord, Status, View};
pub use evergrant_core::time::UnixTime;
pub use handle::{SessionHandle, use_session};
pub use provider::SessionProvider;
