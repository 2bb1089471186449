#![allow(clippy::unwrap_used)]
//! The driver against the issuer itself: what it sends is accepted, and what is refused is noticed.

use std::sync::Arc;

use evergrant_issuer::{Clock, Config, Provider, SqliteStore, router};
use tempfile::TempDir;
use tokio::net::TcpListener;

use super::*;
use crate::issuer::evergrant::{AUTHORIZE_PATH, CLIENT_ID, JWKS_PATH, REDIRECT_URI, TOKEN_PATH, configuration};
use crate::issuer::exchange::{Jwks, Refresh, Silent};
use crate::issuer::families;
use crate::issuer::server::SignedIn;

/// An issuer with `count` live families; it ends with the test.
async fn issuer(count: usize) -> (SocketAddr, SignedIn, TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let database = directory.path().join("issuer.sqlite3");
    let signed_in = families::sign_in(&database, count).await.unwrap();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let config = Config::parse(&configuration(address)).unwrap();
    let store = Arc::new(SqliteStore::open(&database).unwrap());
    let provider = Provider::open(config, store, Clock::system(), false).await.unwrap();
    let service = router(Arc::new(provider)).into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await });
    (address, signed_in, directory)
}

fn refresh(tokens: &[String]) -> Refresh {
    Refresh::new(TOKEN_PATH, CLIENT_ID, true, tokens.to_vec())
}

#[tokio::test]
async fn rotation_is_followed_from_run_to_run() {
    let (address, signed_in, _directory) = issuer(12).await;
    let mut clients: Vec<_> = signed_in.refresh_tokens.chunks(3).map(refresh).collect();
    assert_eq!(clients.len(), 4);
    for _ in 0..2 {
        // Seven answers and three families: each is used more than once, and some more often than others.
        let measured = run(address, &mut clients, Until::Answers(7)).await.unwrap();
        assert_eq!((measured.latencies.len(), clients.len()), (28, 4));
        assert!(measured.latencies.iter().all(|took| *took <= measured.elapsed));
    }
}

#[tokio::test]
async fn a_server_that_refuses_is_not_measured() {
    let (address, signed_in, _directory) = issuer(1).await;
    let tokens = &signed_in.refresh_tokens;
    run(address, &mut vec![refresh(tokens)], Until::Answers(2)).await.unwrap();
    let error = run(address, &mut vec![refresh(tokens)], Until::Answers(1)).await.unwrap_err();
    assert!(error.to_string().contains("invalid_grant"), "{error}");
}

#[tokio::test]
async fn silent_requests_bring_codes_and_the_keys_are_there() {
    let (address, signed_in, _directory) = issuer(1).await;
    let silent = |cookie: &str| Silent::new(AUTHORIZE_PATH, CLIENT_ID, REDIRECT_URI, cookie.to_owned());
    run(address, &mut vec![silent(&signed_in.cookie)], Until::Answers(2)).await.unwrap();
    let error = run(address, &mut vec![silent("")], Until::Answers(1)).await.unwrap_err();
    assert!(error.to_string().contains("login_required"), "{error}");
    run(address, &mut vec![Jwks { path: JWKS_PATH }], Until::Elapsed(Duration::from_millis(1))).await.unwrap();
}
