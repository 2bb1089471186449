//! What can work here, as far as it was seen: in this deployment, and in this browser (R5). Nothing is asked for the sake
//! of knowing it; it is what requests that were needed anyway have shown.

use std::fmt;
use std::time::Duration;

use super::failure::{Failure, FailureClass};
use super::record::{Method, Session};
use crate::address::Address;
use crate::config::Config;
use crate::protocol::ErrorCode;
use crate::protocol::authorize::Flow;
use crate::protocol::metadata::ProviderMetadata;
use crate::time::UnixTime;

/// What a session can be renewed by, and what tabs can agree by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Abilities {
    /// Whether there are refresh tokens, and why not.
    pub refresh_token: RefreshTokens,
    /// Whether a hidden iframe is answered, and why not.
    pub iframe: HiddenIframe,
    /// What the browser offers.
    pub browser: BrowserOffers,
}

/// What the browser offers to the page. Without one of them the session lives, but tabs know less of each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BrowserOffers {
    /// The session is kept where the configuration says.
    pub storage: bool,
    /// Web Locks: one tab renews at a time. They need a secure context.
    pub locks: bool,
    /// IndexedDB: tabs see the same ledger.
    pub ledger: bool,
    /// BroadcastChannel: tabs hear of a sign-out at once.
    pub messages: bool,
}

impl fmt::Display for BrowserOffers {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = ["a store for the session", "Web Locks", "IndexedDB", "BroadcastChannel"];
        let offered = [self.storage, self.locks, self.ledger, self.messages];
        let missing: Vec<&str> =
            names.into_iter().zip(offered).filter_map(|(name, is)| (!is).then_some(name)).collect();
        if missing.is_empty() {
            return formatter.write_str("This browser offers all that tabs need to act as one.");
        }
        write!(formatter, "This browser does not offer {}: tabs know less of each other.", missing.join(", "))
    }
}

/// Whether the issuer gives refresh tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RefreshTokens {
    /// Nobody has signed in yet.
    #[default]
    Unknown,
    /// The session has one.
    Given,
    /// The implicit flow never brings one (RFC 6749 §4.2.2).
    ImplicitFlow,
    /// The issuer's metadata names its grants, and `refresh_token` is not among them.
    NotOffered,
    /// The scope in the configuration has no `offline_access` (OIDC Core §11).
    NotAskedFor,
    /// `offline_access` was asked for and not granted.
    NotGranted,
    /// `offline_access` was granted, and no refresh token came; or the issuer has refused the one that did.
    NoneLeft,
}

impl RefreshTokens {
    /// What a session shows; `issuer` is its metadata, if it is known already.
    pub fn seen(session: Option<&Session>, config: &Config, issuer: Option<&ProviderMetadata>) -> Self {
        let Some(session) = session else { return Self::Unknown };
        let offers = |issuer: &ProviderMetadata| {
            let named = &issuer.grant_types_supported;
            named.is_empty() || named.iter().any(|grant| grant == "refresh_token")
        };
        match session {
            _ if session.method() == Method::RefreshToken => Self::Given,
            _ if session.flow == Flow::Implicit => Self::ImplicitFlow,
            _ if !issuer.is_none_or(offers) => Self::NotOffered,
            _ if !config.scope.contains("offline_access") => Self::NotAskedFor,
            _ if !session.scope.contains("offline_access") => Self::NotGranted,
            _ => Self::NoneLeft,
        }
    }
}

impl fmt::Display for RefreshTokens {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Unknown => "This is known once somebody has signed in.",
            Self::Given => "The issuer gave a refresh token: it is used first.",
            Self::ImplicitFlow => "The implicit flow brings no refresh token.",
            Self::NotOffered => "This issuer gives no refresh tokens.",
            Self::NotAskedFor => "No refresh token was asked for: the configured scope has no offline_access.",
            Self::NotGranted => "No refresh token came: the issuer did not grant offline_access to this app. Some ask for \"prompt\": \"consent\".",
            Self::NoneLeft => "There is no refresh token: the issuer gave none, or refused the last one.",
        })
    }
}

/// Whether a hidden iframe is answered here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum HiddenIframe {
    /// None was needed yet.
    #[default]
    Untried,
    /// The issuer answered, and knew the person.
    Works,
    /// The issuer did not know the person who had just signed in there: the browser kept its cookies away.
    CookiesBlocked,
    /// The issuer did not know the person: its session has ended, or the browser kept its cookies away.
    NobodyKnown,
    /// No answer, or one that is of no use.
    Fails(Failure),
}

