//! A database that any older version has filled goes on: who was signed in is so still, what was granted can be used, and what was
//! taken back stays so.

use std::path::Path;
use std::sync::Arc;

use evergrant_core::protocol::revoked::RevokedTokens;
use evergrant_issuer::SqliteStore;
use rusqlite::Connection;
use serde_json::Value;

use crate::support::{App, Browser, CALLBACK, Database, Device, Postgres, Server, claims};

/// `app` wants to hear that sessions are over. Nobody does there.
fn told(config: &str) -> String {
    config.replace("name = \"Demo App\"", "name = \"Demo App\"\nbackchannel_logout_uri = \"http://localhost:9/\"")
}

fn config() -> String {
    told(&crate::support::config())
}

fn config_with_another_password() -> String {
    told(&crate::support::config_with_another_password())
}

/// What an older version knew: of the rest there are no rows.
struct Known {
    refresh_tokens: bool,
    revoked_access_tokens: bool,
    revoked_grants: bool,
    devices: bool,
}

/// What was done at the issuer before its database is brought up to date.
struct Visit {
    anns: Browser,
    /// Of somebody who is asked for their password.
    bobs: Browser,
    bobs_interaction: String,
    code: String,
    used_code: String,
    rotated: Value,
    /// What `rotated` brought.
    good: Value,
    unused: Value,
    revoked: Value,
    revoked_with_its_grant: Value,
    /// Allowed, and its device has not come yet.
    device: Device,
    keys: String,
}

fn text<'a>(tokens: &'a Value, name: &str) -> &'a str {
    tokens[name].as_str().unwrap()
}

async fn revoke(browser: &Browser, token: &str) {
    let answer = browser.post_with("/oauth/revoke", &[("client_id", "app"), ("token", token)], &[]).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
}

async fn is_active(browser: &Browser, tokens: &Value) -> bool {
    let fields = [("client_id", "server"), ("client_secret", "s3cret"), ("token", text(tokens, "access_token"))];
    browser.post_with("/oauth/introspect", &fields, &[]).await.json()["active"] == true
}

async fn silent(browser: &Browser) -> bool {
    let query = App::code("app").with("prompt", "none").query();
    browser.get(&format!("/authorize?{query}")).await.sent(CALLBACK, '?').has("code")
}

impl Visit {
    async fn pay(server: &Server) -> Self {
        let [anns, bobs] = [(); 2].map(|()| Browser::of(server));
        let (app, offline) = (App::code("app"), App::offline("app"));
        let rotated = offline.tokens(&anns).await;
        let [unused, revoked, revoked_with_its_grant] =
            [offline.tokens(&anns).await, offline.tokens(&anns).await, offline.tokens(&anns).await];
        let good = App::refresh(&anns, text(&rotated, "refresh_token")).await.json();
        revoke(&anns, text(&revoked, "access_token")).await;
        revoke(&anns, text(&revoked_with_its_grant, "refresh_token")).await;
        let used_code = app.fresh_code(&anns).await;
        assert_eq!(App::redeem(&anns, "app", &used_code).await.status, 200);
        let code = app.fresh_code(&anns).await;
        let bobs_interaction = bobs.get(&format!("/authorize?{}", app.query())).await.interaction().unwrap();
        bobs.get(&format!("/sign-in?interaction={bobs_interaction}")).await;
        let device = Device::start(&anns).await;
        device.allow(&anns, "ann").await;
        let keys = anns.get("/.well-known/jwks.json").await.body;
        Self {
            anns,
            bobs,
            bobs_interaction,
            code,
            used_code,
            rotated,
            good,
            unused,
            revoked,
            revoked_with_its_grant,
            device,
            keys,
        }
    }

