//! What the browser sent, as the browser itself tells it.

use std::fmt;
use std::time::{Duration, SystemTime};

use serde_json::Value;
use url::Url;

/// A request that left the browser. `Debug` shows the names of its parameters, and none of their values.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// The HTTP method.
    pub method: String,
    /// Where to, with the fragment.
    pub url: Url,
    /// `Document`, `Script`, `Fetch` and so on, as the developer tools name it.
    pub kind: String,
    /// When it left.
    pub sent_at: SystemTime,
    body: Option<String>,
}

impl Request {
    /// Reads one entry of ChromeDriver's performance log; `None` for everything that is not a request over HTTP.
    pub(crate) fn from_log_entry(entry: &Value) -> Option<Self> {
        let message: Value = serde_json::from_str(entry.get("message")?.as_str()?).ok()?;
        let event = message.get("message")?;
        if event.get("method")?.as_str()? != "Network.requestWillBeSent" {
            return None;
        }
        let params = event.get("params")?;
        let request = params.get("request")?;
        let mut url: Url = request.get("url")?.as_str()?.parse().ok()?;
        // The fragment is told apart from the address: "#..." without the address before it.
        if let Some(fragment) = request.get("urlFragment").and_then(Value::as_str) {
            url.set_fragment(Some(fragment.trim_start_matches('#')));
        }
        let sent_at = SystemTime::UNIX_EPOCH + Duration::try_from_secs_f64(params.get("wallTime")?.as_f64()?).ok()?;
        url.scheme().starts_with("http").then_some(())?;
        Some(Self {
            method: request.get("method")?.as_str()?.to_owned(),
            kind: params.get("type").and_then(Value::as_str).unwrap_or_default().to_owned(),
            body: request.get("postData").and_then(Value::as_str).map(str::to_owned),
            url,
            sent_at,
        })
    }

    /// The origin and the path: `http://localhost:3000/authorize`.
    pub fn endpoint(&self) -> String {
        format!("{}{}", self.url.origin().ascii_serialization(), self.url.path())
    }

    /// The value of a parameter in the query.
    pub fn query(&self, name: &str) -> Option<String> {
        self.url.query_pairs().find_map(|(key, value)| (key == name).then(|| value.into_owned()))
    }

    /// The names of the parameters in the query.
    pub fn query_names(&self) -> Vec<String> {
        names(self.url.query())
    }

    /// The names of the parameters in the fragment.
    pub fn fragment_names(&self) -> Vec<String> {
        names(self.url.fragment())
    }

    /// The value of a parameter in a form that was posted.
    pub fn form(&self, name: &str) -> Option<String> {
        let body = self.body.as_deref().unwrap_or_default();
        url::form_urlencoded::parse(body.as_bytes()).find_map(|(key, value)| (key == name).then(|| value.into_owned()))
    }

    /// The names of the parameters in a form that was posted.
    pub fn form_names(&self) -> Vec<String> {
        names(self.body.as_deref())
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.method, self.endpoint())?;
        for (mark, names) in [("?", self.query_names()), ("#", self.fragment_names())] {
            if !names.is_empty() {
                write!(formatter, "{mark}{}", names.join("&"))?;
            }
        }
        write!(formatter, " ({})", self.kind)
    }
}

fn names(text: Option<&str>) -> Vec<String> {
    url::form_urlencoded::parse(text.unwrap_or_default().as_bytes()).map(|(name, _)| name.into_owned()).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;

    fn entry(method: &str, url: &str) -> Value {
        let request = json!({ "url": url, "urlFragment": "#id_token=secret", "method": "GET" });
        let params = json!({ "request": request, "type": "Document", "wallTime": 1_700_000_000.5 });
        json!({ "message": json!({ "message": { "method": method, "params": params } }).to_string() })
    }

    #[test]
    fn a_request_is_shown_without_its_values() {
        let entry = entry("Network.requestWillBeSent", "http://localhost:1/silent?state=s&code=secret");
        let request = Request::from_log_entry(&entry).unwrap();
        assert_eq!(format!("{request:?}"), "GET http://localhost:1/silent?state&code#id_token (Document)");
        assert_eq!(request.query("state").as_deref(), Some("s"));
    }

    #[test]
    fn other_events_and_addresses_are_left_out() {
        assert_eq!(Request::from_log_entry(&entry("Network.loadingFinished", "http://localhost:1/")), None);
        assert_eq!(Request::from_log_entry(&entry("Network.requestWillBeSent", "data:text/plain,x")), None);
    }
}
