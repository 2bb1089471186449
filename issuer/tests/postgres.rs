//! Issuers on a PostgreSQL: several are one, a lost database is waited for, and its password stays where it belongs.

mod faults;
mod settings;
mod several;
mod signing_out;
mod tls;

use std::process::{Command, Output};

use crate::process::issuer;
use crate::support::{Postgres, config};

/// The issuer's command with the tests' configuration, and everything it said.
fn said(change: impl FnOnce(&mut Command) -> &mut Command) -> (Output, String) {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("issuer.toml");
    std::fs::write(&file, config()).unwrap();
    let mut command = issuer(&["--listen", "127.0.0.1:0"]);
    change(command.arg("--config").arg(&file));
    let output = command.output().unwrap();
    let said = [&output.stdout[..], &output.stderr[..]].concat();
    (output, String::from_utf8(said).unwrap())
}

#[test]
fn the_address_may_come_from_the_environment_and_is_printed_without_its_password() {
    const URL: &str = "postgres://ada:s3cret@db.example/issuer";
    for printed in [
        said(|command| command.args(["--print-config", "--database-url", URL])),
        said(|command| command.arg("--print-config").env("EVERGRANT_DATABASE_URL", URL)),
    ] {
        let (output, said) = printed;
        assert!(output.status.success(), "{said}");
        assert!(said.contains(r#"database_url = "postgres://db.example/issuer""#), "{said}");
        assert!(!said.contains("s3cret") && !said.contains("ada"), "{said}");
    }
    let (output, help) = said(|command| command.arg("--help").env("EVERGRANT_DATABASE_URL", URL));
    assert!(output.status.success() && help.contains("EVERGRANT_DATABASE_URL") && !help.contains("s3cret"), "{help}");
}

/// It was refused by the words of whichever statement it did not understand. The server says of itself that it is an old one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_too_old_was_not_called_that() {
    let database = Postgres::shared().database().await;
    database
        .execute(&format!(
            "CREATE FUNCTION public.current_setting(name text) RETURNS text LANGUAGE sql AS $$
                 SELECT CASE name WHEN 'server_version_num' THEN '120022' WHEN 'server_version' THEN '12.22 (Debian 12)'
                     ELSE pg_catalog.current_setting(name) END $$;
             ALTER DATABASE {} SET search_path = public, pg_catalog",
            database.name()
        ))
        .await;
    let (output, said) = said(|command| command.args(["--exit-on-stdin-close", "--database-url", &database.url()]));
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("PostgreSQL 12.22 is too old: version 13 or a newer one is needed\n"), "{said}");
    let tables = "SELECT count(*) FROM pg_catalog.pg_tables WHERE schemaname = 'public'";
    assert_eq!(database.connect().await.query_one(tables, &[]).await.unwrap().get::<_, i64>(0), 0);
}

#[test]
fn an_address_that_cannot_be_used_is_refused_without_repeating_it() {
    // Nobody listens on the port of a listener that is gone, and a password is not to have an @ in it.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    for (url, words) in [
        (format!("postgres://ada:s3cret@127.0.0.1:{port}/issuer"), format!("postgres://127.0.0.1:{port}/issuer")),
        ("postgres://ada:s3@cret@db.example/issuer".to_owned(), "postgres://user:password@host/name".to_owned()),
        ("mysql://ada:s3cret@db.example/issuer".to_owned(), "postgres://user:password@host/name".to_owned()),
        ("postgres://ada:s3cret@db.example/issuer?sslmode=prefer".to_owned(), "verify-full".to_owned()),
    ] {
        let (output, said) = said(|command| command.args(["--database-url", &url]));
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains(&words), "{said}");
        assert!(!said.contains("s3") && !said.contains("cret@") && !said.contains("ada"), "{said}");
    }
    let (output, said) = said(|command| command.args(["--database", "x", "--database-url", "postgres://a:s3@h/d"]));
    assert_eq!(output.status.code(), Some(2));
    assert!(said.contains("cannot be used with") && !said.contains("s3"), "{said}");
}
