//! `response_mode`: how an authorization response travels (OAuth 2.0 Multiple Response Type Encoding Practices §2.1).

/// How the answer travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResponseMode {
    /// In the query of the redirect URI.
    Query,
    /// In its fragment, which browsers keep from servers.
    Fragment,
    /// In the body of a post to the redirect URI (OAuth 2.0 Form Post Response Mode).
    FormPost,
    /// In a message to the window that opened or framed the answer (OAuth 2.0 Web Message Response Mode, a draft).
    WebMessage,
}

impl ResponseMode {
    /// Every mode.
    pub const ALL: [Self; 4] = [Self::Query, Self::Fragment, Self::FormPost, Self::WebMessage];

    /// The value as it stands on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Fragment => "fragment",
            Self::FormPost => "form_post",
            Self::WebMessage => "web_message",
        }
    }

    /// Reads a value; `None` for an unknown one.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.as_str() == text)
    }
}
