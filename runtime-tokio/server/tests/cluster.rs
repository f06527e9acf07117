//! Two programs as one hub, over a real Redis.

mod support;

use serde_json::json;
use std::time::Duration;
use support::redis_server::RedisServer;
use support::{Answer, Program, Socket, next, soon, text};

fn node(redis: &RedisServer, name: &str) -> Program {
    Program::start(&format!(
        "listen: 127.0.0.1:0\napi: {{ keys: [key] }}\nclients: {{ anonymous: true, rooms: [lobby] }}\n\
         cluster: {{ broker: 'redis://127.0.0.1:{}', node: {name}, prefix: test }}\nlog: {{ filter: error }}\n",
        redis.port
    ))
}

fn publish(program: &Program, data: &str) -> Answer {
    let body = json!({ "channel": "lobby", "data": data }).to_string();
    program.post("/api/publish", &[("X-API-Key", "key")], &body)
}

async fn is_ready(program: &Program, status: u16) {
    soon("the readiness shows the broker", || (program.get("/readyz").status == status).then_some(())).await;
}

/// Waits until the client of one program hears what is published on the other.
async fn hears(client: &mut Socket, other: &Program, data: &str) {
    for _ in 0..100 {
        assert_eq!(publish(other, data).status, 200);
        if let Ok(message) = tokio::time::timeout(Duration::from_millis(200), next(client)).await {
            assert_eq!(message, text(&format!("\"{data}\"")));
            // The others that were published meanwhile.
            while tokio::time::timeout(Duration::from_millis(300), next(client)).await.is_ok() {}
            return;
        }
    }
    panic!("{data} is not heard");
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn what_is_published_on_one_program_reaches_the_clients_of_the_other() {
    let mut redis = RedisServer::start();
    let (one, two) = (node(&redis, "one"), node(&redis, "two"));
    is_ready(&one, 200).await;
    is_ready(&two, 200).await;
    let mut client = two.connect("/ws").await;
    hears(&mut client, &one, "hello").await;

    redis.kill();
    is_ready(&one, 503).await;
    assert_eq!(one.get("/healthz").status, 200);
    assert_eq!(publish(&two, "alone").status, 200);
    assert_eq!(next(&mut client).await, text("\"alone\""));
    redis.begin();
    is_ready(&one, 200).await;
    is_ready(&two, 200).await;
    hears(&mut client, &one, "again").await;
}