impl HiddenIframe {
    /// A person who signed in less than this long ago is signed in at the issuer still: sessions last longer without use.
    const FRESH: Duration = Duration::from_secs(10 * 60);

    /// How this session was renewed says whether an iframe was answered.
    pub fn remembered(session: &Session) -> Self {
        if session.last_method == Some(Method::Iframe) { Self::Works } else { Self::Untried }
    }

    /// What is known after an answer, or none, to a request for `session`.
    #[must_use]
    pub fn after(
        self,
        answer: Result<(), &Failure>,
        session: Option<&Session>,
        config: &Config,
        now: UnixTime,
    ) -> Self {
        let Err(failure) = answer else { return Self::Works };
        match failure.code() {
            // Where it worked before, cookies are not what is missing.
            Some(ErrorCode::LoginRequired) if self == Self::Works => Self::Works,
            Some(ErrorCode::LoginRequired) if session.is_some_and(|session| is_fresh(session, config, now)) => {
                Self::CookiesBlocked
            }
            Some(ErrorCode::LoginRequired) => Self::NobodyKnown,
            // An issuer in trouble says nothing about the way to it.
            Some(_) if failure.class() == FailureClass::TryAgain => self,
            _ if matches!(failure, Failure::Silence(_) | Failure::Callback(_)) => Self::Fails(failure.clone()),
            _ => self,
        }
    }

    /// The failure that led here, by its cause where that is known.
    pub fn explain(&self, failure: Failure) -> Failure {
        match self {
            Self::CookiesBlocked if failure.code() == Some(&ErrorCode::LoginRequired) => Failure::CookiesBlocked,
            _ => failure,
        }
    }
}

impl fmt::Display for HiddenIframe {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Untried => formatter.write_str("Renewing in a hidden iframe was not needed yet."),
            Self::Works => formatter.write_str("Renewing in a hidden iframe works here."),
            Self::CookiesBlocked => formatter.write_str(
                "Renewing in a hidden iframe does not work here: this browser keeps the issuer's cookies from it.",
            ),
            Self::NobodyKnown => formatter.write_str(
                "In a hidden iframe the issuer knows nobody: its session has ended, or this browser keeps its cookies from it.",
            ),
            Self::Fails(failure) => write!(formatter, "A hidden iframe did not work here when it was last tried: {failure}."),
        }
    }
}

/// Whether the issuer's session, by which `session` began a moment ago at another site, cannot have ended yet.
fn is_fresh(session: &Session, config: &Config, now: UnixTime) -> bool {
    let age = session.lifetime.saturating_sub(session.expires_at.since(now));
    let issuer = Address::parse(session.issuer.as_str());
    session.renewals == 0
        && age < HiddenIframe::FRESH
        && issuer.is_ok_and(|issuer| !may_be_one_site(&issuer, &config.redirect_uri))
}

