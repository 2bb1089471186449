//! The ledger as tabs find it, one change after another.
#![allow(clippy::panic)]

mod generations;
mod refresh_tokens;
mod renewal;

use std::time::Duration;

use super::{Change, Ledger, Verdict};
use crate::protocol::RefreshToken;
use crate::session::record::tests::{WALL, session, tokens};
use crate::session::record::{Method, Session};
use crate::time::{Now, UnixTime};

/// By this time generations are counted from one.
const EPOCH: UnixTime = UnixTime::from_millis(0);

fn with_refresh_token(text: &str) -> Session {
    Session { refresh_token: Some(RefreshToken::new(text)), ..session(60) }
}

fn claim(ledger: &mut Ledger, session: &Session) -> Verdict {
    ledger.apply(&Change::Claim { session: Box::new(session.clone()), at: WALL, asked: false })
}

fn settle(ledger: &mut Ledger, session: &Session, shared: bool) -> Verdict {
    let sent = (session.last_method == Some(Method::RefreshToken)).then(|| RefreshToken::new("r0"));
    ledger.apply(&Change::Settle { session: Box::new(session.clone()), shared, sent })
}

fn last_resort(ledger: &mut Ledger, session: &Session) -> Verdict {
    ledger.apply(&Change::LastResort { session: Box::new(session.clone()) })
}

/// A shared session, signed in and known to the ledger.
fn signed_in(ledger: &mut Ledger, mut session: Session) -> Session {
    let Verdict::Begun { generation, .. } =
        ledger.apply(&Change::SignIn { session: Box::new(session.clone()), shared: true, after: None, at: EPOCH })
    else {
        panic!("a sign-in is always good")
    };
    session.generation = generation;
    session
}

fn renewed(session: &Session, refresh_token: &str) -> Session {
    let mut newer = session.clone();
    let now = Now { wall: WALL, monotonic: Duration::ZERO, entropy: 0 };
    newer.renew(tokens(1, 60, now), Method::RefreshToken);
    newer.refresh_token = Some(RefreshToken::new(refresh_token));
    newer
}
