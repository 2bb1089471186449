//! One thread that writes in groups, and a few that read.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::store::StoreError;

/// The most writes that share one commit: bounds how long the first of them waits.
const LARGEST_GROUP: usize = 256;

/// A step to run on a connection, or to be told that there is none for it.
type Step = Box<dyn FnOnce(Result<&Connection, StoreError>) -> Outcome + Send>;

/// Answers whoever asked for a step, once its fate is known: committed, or not.
type Answer = Box<dyn FnOnce(Result<(), StoreError>) + Send>;

enum Outcome {
    /// The step worked; the answer waits for the commit.
    Done(Answer),
    /// The step failed; its own changes are undone, and it is answered at once.
    Failed,
}

/// The queues to the threads. They end when this is dropped and what waits is done.
pub(super) struct Threads {
    writer: Sender<Step>,
    readers: Vec<Sender<Step>>,
    next_reader: AtomicUsize,
}

impl Threads {
    pub(super) fn start(writer: Connection, readers: Vec<Connection>) -> Result<Self, StoreError> {
        let readers: Result<_, StoreError> = readers
            .into_iter()
            .map(|connection| spawn("evergrant-reader", move |steps| read_all(&connection, &steps)))
            .collect();
        Ok(Self {
            writer: spawn("evergrant-writer", move |steps| write_all(&writer, &steps))?,
            readers: readers?,
            next_reader: AtomicUsize::new(0),
        })
    }

    /// Runs a step in a transaction; the answer comes after the commit.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        step: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        ask(&self.writer, step).await
    }

    /// Runs a step that changes nothing.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        step: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let turn = self.next_reader.fetch_add(1, Ordering::Relaxed);
        let reader = self.readers.get(turn % self.readers.len().max(1));
        ask(reader.unwrap_or(&self.writer), step).await
    }
}

fn spawn(name: &str, run: impl FnOnce(Receiver<Step>) + Send + 'static) -> Result<Sender<Step>, StoreError> {
    let (sender, receiver) = channel();
    thread::Builder::new()
        .name(name.to_owned())
        .spawn(move || run(receiver))
        .map_err(|error| StoreError::Database(error.to_string()))?;
    Ok(sender)
}

async fn ask<T: Send + 'static>(
    queue: &Sender<Step>,
    step: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    let (answer, answered) = oneshot::channel();
    // A receiver that is gone belongs to a request that was given up: nobody is left to tell.
    let step: Step = Box::new(move |connection| match connection.and_then(step) {
        Ok(value) => Outcome::Done(Box::new(move |committed| {
            let _ = answer.send(committed.map(|()| value));
        })),
        Err(error) => {
            let _ = answer.send(Err(error));
            Outcome::Failed
        }
    });
    queue.send(step).map_err(|_| StoreError::Closed)?;
    answered.await.unwrap_or(Err(StoreError::Closed))
}

fn read_all(connection: &Connection, steps: &Receiver<Step>) {
    while let Ok(step) = steps.recv() {
        if let Outcome::Done(answer) = step(Ok(connection)) {
            answer(Ok(()));
        }
    }
}

fn write_all(connection: &Connection, steps: &Receiver<Step>) {
    while let Ok(first) = steps.recv() {
        let group: Vec<Step> = std::iter::once(first).chain(steps.try_iter().take(LARGEST_GROUP - 1)).collect();
        let answers: Vec<Answer> = match connection.execute_batch("BEGIN IMMEDIATE") {
            Ok(()) => group.into_iter().filter_map(|step| run_apart(connection, step)).collect(),
            Err(error) => {
                let error = StoreError::from(error);
                group.into_iter().for_each(|step| drop(step(Err(error.clone()))));
                continue;
            }
        };
        let committed = connection.execute_batch("COMMIT").map_err(StoreError::from);
        if committed.is_err() && !connection.is_autocommit() {
            let _ = connection.execute_batch("ROLLBACK");
        }
        for answer in answers {
            answer(committed.clone());
        }
    }
}

/// Runs one step of a group so that its failure undoes its own changes and no other's.
fn run_apart(connection: &Connection, step: Step) -> Option<Answer> {
    let execute = |sql| connection.prepare_cached(sql).and_then(|mut statement| statement.execute([]));
    let _ = execute("SAVEPOINT step");
    match step(Ok(connection)) {
        Outcome::Done(answer) => {
            let _ = execute("RELEASE step");
            Some(answer)
        }
        Outcome::Failed => {
            let _ = execute("ROLLBACK TO step");
            let _ = execute("RELEASE step");
            None
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn threads() -> Threads {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE number (n INTEGER PRIMARY KEY)").unwrap();
        Threads::start(connection, Vec::new()).unwrap()
    }

    async fn insert(threads: &Threads, numbers: Vec<i64>) -> Result<(), StoreError> {
        let step = move |db: &Connection| {
            for n in numbers {
                db.execute("INSERT INTO number (n) VALUES (?1)", [n])?;
            }
            Ok(())
        };
        threads.write(step).await
    }

    async fn count(threads: &Threads) -> i64 {
        let step = |db: &Connection| Ok(db.query_row("SELECT count(*) FROM number", [], |row| row.get(0))?);
        threads.read(step).await.unwrap()
    }

    #[tokio::test]
    async fn a_step_that_fails_halfway_is_undone_and_its_neighbours_are_not() {
        let threads = threads();
        let steps = [vec![1, 2], vec![3, 3], vec![4]].map(|numbers| insert(&threads, numbers));
        let [first, failed, last] = steps;
        let (first, failed, last) = tokio::join!(first, failed, last);
        assert!(first.is_ok() && last.is_ok());
        assert!(matches!(failed, Err(StoreError::Database(_))));
        assert_eq!(count(&threads).await, 3, "1, 2 and 4");
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
        let threads = Threads::start(writer, Vec::new()).unwrap();
        let (one, two) = tokio::join!(insert(&threads, vec![1]), insert(&threads, vec![2]));
        assert!(one.is_err() && two.is_err());
        other.execute_batch("ROLLBACK").unwrap();
        assert_eq!(count(&threads).await, 0);
        insert(&threads, vec![5]).await.unwrap();
        assert_eq!(count(&threads).await, 1);
    }
}
