//! What outlives a page: the session, kept as the text that a browser keeps.

use evergrant_core::session::Session;

/// One store. Tabs of one origin that share it see the same session.
#[derive(Debug, Default)]
pub struct Store {
    session: Option<Box<Session>>,
}

impl Store {
    pub fn save(&mut self, session: Box<Session>) {
        self.session = Some(session);
    }

    pub fn forget(&mut self) {
        self.session = None;
    }

    pub fn is_empty(&self) -> bool {
        self.session.is_none()
    }

    /// The session as a new page reads it: through its stored form.
    pub fn load(&self) -> Option<Box<Session>> {
        let session = self.session.as_deref()?;
        let text = serde_json::to_string(session).expect("a session can be written");
        Some(serde_json::from_str(&text).expect("and read again"))
    }

    /// The number of the refresh token that is kept.
    pub fn refresh_token(&self) -> Option<u64> {
        let token = self.session.as_ref()?.refresh_token.as_ref()?;
        token.secret().parse().ok()
    }
}
