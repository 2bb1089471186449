//! The connections to the database: one that writes, in groups, and a few to read on.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::store::{Pending, StoreError};

/// The most writes that share one commit: bounds how long the first of them waits.
const LARGEST_GROUP: usize = 256;

/// What to run on a connection, or to be told that there is none for it.
type Run = Box<dyn FnOnce(Result<&Connection, StoreError>) -> Outcome + Send>;

struct Step {
    run: Run,
    /// Whether it may fail after it has changed something: then that has to be undone.
    may_fail_halfway: bool,
}

/// Answers whoever asked for a step, once its fate is known: committed, or not.
type Answer = Box<dyn FnOnce(Result<(), StoreError>) + Send>;

enum Outcome {
    /// The step worked; the answer waits for the commit.
    Done(Answer),
    /// The step failed; its own changes are undone, and it is answered at once.
    Failed,
}

/// The one that writes, on a thread of its own that ends when this is dropped and what waits is done; and those that read.
pub(super) struct Connections {
    writer: Sender<Step>,
    readers: Vec<Mutex<Connection>>,
    next_reader: AtomicUsize,
}

impl Connections {
    /// Without readers, the writer reads as well.
    pub(super) fn start(writer: Connection, readers: Vec<Connection>) -> Result<Self, StoreError> {
        let (steps, waiting) = channel();
        thread::Builder::new()
            .name("evergrant-writer".to_owned())
            .spawn(move || write_all(&writer, &waiting))
            .map_err(|error| StoreError::Database(error.to_string()))?;
        let readers = readers.into_iter().map(Mutex::new).collect();
        Ok(Self { writer: steps, readers, next_reader: AtomicUsize::new(0) })
    }

    /// Runs a step in a transaction; the answer comes after the commit.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        step: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        ask(&self.writer, step).await
    }

    /// Runs a step in a transaction; the answer comes at once, and with it what says when it is committed. The step changes
    /// nothing but by its last statement, so that it never fails halfway.
    pub(super) async fn decide<T: Send + 'static>(
        &self,
        step: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<Pending<T>, StoreError> {
        let (decision, decided) = oneshot::channel();
        let (commit, committed) = oneshot::channel();
        let run: Run = Box::new(move |connection| match connection.and_then(step) {
            Ok(value) => {
                let _ = decision.send(Ok(value));
                Outcome::Done(Box::new(move |fate| {
                    let _ = commit.send(fate);
                }))
            }
            Err(error) => {
                let _ = decision.send(Err(error));
                Outcome::Failed
            }
        });
        self.writer.send(Step { run, may_fail_halfway: false }).map_err(|_| StoreError::Closed)?;
        decided.await.unwrap_or(Err(StoreError::Closed)).map(|value| Pending::until(committed, value))
    }

    /// Runs a step that changes nothing. It runs where it is called: it takes microseconds, less than waking another
    /// thread for it and being woken.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        step: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let turn = self.next_reader.fetch_add(1, Ordering::Relaxed);
        match self.readers.get(turn % self.readers.len().max(1)) {
            Some(reader) => step(&reader.lock().unwrap_or_else(PoisonError::into_inner)),
            None => ask(&self.writer, step).await,
        }
    }
}

async fn ask<T: Send + 'static>(
    queue: &Sender<Step>,
    step: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    let (answer, answered) = oneshot::channel();
    // A receiver that is gone belongs to a request that was given up: nobody is left to tell.
    let run: Run = Box::new(move |connection| match connection.and_then(step) {
        Ok(value) => Outcome::Done(Box::new(move |committed| {
            let _ = answer.send(committed.map(|()| value));
        })),
        Err(error) => {
            let _ = answer.send(Err(error));
            Outcome::Failed
        }
    });
    queue.send(Step { run, may_fail_halfway: true }).map_err(|_| StoreError::Closed)?;
    answered.await.unwrap_or(Err(StoreError::Closed))
}

fn write_all(connection: &Connection, steps: &Receiver<Step>) {
    while let Ok(first) = steps.recv() {
        // Whoever is about to ask as well, on the processor that was taken for this, shares the commit.
        thread::yield_now();
        let group: Vec<Step> = std::iter::once(first).chain(steps.try_iter().take(LARGEST_GROUP - 1)).collect();
        let answers: Vec<Answer> = match execute(connection, "BEGIN IMMEDIATE") {
            Ok(_) => group.into_iter().filter_map(|step| step.run_in_transaction_of(connection)).collect(),
            Err(error) => {
                let error = StoreError::from(error);
                group.into_iter().for_each(|step| drop((step.run)(Err(error.clone()))));
                continue;
            }
        };
        let committed = execute(connection, "COMMIT").map(drop).map_err(StoreError::from);
        if committed.is_err() && !connection.is_autocommit() {
            let _ = execute(connection, "ROLLBACK");
        }
        for answer in answers {
            answer(committed.clone());
        }
    }
}

