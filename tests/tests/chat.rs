//! What the chat says over the wire, to a client that is not ours.

mod support;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};
use std::{fs, io};

use rustix::process::Signal;
use serde_json::{Value, json};
use support::chat::Chat;
use support::guest::{Guest, PATIENCE};
use support::http;
use support::names::{INVISIBLE, MIXED};
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

fn names(members: &Value) -> Vec<&str> {
    let members = members["members"].as_array().expect("members are a list");
    let mut names: Vec<&str> = members.iter().filter_map(|member| member["name"].as_str()).collect();
    names.sort_unstable();
    names
}

async fn get(address: SocketAddr, path: &'static str) -> io::Result<http::Answer> {
    tokio::task::spawn_blocking(move || http::get(address, path)).await.expect("it does not panic")
}

#[tokio::test]
async fn who_comes_speaks_and_goes_is_told_to_the_room() {
    let chat = Chat::start();
    let mut ada = Guest::enter(&chat, "Ada").await;
    assert_eq!(names(&ada.join("tea").await), ["Ada"]);
    let mut bo = Guest::enter(&chat, "Bo").await;
    assert_eq!(bo.hear("rooms").await["rooms"], json!([{"room": "tea", "members": 1}]));
    assert_eq!(names(&bo.join("tea").await), ["Ada", "Bo"]);
    assert_eq!(ada.hear("joined").await, json!({"type": "joined", "room": "tea", "id": bo.id, "name": "Bo"}));

    bo.say(json!({"type": "say", "room": "tea", "text": "Hello"})).await;
    let said =
        json!({"type": "said", "room": "tea", "id": bo.id, "name": "Bo", "text": "Hello", "offset": 1});
    assert_eq!(ada.hear("said").await, said);
    assert_eq!(bo.hear("said").await, said);

    bo.say(json!({"type": "leave", "room": "tea"})).await;
    let left = json!({"type": "left", "room": "tea", "id": bo.id, "name": "Bo"});
    assert_eq!(ada.hear("left").await, left);
    assert_eq!(bo.hear("left").await, left);
    assert_eq!(ada.hear("room").await, json!({"type": "room", "room": "tea", "members": 1}));
    ada.say(json!({"type": "leave", "room": "tea"})).await;
    ada.hear("left").await;
    assert_eq!(ada.hear("room").await["members"], 0);
}

#[tokio::test]
async fn a_room_hears_of_a_member_that_vanishes() {
    let chat = Chat::start();
    let mut ada = Guest::enter(&chat, "Ada").await;
    ada.join("tea").await;
    for says_goodbye in [true, false] {
        let mut bo = Guest::enter(&chat, "Bo").await;
        bo.join("tea").await;
        ada.hear("joined").await;
        if says_goodbye {
            bo.socket.close(None).await.expect("the chat listens");
        }
        let id = bo.id.clone();
        drop(bo);
        assert_eq!(ada.hear("left").await["id"], *id);
    }
    assert_eq!(names(&Guest::enter(&chat, "Cy").await.join("tea").await), ["Ada", "Cy"]);
}

#[tokio::test]
async fn the_chat_that_is_one_loop_tells_the_same() {
    let mut chat = Chat::start_as_loop();
    let mut ada = Guest::enter(&chat, "Ada").await;
    assert_eq!(names(&ada.join("tea").await), ["Ada"]);
    let mut bo = Guest::enter(&chat, "Bo").await;
    assert_eq!(names(&bo.join("tea").await), ["Ada", "Bo"]);
    assert_eq!(names(&ada.hear("members").await), ["Ada", "Bo"]);
    bo.say(json!({"type": "say", "room": "tea", "text": "Hello"})).await;
    let said = json!({"type": "said", "room": "tea", "id": bo.id, "name": "Bo", "text": "Hello"});
    assert_eq!(ada.hear("said").await, said);
    assert_eq!(bo.hear("said").await, said);
    let left = json!({"type": "left", "room": "tea", "id": bo.id, "name": "Bo"});
    bo.say(json!({"type": "leave", "room": "tea"})).await;
    assert_eq!(ada.hear("left").await, left);
    assert_eq!(bo.hear("left").await, left);
    for message in [json!({"type": "say", "room": "tea", "text": "?"}), json!({"type": "sing"}), json!(1)] {
        bo.say(message).await;
        assert_eq!(
            bo.hear("refused").await["text"],
            "Refused: a name, room or text is not allowed, or you are not in that room."
        );
    }
    bo.join("tea").await;
    drop(bo);
    assert_eq!(ada.hear("left").await, left);
    assert!(get(chat.address, "/").await.expect("it answers").body.contains("<title>throng chat</title>"));
    chat.signal(Signal::INT);
    assert_eq!(ada.closed().await, Some(CloseCode::Away));
    drop(ada);
    assert!(chat.exit_within(PATIENCE).success());
}

