//! WS-HUB mode when Redis is away, slow, shared, or comes back.

mod support;

use futures_util::SinkExt;
use rustix::process::Signal;
use std::time::{Duration, Instant};
use support::gateway::{BackEnd, Bench, config, ready};
use support::redis_server::RedisServer;
use support::{Program, closed, next, soon, text};

#[tokio::test]
#[ignore = "needs redis-server"]
async fn redis_is_killed_and_comes_back_and_so_does_everything() {
    let mut bench = Bench::start().await;
    let mut ann = bench.client("ann", "a").await;
    for round in 0..3 {
        bench.redis.kill();
        soon("it is not ready", || (bench.program.get("/readyz").status == 503).then_some(())).await;
        let health = bench.program.get("/readyz").json();
        assert!(
            health["ready"] == false && health["reason"].as_str().is_some_and(|why| why.contains("Redis")),
            "{health}"
        );
        assert_eq!(bench.program.get("/healthz").status, 200);
        // Nobody is lost, and newcomers are taken: what they say waits.
        ann.send(text(&format!("meanwhile {round}"))).await.unwrap();
        let newcomer = format!("newcomer-{round}");
        let _newcomer = bench.program.connect(&format!("/ws?session_key={newcomer}")).await;
        soon("it waits", || (bench.number("throng_wshub_queue_bytes") > 0).then_some(())).await;
        bench.redis.begin();
        bench.back_end = BackEnd::on(&bench.redis);
        ready(&bench.program).await;
        soon("nothing waits", || (bench.number("throng_wshub_queue_bytes") == 0).then_some(())).await;
        bench.back_end.publish("ws-hub:group-data:a", b"back");
        assert_eq!(next(&mut ann).await, text("back"));
        ann.send(text("here")).await.unwrap();
        while bench.back_end.next() != ("ws-hub:client-data:ann".into(), b"here".to_vec()) {}
    }
    assert!(bench.number("throng_wshub_redis_lost_total") >= 3);
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn what_waits_for_redis_is_published_in_order_and_bounded() {
    let mut bench = Bench::start_with("# no more\n").await;
    let mut ann = bench.client("ann", "").await;
    // Redis stands still, and everything that is published waits: nothing is lost, nothing is told twice.
    bench.redis.stop(Signal::STOP);
    for number in 0..1_000 {
        ann.send(text(&number.to_string())).await.unwrap();
    }
    soon("it waits", || (bench.number("throng_wshub_queue_bytes") > 0).then_some(())).await;
    bench.redis.stop(Signal::CONT);
    for number in 0..1_000 {
        bench.back_end.hears("ws-hub:client-data:ann", number.to_string().as_bytes());
    }
    assert_eq!(bench.number("throng_wshub_published_total{channel=\"client-data\"}"), 1_000);
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn connections_to_redis_that_break_lose_nothing_on_the_way_to_the_back_end() {
    let mut bench = Bench::start().await;
    let mut ann = bench.client("ann", "").await;
    for number in 0..3_000 {
        ann.send(text(&number.to_string())).await.unwrap();
        if number % 1_000 == 500 {
            bench.back_end.break_others();
        }
    }
    let mut next = 0;
    while next < 3_000 {
        let (channel, payload) = bench.back_end.next();
        if next == 0 && channel == "ws-hub:client-new" {
            // It is one of the last ones, too, if its answer was on the way.
            continue;
        }
        assert_eq!(channel, "ws-hub:client-data:ann", "{}", String::from_utf8_lossy(&payload));
        let number: u32 = std::str::from_utf8(&payload).unwrap().parse().unwrap();
        // None is left out. The last ones, for which there was no answer, may come again.
        assert!(number <= next && next - number <= 256, "{number} after {next}");
        next = next.max(number + 1);
    }
    assert!(bench.number("throng_wshub_redis_lost_total") >= 1);
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn a_redis_that_hangs_is_noticed() {
    let bench = Bench::start().await;
    bench.redis.stop(Signal::STOP);
    let begun = Instant::now();
    soon("it is not ready", || (bench.program.get("/readyz").status == 503).then_some(())).await;
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
    bench.redis.stop(Signal::CONT);
    ready(&bench.program).await;
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn a_full_queue_drops_and_counts() {
    let redis = RedisServer::start();
    let config = config(&redis, "").replace("  db: 0\n", "  db: 0\n  queueBytes: 1024\n");
    let program = Program::start_with("config.yaml", &config, &[]);
    ready(&program).await;
    let bench = Bench { back_end: BackEnd::on(&redis), program, redis };
    let mut ann = bench.program.connect("/ws?session_key=ann").await;
    bench.back_end.hears("ws-hub:client-new", b"ann");
    bench.redis.stop(Signal::STOP);
    for _ in 0..20 {
        ann.send(text(&"x".repeat(100))).await.unwrap();
    }
    let dropped = || bench.number("throng_wshub_publish_dropped_total{channel=\"client-data\"}");
    // 1,024 bytes hold four messages of 100 bytes with their channel.
    soon("sixteen are dropped", || (dropped() == 16).then_some(())).await;
    bench.redis.stop(Signal::CONT);
    for _ in 0..4 {
        bench.back_end.hears("ws-hub:client-data:ann", "x".repeat(100).as_bytes());
    }
    bench.back_end.hears_nothing();
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn without_redis_it_starts_and_waits_for_it() {
    let mut redis = RedisServer::start();
    redis.kill();
    let program = Program::start_with("config.yaml", &config(&redis, ""), &[]);
    program.logs("no Redis");
    assert_eq!(program.get("/readyz").status, 503);
    redis.begin();
    ready(&program).await;
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn the_last_words_reach_the_back_end() {
    let mut bench = Bench::start().await;
    let mut ann = bench.client("ann", "").await;
    bench.program.signal(Signal::TERM);
    bench.program.signal(Signal::TERM);
    let (code, _) = closed(&mut ann).await;
    assert_eq!(code, 1001);
    drop(ann);
    assert_eq!(bench.back_end.hears_gone("ann").0, 1001);
    assert!(bench.program.end().code().is_some());
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn several_hubs_share_one_redis_and_a_prefix_is_no_pattern() {
    let mut bench = Bench::start().await;
    let mut ann = bench.client("ann", "all").await;
    let other = Program::start_with("config.yaml", &config(&bench.redis, ""), &[]);
    ready(&other).await;
    let mut bob = other.connect("/ws?session_key=bob").await;
    bench.back_end.hears("ws-hub:client-new", b"bob");
    bench.back_end.publish("ws-hub:groups-new:bob", b"all");
    soon("he is in it", || other.get("/clients").body.contains("all").then_some(())).await;
    bench.back_end.publish("ws-hub:group-data:all", b"both");
    assert_eq!((next(&mut ann).await, next(&mut bob).await), (text("both"), text("both")));
    assert_eq!(
        (bench.program.get("/sessions").body.as_str(), other.get("/sessions").body.as_str()),
        (r#"["ann"]"#, r#"["bob"]"#)
    );
    // As a pattern, `ws*hub:` is also the prefix `ws-hub:`.
    let strange = config(&bench.redis, "").replace("\"ws-hub:\"", "\"ws*hub:\"");
    let strange = Program::start_with("config.yaml", &strange, &[]);
    ready(&strange).await;
    let mut eve = strange.connect("/ws?session_key=eve").await;
    bench.back_end.publish("ws-hub:groups-new:eve", b"all");
    bench.back_end.publish("ws*hub:groups-new:eve", b"mine");
    soon("she is in hers alone", || {
        strange.get("/clients").body.contains(r#"{"eve":["mine"]}"#).then_some(())
    })
    .await;
    bench.back_end.publish("ws*hub:group-data:mine", b"hers");
    assert_eq!(next(&mut eve).await, text("hers"));
}

/// A way to Redis on which the first connection, that on which the hub listens, goes deaf when it is told to.
fn deafening(redis: &RedisServer) -> (u16, std::sync::Arc<std::sync::atomic::AtomicBool>) {
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port is free");
    let (port, to) = (listener.local_addr().expect("an address").port(), redis.port);
    let is_deaf = Arc::new(AtomicBool::new(false));
    let deaf = Arc::clone(&is_deaf);
    std::thread::spawn(move || {
        for (number, stream) in listener.incoming().map_while(Result::ok).enumerate() {
            let server = TcpStream::connect(("127.0.0.1", to)).expect("redis-server listens");
            let pairs = [(stream.try_clone(), server.try_clone()), (Ok(server), Ok(stream))];
            for (way, (from, to)) in pairs.into_iter().enumerate() {
                let (mut from, mut to) = (from.expect("a stream"), to.expect("a stream"));
                let deaf = (number == 0 && way == 1).then(|| Arc::clone(&deaf));
                std::thread::spawn(move || {
                    let mut bytes = [0; 4096];
                    while let Ok(count @ 1..) = from.read(&mut bytes) {
                        let is_lost = deaf.as_ref().is_some_and(|deaf| deaf.load(Ordering::Relaxed));
                        if !is_lost && to.write_all(&bytes[..count]).is_err() {
                            return;
                        }
                    }
                });
            }
        }
    });
    (port, is_deaf)
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn a_hub_that_publishes_and_hears_nothing_is_not_ready() {
    let redis = RedisServer::start();
    let (port, is_deaf) = deafening(&redis);
    let config =
        config(&redis, "").replace(&format!("127.0.0.1:{}", redis.port), &format!("127.0.0.1:{port}"));
    let program = Program::start_with("config.yaml", &config, &[]);
    ready(&program).await;
    is_deaf.store(true, std::sync::atomic::Ordering::Relaxed);
    program.logs("no Redis: the way of a probe through Redis took longer than 5 s");
    // It has other connections then.
    ready(&program).await;
}
