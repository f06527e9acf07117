use super::{ask, ask_bytes, world};
use crate::router::{Failed, Fault, Kind, RouteError, Router};
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
#[allow(dead_code)]
struct Chat {
    text: String,
    #[serde(default)]
    stars: u8,
}

fn chatting() -> Router {
    Router::new().on("chat", |_: Chat| async { "heard" })
}

/// The only answer, which must be an error.
fn error(world: &mut super::World, peer: &super::Peer, said: &str) -> Value {
    let heard = ask(world, peer, said);
    let [answer] = &heard[..] else { panic!("{said:?} is answered by {heard:?}") };
    serde_json::from_str(answer).expect("an error is JSON")
}

#[test]
fn a_message_that_comes_to_nothing_is_answered_by_what_is_wrong_with_it() {
    let router = chatting();
    let (mut world, peer) = world(router.clone());
    // (sent, code, about, message)
    let table = [
        ("", "malformed", None, "the message cannot be read: EOF while parsing a value, line 1 column 0"),
        ("hello", "malformed", None, "the message cannot be read: expected value, line 1 column 1"),
        (
            "[1]",
            "malformed",
            None,
            "the message cannot be read: invalid type: sequence, expected an object, line 1 column 0",
        ),
        ("{}", "no_type", None, "the message names no type"),
        (r#"{"type":7}"#, "no_type", None, "the message names no type"),
        (r#"{"type":{"type":"chat"}}"#, "no_type", None, "the message names no type"),
        (r#"{"type":"shout"}"#, "unknown_type", Some("shout"), "no handler for messages of this type"),
        (
            r#"{"type":"chat"}"#,
            "bad_body",
            Some("chat"),
            "invalid message body: missing field `text`, line 1 column 15",
        ),
        (
            "{\"type\":\"chat\",\n\"text\":7}",
            "bad_body",
            Some("chat"),
            "invalid message body: invalid type: integer `7`, expected a string, line 2 column 8",
        ),
        (
            r#"{"type":"chat","text":"#,
            "malformed",
            Some("chat"),
            "the message cannot be read: EOF while parsing a value, line 1 column 22",
        ),
    ];
    for (said, code, about, message) in table {
        let answer = error(&mut world, &peer, said);
        assert_eq!(answer["type"], "error", "{said}");
        assert_eq!(answer["code"], code, "{said}");
        assert_eq!(answer["message"], message, "{said}");
        assert_eq!(answer["about"].as_str(), about, "{said}");
    }
    // Only these messages were affected.
    assert_eq!(ask(&mut world, &peer, r#"{"type":"chat","text":"x"}"#), ["heard"]);
    let stats = router.stats();
    assert_eq!(
        (stats.malformed, stats.no_type, stats.unknown_type, stats.bad_body, stats.wrong_kind),
        (4, 3, 1, 2, 0)
    );
}

#[test]
fn bytes_are_no_text() {
    let router = chatting();
    let (mut world, peer) = world(router.clone());
    let heard = ask_bytes(&mut world, &peer, br#"{"type":"chat","text":"x"}"#);
    let answer: Value = serde_json::from_slice(&heard).unwrap();
    assert_eq!(answer["code"], "wrong_kind");
    assert_eq!(router.stats().wrong_kind, 1);
}

#[test]
fn an_error_never_sends_back_what_is_long() {
    let (mut world, peer) = world(chatting());
    let long = "ä".repeat(50_000);
    let table = [
        format!(r#"{{"type":"chat","text":"x","stars":"{long}"}}"#),
        format!(r#"{{"type":"{long}"}}"#),
        format!(r#""{long}""#),
    ];
    for said in table {
        let answer = error(&mut world, &peer, &said).to_string();
        assert!(answer.len() < 300, "{answer}");
    }
}

#[test]
fn a_fault_is_cut_where_a_letter_ends() {
    for before in 0..4 {
        let fault = Fault::new("x".repeat(before) + &"ä".repeat(200));
        assert!(fault.what.len() <= Fault::LENGTH && fault.what.len() > Fault::LENGTH - 3);
        assert!(fault.what.ends_with("ä…"), "{}", fault.what);
    }
    assert_eq!(&*Fault::new("short").what, "short");
    assert_eq!(&*Fault::new("x".repeat(Fault::LENGTH)).what, "x".repeat(Fault::LENGTH));
}

#[test]
fn what_is_of_no_known_type_can_be_handled() {
    let router =
        chatting().not_found(|Kind(kind): Kind, body: Value| async move { format!("{kind} {}", body["n"]) });
    let (mut world, peer) = world(router.clone());
    assert_eq!(ask(&mut world, &peer, r#"{"type":"new","n":7}"#), ["new 7"]);
    assert_eq!(ask(&mut world, &peer, r#"{"type":"chat","text":"x"}"#), ["heard"]);
    assert_eq!(error(&mut world, &peer, "{}")["code"], "no_type");
    assert_eq!(router.stats().unknown_type, 0);
}

#[test]
fn errors_are_answered_as_the_application_likes() {
    let router = chatting().on_error(|failed: &Failed<'_>| {
        (*failed.error != RouteError::NoType).then(|| {
            let kind = failed.kind.unwrap_or("?");
            format!("{} {kind} {} {}", failed.client.id(), failed.error.code(), failed.message.len())
        })
    });
    let (mut world, peer) = world(router.clone());
    assert_eq!(ask(&mut world, &peer, r#"{"type":"shout"}"#), ["0.0 shout unknown_type 16"]);
    assert!(ask(&mut world, &peer, "{}").is_empty());
    assert_eq!(router.stats().no_type, 1);
}

/// Text similar to what a router reads.
fn said() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("{"),
        Just("}"),
        Just("\""),
        Just(":"),
        Just(","),
        Just("type"),
        Just("\"type\":"),
        Just("{\"type\":\"chat\""),
        Just("\"chat\""),
        Just("\"text\":\"x\""),
        Just("payload"),
        Just("\"payload\":"),
        Just("[["),
        Just("null"),
        Just("1e999"),
        Just("\\u0074"),
        Just("\\ud800"),
        Just(" "),
        Just("ä"),
    ];
    prop_oneof![
        3 => prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat()),
        1 => any::<String>(),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn whatever_a_peer_says_is_handled_or_answered_by_one_error(
        texts in prop::collection::vec(said(), 1..8),
        bytes in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        for router in [chatting(), Router::by_envelope("type", "payload").on("chat", |_: Chat| async { "heard" })] {
            let (mut world, peer) = world(router.clone());
            for text in &texts {
                let heard = ask(&mut world, &peer, text);
                prop_assert_eq!(heard.len(), 1, "{:?} is answered by {:?}", text, heard);
                if heard[0] != "heard" {
                    let answer: Value = serde_json::from_str(&heard[0]).unwrap();
                    prop_assert_eq!(&answer["type"], "error");
                }
            }
            ask_bytes(&mut world, &peer, &bytes);
            prop_assert_eq!(router.stats().wrong_kind, 1);
            prop_assert!(world.hub.client_count() == 1);
            prop_assert!(world.reports().is_empty());
        }
    }

    /// The fast path finds the same type as the parser.
    #[test]
    fn a_message_is_of_the_type_that_serde_sees(text in said()) {
        #[derive(Deserialize)]
        struct Head {
            r#type: String,
        }
        let Ok(head) = serde_json::from_str::<Head>(&text) else { return Ok(()) };
        let router = Router::new().not_found(|Kind(kind): Kind| async move { kind.to_string() });
        let (mut world, peer) = world(router);
        prop_assert_eq!(ask(&mut world, &peer, &text), [head.r#type]);
    }
}