#[tokio::test]
async fn what_cannot_be_done_is_refused_in_words() {
    let chat = Chat::start();
    let mut guest = Guest::connect(&chat).await;
    let long = "x".repeat(33);
    guest.is_refused(json!({"type": "join", "room": "tea"}), "name_first").await;
    guest.is_refused(json!({"type": "name", "name": "  "}), "not_a_name").await;
    guest.is_refused(json!({"type": "name", "name": long}), "name_too_long").await;
    guest.is_refused(json!({"type": "sing"}), "not_understood").await;
    let mut ada = Guest::enter(&chat, "Ada").await;
    ada.is_refused(json!({"type": "name", "name": "Bo"}), "named_already").await;
    ada.is_refused(json!({"type": "join", "room": long}), "name_too_long").await;
    ada.is_refused(json!({"type": "say", "room": "tea", "text": "Hello"}), "not_in_room").await;
    ada.is_refused(json!({"type": "leave", "room": "tea"}), "no_such_room").await;
    ada.join("tea").await;
    ada.is_refused(json!({"type": "join", "room": " tea "}), "already_in_room").await;
    ada.is_refused(json!({"type": "say", "room": "tea", "text": " \n"}), "empty_text").await;
    ada.is_refused(json!({"type": "say", "room": "tea", "text": "x".repeat(2001)}), "text_too_long").await;
    // Somebody else, who has not said that much yet.
    let mut bo = Guest::enter(&chat, "Bo").await;
    for room in 0..10 {
        bo.join(&format!("room {room}")).await;
    }
    bo.is_refused(json!({"type": "join", "room": "one more"}), "too_many_rooms_of_client").await;
}

#[tokio::test]
async fn names_that_cannot_be_seen_or_told_apart_are_refused() {
    let chat = Chat::start();
    for name in INVISIBLE {
        let mut guest = Guest::connect(&chat).await;
        guest.is_refused(json!({"type": "name", "name": name}), "invisible_name").await;
        guest.say(json!({"type": "name", "name": "Cy"})).await;
        guest.hear("welcome").await;
        guest.is_refused(json!({"type": "join", "room": name}), "invisible_name").await;
    }
    let mut guest = Guest::connect(&chat).await;
    guest.is_refused(json!({"type": "name", "name": " \u{a0}\u{3000}\u{2003} "}), "not_a_name").await;
    let mut guest = Guest::connect(&chat).await;
    guest.is_refused(json!({"type": "name", "name": "\u{301} \u{302}"}), "not_a_name").await;
    for marks in ["\u{301}Ada", "Ada \u{20dd}", &format!("Ada{}", "\u{301}".repeat(7))] {
        let mut guest = Guest::connect(&chat).await;
        guest.is_refused(json!({"type": "name", "name": marks}), "marks").await;
    }
    for mixed in MIXED {
        let mut guest = Guest::connect(&chat).await;
        guest.is_refused(json!({"type": "name", "name": mixed}), "mixed_alphabets").await;
    }
    // 18 letters come out of one.
    guest.is_refused(json!({"type": "name", "name": "\u{fdfa}\u{fdfa}"}), "name_too_long").await;
    guest.is_refused(json!({"type": "name", "name": "x".repeat(40_000)}), "name_too_long").await;
    // What only looks otherwise is the same name, and names in other scripts are as good as any.
    guest.say(json!({"type": "name", "name": " \u{ff21}\u{ff44}\u{ff41}\u{3000} B. "})).await;
    assert_eq!(guest.hear("welcome").await["name"], "Ada B.");
    for name in [
        "\u{410}\u{434}\u{430}",
        "\u{5e2}\u{5d3}\u{5d4}",
        "\u{1f980}",
        "\u{7530}\u{4e2d} A",
        "Vi\u{1ec7}t",
        "q\u{323}\u{307}",
    ] {
        Guest::enter(&chat, name).await;
    }
    guest.join("t\u{ff45}a").await;
    guest.is_refused(json!({"type": "join", "room": "tea"}), "already_in_room").await;
    for nothing in ["\u{200b}", "\u{3164}\n\u{2800}", "\u{202e} \u{e0041}"] {
        guest.is_refused(json!({"type": "say", "room": "tea", "text": nothing}), "empty_text").await;
    }
}

#[tokio::test]
async fn no_other_page_may_frame_the_chat() {
    for chat in [Chat::start(), Chat::start_as_loop()] {
        let page = get(chat.address, "/").await.expect("the chat answers");
        let head = page.head.to_ascii_lowercase();
        assert!(head.contains("content-security-policy: frame-ancestors 'none'"), "{head}");
    }
}

