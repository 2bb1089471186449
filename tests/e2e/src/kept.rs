//! Everything the browser keeps of the app: both storages and the database that tabs share.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

use crate::browser::Browser;
use crate::stored_session::StoredSession;

/// Where the browser crate keeps the session of the demo's client.
const SESSION_KEY: &str = "evergrant.evergrant-app.session";

/// What was kept at one moment, as the tab that is shown sees it. `Debug` shows names alone.
#[derive(Clone, PartialEq, Eq, serde::Deserialize)]
pub struct Kept {
    /// `sessionStorage`, which is this tab's own.
    session: BTreeMap<String, String>,
    /// `localStorage`, which all tabs share.
    local: BTreeMap<String, String>,
    /// The values in IndexedDB, by their keys.
    ledgers: BTreeMap<String, String>,
}

impl Kept {
    /// Looks into every store of the page's origin.
    ///
    /// # Errors
    /// When the browser does not answer, or keeps something that is no text.
    pub async fn read(browser: &Browser) -> anyhow::Result<Self> {
        Ok(serde_json::from_value(browser.script(READ, vec![]).await?)?)
    }

    /// The names in both storages.
    pub fn names(&self) -> Vec<String> {
        self.session.keys().chain(self.local.keys()).cloned().collect()
    }

    /// The session, in whichever storage the app was told to use.
    ///
    /// # Errors
    /// When what is stored is no session.
    pub fn session(&self) -> anyhow::Result<Option<StoredSession>> {
        let found = self.session.get(SESSION_KEY).or_else(|| self.local.get(SESSION_KEY));
        found.map(|json| StoredSession::parse(json)).transpose()
    }

    /// What the tabs agreed on, for the demo's client.
    ///
    /// # Errors
    /// When it is no JSON.
    pub fn ledger(&self) -> anyhow::Result<Value> {
        let text = self.ledgers.get("evergrant-app").map_or("null", String::as_str);
        serde_json::from_str(text).map_err(|_| anyhow::anyhow!("the ledger is no JSON"))
    }

    /// Whether there is a token anywhere, by its name or by the look of a JWT.
    pub fn holds_a_token(&self) -> bool {
        let texts = [&self.session, &self.local, &self.ledgers].into_iter().flat_map(BTreeMap::values);
        texts.into_iter().any(|text| text.contains("_token\"") || text.contains("eyJ"))
    }
}

impl fmt::Debug for Kept {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.names()).entries(self.ledgers.keys()).finish()
    }
}

/// A database that is not there must not be opened: that would make an empty one.
const READ: &str = "return (async () => {
    const ledgers = {};
    const known = await indexedDB.databases();
    if (known.some(it => it.name === 'evergrant')) {
        const settled = request => new Promise((resolve, reject) => {
            request.onsuccess = () => resolve(request.result);
            request.onerror = () => reject(request.error);
        });
        const database = await settled(indexedDB.open('evergrant'));
        for (const name of database.objectStoreNames) {
            const store = database.transaction(name).objectStore(name);
            const [keys, values] = await Promise.all([settled(store.getAllKeys()), settled(store.getAll())]);
            keys.forEach((key, index) => ledgers[key] = values[index]);
        }
        database.close();
    }
    return { session: { ...sessionStorage }, local: { ...localStorage }, ledgers };
})()";

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(local: &str) -> Kept {
        let local = BTreeMap::from([("name".to_owned(), local.to_owned())]);
        Kept { session: BTreeMap::new(), local, ledgers: BTreeMap::new() }
    }

    #[test]
    fn a_token_is_noticed_and_not_shown() {
        let with_token = kept(r#"{"refresh_token":"secret"}"#);
        assert!(with_token.holds_a_token());
        assert_eq!(format!("{with_token:?}"), r#"["name"]"#);
        assert!(kept("[eyJhbGciOiJFUzI1NiJ9.x.y]").holds_a_token());
        assert!(!kept(r#""code""#).holds_a_token());
    }
}
