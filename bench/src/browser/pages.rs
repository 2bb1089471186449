//! The pages that the app is measured beside. Each shows who is signed in, renews and signs out; their sources are in `peers/apps`.

/// A page of somebody who uses another library, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Page {
    pub(crate) name: &'static str,
    /// What its client, its directory and its port's registration are called.
    pub(crate) id: &'static str,
    pub(crate) entry: &'static str,
    /// Its callback page in an iframe, where it has one.
    pub(crate) silent_page: Option<&'static str>,
    /// The script of that, unless the page says everything itself.
    pub(crate) silent_entry: Option<&'static str>,
}

pub(crate) const HANDWRITTEN: Page = Page {
    name: "JavaScript by hand",
    id: "handwritten",
    entry: "handwritten.js",
    silent_page: Some("handwritten_silent.html"),
    silent_entry: None,
};

pub(crate) const OIDC_CLIENT_TS: Page = Page {
    name: "oidc-client-ts",
    id: "oidc-client-ts",
    entry: "oidc_client_ts.js",
    silent_page: Some("oidc_client_ts_silent.html"),
    silent_entry: Some("oidc_client_ts_silent.js"),
};

pub(crate) const REACT_OIDC_CONTEXT: Page = Page {
    name: "React 19 + react-oidc-context",
    id: "react-oidc-context",
    entry: "react_oidc_context.jsx",
    silent_page: Some("oidc_client_ts_silent.html"),
    silent_entry: Some("oidc_client_ts_silent.js"),
};

pub(crate) const AUTH0_REACT: Page = Page {
    name: "React 19 + auth0-react",
    id: "auth0-react",
    entry: "auth0_react.jsx",
    silent_page: None,
    silent_entry: None,
};
