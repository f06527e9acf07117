//! Redis alone, with sentinels, and as a cluster.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use crate::support::{Link, conforms, publish, subject, subscribe};
use throng_tests::process::resident;
use throng_tests::servers::{self, Cluster, Sentinels};
use throng_tests::wait::eventually;
use throng_tokio::cluster::conformance::Options;
use throng_tokio::cluster::{Broker, Command, Delivery, Sender};
use throng_tokio::redis::Redis;
use tokio::time::{sleep, timeout};

/// Redis cuts whoever leaves more than this untaken.
const SMALL_BUFFER: [&str; 2] = ["--client-output-buffer-limit", "pubsub 4mb 4mb 0"];

fn broker(server: &servers::Redis) -> Redis {
    Redis::new(&server.url()).expect("a URL")
}

fn urls(urls: &[String]) -> Vec<&str> {
    urls.iter().map(String::as_str).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_conforms() {
    let server = RefCell::new(servers::Redis::start(&SMALL_BUFFER));
    let broker = broker(&server.borrow());
    let restart = || {
        server.borrow_mut().server.kill();
        server.borrow_mut().start_again();
    };
    let options = Options::new("redis").flood(64 << 20).cut(restart);
    conforms(&broker, &options, &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_conforms() {
    let cluster = RefCell::new(Cluster::start());
    for node in &cluster.borrow().nodes {
        node.tell(&["CONFIG", "SET", SMALL_BUFFER[0].trim_start_matches('-'), SMALL_BUFFER[1]]);
    }
    let broker = Redis::cluster(urls(&cluster.borrow().urls())).expect("URLs");
    let restart = || {
        let mut cluster = cluster.borrow_mut();
        cluster.nodes[1].server.kill();
        cluster.nodes[1].start_again();
        cluster.wait();
    };
    let options = Options::new("cluster").flood(64 << 20).cut(restart);
    conforms(&broker, &options, &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sentinels_conform_and_lead_to_the_new_master_after_a_kill() {
    let redis = RefCell::new(Sentinels::start());
    let (name, addresses) = {
        let sentinels = redis.borrow();
        let setting = SMALL_BUFFER[0].trim_start_matches('-');
        sentinels.master.tell(&["CONFIG", "SET", setting, SMALL_BUFFER[1]]);
        (sentinels.name(), sentinels.urls())
    };
    let broker = Redis::sentinel(name, urls(&addresses)).expect("URLs");
    // The link that follows is one to the former replica.
    let kill = || redis.borrow_mut().master.server.kill();
    let options = Options::new("sentinel").flood(64 << 20).cut(kill).patience(Duration::from_secs(40));
    conforms(&broker, &options, &[]).await;
    let redis = redis.borrow();
    eventually("all sentinels know it", || redis.master_port() == Some(redis.replica.server.port()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failover_that_sentinels_make_fails_links_to_the_former_master() {
    let redis = Sentinels::start();
    let broker = Redis::sentinel(redis.name(), urls(&redis.urls())).expect("URLs");
    let mut link = Link::open(&broker).await;
    link.subscribed("r").await;
    // The master hangs, so that no connection to it ends.
    redis.master.server.pause();
    let failure = link.failure().await;
    assert!(failure.contains("has made 127.0.0.1:") && failure.ends_with("the master \"main\""), "{failure}");
    let mut link = Link::open_again(&broker).await;
    link.subscribed("r").await;
    link.send([publish("r", "after")]).await.expect("the link works");
    link.heard("after").await;
    assert_eq!(redis.replica.ask(&["PUBSUB", "NUMSUB", "r"]), "r\n1");
    // The former master goes on, and is made a replica.
    redis.master.server.resume();
    eventually("it is a replica", || redis.master.ask(&["ROLE"]).starts_with("slave"));
}

/// It would take messages, and hand them to its own clients alone.
#[tokio::test(flavor = "multi_thread")]
async fn a_replica_is_refused() {
    let master = servers::Redis::start(&[]);
    let replica = servers::Redis::start(&["--replicaof", &format!("127.0.0.1 {}", master.server.port())]);
    let error = broker(&replica).connect().await.expect_err("it is a replica").to_string();
    assert!(error.ends_with("has the role \"replica\": nodes must connect to the master"), "{error}");
    Link::open(&broker(&master)).await.subscribed("r").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_planned_failover_fails_links_too() {
    let redis = Sentinels::start();
    let broker = Redis::sentinel(redis.name(), urls(&redis.urls())).expect("URLs");
    let mut link = Link::open(&broker).await;
    link.subscribed("r").await;
    redis.fail_over();
    link.failure().await;
    eventually("they agree", || redis.master_port() == Some(redis.replica.server.port()));
    let mut link = Link::open_again(&broker).await;
    link.subscribed("r").await;
    assert_eq!(redis.replica.ask(&["PUBSUB", "NUMSUB", "r"]), "r\n1");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_master_and_dead_sentinels_are_errors_that_say_so() {
    let mut redis = Sentinels::start();
    let broker = Redis::sentinel("other", urls(&redis.urls())).expect("URLs");
    let error = broker.connect().await.expect_err("they do not know it").to_string();
    assert!(error.contains("knows no master of the name \"other\""), "{error}");
    let broker = Redis::sentinel(redis.name(), urls(&redis.urls())).expect("URLs");
    redis.sentinels[0].kill();
    redis.sentinels[1].pause();
    let start = Instant::now();
    let _ = Link::open(&broker.clone().attempt_time(Duration::from_millis(300))).await;
    assert!(start.elapsed() < Duration::from_secs(5), "one that answers is found");
    redis.sentinels[1].resume();
    for sentinel in &mut redis.sentinels[1..] {
        sentinel.kill();
    }
    let error = broker.connect().await.expect_err("nobody is left").to_string();
    assert!(error.starts_with("no sentinel leads to the master: connect to 127.0.0.1:"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn links_end_with_the_server_and_it_refuses_until_it_is_back() {
    let mut server = servers::Redis::start(&[]);
    let broker = broker(&server);
    let mut link = Link::open(&broker).await;
    link.subscribed("r").await;
    server.server.kill();
    let start = Instant::now();
    let failure = link.failure().await;
    assert!(failure.starts_with("read from Redis at 127.0.0.1:"), "{failure}");
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
async fn a_server_that_hangs_is_noticed_while_the_node_sends_and_blocks_no_longer_than_a_dropped_future() {
    let server = servers::Redis::start(&[]);
    let broker = broker(&server).reply_time(Duration::from_secs(2)).attempt_time(Duration::from_secs(1));
    let mut link = Link::open(&broker).await;
    link.subscribed("r").await;
    server.server.pause();
    // A batch that the system's buffers do not take whole.
    let mut other = Link::open_paused(&broker, &server).await;
    let mut commands = vec![publish("r", vec![7; 1 << 20]); 64];
    let sent = timeout(Duration::from_millis(500), other.sender.send(&mut commands)).await;
    assert!(sent.is_err(), "64 MiB fit into no buffer");
    drop(other);
    let failure = link.failure_of_sending(&publish("r", "small")).await;
    assert!(failure.ends_with("has not answered for 2s"), "{failure}");
    let error = broker.connect().await.expect_err("it hangs").to_string();
    assert!(error.ends_with("has not answered for 1s"), "{error}");
    server.server.resume();
    let mut link = Link::open_again(&broker).await;
    link.subscribed("r").await;
}

impl Link<Redis> {
    /// A link to a server that is paused.
    async fn open_paused(broker: &Redis, server: &servers::Redis) -> Self {
        server.server.resume();
        let link = Self::open(broker).await;
        server.server.pause();
        link
    }
}

/// As the docs of the module say: publishing is no write to Redis.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_memory_and_a_full_disk_do_not_refuse_messages() {
    let server = servers::Redis::start(&["--maxmemory", "2mb", "--maxmemory-policy", "noeviction"]);
    let broker = broker(&server);
    let mut link = Link::open(&broker).await;
    link.subscribed("r").await;
    let big = "x".repeat(100_000);
    let mut reply = String::new();
    for n in 0..100 {
        reply = server.ask(&["SET", &format!("k{n}"), &big]);
        if reply.starts_with("OOM") {
            break;
        }
    }
    assert!(reply.starts_with("OOM"), "its memory is full: {reply}");
    link.send([publish("r", "memory")]).await.expect("the link works");
    link.heard("memory").await;
    server.tell(&["CONFIG", "SET", "min-replicas-to-write", "1"]);
    assert!(server.ask(&["SET", "key", "value"]).starts_with("NOREPLICAS"), "it has no replicas");
    link.send([publish("r", "replicas")]).await.expect("the link works");
    link.heard("replicas").await;
    server.tell(&["CONFIG", "SET", "min-replicas-to-write", "0"]);
    // A snapshot that cannot be written, as on a full disk: its directory is gone.
    let _ = server.ask(&["FLUSHALL"]);
    server.tell(&["CONFIG", "SET", "maxmemory", "0", "save", "3600 1"]);
    server.tell(&["SET", "key", "value"]);
    std::fs::remove_dir_all(server.server.directory()).expect("it is there");
    let _ = server.ask(&["BGSAVE"]);
    eventually("it refuses writes", || server.ask(&["SET", "key", "value"]).starts_with("MISCONF"));
    assert!(server.ask(&["PING"]).starts_with("MISCONF"), "even a ping: so it is no sign of life");
    // Long enough for a sign of life to be asked for.
    for _ in 0..3 {
        link.send([publish("r", "disk")]).await.expect("the link works");
        link.heard("disk").await;
        sleep(Duration::from_millis(600)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_redis_refuses_breaks_the_link_with_its_words() {
    let server = servers::Redis::start(&[]);
    let allowed = ["+subscribe", "+unsubscribe", "+publish", "+hello", "+select", "+echo", "&throng.*"];
    server.tell(&[&["ACL", "SETUSER", "node", "on", ">secret p@ss", "resetchannels"], &allowed[..]].concat());
    let url = format!("redis://node:secret%20p%40ss@127.0.0.1:{}/3", server.server.port());
    let broker = Redis::new(&url).expect("a URL");
    let mut link = Link::open(&broker).await;
    // What the docs list is enough.
    link.subscribed("throng.r").await;
    link.send([publish("throng.r", "allowed"), Command::Unsubscribe(subject("throng.r"))])
        .await
        .expect("it works");
    link.heard("allowed").await;
    sleep(Duration::from_millis(1_100)).await;
    link.send([publish("throng.r", "a sign of life")]).await.expect("the link works");
    link.subscribed("throng.r").await;
    for refused in [publish("other.r", "x"), subscribe("other.r")] {
        let mut link = Link::open(&broker).await;
        link.send([refused]).await.expect("it is handed over");
        let failure = link.failure().await;
        assert!(failure.contains("refuses: NOPERM"), "{failure}");
    }
    let wrong = Redis::new(&url.replace("secret", "guess")).expect("a URL");
    let error = wrong.connect().await.expect_err("the password is wrong").to_string();
    assert!(error.contains("HELLO: Redis refuses: WRONGPASS") && !error.contains("guess"), "{error}");
    assert!(!format!("{broker:?}").contains("secret"), "{broker:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_that_blocks_redis_breaks_the_link() {
    let server = servers::Redis::start(&["--busy-reply-threshold", "50"]);
    let broker = broker(&server);
    let mut link = Link::open(&broker).await;
    link.subscribed("r").await;
    let failure = std::thread::scope(|threads| {
        let script = threads.spawn(|| server.ask(&["EVAL", "while true do end", "0"]));
        eventually("it is busy", || server.ask(&["PING"]).starts_with("BUSY"));
        let failure = tokio::task::block_in_place(|| {
            tokio::runtime::Handle::current().block_on(async {
                link.send([publish("r", "x")]).await.expect("it is handed over");
                link.failure().await
            })
        });
        server.tell(&["SCRIPT", "KILL"]);
        let ended = script.join().expect("it does not panic");
        assert!(ended.contains("Script killed"), "{ended}");
        failure
    });
    assert!(failure.contains("refuses: BUSY"), "{failure}");
    Link::open(&broker).await.subscribed("r").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_does_not_receive_is_cut_and_its_memory_stays_bounded() {
    let server = servers::Redis::start(&SMALL_BUFFER);
    let broker = broker(&server);
    let (mut slow, mut publisher) = (Link::open(&broker).await, Link::open(&broker).await);
    slow.subscribed("r").await;
    let before = resident(std::process::id());
    let log = server.server.directory().join("log");
    let cut =
        || std::fs::read_to_string(&log).is_ok_and(|log| log.contains("overcoming of output buffer limits"));
    let message = publish("r", vec![7; 64 << 10]);
    let mut bytes: u64 = 0;
    while !cut() {
        publisher.send(vec![message.clone(); 16]).await.expect("the publisher's link works");
        bytes += 1 << 20;
        assert!(bytes < 256 << 20, "Redis cuts the slow node");
    }
    let grown = resident(std::process::id()).saturating_sub(before);
    assert!(grown < 64 << 20, "{grown} bytes more");
    let failure = slow.failure().await;
    assert!(failure.starts_with("read from Redis at"), "{failure}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_too_long_is_told_as_dropped_and_breaks_nothing() {
    let server = servers::Redis::start(&[]);
    let broker = broker(&server).message_bytes(1_000);
    let mut link = Link::open(&broker).await;
    link.subscribed("r").await;
    link.send([publish("r", vec![7; 1_001]), publish("r", vec![7; 1_000]), publish("r", "end")])
        .await
        .expect("it works");
    let seen = link
        .receive_until(|delivery| matches!(delivery, Delivery::Message { payload, .. } if payload == "end"))
        .await;
    let messages = seen.iter().filter(|delivery| matches!(delivery, Delivery::Message { .. })).count();
    assert_eq!((messages, seen.contains(&Delivery::Dropped { messages: 1 })), (2, true));
    // Another node has a larger limit.
    let _ = server.ask(&["PUBLISH", "r", &"x".repeat(2_000)]);
    let failure = link.failure().await;
    assert!(failure.ends_with("has sent a string longer than the limit for messages"), "{failure}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slot_that_moves_fails_links_that_subscribe_or_publish_there() {
    let cluster = Cluster::start();
    let broker = Redis::cluster(urls(&cluster.urls())).expect("URLs");
    let (mut subscriber, mut publisher, mut other) =
        (Link::open(&broker).await, Link::open(&broker).await, Link::open(&broker).await);
    subscriber.subscribed("foo").await;
    other.subscribed("bar").await;
    publisher.send([publish("foo", "before")]).await.expect("the link works");
    subscriber.heard("before").await;
    // The slot of `foo` is 12182, of the third node.
    cluster.move_slot(12_182, 2, 0);
    let failure = subscriber.failure().await;
    assert!(failure.ends_with("has ended the subscription to foo: its slot has moved"), "{failure}");
    publisher.send([publish("foo", "lost")]).await.expect("it is handed over");
    let failure = publisher.failure().await;
    assert!(failure.contains("refuses: MOVED 12182 127.0.0.1:"), "{failure}");
    // Who has nothing to do with it goes on.
    other.send([publish("bar", "as ever")]).await.expect("the link works");
    other.heard("as ever").await;
    let (mut subscriber, mut publisher) = (Link::open(&broker).await, Link::open(&broker).await);
    subscriber.subscribed("foo").await;
    publisher.send([publish("foo", "after")]).await.expect("the link works");
    subscriber.heard("after").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_of_a_cluster_that_hangs_or_ends_fails_links() {
    let mut cluster = Cluster::start();
    let broker = Redis::cluster(urls(&cluster.urls())).expect("URLs").reply_time(Duration::from_secs(1));
    let mut link = Link::open(&broker).await;
    // The node's own subject is served by another one than that which hangs.
    link.subscribed("foo").await;
    cluster.nodes[0].server.pause();
    let failure = link.failure_of_sending(&publish("foo", "x")).await;
    assert!(failure.contains("has not answered for 1s") || failure.contains("CLUSTERDOWN"), "{failure}");
    cluster.nodes[0].server.resume();
    cluster.wait();
    let mut link = Link::open(&broker).await;
    link.subscribed("foo").await;
    cluster.nodes[0].server.kill();
    link.failure().await;
    let error = broker.connect().await.expect_err("a master is down").to_string();
    assert!(error.starts_with("no node leads to the cluster: "), "{error}");
    cluster.nodes[0].start_again();
    cluster.wait();
    Link::open_again(&broker).await.subscribed("bar").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_send_in_progress_does_not_hold_up_receiving() {
    let server = servers::Redis::start(&[]);
    let broker = broker(&server);
    let Link { mut sender, receiver } = Link::open(&broker).await;
    let mut receiver = Link::<Redis> { sender: Link::open(&broker).await.sender, receiver };
    let sending = tokio::spawn(async move {
        let mut commands = vec![subscribe("r")];
        for n in 0..200_u32 {
            commands.extend(vec![publish("r", [&n.to_be_bytes()[..], &[7; 10_000]].concat()); 4]);
        }
        sender.send(&mut commands).await.map(|()| sender)
    });
    let last = 199_u32.to_be_bytes();
    let mut count = 0;
    let counted = receiver
        .receive_until(
            |delivery| matches!(delivery, Delivery::Message { payload, .. } if payload.starts_with(&last)),
        )
        .await;
    count += counted.len();
    assert!(count > 790, "{count} of 801");
    sending.await.expect("it does not panic").expect("the link works");
}
