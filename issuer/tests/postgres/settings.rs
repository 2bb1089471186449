//! What a database's own settings must not change.

use evergrant_core::protocol::Subject;
use evergrant_core::time::UnixTime;
use evergrant_issuer::Store as _;
use evergrant_issuer::secret::SecretHash;
use evergrant_issuer::store::Session;

use crate::support::Postgres;

#[tokio::test]
async fn answers_are_durable_and_decided_row_by_row_whatever_the_default_is() {
    let database = Postgres::shared().database().await;
    for setting in ["synchronous_commit = off", "default_transaction_isolation = serializable"] {
        database.execute(&format!("ALTER DATABASE {} SET {setting}", database.name())).await;
    }
    let store = database.open().await.unwrap();
    database
        .execute(
            "CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                 IF current_setting('synchronous_commit') = 'off'
                     OR current_setting('transaction_isolation') <> 'read committed' THEN
                     RAISE EXCEPTION 'the settings are in force';
                 END IF;
                 RETURN new;
             END $$;
             CREATE TRIGGER look BEFORE INSERT ON session FOR EACH ROW EXECUTE FUNCTION look()",
        )
        .await;
    let now = UnixTime::from_seconds(1_800_000_000);
    let session = Session {
        id: SecretHash::of("session"),
        sid: "sid".to_owned(),
        subject: Subject::new("ann"),
        device: String::new(),
        password: None,
        auth_time: now,
        idle_until: now,
        absolute_until: now,
    };
    store.start_session(session, None).await.unwrap();
}