    /// That all of it goes on where it was left.
    async fn go_on(&self, server: &Server, known: &Known, version: &str) {
        let browser = &self.anns;
        server.provider.sweep().await.unwrap();
        assert_eq!(browser.get("/.well-known/jwks.json").await.body, self.keys, "{version}");
        assert!(silent(browser).await, "{version}: session and consent");
        assert_eq!(App::redeem(browser, "app", &self.code).await.status, 200, "{version}: a code");
        assert_eq!(App::redeem(browser, "app", &self.used_code).await.status, 400, "{version}: a used code");
        let signed_in = self.bobs.sign_in(&self.bobs_interaction, "bob").await;
        assert!(signed_in.interaction().is_some(), "{version}: an interaction {}", signed_in.body);
        assert!(is_active(browser, &self.unused).await, "{version}");
        let expected = if known.devices { "tokens" } else { "invalid_grant" };
        assert_eq!(self.device.polled(browser).await, expected, "{version}: a device");
        if known.revoked_access_tokens {
            assert!(!is_active(browser, &self.revoked).await, "{version}");
        }
        if known.revoked_grants {
            assert!(!is_active(browser, &self.revoked_with_its_grant).await, "{version}");
        }
        if known.refresh_tokens {
            self.refresh(version).await;
        }
        let list = serde_json::from_str::<RevokedTokens>(&browser.get("/oauth/revoked").await.body).unwrap();
        let is_listed = |tokens: &Value| {
            let claims = serde_json::from_value(claims(text(tokens, "access_token"))).unwrap();
            list.revoked.iter().any(|entry| entry.what.names(&claims))
        };
        assert_eq!(is_listed(&self.revoked), known.revoked_access_tokens, "{version}");
        assert_eq!(is_listed(&self.revoked_with_its_grant), known.revoked_grants, "{version}");
        assert_eq!(is_listed(&self.good), known.refresh_tokens, "{version}: replayed");
        assert!(!is_listed(&self.unused), "{version}");
    }

    /// That a password that changes later ends what was signed in before the upgrade.
    async fn end_with_the_password(&self, server: &Server, version: &str) {
        let told = server.provider.store.take_due_logouts(server.clock.now(), 100).await.unwrap();
        assert!(matches!(&told[..], [due] if due.subject.as_str() == "user-ann"), "{version}: {told:?}");
        let query = App::code("app").with("prompt", "none").query();
        let asked = async |browser: &Browser| browser.get(&format!("/authorize?{query}")).await.sent(CALLBACK, '?');
        assert_eq!(asked(&self.anns).await.first("error"), Some("login_required"), "{version}");
        assert_eq!(asked(&self.bobs).await.first("error"), Some("consent_required"), "{version}: bob has the same");
        assert!(!is_active(&self.anns, &self.unused).await, "{version}");
    }

    async fn refresh(&self, version: &str) {
        let browser = &self.anns;
        let refresh = async |tokens: &Value| App::refresh(browser, text(tokens, "refresh_token")).await;
        assert_eq!(refresh(&self.unused).await.status, 200, "{version}");
        assert_eq!(refresh(&self.revoked_with_its_grant).await.status, 400, "{version}");
        let next = refresh(&self.good).await;
        assert_eq!(next.status, 200, "{version}: {}", next.body);
        let next = next.json();
        assert!(is_active(browser, &next).await, "{version}");
        assert_eq!(refresh(&self.rotated).await.status, 400, "{version}: used twice");
        assert_eq!(refresh(&next).await.status, 400, "{version}: its family is over");
        assert!(!is_active(browser, &next).await, "{version}");
    }
}

/// The migrations up to each version.
fn migrations(store: &str) -> Vec<String> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store").join(store);
    let files = std::fs::read_dir(directory).unwrap().map(|file| file.unwrap().path());
    let mut files: Vec<_> = files.filter(|path| path.extension().is_some_and(|extension| extension == "sql")).collect();
    files.sort();
    files.iter().map(|path| std::fs::read_to_string(path).unwrap()).collect()
}

