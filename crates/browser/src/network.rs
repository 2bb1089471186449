//! Whether there is a network.

/// Whether the browser says that there is none, or it is cut off for a rehearsal.
pub(crate) fn is_offline() -> bool {
    is_cut_off() || web_sys::window().is_some_and(|window| !window.navigator().on_line())
}

/// Whether no request may leave this page.
pub(crate) fn is_cut_off() -> bool {
    #[cfg(feature = "inspector")]
    return crate::rehearsal::is_cut_off();
    #[cfg(not(feature = "inspector"))]
    false
}