#[tokio::test]
async fn the_chat_that_is_one_loop_refuses_the_same_names() {
    let chat = Chat::start_as_loop();
    let mut guest = Guest::connect(&chat).await;
    for name in ["", "A\u{202e}da", "\u{200b}", "\u{3164}", "\u{410}da"] {
        guest.say(json!({"type": "name", "name": name})).await;
        assert_eq!(
            guest.hear("refused").await["text"],
            "Refused: a name, room or text is not allowed, or you are not in that room."
        );
    }
    let mut guest = guest.named("Ada").await;
    guest.say(json!({"type": "join", "room": "\u{202e}tea"})).await;
    guest.hear("refused").await;
}

#[tokio::test]
async fn a_name_may_be_in_use_five_times() {
    let chat = Chat::start();
    let mut guests = Vec::new();
    for _ in 0..5 {
        guests.push(Guest::enter(&chat, "Ada").await);
    }
    let mut one_more = Guest::connect(&chat).await;
    one_more.is_refused(json!({"type": "name", "name": "Ada"}), "too_many_of_user").await;
    one_more.say(json!({"type": "name", "name": "Bo"})).await;
    one_more.hear("welcome").await;
}

#[tokio::test]
async fn who_talks_too_fast_is_told_how_much_was_dropped() {
    const SAID: u64 = 60;
    let chat = Chat::start();
    let mut ada = Guest::enter(&chat, "Ada").await;
    ada.join("tea").await;
    for count in 0..SAID {
        ada.say(json!({"type": "say", "room": "tea", "text": count.to_string()})).await;
    }
    let (mut heard, mut dropped) = (0, 0);
    while heard + dropped < SAID {
        let message = ada.hear_any().await;
        match message["type"].as_str() {
            Some("said") => heard += 1,
            Some("over_rate") => dropped += message["messages"].as_u64().expect("a number"),
            _ => {}
        }
    }
    assert_eq!(heard + dropped, SAID);
    assert!((18..SAID).contains(&heard), "{heard} were heard");
}

#[tokio::test]
async fn who_reads_too_slowly_is_told_what_was_dropped_and_then_who_is_there() {
    const ROOMS: usize = 10;
    let chat = Chat::start();
    let mut slow = Guest::connect_narrowly(&chat).await.named("Slow").await;
    let mut rooms = BTreeMap::new();
    for room in 0..ROOMS {
        let room = format!("room {room}");
        slow.join(&room).await;
        rooms.insert(room, BTreeMap::from([(slow.id.clone(), "Slow".to_owned())]));
    }
    let mut expected = rooms.clone();

    // 8 MiB are said, and almost all who say it come and go, while nothing is read.
    let text = "\u{1f980}".repeat(2000);
    let mut last_of_room = Vec::new();
    for count in 0..6 * ROOMS {
        let (name, room) = (format!("guest {count}"), format!("room {}", count % ROOMS));
        let mut guest = Guest::enter(&chat, &name).await;
        guest.join(&room).await;
        for _ in 0..18 {
            guest.say(json!({"type": "say", "room": room, "text": text})).await;
        }
        for _ in 0..18 {
            guest.hear("said").await;
        }
        if count >= 5 * ROOMS {
            expected.get_mut(&room).expect("it is one of them").insert(guest.id.clone(), name);
            last_of_room.push(guest);
        }
    }

    let (mut said, mut dropped) = (0, 0);
    while dropped == 0 || rooms != expected {
        let message = slow.hear_any().await;
        let field = |name: &str| message[name].as_str().unwrap_or_default().to_owned();
        let members = rooms.entry(field("room")).or_default();
        match &*field("type") {
            "said" => said += 1,
            "dropped" => dropped += message["messages"].as_u64().expect("a number"),
            "joined" => _ = members.insert(field("id"), field("name")),
            "left" => _ = members.remove(&field("id")),
            "members" => {
                let list = message["members"].as_array().expect("members are a list");
                let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
                *members = list.iter().map(|member| (text(&member["id"]), text(&member["name"]))).collect();
            }
            _ => {}
        }
        rooms.remove("");
    }
    assert!(said > 0 && said < 6 * ROOMS * 18, "{said} were heard, {dropped} dropped");
}

