//! Two programs as one hub, over a real Redis.

mod support;

use serde_json::{Value, json};
use std::time::Duration;
use support::redis_server::RedisServer;
use support::{Answer, Program, Socket, next, soon, text};

fn node(redis: &RedisServer, name: &str) -> Program {
    node_with(redis, name, "")
}

/// More are keys of `cluster`.
fn node_with(redis: &RedisServer, name: &str, more: &str) -> Program {
    Program::start(&format!(
        "listen: 127.0.0.1:0\napi: {{ keys: [key] }}\nclients: {{ anonymous: true, rooms: [lobby] }}\n\
         cluster: {{ broker: 'redis://127.0.0.1:{}', node: {name}, prefix: test{more} }}\nlog: {{ filter: error }}\n\
         hub: {{ presence: {{ by_prefix: {{ lobby: {{}} }} }} }}\n",
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

/// The result of a method of the API.
fn result(program: &Program, method: &str, parameters: &Value) -> Value {
    let answer = program.post(&format!("/api/{method}"), &[("X-API-Key", "key")], &parameters.to_string());
    let body: Value = serde_json::from_str(&answer.body).expect("JSON");
    assert_eq!(answer.status, 200, "{method}: {body}");
    body["result"].clone()
}

async fn counts(program: &Program, clients: u64) {
    soon("the node knows the members of all", || {
        let stats = result(program, "presence_stats", &json!({ "channel": "lobby" }));
        (stats == json!({ "num_clients": clients, "num_users": clients })).then_some(())
    })
    .await;
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn each_program_answers_for_the_rooms_of_all() {
    let redis = RedisServer::start();
    let (one, two) = (node(&redis, "one"), node(&redis, "two"));
    is_ready(&one, 200).await;
    is_ready(&two, 200).await;
    let (first, second) = (one.connect("/ws").await, two.connect("/ws").await);
    for program in [&one, &two] {
        counts(program, 2).await;
        let channels = result(program, "channels", &json!({}));
        assert_eq!(channels, json!({ "channels": { "lobby": { "num_clients": 2 } } }));
        let members = result(program, "presence", &json!({ "channel": "lobby" }));
        let members = members["presence"].as_object().expect("a table");
        let nodes: Vec<&str> = members.keys().filter_map(|id| id.split('/').next()).collect();
        assert_eq!(nodes, ["one", "two"]);
        // Of the other node with its next heartbeat.
        soon("the nodes are listed with their rooms", || {
            let info = result(program, "info", &json!({}));
            let nodes = info["nodes"].as_array().expect("a list").iter();
            let mut nodes: Vec<Value> =
                nodes.map(|node| json!([node["uid"], node["num_channels"]])).collect();
            nodes.sort_by_key(Value::to_string);
            (nodes == [json!(["one", 1]), json!(["two", 1])]).then_some(())
        })
        .await;
    }
    // The lists for people name the node that they are of, and what the other one has told.
    let listed = result(&one, "rooms", &json!({}));
    let lobby =
        json!({ "channel": "lobby", "num_clients": 2, "num_here": 1, "history": false, "presence": true });
    assert_eq!((&listed["rooms"], &listed["node"]), (&json!([lobby]), &json!("one")));
    let listed = result(&one, "clients", &json!({ "channel": "lobby" }));
    assert_eq!(listed["clients"].as_array().map(Vec::len), Some(1), "{listed}");
    assert_eq!((&listed["num_elsewhere"], &listed["elsewhere"][0]["node"]), (&json!(1), &json!("two")));
    assert_eq!(result(&one, "users", &json!({}))["node"], "one");
    // A member of the other node is named by the API of its own.
    let members = result(&one, "presence", &json!({ "channel": "lobby" }));
    let ids: Vec<&String> = members["presence"].as_object().expect("a table").keys().collect();
    let disconnect = |id: &str| {
        let body = json!({ "client": id }).to_string();
        one.post("/api/disconnect", &[("X-API-Key", "key")], &body)
    };
    assert!(disconnect(ids[1]).body.contains("call the API of node two"), "{}", disconnect(ids[1]).body);
    assert_eq!(disconnect(ids[0]).status, 200);
    counts(&two, 1).await;

    drop((first, second));
    counts(&one, 0).await;
    counts(&two, 0).await;
    assert_eq!(result(&one, "presence", &json!({ "channel": "lobby" })), json!({ "presence": {} }));
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn the_keys_of_the_cluster_limit_what_is_told_and_sent() {
    let redis = RedisServer::start();
    let limits = ", tell_rooms: none, message_bytes: 1024, heartbeat: 200ms";
    let (one, two) = (node_with(&redis, "one", limits), node_with(&redis, "two", limits));
    is_ready(&one, 200).await;
    is_ready(&two, 200).await;
    let (mut first, mut second) = (one.connect("/ws").await, two.connect("/ws").await);
    hears(&mut second, &one, "short").await;
    while tokio::time::timeout(Duration::from_millis(300), next(&mut first)).await.is_ok() {}
    // Heartbeats tell the other node's clients, but none of its rooms.
    soon("the nodes have heard of each other", || {
        let info = result(&one, "info", &json!({}));
        (info["nodes"][1]["num_clients"] == 1).then_some(())
    })
    .await;
    assert_eq!(
        result(&one, "channels", &json!({})),
        json!({ "channels": { "lobby": { "num_clients": 1 } } })
    );
    let members = result(&one, "presence", &json!({ "channel": "lobby" }));
    let ids: Vec<&String> = members["presence"].as_object().expect("a table").keys().collect();
    assert!(ids.len() == 1 && ids[0].starts_with("one/"), "{members}");
    let counted = result(&one, "presence_stats", &json!({ "channel": "lobby" }));
    assert_eq!(counted, json!({ "num_clients": 1, "num_users": 1 }));
    let long = "x".repeat(1_100);
    let answer = publish(&one, &long);
    assert_eq!(next(&mut first).await, text(&format!("\"{long}\"")), "{answer:?}");
    hears(&mut second, &one, "after").await;
    let numbers = one.get("/metrics").body;
    assert!(numbers.contains("throng_cluster_not_relayed_total{reason=\"refused\"} 1\n"), "{numbers}");
}
