//! What outlives a page: one store for all tabs, or one for each.

use evergrant_core::session::Session;

use super::super::dice::Dice;

/// One store, with what it held before: a browser's process may read that for a while.
#[derive(Clone, Debug, Default)]
pub struct Store {
    text: Option<String>,
    before: Option<String>,
    /// The tab and page that saved last.
    pub saved_by: Option<(usize, u64)>,
    /// It refuses what is saved.
    pub is_full: bool,
}

impl Store {
    /// Keeps the session; `false` when there is no room.
    pub fn save(&mut self, session: &Session, by: (usize, u64)) -> bool {
        if self.is_full {
            return false;
        }
        let text = serde_json::to_string(session).expect("a session can be written");
        self.before = self.text.replace(text);
        self.saved_by = Some(by);
        true
    }

    pub fn forget(&mut self) {
        self.before = self.text.take();
        self.saved_by = None;
    }

    pub fn load(&self) -> Option<Session> {
        read(self.text.as_deref())
    }

    /// What a process reads that has not heard of the latest change.
    pub fn load_stale(&self, dice: &mut Dice) -> Option<Session> {
        read(if dice.percent(50) { self.before.as_deref() } else { self.text.as_deref() })
    }
}

fn read(text: Option<&str>) -> Option<Session> {
    Some(serde_json::from_str(text?).expect("a session can be read again"))
}
