//! The connections to the database: lent out one statement at a time, replaced when they are lost.

use std::time::Duration;

use deadpool_postgres::{
    Client, Hook, HookError, Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod, Runtime,
};
use tokio::time::error::Elapsed;
use tokio::time::timeout;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::ToSql;
use tokio_postgres::{NoTls, Row};

use super::tls;
use crate::config::{DatabaseUrl, Transport};
use crate::store::StoreError;

/// The most connections one issuer holds: enough to keep a disk busy with commits, and few enough that five issuers stay
/// below PostgreSQL's default of 100.
const MOST_CONNECTIONS: usize = 16;

/// How long a request waits for a connection before it is told to come back.
const CONNECTED_WITHIN: Duration = Duration::from_secs(3);

/// How long a statement may take; the slowest that is used takes milliseconds.
const ANSWERED_WITHIN: Duration = Duration::from_secs(5);

/// What is decided here must not depend on how the database was set up: a statement waits for a row that another is
/// changing, and then looks at what became of it; an answer leaves after its commit is on the disk. Whoever wants replicas
/// to have it as well sets more than "on".
const SETTINGS: &str = "SET default_transaction_isolation = 'read committed';
    SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'";

/// Has those come one after the other who change much of what the person `$1` has: each locks rows in an order of its own.
pub(super) const ONE_AT_A_TIME: &str = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))";

/// What stands for `$1`, `$2`, ...
pub(super) type Values<'a> = &'a [&'a (dyn ToSql + Sync)];

/// A pool of connections to one database.
pub(super) struct Connections(Pool);

impl Connections {
    /// Connects to nothing yet.
    pub(super) fn to(url: &DatabaseUrl) -> Result<Self, StoreError> {
        let (mut server, transport) = url.read().map_err(|error| StoreError::Database(error.to_string()))?;
        server.application_name("evergrant-issuer");
        server.connect_timeout(CONNECTED_WITHIN);
        // A connection that leads nowhere any more is noticed, and not used again.
        server.tcp_user_timeout(2 * ANSWERED_WITHIN).keepalives_idle(6 * ANSWERED_WITHIN);
        let lending = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = match transport {
            Transport::Plain => Manager::from_config(server, NoTls, lending),
            Transport::Tls(roots) => Manager::from_config(server, tls::connector(&roots)?, lending),
        };
        let pool = Pool::builder(manager)
            .max_size(MOST_CONNECTIONS)
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(CONNECTED_WITHIN))
            .create_timeout(Some(CONNECTED_WITHIN))
            .post_create(Hook::async_fn(|client, _| {
                Box::pin(async { client.batch_execute(SETTINGS).await.map_err(HookError::Backend) })
            }))
            .build();
        pool.map(Self).map_err(|error| StoreError::Database(error.to_string()))
    }

    /// A connection for more than one statement.
    pub(super) async fn lend(&self) -> Result<Client, StoreError> {
        Ok(self.0.get().await?)
    }

    /// Runs a statement and returns its rows. By then it is committed.
    ///
    /// Where it waited for another and that for it, and PostgreSQL gave this one up, nothing of it is there, and it is run again; so
    /// below.
    pub(super) async fn rows(&self, sql: &str, values: Values<'_>) -> Result<Vec<Row>, StoreError> {
        let client = self.lend().await?;
        let asked = async {
            loop {
                match client.query(&client.prepare_cached(sql).await?, values).await {
                    Err(refusal) if is_deadlock(&refusal) => {}
                    answer => return answer,
                }
            }
        };
        let answer = timeout(ANSWERED_WITHIN, asked).await;
        take_back(client, answer)
    }

    /// The same for a statement that has to see what others wrote while they held what `locks` lock: a statement sees what was
    /// committed when it began, so it must not wait for them itself. All are one transaction.
    pub(super) async fn rows_once_locked(
        &self,
        locks: &[(&str, Values<'_>)],
        (sql, values): (&str, Values<'_>),
    ) -> Result<Vec<Row>, StoreError> {
        let mut client = self.lend().await?;
        let mut once = async || {
            let transaction = client.transaction().await?;
            for (lock, locked) in locks {
                transaction.query(&transaction.prepare_cached(lock).await?, locked).await?;
            }
            let rows = transaction.query(&transaction.prepare_cached(sql).await?, values).await?;
            transaction.commit().await?;
            Ok(rows)
        };
        let asked = async {
            loop {
                match once().await {
                    Err(refusal) if is_deadlock(&refusal) => {}
                    answer => return answer,
                }
            }
        };
        let answer = timeout(ANSWERED_WITHIN, asked).await;
        take_back(client, answer)
    }

    /// The same for a statement that returns one row at most.
    pub(super) async fn row(&self, sql: &str, values: Values<'_>) -> Result<Option<Row>, StoreError> {
        Ok(self.rows(sql, values).await?.pop())
    }
}

/// Keeps a connection for others, unless its answer says that they had better have another.
fn take_back(
    client: Client,
    answer: Result<Result<Vec<Row>, tokio_postgres::Error>, Elapsed>,
) -> Result<Vec<Row>, StoreError> {
    match answer {
        Ok(Err(refusal)) if is_of_no_more_use(&refusal) => {
            drop(Object::take(client));
            Err(refusal.into())
        }
        Ok(answer) => Ok(answer?),
        Err(_) => {
            // Whatever it still waits for, nobody else shall wait behind it.
            drop(Object::take(client));
            Err(StoreError::Database("PostgreSQL does not answer".to_owned()))
        }
    }
}

/// Whether a transaction was given up, so that another could go on with which it waited in a circle.
fn is_deadlock(refusal: &tokio_postgres::Error) -> bool {
    refusal.code() == Some(&SqlState::T_R_DEADLOCK_DETECTED)
}

/// Whether a refusal says of its connection that others would follow: its prepared statements are gone or out of date, as
/// behind a pooler or after the tables were changed, or its server writes nothing any more, as after a failover.
fn is_of_no_more_use(refusal: &tokio_postgres::Error) -> bool {
    let of_the_connection =
        [SqlState::INVALID_SQL_STATEMENT_NAME, SqlState::FEATURE_NOT_SUPPORTED, SqlState::READ_ONLY_SQL_TRANSACTION];
    refusal.code().is_some_and(|code| of_the_connection.contains(code))
}

impl From<tokio_postgres::Error> for StoreError {
    fn from(error: tokio_postgres::Error) -> Self {
        use std::error::Error as _;
        // PostgreSQL's message names tables, columns and roles; its detail would repeat values.
        Self::Database(match (error.as_db_error(), error.source()) {
            (Some(refusal), _) => format!("PostgreSQL says: {} ({})", refusal.message(), refusal.code().code()),
            (None, Some(cause)) => format!("{error}: {cause}"),
            (None, None) => error.to_string(),
        })
    }
}

impl From<PoolError> for StoreError {
    fn from(error: PoolError) -> Self {
        match error {
            PoolError::Backend(error) | PoolError::PostCreateHook(HookError::Backend(error)) => error.into(),
            PoolError::Closed => Self::Closed,
            error => Self::Database(format!("no connection to PostgreSQL: {error}")),
        }
    }
}