#[tokio::test]
async fn health_and_readiness_are_told_as_json() {
    let chat = Chat::start();
    let _ada = Guest::enter(&chat, "Ada").await;
    for path in ["/healthz", "/readyz"] {
        let answer = get(chat.address, path).await.expect("the chat answers");
        assert_eq!(answer.status, 200);
        assert!(
            answer.head.to_ascii_lowercase().contains("content-type: application/json"),
            "{}",
            answer.head
        );
        let health: Value = serde_json::from_str(&answer.body).expect("in JSON");
        assert_eq!((&health["alive"], &health["ready"]), (&json!(true), &json!(true)), "{health}");
        assert_eq!(health["state"], "running");
        assert!(health["connections"].as_u64() >= Some(1) && health["uptime"].is_number(), "{health}");
    }
    let page = get(chat.address, "/").await.expect("the chat answers");
    assert_eq!(page.status, 200);
    assert!(page.body.contains("<title>throng chat</title>"));
}

#[tokio::test]
async fn ctrl_c_drains_and_every_guest_is_told_1001() {
    let mut chat = Chat::start();
    let mut guests = Vec::new();
    for count in 0..20 {
        guests.push(Guest::enter(&chat, &format!("guest {count}")).await);
    }
    chat.signal(Signal::INT);
    let draining = loop {
        let answer = get(chat.address, "/readyz").await.expect("the chat still answers");
        if answer.status != 200 {
            break answer;
        }
    };
    assert_eq!(draining.status, 503);
    let health: Value = serde_json::from_str(&draining.body).expect("in JSON");
    assert_eq!((&health["alive"], &health["ready"]), (&json!(true), &json!(false)), "{health}");
    assert_eq!(health["state"], "draining");
    assert!(connect_async(format!("ws://{}/ws", chat.address)).await.is_err(), "newcomers are refused");
    for guest in &mut guests {
        assert_eq!(guest.closed().await, Some(CloseCode::Away));
    }
    drop(guests);
    assert!(chat.exit_within(PATIENCE).success());
}

#[tokio::test]
async fn a_second_ctrl_c_ends_at_once() {
    let mut chat = Chat::start();
    let mut guests = Vec::new();
    for count in 0..20 {
        guests.push(Guest::enter(&chat, &format!("guest {count}")).await);
    }
    chat.signal(Signal::INT);
    while get(chat.address, "/readyz").await.is_ok_and(|answer| answer.status == 200) {}
    chat.signal(Signal::INT);
    let since = Instant::now();
    for guest in &mut guests {
        assert_eq!(guest.closed().await, Some(CloseCode::Away));
    }
    // The last of twenty would be drained in the last quarter of a second of five.
    assert!(since.elapsed() < Duration::from_secs(4), "{:?}", since.elapsed());
    drop(guests);
    assert!(chat.exit_within(Duration::from_secs(10)).success());
}

#[test]
fn an_address_that_is_taken_is_an_error() {
    let chat = Chat::start();
    let mut second = Command::new(support::chat::binary());
    let output = second.args(["--address", &chat.address.to_string()]).output().expect("it starts");
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("in use"), "{output:?}");
}

#[tokio::test]
async fn its_limits_may_come_from_a_file() {
    let chat = Chat::start_configured("chat", "[rooms]\nmembers = 1\n");
    let (mut ada, mut bob) = (Guest::enter(&chat, "Ada").await, Guest::enter(&chat, "Bob").await);
    ada.join("tea").await;
    bob.is_refused(json!({"type": "join", "room": "tea"}), "room_full").await;
}

#[test]
fn a_file_whose_limits_cannot_stand_is_an_error_that_names_the_field() {
    for (name, wrong) in [("zero", "[rooms]\nmembers = 0\n"), ("word", "[rooms]\nmembers = \"few\"\n")] {
        let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("chat-{name}.toml"));
        fs::write(&file, wrong).expect("a file");
        let output =
            Command::new(support::chat::binary()).arg("--config").arg(&file).output().expect("it starts");
        assert!(!output.status.success());
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(error.contains("rooms.members"), "{error}");
        // A sentence, and no `ConfigError { field: …`.
        assert!(error.starts_with("Error: ") && !error.contains('{'), "{error}");
    }
}

#[test]
fn an_address_that_is_taken_or_a_file_that_is_not_there_ends_it_with_a_sentence() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = taken.local_addr().expect("it listens").to_string();
    for (arguments, expected) in [
        (
            ["--address", &*address],
            format!("Error: cannot listen on {address}: Address already in use (os error 98)\n"),
        ),
        (
            ["--config", "/nowhere/chat.toml"],
            "Error: cannot read /nowhere/chat.toml: No such file or directory (os error 2)\n".into(),
        ),
    ] {
        let output = Command::new(support::chat::binary()).args(arguments).output().expect("it starts");
        assert!(!output.status.success());
        assert_eq!(String::from_utf8_lossy(&output.stderr), expected);
    }
}
