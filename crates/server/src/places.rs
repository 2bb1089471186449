//! The places for connections: there are so many, and where all are taken, whoever waits longest without asking for anything
//! makes room.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// How long one that was asked to leave is waited for before the next is asked.
const LEAVES_WITHIN: Duration = Duration::from_millis(50);

/// The places of a server, for all its listeners together.
#[derive(Debug)]
pub(crate) struct Places {
    free: Arc<Semaphore>,
    idle: Mutex<Idle>,
}

/// The connections on which nothing is asked at the moment, those that have been so longest first.
#[derive(Debug, Default)]
struct Idle {
    turn: u64,
    waiting: BTreeMap<u64, Arc<Notify>>,
}

impl Places {
    pub(crate) fn new(most: NonZeroU32) -> Arc<Self> {
        let most = usize::try_from(most.get()).unwrap_or(Semaphore::MAX_PERMITS);
        Arc::new(Self { free: Arc::new(Semaphore::new(most)), idle: Mutex::default() })
    }

    /// A place for one more connection. Where none is free, idle ones are asked to leave, one after the other; where none is
    /// idle, it is waited for.
    pub(crate) async fn take(self: &Arc<Self>) -> Place {
        let free = loop {
            if let Ok(free) = Arc::clone(&self.free).try_acquire_owned() {
                break Some(free);
            }
            if let Some((_, longest_idle)) = self.idle().waiting.pop_first() {
                longest_idle.notify_one();
            }
            if let Ok(free) = timeout(LEAVES_WITHIN, Arc::clone(&self.free).acquire_owned()).await {
                break free.ok();
            }
        };
        let place = Place { places: Arc::clone(self), leave: Arc::default(), turn: Mutex::default(), _taken: free };
        place.is_idle();
        place
    }

    fn idle(&self) -> MutexGuard<'_, Idle> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The place of one connection, free again when it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    places: Arc<Places>,
    leave: Arc<Notify>,
    turn: Mutex<u64>,
    _taken: Option<OwnedSemaphorePermit>,
}

impl Place {
    /// Nothing is asked on the connection from now on.
    pub(crate) fn is_idle(&self) {
        let mut idle = self.places.idle();
        idle.turn += 1;
        let turn = idle.turn;
        idle.waiting.insert(turn, Arc::clone(&self.leave));
        *self.turn.lock().unwrap_or_else(PoisonError::into_inner) = turn;
    }

    /// Something is being answered on it.
    pub(crate) fn is_busy(&self) {
        let turn = *self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        self.places.idle().waiting.remove(&turn);
    }

    /// Completes when the connection is asked to make room.
    pub(crate) async fn asked_to_leave(&self) {
        self.leave.notified().await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.is_busy();
    }
}
