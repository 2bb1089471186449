//! The life of a session: a state machine that decides, and performs nothing.
//!
//! [`Machine::handle`] takes an [`Event`] and the time, and answers with [`Command`]s. A runtime carries them out and
//! reports what came of them as further events.
//!
//! | state | status | event | next state | commands |
//! |---|---|---|---|---|
//! | any | | an earlier page died while it signed out | the same, and that session is not taken up | write it into the ledger |
//! | any | | an answer to an attempt that is over | the same | none: what is late is worthless |
//! | signed out | `signed-out` | sign-in wanted | signing in | go to the issuer |
//! | signed out | | opened with a callback | signing in; a stored session is kept meanwhile | complete the sign-in |
//! | signed out | | opened without one, though somebody was signed in before (memory, cookie) | signing in | ask the issuer silently |
//! | signed out | | wake signal, back online, and somebody was signed in before, perhaps in another tab (cookie), or the issuer could not be reached when the page opened (memory) | signing in | ask the issuer silently |
//! | signed out | | opened with a stored session | signed in, waiting | set the timer, or renew what is due |
//! | signed out | | opened with a session that failed too often | signed in, stopped, with the reason | set the timer to expiry |
//! | signed out | | opened, a sign-in failed, wake signal, and all tabs share a session | the same | consult the ledger |
//! | signed out | | somebody signed in in another tab, and all tabs share a session | signed in, waiting | set the timer |
//! | signed out | | opened, also with a callback, and the stored session is one that an earlier page was ending | as without it | revoke a refresh token of its own, forget |
//! | signed out | | the ledger has the session that was signed out of: it was lost | the same | write it into the ledger, tell the tabs |
//! | signed out | | an earlier page died while it signed out who was idle | signed out, as idle | |
//! | signed out | | opened past the limit (memory, cookie) | signing out | forget, revoke the cookie |
//! | signed out | | back from the issuer, where it went at the limit | signed out, as idle | |
//! | signing in | `signing-in` | tokens | signed in, waiting | save, set the timer |
//! | signing in | | failure, or the person came back by the back button | signed out, with the failure | |
//! | signing in, silently | | signed out, or the idle limit was reached, in another tab | signed out | stop the question, forget |
//! | signing in, a session kept | | tokens | signed in, waiting | save, set the timer, revoke the refresh token that was kept |
//! | signing in, a session kept | | wake signal, another tab changed something | the same | consult the ledger |
//! | signing in, a session kept | | signed out in another tab | signing in | revoke a refresh token of its own, forget |
//! | signing in, a session kept | | failure, or the person came back by the back button | signed in, as it was | set the timer |
//! | signed in, any | | its sign-in has replaced what all tabs shared | the same | revoke the refresh token of that |
//! | signed in, any | | the same session has failed in another tab, and is due | signed in, retrying or stopped | set the timer by backoff |
//! | signed in, any | | the other tabs live by a session of another issuer: that was configured anew | signed out | as for a sign-out in another tab |
//! | signed in, any | | another tab renewed | signed in, waiting | stop the renewal in flight, set the timer |
//! | signed in, any | | opened, signed in, wake signal, another tab changed something | the same | consult the ledger |
//! | signed in, any | | sign-out | signing out | cancel timer and renewal, forget, tell the tabs, write the ledger, go to the issuer; noted first where the next page finds it |
//! | signed in, any | | signed out in another tab | signed out | cancel timer and renewal, revoke a refresh token of its own, forget |
//! | signed in, any | | the person is active, here or in another tab (R11) | the same | share it, tell the app |
//! | signed in, any | | the idle warning is due | the same | tell the app, set the timer to the limit |
//! | signed in, any | | the idle limit is reached, as far as this tab knows | the same, and nothing is renewed or handed out | ask the ledger |
//! | signed in, any | | the ledger: nobody was active in any tab; or opened past the limit | signing out | as for a sign-out |
//! | signed in, any | | the idle limit was reached in another tab | signed out, as idle | cancel timer and renewal, revoke a refresh token of its own, forget |
//! | signed in, with a problem | | sign-in wanted | signing in, the session kept | cancel timer and renewal, go to the issuer |
//! | signed in, any | | the person showed themselves once more in a popup | signed in, waiting | stop the renewal in flight, save, set the timer, revoke the refresh token that was kept |
//! | any other | | the person showed themselves once more in a popup | the same | revoke the refresh token that came |
//! | signed in, waiting | `signed-in` | timer, wake signal: not due yet | the same | set the timer again |
//! | signed in, waiting | | timer, wake signal: due; the person asks; an API refused the token | signed in, renewing | renew |
//! | signed in, any | | the access token is told to expire | the same, or renewing | save, renew what is due |
//! | signed in, renewing | `renewing` | tokens | signed in, waiting | save, set the timer |
//! | signed in, renewing | | the refresh token is refused, or by a cookie no ID token comes | signed in, renewing by iframe | save without it, renew |
//! | signed in, renewing | | failure: ask the person | signed out, with the reason | forget |
//! | signed in, renewing | | the iframe, or the cookie, brings tokens of somebody else | signed out, as the account has changed | forget, note for the next page that somebody is signed in |
//! | signed in, renewing | | failure: try again, suspicious | signed in, retrying | set the timer by backoff |
//! | signed in, renewing | | the ledger: the issuer asked one of the tabs to wait | signed in, retrying | set the timer to the end of that |
//! | signed in, renewing | | failure: misconfigured, or too many in a row | signed in, stopped | set the timer to expiry |
//! | signed in, retrying | `retrying` | timer, back online | signed in, renewing | renew |
//! | signed in, stopped | `signed-in`, `stale` after expiry | the person asks | signed in, renewing | renew |
//! | signed in, stopped | | the access token expires | the same | tell the app |
//! | signed in, stopped by too many failures | | wake signal, a minute later | signed in, renewing | renew |
//! | signing out | | the person came back by the back button | signed out | |
//! | signing out | `signing-out` | the issuer cannot be told, or the page was not left for it | signed out, with the failure | |

pub mod abilities;
mod command;
mod event;
mod export;
pub mod failure;
pub mod history;
mod idle;
pub mod ledger;
pub mod log;
mod machine;
mod record;
pub mod schedule;
mod view;

pub use abilities::{Abilities, BrowserOffers, HiddenIframe, RefreshTokens};
pub use command::{Command, TabMessage};
pub use event::{Cause, Event, Place, SignIn, Wake};
pub use export::to_json;
pub use failure::{Earlier, Failure, FailureClass};
pub use history::{History, Occurred, Occurrence};
pub use ledger::{Change, Ledger, Verdict};
pub use log::{Outcome, RenewalLog, RenewalRecord};
pub use machine::{MOST_FAILURES, Machine};
pub use record::{Method, Session, Tokens};
pub use view::{EndReason, Status, View};
