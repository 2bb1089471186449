//! What a client answers, and whether it is told again.

use std::time::Duration;

use super::{World, hears, sign_in, sign_out_on_account_page};
use crate::support::{Browser, Receiver, Server};

const PAUSE: Duration = Duration::from_secs(15);

/// The counts of `/metrics` by outcome.
fn counted(world: &World) -> impl AsyncFn(&str) -> u64 {
    let url = world.server.url.clone();
    async move |outcome| {
        let metrics = Browser::at(&url).get("/metrics").await.body;
        let name = format!("evergrant_logout_tokens_total{{outcome=\"{outcome}\"}} ");
        metrics.lines().find_map(|line| line.strip_prefix(&name)).map_or(0, |count| count.parse().unwrap())
    }
}

impl World {
    async fn counting() -> Self {
        let receiver = Receiver::start().await;
        let config = super::told_at(&super::config(), &receiver).replace("[lifetimes]", "metrics = true\n[lifetimes]");
        Self { server: Server::with(&config).await, receiver }
    }
}

async fn signed_out(world: &World) -> String {
    let browser = world.browser();
    let sid = sign_in(&browser).await;
    sign_out_on_account_page(&browser, "everywhere", "yes").await;
    sid
}

#[tokio::test]
async fn a_client_that_was_down_hears_when_it_is_up_again_and_nobody_waited_for_it() {
    let World { server, receiver } = World::counting().await;
    let port = receiver.stop().await;
    let browser = Browser::of(&server);
    let sid = sign_in(&browser).await;
    sign_out_on_account_page(&browser, "everywhere", "yes").await;
    server.provider.send_logout_tokens().await.unwrap();
    let world = World { server, receiver: Receiver::at(port).await };
    assert!(world.heard().await.is_empty(), "not before the pause is over");
    world.server.clock.advance(PAUSE);
    assert_eq!(world.heard().await, [hears("app", &sid)]);
    let count = counted(&world);
    assert_eq!((count("Unanswered").await, count("Taken").await), (1, 1));
}

#[tokio::test]
async fn a_client_that_cannot_now_is_told_again_until_that_is_given_up() {
    let world = World::counting().await;
    world.receiver.answers(503);
    let sid = signed_out(&world).await;
    let (mut tries, mut jtis) = (0, Vec::new());
    for _ in 0..200 {
        world.server.provider.send_logout_tokens().await.unwrap();
        for token in world.receiver.take() {
            assert_eq!(super::about(&token), hears("app", &sid));
            jtis.push(super::claims(&token)["jti"].to_string());
            tries += 1;
        }
        world.server.clock.advance(Duration::from_secs(60));
    }
    assert_eq!(tries, 10);
    jtis.sort();
    jtis.dedup();
    assert_eq!(jtis.len(), 10, "each is another token");
    let count = counted(&world);
    assert_eq!((count("Unanswered").await, count("GivenUp").await), (9, 1));
}

#[tokio::test]
async fn a_client_that_refuses_or_leads_elsewhere_is_told_once() {
    let world = World::counting().await;
    for status in [400, 302, 307, 404, 200, 204] {
        world.receiver.answers(status);
        signed_out(&world).await;
        assert_eq!(world.heard().await.len(), 1, "{status}");
        world.server.clock.advance(PAUSE);
        assert!(world.heard().await.is_empty(), "{status}");
    }
    let count = counted(&world);
    assert_eq!((count("Refused").await, count("Taken").await), (4, 2));
}

/// One that is sent while the issuer dies is sent by another: the try is put down before it is made.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_issuers_one_sends_and_if_it_dies_the_other_does() {
    let [_, store] = super::stores().await;
    let one = World::on(store.clone()).await;
    let other = Server::on(store.clone(), &super::told_at(&super::config(), &one.receiver), 0, false).await;
    for _ in 0..10 {
        sign_in(&one.browser()).await;
    }
    let browser = one.browser();
    sign_in(&browser).await;
    sign_out_on_account_page(&browser, "everywhere", "yes").await;
    let both = tokio::join!(one.server.provider.send_logout_tokens(), other.provider.send_logout_tokens());
    assert!(both.0.is_ok() && both.1.is_ok());
    let mut sids: Vec<_> = one.receiver.take().iter().map(|token| super::about(token).1).collect();
    sids.sort();
    assert_eq!(sids.len(), 11);
    sids.dedup();
    assert_eq!(sids.len(), 11, "none twice");

    signed_out(&one).await;
    // What the first thing is that an issuer does, and then it dies.
    assert_eq!(store.take_due_logouts(one.server.clock.now(), 100).await.unwrap().len(), 1);
    other.provider.send_logout_tokens().await.unwrap();
    assert!(one.receiver.take().is_empty());
    other.clock.advance(PAUSE);
    other.provider.send_logout_tokens().await.unwrap();
    assert_eq!(one.receiver.take().len(), 1);
}
