//! Clocks that differ: inside the tolerance nobody notices, outside it the answer names the clock and both times.

use std::time::Duration;

use crate::support::{Api, Issuer};

/// 30 seconds, 2 minutes and 10 minutes, either way, and the tolerances around them.
const DIFFERENCES: [i32; 3] = [30, 120, 600];

async fn with_tolerance(issuer: &Issuer, seconds: u64) -> Api {
    let mut settings = Api::settings(&issuer.identifier);
    settings.clock_tolerance = Duration::from_secs(seconds);
    Api::with(settings).await
}

#[tokio::test]
async fn an_issuer_whose_clock_is_ahead() {
    for difference in DIFFERENCES {
        let issuer = Issuer::start().await;
        issuer.clock.shift(difference);
        let token = issuer.token().await;
        for tolerance in [60, 300, 900] {
            let api = with_tolerance(&issuer, tolerance).await;
            let answer = api.read(&token).await;
            if difference.unsigned_abs() < tolerance as u32 {
                assert_eq!(answer.status, 200, "{difference} s ahead, {tolerance} s tolerated");
                continue;
            }
            assert_eq!(answer.status, 401, "{difference} s ahead, {tolerance} s tolerated");
            let said = answer.description();
            assert!(said.contains("used too early: this server's clock says 20"), "{said}");
            assert!(said.contains("by the issuer's clock it was issued at 20"), "{said}");
        }
    }
}

/// Behind, a token looks older than it is: that matters once the difference and its age outlast it.
#[tokio::test]
async fn an_issuer_whose_clock_is_behind() {
    for difference in DIFFERENCES {
        let issuer = Issuer::changed(|config| config.apis[0].token_lifetime = Duration::from_secs(20)).await;
        issuer.clock.shift(-difference);
        let token = issuer.token().await;
        for tolerance in [60, 300, 900] {
            let answer = with_tolerance(&issuer, tolerance).await.read(&token).await;
            if difference.unsigned_abs() < tolerance as u32 {
                assert_eq!(answer.status, 200, "{difference} s behind, {tolerance} s tolerated");
            } else {
                assert_eq!(answer.status, 401, "{difference} s behind, {tolerance} s tolerated");
                assert_eq!(answer.description(), "The access token provided has expired.");
            }
        }
    }
}
