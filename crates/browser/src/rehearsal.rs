//! Failures to rehearse, so that somebody can see what a session does about them: behind the feature `inspector`.
//!
//! Some happen at the issuer, which takes such orders with its `--dev` alone; some in this page, for this page alone, until it
//! is loaded again. What follows from them is nothing but what always follows.

use std::cell::Cell;
use std::time::Duration;

use evergrant_core::address::Address;
use evergrant_core::protocol::authorize::Flow;
use evergrant_core::session::{Event, Failure, Wake};

use crate::http::{self, Cookies};
use crate::runtime::Runtime;

/// Something to rehearse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rehearsal {
    /// The access token counts as expired from this moment on.
    Expire,
    /// The issuer forgets who is signed in there, and the session is renewed.
    EndIssuerSession,
    /// The session is renewed, and the issuer answers 503.
    Fail,
    /// The session is renewed, and the issuer takes four seconds to answer.
    Slow,
    /// The session is renewed, and the issuer answers 429 and asks for five seconds of peace.
    TooManyRequests,
    /// No request for tokens leaves this page any more, and it hears that the network is gone; then the session is renewed.
    Offline,
    /// The network is back, and the page hears of it.
    Online,
    /// This page's wall clock goes ten minutes ahead, and the page hears that it woke: a laptop's sleep.
    Sleep,
}

/// How long a rehearsed sleep takes.
pub const SLEEP: Duration = Duration::from_secs(600);

/// What the issuer's dev controls are called in failures.
const CONTROLS: &str = "the issuer's dev interface";

const UNREACHABLE: Failure = Failure::Unreachable { endpoint: CONTROLS };

thread_local! {
    static AHEAD: Cell<Duration> = const { Cell::new(Duration::ZERO) };
    static CUT: Cell<bool> = const { Cell::new(false) };
}

/// How far this page's wall clock is ahead of the device's.
pub(crate) fn ahead() -> Duration {
    AHEAD.get()
}

/// Whether this page is cut off from the network.
pub fn is_cut_off() -> bool {
    CUT.get()
}

impl Runtime {
    /// Whether the issuer takes orders for failures, by what it says about itself. One that is not on this machine is not asked:
    /// `--dev` is for a loopback address alone.
    pub async fn can_rehearse(&self) -> bool {
        let is_near = Address::parse(self.config().issuer.as_str()).is_ok_and(|issuer| issuer.is_loopback());
        is_near && self.provider().metadata().await.is_ok() && self.control("failure").is_some()
    }

    /// Rehearses a failure.
    ///
    /// # Errors
    /// [`Failure::Unreachable`] when the issuer does not take the order. Nothing has happened then.
    pub async fn rehearse(&self, rehearsal: Rehearsal) -> Result<(), Failure> {
        match rehearsal {
            Rehearsal::Expire => self.dispatch(Event::Expire),
            Rehearsal::Sleep => {
                AHEAD.set(AHEAD.get() + SLEEP);
                self.dispatch(Event::Woke(Wake::Visible));
            }
            Rehearsal::Offline => {
                CUT.set(true);
                self.dispatch(Event::Network { online: false });
                self.renew();
            }
            Rehearsal::Online => {
                CUT.set(false);
                self.dispatch(Event::Network { online: true });
            }
            Rehearsal::EndIssuerSession => self.order("sessions/drop", "").await?,
            // In a frame nobody sees a status.
            Rehearsal::Fail if self.flow() == Flow::Implicit => {
                self.order_failure("error=temporarily_unavailable").await?;
            }
            Rehearsal::Fail => self.order_failure("status=503").await?,
            Rehearsal::Slow => self.order_failure("delay=4000").await?,
            Rehearsal::TooManyRequests => self.order_failure("status=429&retry_after=5").await?,
        }
        Ok(())
    }

    /// Orders a failure where the next renewal passes by, whatever its method.
    async fn order_failure(&self, failure: &str) -> Result<(), Failure> {
        let endpoint = match self.flow() {
            Flow::Code => "/oauth/token",
            Flow::Implicit => "/authorize",
        };
        self.order("failure", &format!("endpoint={endpoint}&{failure}")).await
    }

    /// Gives the issuer an order, and renews to see it carried out.
    async fn order(&self, control: &str, form: &str) -> Result<(), Failure> {
        let control = self.control(control).ok_or(UNREACHABLE)?;
        let answer = http::post_form(CONTROLS, &control, form, Cookies::Omit).await?;
        if answer.status >= 300 {
            return Err(UNREACHABLE);
        }
        self.renew();
        Ok(())
    }

    fn flow(&self) -> Flow {
        self.view().flow.unwrap_or(self.config().flow)
    }

    /// Where an order of this name goes, once the issuer's metadata is known: nowhere but to this machine.
    fn control(&self, name: &str) -> Option<String> {
        let metadata = self.provider().known_metadata()?;
        let endpoint = metadata.dev_endpoint.as_ref().filter(|endpoint| endpoint.is_loopback())?;
        Some(format!("{endpoint}/{name}"))
    }
}