impl Step {
    /// Runs it in the transaction of its group so that its failure undoes its own changes and no other's.
    ///
    /// Where SQLite has given up the transaction, as it does when the disk fails in the middle, it is not run: it would be
    /// committed by itself, and told that it was not.
    fn run_in_transaction_of(self, connection: &Connection) -> Option<Answer> {
        if connection.is_autocommit() {
            (self.run)(Err(StoreError::Database("the transaction was rolled back".to_owned())));
            return None;
        }
        let undo = self.may_fail_halfway;
        if undo {
            let _ = execute(connection, "SAVEPOINT step");
        }
        let outcome = (self.run)(Ok(connection));
        if undo && matches!(outcome, Outcome::Failed) {
            let _ = execute(connection, "ROLLBACK TO step");
        }
        if undo {
            let _ = execute(connection, "RELEASE step");
        }
        match outcome {
            Outcome::Done(answer) => Some(answer),
            Outcome::Failed => None,
        }
    }
}

fn execute(connection: &Connection, sql: &str) -> rusqlite::Result<usize> {
    connection.prepare_cached(sql)?.execute([])
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn connections() -> Connections {
        let connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch("CREATE TABLE number (n INTEGER PRIMARY KEY); CREATE TABLE large (bytes BLOB)")
            .unwrap();
        Connections::start(connection, Vec::new()).unwrap()
    }

    async fn insert(connections: &Connections, numbers: Vec<i64>) -> Result<(), StoreError> {
        let step = move |db: &Connection| {
            for n in numbers {
                db.execute("INSERT INTO number (n) VALUES (?1)", [n])?;
            }
            Ok(())
        };
        connections.write(step).await
    }

    async fn count(connections: &Connections) -> i64 {
        let step = |db: &Connection| Ok(db.query_row("SELECT count(*) FROM number", [], |row| row.get(0))?);
        connections.read(step).await.unwrap()
    }

    #[tokio::test]
    async fn a_step_that_fails_halfway_is_undone_and_its_neighbours_are_not() {
        let connections = connections();
        let steps = [vec![1, 2], vec![3, 3], vec![4]].map(|numbers| insert(&connections, numbers));
        let [first, failed, last] = steps;
        let (first, failed, last) = tokio::join!(first, failed, last);
        assert!(first.is_ok() && last.is_ok());
        assert!(matches!(failed, Err(StoreError::Database(_))));
        assert_eq!(count(&connections).await, 3, "1, 2 and 4");
    }

    /// A step after one that the disk had failed was committed by itself, and answered as if it had not been.
    #[tokio::test]
    async fn a_step_that_was_called_failed_lasted_when_the_disk_had_failed_before_it() {
        let connections = connections();
        let full = |db: &Connection| {
            let pages: i64 = db.query_row("PRAGMA page_count", [], |row| row.get(0))?;
            db.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))?;
            let failed = db.execute("INSERT INTO large (bytes) VALUES (zeroblob(100000))", []);
            db.query_row("PRAGMA max_page_count = 1000000", [], |_| Ok(()))?;
            failed.map(drop).map_err(StoreError::from)
        };
        // They wait for one that holds the writer up, and so make one group.
        let ((started, has_started), (go, wait)) = (oneshot::channel(), channel());
        let holding_up = connections.write(move |_| {
            started.send(()).unwrap();
            wait.recv().unwrap();
            Ok(())
        });
        let group = async {
            has_started.await.unwrap();
            let let_go = async { go.send(()).unwrap() };
            let steps = (insert(&connections, vec![1]), connections.write(full), insert(&connections, vec![2]));
            let (first, failed, last, ()) = tokio::join!(steps.0, steps.1, steps.2, let_go);
            (first, failed, last)
        };
        let (held_up, (first, failed, last)) = tokio::join!(holding_up, group);
        held_up.unwrap();
        assert!(failed.is_err());
        let lasting = [&first, &last].iter().filter(|step| step.is_ok()).count();
        assert_eq!(usize::try_from(count(&connections).await), Ok(lasting), "{first:?} {last:?}");
        insert(&connections, vec![3]).await.unwrap();
    }

    #[tokio::test]
    async fn when_no_transaction_can_begin_every_step_is_told_and_nothing_is_written() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("locked.sqlite3");
        let writer = Connection::open(&path).unwrap();
        writer.execute_batch("CREATE TABLE number (n INTEGER PRIMARY KEY)").unwrap();
        writer.busy_timeout(std::time::Duration::ZERO).unwrap();
        let other = Connection::open(&path).unwrap();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        let connections = Connections::start(writer, Vec::new()).unwrap();
        let (one, two) = tokio::join!(insert(&connections, vec![1]), insert(&connections, vec![2]));
        assert!(one.is_err() && two.is_err());
        other.execute_batch("ROLLBACK").unwrap();
        assert_eq!(count(&connections).await, 0);
        insert(&connections, vec![5]).await.unwrap();
        assert_eq!(count(&connections).await, 1);
    }
}
