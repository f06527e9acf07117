//! Messages by their type: the example, talked to.

use crate::common::{Client, Server};
use serde_json::{Value, json};

#[path = "../../examples/router.rs"]
#[allow(dead_code)]
mod example;

async fn hear(client: &mut Client) -> Value {
    let text = client.text().await;
    serde_json::from_str(&text).unwrap_or(Value::String(text))
}

async fn ask(client: &mut Client, said: Value) -> Value {
    client.send(&said.to_string()).await;
    hear(client).await
}

#[tokio::test]
async fn messages_go_to_their_handlers_and_replies_come_back() {
    let server = Server::start(example::hub().unwrap()).await;
    let mut ada = server.connect("/").await;
    let mut bob = server.connect("/").await;

    let join = json!({"type": "join", "id": "j1", "room": "lobby"});
    let joined = json!({"type": "joined", "id": "j1", "room": "lobby", "members": 1});
    assert_eq!(ask(&mut ada, join.clone()).await, joined);
    assert_eq!(ask(&mut bob, join.clone()).await["members"], 2);

    let said = ask(&mut ada, json!({"type": "say", "room": "lobby", "text": "Hello"})).await;
    assert_eq!((&said["type"], &said["text"]), (&json!("said"), &json!("Hello")));
    assert!(said["at"].as_f64().unwrap() > 1.7e9);
    assert_eq!(hear(&mut bob).await, said);

    assert_eq!(ask(&mut bob, json!({"type": "ping"})).await, json!("pong"));
    let refused = ask(&mut ada, join).await;
    assert_eq!((&refused["type"], &refused["id"]), (&json!("refused"), &json!("j1")));
    let refused = ask(&mut ada, json!({"type": "say", "room": "elsewhere", "text": ""})).await;
    assert_eq!(refused["type"], "refused");
}

#[tokio::test]
async fn what_cannot_be_handled_is_answered_and_costs_only_itself() {
    let server = Server::start(example::hub().unwrap()).await;
    let mut client = server.connect("/").await;
    client.send("hello").await;
    assert_eq!(hear(&mut client).await["code"], "malformed");
    assert_eq!(ask(&mut client, json!({"type": "shout"})).await["code"], "unknown_type");
    let answer = ask(&mut client, json!({"type": "join", "room": 7})).await;
    assert_eq!((&answer["code"], &answer["about"]), (&json!("bad_body"), &json!("join")));
    assert_eq!(ask(&mut client, json!({"type": "ping"})).await, json!("pong"));
    // In a burst of a hundred some are over the rate: none goes without an answer.
    for id in 0..100 {
        client.send(&json!({"type": "ping", "id": id}).to_string()).await;
    }
    let mut over_rate = 0;
    for id in 0..100 {
        match hear(&mut client).await {
            Value::String(pong) => assert_eq!(pong, "pong"),
            error => {
                assert_eq!((&error["code"], &error["id"]), (&json!("over_rate"), &json!(id)));
                over_rate += 1;
            }
        }
    }
    assert!(over_rate > 0);
}
