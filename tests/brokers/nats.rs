//! NATS.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::support::{Link, conforms, publish, subject, subscribe};
use throng_tests::process::{resident, signal};
use throng_tests::servers;
use throng_tests::wait::PATIENCE;
use throng_tokio::cluster::conformance::Options;
use throng_tokio::cluster::{Broker, Command, Delivery, Sender};
use throng_tokio::nats::Nats;
use tokio::time::{sleep, timeout};

fn broker(server: &servers::Nats) -> Nats {
    Nats::new([server.url().as_str()]).expect("a URL")
}

#[tokio::test(flavor = "multi_thread")]
async fn nats_conforms() {
    let server = RefCell::new(servers::Nats::start("max_pending: 4MB"));
    let broker = broker(&server.borrow());
    let restart = || {
        server.borrow_mut().server.kill();
        server.borrow_mut().start_again();
    };
    let options = Options::new("nats").flood(64 << 20).cut(restart);
    conforms(&broker, &options, &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn links_end_with_the_server_and_it_refuses_until_it_is_back() {
    let mut server = servers::Nats::start("");
    let broker = broker(&server);
    let mut link = Link::open(&broker).await;
    link.subscribed("r").await;
    server.server.kill();
    let start = Instant::now();
    let failure = link.failure().await;
    assert!(failure.starts_with("read from NATS at 127.0.0.1:"), "{failure}");
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    let error = link.send([publish("r", "lost")]).await.expect_err("the link is broken").to_string();
    assert_eq!(error, failure);
    let error = broker.connect().await.expect_err("it is down").to_string();
    assert!(error.starts_with("connect to 127.0.0.1:"), "{error}");
    server.start_again();
    let mut link = Link::open(&broker).await;
    link.subscribed("r").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_hangs_blocks_no_longer_than_a_dropped_future_and_another_one_is_found() {
    let (server, other) = (servers::Nats::start(""), servers::Nats::start(""));
    let both = [server.url(), other.url()];
    let broker =
        Nats::new(both.iter().map(String::as_str)).expect("URLs").attempt_time(Duration::from_secs(1));
    let alone = Nats::new([both[0].as_str()]).expect("a URL").attempt_time(Duration::from_secs(1));
    let mut link = Link::open(&alone).await;
    link.subscribed("r").await;
    server.server.pause();
    let mut commands = vec![publish("r", vec![7; 1 << 20]); 64];
    let sent = timeout(Duration::from_millis(500), link.sender.send(&mut commands)).await;
    assert!(sent.is_err(), "64 MiB fit into no buffer");
    let error = alone.connect().await.expect_err("it hangs").to_string();
    assert!(error.ends_with("has not answered for 1s"), "{error}");
    for _ in 0..2 {
        Link::open(&broker).await.subscribed("r").await;
    }
    server.server.resume();
    Link::open(&alone).await.subscribed("r").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_does_not_receive_is_cut_and_its_memory_stays_bounded() {
    let server = servers::Nats::start("max_pending: 4MB");
    let broker = broker(&server);
    let (mut slow, mut publisher) = (Link::open(&broker).await, Link::open(&broker).await);
    slow.subscribed("r").await;
    let before = resident(std::process::id());
    let log = server.server.directory().join("log");
    let cut = || std::fs::read_to_string(&log).is_ok_and(|log| log.contains("Slow Consumer"));
    let message = publish("r", vec![7; 64 << 10]);
    let mut bytes: u64 = 0;
    while !cut() {
        publisher.send(vec![message.clone(); 16]).await.expect("the publisher's link works");
        bytes += 1 << 20;
        assert!(bytes < 512 << 20, "NATS cuts the slow node");
    }
    let grown = resident(std::process::id()).saturating_sub(before);
    assert!(grown < 64 << 20, "{grown} bytes more");
    let failure = slow.failure().await;
    assert!(failure.contains("NATS at 127.0.0.1:"), "{failure}");
}

#[tokio::test(flavor = "multi_thread")]
async fn logins_are_by_password_or_token_and_errors_have_the_words_of_nats() {
    let by_password = servers::Nats::start("authorization { user: node, password: \"s p@ss\" }");
    let url = |login: &str| format!("nats://{login}@127.0.0.1:{}", by_password.server.port());
    let broker = Nats::new([url("node:s%20p%40ss").as_str()]).expect("a URL");
    Link::open(&broker).await.subscribed("r").await;
    assert!(!format!("{broker:?}").contains("p@ss"), "{broker:?}");
    let broker = Nats::new([url("node:guess").as_str()]).expect("a URL");
    let error = broker.connect().await.expect_err("the password is wrong").to_string();
    assert!(error.ends_with("refuses: Authorization Violation") && !error.contains("guess"), "{error}");
    let by_token = servers::Nats::start("authorization { token: \"a\\\"b\" }");
    let url = format!("nats://a%22b@127.0.0.1:{}", by_token.server.port());
    Link::open(&Nats::new([url.as_str()]).expect("a URL")).await.subscribed("r").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nats_does_not_permit_breaks_the_link() {
    let settings = "authorization { users: [{ user: node, password: p, permissions: \
                    { publish: \"throng.>\", subscribe: \"throng.>\" } }] }";
    let server = servers::Nats::start(settings);
    let url = format!("nats://node:p@127.0.0.1:{}", server.server.port());
    let broker = Nats::new([url.as_str()]).expect("a URL");
    let mut link = Link::open(&broker).await;
    link.subscribed("throng.r").await;
    link.send([publish("throng.r", "allowed")]).await.expect("the link works");
    link.heard("allowed").await;
    for (refused, what) in [(publish("other.r", "x"), "Publish"), (subscribe("other.r"), "Subscription")] {
        let mut link = Link::open(&broker).await;
        link.send([refused]).await.expect("it is handed over");
        let failure = link.failure().await;
        assert!(failure.contains(&format!("refuses: Permissions Violation for {what} ")), "{failure}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_too_long_is_told_as_dropped_and_breaks_nothing() {
    let server = servers::Nats::start("max_payload: 1000");
    let mut link = Link::open(&broker(&server)).await;
    link.subscribed("r").await;
    let batch = [publish("r", vec![7; 1_001]), publish("r", vec![7; 1_000]), publish("r", "end")];
    link.send(batch).await.expect("it works");
    let is_end =
        |delivery: &Delivery| matches!(delivery, Delivery::Message { payload, .. } if payload == "end");
    let seen = link.receive_until(is_end).await;
    let messages = seen.iter().filter(|delivery| matches!(delivery, Delivery::Message { .. })).count();
    assert_eq!((messages, seen.contains(&Delivery::Dropped { messages: 1 })), (2, true));
    // This node has the smaller limit.
    let narrow = broker(&server).message_bytes(500);
    let mut narrow = Link::open(&narrow).await;
    narrow.subscribed("r").await;
    link.send([publish("r", vec![7; 501])]).await.expect("it works");
    let failure = narrow.failure().await;
    assert!(failure.ends_with("has sent a message longer than the limit"), "{failure}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_link_answers_pings() {
    let server = servers::Nats::start("ping_interval: \"200ms\"\nping_max: 2");
    let mut link = Link::open(&broker(&server)).await;
    link.subscribed("r").await;
    // It receives and does not send.
    let mut seen = Vec::new();
    let waited = timeout(
        Duration::from_secs(3),
        throng_tokio::cluster::Receiver::receive(&mut link.receiver, &mut seen),
    );
    assert!(waited.await.is_err(), "nothing comes, and the link does not end: {seen:?}");
    link.send([publish("r", "alive")]).await.expect("the link works");
    link.heard("alive").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_about_to_end_fails_links() {
    let server = servers::Nats::start("lame_duck_duration: \"30s\"\nlame_duck_grace_period: \"1s\"");
    let mut link = Link::open(&broker(&server)).await;
    link.subscribed("r").await;
    signal(server.server.child(), Signal::USR2);
    let failure = link.failure().await;
    assert!(failure.ends_with("is about to end (lame duck mode)"), "{failure}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subject_can_be_left_and_subscribed_again_and_again() {
    let server = servers::Nats::start("");
    let mut link = Link::open(&broker(&server)).await;
    for n in 0..100 {
        let text = n.to_string();
        link.send([subscribe("r"), publish("r", text.as_str()), Command::Unsubscribe(subject("r"))])
            .await
            .expect("the link works");
        link.heard(&text).await;
    }
    link.send([publish("r", "nobody")]).await.expect("the link works");
    let mut seen = Vec::new();
    let quiet = Duration::from_millis(200);
    while timeout(quiet, throng_tokio::cluster::Receiver::receive(&mut link.receiver, &mut seen))
        .await
        .is_ok()
    {}
    let is_message = |delivery: &Delivery| matches!(delivery, Delivery::Message { .. });
    assert!(!seen.iter().any(is_message), "{seen:?}");
}

/// What is no NATS server must not be taken for one, nor hold up a node.
#[tokio::test(flavor = "multi_thread")]
async fn other_servers_are_errors() {
    let redis = servers::Redis::start(&[]);
    let url = format!("nats://127.0.0.1:{}", redis.server.port());
    let nats = Nats::new([url.as_str()]).expect("a URL").attempt_time(Duration::from_millis(500));
    let error = timeout(PATIENCE, nats.connect())
        .await
        .expect("in time")
        .expect_err("Redis says nothing")
        .to_string();
    assert!(error.ends_with("has not answered for 500ms"), "{error}");
    let server = servers::Nats::start("");
    let url = format!("redis://127.0.0.1:{}", server.server.port());
    let redis = throng_tokio::redis::Redis::new(&url).expect("a URL");
    let error =
        timeout(PATIENCE, redis.connect()).await.expect("in time").expect_err("it is NATS").to_string();
    assert!(error.contains("HELLO: reply with a value of an unknown kind"), "{error}");
    sleep(Duration::ZERO).await;
}