/// Whether cookies could be first-party between the two. What a site is needs a list that grows daily; hosts that share
/// their last two labels count as one, so that nobody's cookies are blamed wrongly.
fn may_be_one_site(one: &Address, other: &Address) -> bool {
    let last_two = |url: &Address| {
        let host = url.domain()?;
        let start = host.rmatch_indices('.').nth(1).map_or(0, |(dot, _)| dot + 1);
        host.get(start..).map(str::to_owned)
    };
    one.host() == other.host() || last_two(one).is_some_and(|labels| last_two(other) == Some(labels))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::protocol::authorize::tests::metadata;
    use crate::protocol::callback::CallbackError;
    use crate::protocol::{OAuthError, RefreshToken, Scope};
    use crate::session::failure::Silence;
    use crate::session::record::tests::{WALL, session};

    fn config(scope: &str) -> Config {
        let json = format!(r#"{{"issuer":"https://issuer.example/","client_id":"app","scope":"{scope}"}}"#);
        Config::parse(&json, "https://app.test").unwrap()
    }

    fn refused(code: ErrorCode) -> Failure {
        CallbackError::Refused(OAuthError::new(code, "")).into()
    }

    #[test]
    fn each_reason_for_having_no_refresh_token_is_told_apart() {
        let (plain, offline) = (config("openid"), config("openid offline_access"));
        let seen = |session: &Session, config| RefreshTokens::seen(Some(session), config, Some(&metadata()));
        assert_eq!(RefreshTokens::seen(None, &offline, None), RefreshTokens::Unknown);
        let mut session = session(60);
        assert_eq!(seen(&session, &plain), RefreshTokens::NotAskedFor);
        assert_eq!(seen(&session, &offline), RefreshTokens::NotGranted);
        session.scope = Scope::parse("openid offline_access");
        assert_eq!(seen(&session, &offline), RefreshTokens::NoneLeft);
        let mut without = metadata();
        without.grant_types_supported = vec!["authorization_code".into()];
        assert_eq!(RefreshTokens::seen(Some(&session), &offline, Some(&without)), RefreshTokens::NotOffered);
        session.flow = Flow::Implicit;
        assert_eq!(seen(&session, &offline), RefreshTokens::ImplicitFlow);
        session.refresh_token = Some(RefreshToken::new("r"));
        assert_eq!(seen(&session, &plain), RefreshTokens::Given);
    }

    #[test]
    fn what_the_browser_lacks_is_named() {
        let mut offers = BrowserOffers { storage: true, locks: true, ledger: true, messages: true };
        assert!(offers.to_string().contains("offers all"));
        (offers.locks, offers.messages) = (false, false);
        assert!(offers.to_string().contains("does not offer Web Locks, BroadcastChannel:"), "{offers}");
    }

    fn after(known: HiddenIframe, failure: &Failure, session: &Session, seconds: u64) -> HiddenIframe {
        known.after(Err(failure), Some(session), &config("openid"), WALL + Duration::from_secs(seconds))
    }

    #[test]
    fn cookies_are_blamed_for_a_person_who_has_just_signed_in_at_another_site() {
        let (login, begun) = (refused(ErrorCode::LoginRequired), session(3600));
        assert_eq!(after(HiddenIframe::Untried, &login, &begun, 300), HiddenIframe::CookiesBlocked);
        assert_eq!(after(HiddenIframe::Untried, &login, &begun, 900), HiddenIframe::NobodyKnown);
        assert_eq!(after(HiddenIframe::Works, &login, &begun, 300), HiddenIframe::Works, "the session has ended");
        let mut renewed = begun;
        renewed.renewals = 1;
        assert_eq!(after(HiddenIframe::Untried, &login, &renewed, 300), HiddenIframe::NobodyKnown);
        assert_eq!(HiddenIframe::CookiesBlocked.explain(login.clone()), Failure::CookiesBlocked);
        assert_eq!(HiddenIframe::NobodyKnown.explain(login.clone()), login);
        let nobody = HiddenIframe::Untried.after(Err(&login), None, &config("openid"), WALL);
        assert_eq!(nobody, HiddenIframe::NobodyKnown);
    }

    #[test]
    fn cookies_are_not_blamed_where_they_could_be_first_party() {
        let one_site =
            |one: &str, other: &str| may_be_one_site(&Address::parse(one).unwrap(), &Address::parse(other).unwrap());
        assert!(one_site("http://localhost:3000/", "http://localhost:8080/"));
        assert!(one_site("https://login.example.com/", "https://app.example.com/"));
        assert!(one_site("https://example.com/", "https://app.example.com/"));
        assert!(!one_site("http://127.0.0.1:3000/", "http://localhost:8080/"));
        assert!(!one_site("https://tenant.auth.example/", "https://app.test/"));
        assert!(!one_site("http://10.0.0.1/", "http://10.1.0.1/"));
    }

    #[test]
    fn what_an_iframe_shows_is_remembered_and_trouble_elsewhere_is_not() {
        let begun = session(3600);
        let silence = Failure::Silence(Silence::ForeignPage);
        assert_eq!(after(HiddenIframe::Works, &silence, &begun, 1), HiddenIframe::Fails(silence.clone()));
        let busy = Failure::Busy { endpoint: "the issuer", status: 503, retry_after: None };
        for trouble in [refused(ErrorCode::TemporarilyUnavailable), busy, Failure::OtherTabBusy] {
            assert_eq!(after(HiddenIframe::Works, &trouble, &begun, 1), HiddenIframe::Works, "{trouble}");
        }
        let consent = refused(ErrorCode::ConsentRequired);
        assert_eq!(after(HiddenIframe::Untried, &consent, &begun, 1), HiddenIframe::Fails(consent));
        let works = HiddenIframe::Fails(silence).after(Ok(()), None, &config("openid"), WALL);
        assert_eq!(works, HiddenIframe::Works);
        let mut renewed = begun;
        assert_eq!(HiddenIframe::remembered(&renewed), HiddenIframe::Untried);
        renewed.last_method = Some(Method::Iframe);
        assert_eq!(HiddenIframe::remembered(&renewed), HiddenIframe::Works);
    }
}