/// A file as an older version would have left it after the same visit.
fn as_of(migrations: &[String], filled: &Path, path: &Path) {
    let file = Connection::open(path).unwrap();
    file.pragma_update(None, "foreign_keys", false).unwrap();
    migrations.iter().for_each(|migration| file.execute_batch(migration).unwrap());
    file.pragma_update(None, "user_version", i64::try_from(migrations.len()).unwrap()).unwrap();
    file.execute("ATTACH ?1 AS filled", [filled.to_str()]).unwrap();
    file.execute_batch(
        "CREATE TEMP VIEW revoked_access_token AS SELECT id AS jti, expires_at FROM filled.revoked WHERE kind = 'jti'",
    )
    .unwrap();
    let names = |sql: &str| -> Vec<String> {
        let mut statement = file.prepare(sql).unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    for table in names("SELECT name FROM main.sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'") {
        let from = if table == "revoked_access_token" { "temp" } else { "filled" };
        let columns = names(&format!(
            "SELECT name FROM pragma_table_info('{table}', 'main')
             INTERSECT SELECT name FROM pragma_table_info('{table}', '{from}')"
        ));
        let columns = columns.join(", ");
        file.execute_batch(&format!("INSERT INTO main.{table} ({columns}) SELECT {columns} FROM {from}.{table}"))
            .unwrap();
    }
}

/// The same for a database, whose rows stay in it.
async fn go_back(migrations: &[String], database: &Database) {
    let client = database.connect().await;
    client.batch_execute("ALTER SCHEMA public RENAME TO filled; CREATE SCHEMA public").await.unwrap();
    for migration in migrations {
        client.batch_execute(migration).await.unwrap();
    }
    // Without the triggers, and without looking where references lead.
    client.batch_execute("SET session_replication_role = replica").await.unwrap();
    let copies = client
        .query(
            "SELECT format('INSERT INTO public.%1$I (%2$s) SELECT %2$s FROM filled.%1$I', table_name,
                 string_agg(quote_ident(column_name), ', '))
             FROM information_schema.columns AS older JOIN information_schema.columns AS newer USING (table_name, column_name)
             WHERE older.table_schema = 'public' AND newer.table_schema = 'filled' GROUP BY table_name",
            &[],
        )
        .await
        .unwrap();
    for copy in copies {
        client.batch_execute(copy.get(0)).await.unwrap();
    }
    let version = format!(
        "CREATE TABLE evergrant_schema (version BIGINT NOT NULL);
         INSERT INTO evergrant_schema (version) VALUES ({});
         DROP SCHEMA filled CASCADE",
        migrations.len()
    );
    client.batch_execute(&version).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_of_any_older_version_goes_on() {
    let migrations = migrations("sqlite");
    assert!(migrations.len() >= 16);
    for version in 1..=migrations.len() {
        let directory = tempfile::tempdir().unwrap();
        let [filled, older] = ["filled.sqlite3", "issuer.sqlite3"].map(|name| directory.path().join(name));
        let server = Server::launch(&config(), &filled, 0, false).await;
        let visit = Visit::pay(&server).await;
        let port = server.kill().await;
        as_of(&migrations[..version], &filled, &older);
        let store = Arc::new(SqliteStore::open(&older).unwrap());
        let server = Server::on(store, &config(), port, false).await;
        let known = Known {
            refresh_tokens: version >= 2,
            revoked_access_tokens: version >= 3,
            revoked_grants: version >= 5,
            devices: version >= 15,
        };
        let version = format!("version {version}");
        visit.go_on(&server, &known, &version).await;
        let port = server.kill().await;
        let server = Server::launch(&config_with_another_password(), &older, port, false).await;
        visit.end_with_the_password(&server, &version).await;
        server.kill().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_of_any_older_version_goes_on() {
    let migrations = migrations("postgres");
    assert!(migrations.len() >= 12);
    for version in 1..=migrations.len() {
        let database = Postgres::shared().database().await;
        let store = async || Arc::new(database.open().await.unwrap());
        let server = Server::on(store().await, &config(), 0, false).await;
        let visit = Visit::pay(&server).await;
        let port = server.kill().await;
        go_back(&migrations[..version], &database).await;
        let server = Server::on(store().await, &config(), port, false).await;
        let known =
            Known { refresh_tokens: true, revoked_access_tokens: true, revoked_grants: true, devices: version >= 11 };
        let version = format!("version {version}");
        visit.go_on(&server, &known, &version).await;
        let port = server.kill().await;
        let server = Server::on(store().await, &config_with_another_password(), port, false).await;
        visit.end_with_the_password(&server, &version).await;
        server.kill().await;
    }
}
