//! TLS to the database: used where the address asks for it, and never without looking at the certificate.

use evergrant_issuer::PostgresStore;
use evergrant_issuer::store::StoreError;

use crate::support::{Database, Postgres};

const PASSWORD: &str = "s3cret";

async fn open(database: &Database, role: &str, host: &str, parameters: &str) -> Result<PostgresStore, StoreError> {
    let url = database.url_over_tcp(&format!("{role}:{PASSWORD}"), host);
    PostgresStore::open(&format!("{url}?{parameters}").parse().unwrap()).await
}

#[tokio::test]
async fn the_certificate_has_to_be_vouched_for_and_to_name_the_host() {
    let server = Postgres::shared();
    let database = server.database().await;
    let role = database.create_owner("careful", PASSWORD).await;
    // The server takes members of this one over TLS alone.
    database.execute(&format!("CREATE ROLE tls_only; GRANT tls_only TO {role}")).await;
    let directory = tempfile::tempdir().unwrap();
    let (own, foreign) = (directory.path().join("own.pem"), directory.path().join("foreign.pem"));
    std::fs::write(&own, server.certificate()).unwrap();
    let other = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(&foreign, other.cert.pem()).unwrap();

    let verified = format!("sslmode=verify-full&sslrootcert={}", own.display());
    open(&database, &role, "localhost", &verified).await.unwrap();
    let of_another = format!("sslmode=require&sslrootcert={}", foreign.display());
    for (host, parameters, words) in [
        ("localhost", "", "no encryption"),
        ("localhost", "sslmode=disable", "no encryption"),
        ("localhost", "sslmode=require", "certificate"),
        ("localhost", &of_another, "certificate"),
        ("localhost", "sslmode=verify-full&sslrootcert=/none.pem", "/none.pem"),
        ("127.0.0.1", &verified, "certificate"),
    ] {
        let refused = open(&database, &role, host, parameters).await.unwrap_err().to_string();
        assert!(refused.contains(words), "{host} {parameters}: {refused}");
        assert!(!refused.contains(PASSWORD), "{refused}");
    }
}
