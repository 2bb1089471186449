//! Back-Channel Logout 1.0: when a session is over, the clients that were told of it by an ID token are told of that as well, by
//! a logout token that is posted to them.
//!
//! Which clients those are is noted when their ID token is made ([`note`]). However a session ends but by time, the store puts down
//! in the same step that they are to hear, so whoever signs out never waits for them. What is put down is sent by
//! [`send_regularly`], here or in another process on the same store, and for a while again where a client does not answer.

mod http;
mod logout_token;

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use evergrant_core::protocol::ClientId;
use evergrant_core::time::UnixTime;
use tokio::sync::{Notify, OnceCell};
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;
use tracing::{error, info, warn};

use self::http::{Answer, Http};
use crate::authorize::OFFLINE_ACCESS;
use crate::config::{Client, Config};
use crate::error::Failure;
use crate::metrics::LogoutLabel;
use crate::provider::Provider;
use crate::store::{DueLogout, Grant, LoggedInRp};

/// How often it is looked whether a command or another process has ended a session. This one's own are sent at once.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);

/// The most logout tokens that a round sends at once, and the most rounds at once: clients that do not answer hold up few others.
const ROUND: u32 = 16;
const MOST_ROUNDS: usize = 8;

/// A client that could be signed in by a session is remembered this long after the session's last moment, so that there is time to
/// tell it.
const TIME_TO_TELL: Duration = Duration::from_secs(24 * 60 * 60);

/// What sends logout tokens.
#[derive(Debug, Default)]
pub(crate) struct BackchannelLogout {
    session_ended: Notify,
    /// Made when the first is sent: most issuers send none, and it reads the machine's certificates.
    http: OnceCell<Http>,
    /// Clients that could not be told when that was last tried: it is said once.
    in_trouble: Mutex<HashSet<ClientId>>,
}

impl BackchannelLogout {
    /// Has what a session's end has put down be sent without delay.
    pub(crate) fn session_may_have_ended(&self) {
        self.session_ended.notify_one();
    }

    /// Whether that is news.
    fn is_in_trouble(&self, client_id: &ClientId, is_so: bool) -> bool {
        let mut in_trouble = self.in_trouble.lock().unwrap_or_else(PoisonError::into_inner);
        if is_so { in_trouble.insert(client_id.clone()) } else { in_trouble.remove(client_id) }
    }
}

/// Notes that a client gets an ID token with this grant's `sid`, if it wants to hear of the end. `has_session` is whether `sid`
/// names the session of a browser.
pub(crate) async fn note(
    provider: &Provider,
    client: &Client,
    grant: &Grant,
    has_session: bool,
    now: UnixTime,
) -> Result<(), Failure> {
    if client.backchannel_logout_uri.is_none() {
        return Ok(());
    }
    let rp = LoggedInRp {
        sid: grant.sid.clone(),
        client_id: client.client_id.clone(),
        subject: grant.subject.clone(),
        has_session,
        keep_until: signed_in_until(&provider.config, client, grant, now) + TIME_TO_TELL,
    };
    Ok(provider.store.note_logged_in_rp(rp, now).await?)
}

fn signed_in_until(config: &Config, client: &Client, grant: &Grant, now: UnixTime) -> UnixTime {
    let session = grant.auth_time + config.lifetimes.session_absolute;
    let id_token = now + client.id_token_lifetime.unwrap_or(config.lifetimes.id_token);
    let stays = grant.scope.contains(OFFLINE_ACCESS).then(|| now + client.refresh_tokens.absolute_lifetime);
    session.max(id_token).max(stays.unwrap_or(now))
}

/// Sends what is due, as long as the issuer serves; nothing where no client wants it.
pub(crate) async fn send_regularly(provider: Arc<Provider>) {
    if provider.config.clients.iter().all(|client| client.backchannel_logout_uri.is_none()) {
        return;
    }
    let mut looks = tokio::time::interval(LOOK_INTERVAL);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut rounds, mut works) = (JoinSet::new(), true);
    loop {
        tokio::select! {
            _ = looks.tick() => {}
            () = provider.backchannel_logout.session_ended.notified() => {}
        }
        let sender = Arc::clone(&provider);
        rounds.spawn(async move { sender.send_logout_tokens().await });
        while let Some(sent) = next_that_ended(&mut rounds).await {
            match sent {
                Ok(()) => works = true,
                Err(failure) if works => {
                    error!("it cannot be seen which clients are to be told that a session is over: {failure}");
                    works = false;
                }
                // Said once, not every second.
                Err(_) => {}
            }
        }
    }
}

/// A round that has ended; waits for one where there are as many as may be.
async fn next_that_ended(rounds: &mut JoinSet<Result<(), Failure>>) -> Option<Result<(), Failure>> {
    let ended = if rounds.len() < MOST_ROUNDS { rounds.try_join_next() } else { rounds.join_next().await };
    ended.map(|round| round.unwrap_or(Ok(())))
}

impl Provider {
    /// Sends every logout token that is due, and returns when each was answered, or was not in time.
    ///
    /// # Errors
    /// When the store fails. That a client does not answer is none.
    pub async fn send_logout_tokens(self: &Arc<Self>) -> Result<(), Failure> {
        loop {
            let due = self.store.take_due_logouts(self.clock.now(), ROUND).await?;
            if due.is_empty() {
                return Ok(());
            }
            let mut sending = JoinSet::new();
            for due in due {
                let provider = Arc::clone(self);
                sending.spawn(async move { tell(&provider, &due).await });
            }
            sending.join_all().await;
        }
    }
}

/// Tries once. Whatever becomes of this process meanwhile, the next try is put down already.
async fn tell(provider: &Provider, due: &DueLogout) {
    let client_id = due.client_id.as_str();
    let (label, is_over) = match send(provider, due).await {
        Answer::Taken => {
            if provider.backchannel_logout.is_in_trouble(&due.client_id, false) {
                info!(client_id, "the client takes logout tokens again");
            }
            (LogoutLabel::Taken, true)
        }
        Answer::Refused(reason) => {
            warn!(
                client_id,
                "the client does not take a logout token, and so may go on with a session that is over: {reason}"
            );
            (LogoutLabel::Refused, true)
        }
        Answer::None(reason) if due.tries >= DueLogout::MOST_TRIES => {
            warn!(client_id, "the client was not told that a session is over, and that is given up: {reason}");
            (LogoutLabel::GivenUp, true)
        }
        Answer::None(reason) => {
            if provider.backchannel_logout.is_in_trouble(&due.client_id, true) {
                warn!(client_id, "the client cannot be told that a session is over, which is tried again: {reason}");
            }
            (LogoutLabel::Unanswered, false)
        }
    };
    provider.metrics.count_logout(label);
    if is_over && let Err(failure) = provider.store.remove_logout(due).await {
        error!("a logout token that was answered may be sent again: {failure}");
    }
}

async fn send(provider: &Provider, due: &DueLogout) -> Answer {
    let client = provider.config.client(&due.client_id);
    let Some((client, uri)) = client.and_then(|client| Some((client, client.backchannel_logout_uri.as_deref()?)))
    else {
        return Answer::Refused("it has no backchannel_logout_uri any more".to_owned());
    };
    let token = match logout_token::make(provider, client, due, provider.clock.now()) {
        Ok(token) => token,
        Err(failure) => return Answer::None(failure.to_string()),
    };
    match provider.backchannel_logout.http.get_or_try_init(Http::open).await {
        Ok(http) => http.post_logout_token(uri, &token).await,
        Err(reason) => Answer::None(reason),
    }
}
