//! Requests with an id, which every answer repeats.

use super::super::door::Door;
use super::{World, ask};
use crate::middleware::{
    AnswerErrorsLayer, CatchPanicLayer, InFlightLayer, Incoming, RateLimitLayer, RequestId, ServiceError,
    TimeoutLayer,
};
use crate::router::{AppState, Failed, FromIncoming, Parts, Reply, RouteError, Router};
use crate::{Client, Hub};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::time::Duration;
use throng_core::Rate;
use throng_core::websocket::Message;
use tower::{ServiceBuilder, service_fn};

#[derive(Serialize)]
struct Sum {
    sum: u32,
}

fn adding() -> Router {
    Router::by_envelope("type", "payload")
        .on("add", |(a, b): (u32, u32)| async move { Reply::new("sum", Sum { sum: a + b }) })
        .on("bare", || async { Reply::bare(Sum { sum: 1 }) })
        .on("fail", || async { Err::<(), _>(Reply::new("refused", ())) })
        .on("list", || async { Reply::bare(BTreeMap::from([([1], 2)])) })
        .on("mine", |id: RequestId| async move { format!("{} {id}", id.field()) })
        .on("maybe", |id: Option<RequestId>| async move { format!("{:?}", id.and_then(|id| id.as_u64())) })
}

#[test]
fn a_reply_repeats_the_id_of_its_request() {
    let mut world = World::new(Hub::builder().request_id("id").messages(adding()));
    let peer = world.connect();
    let long = format!(r#"{{"type":"add","payload":[1,2],"id":"{}"}}"#, "x".repeat(65));
    let table = [
        (r#"{"type":"add","id":7,"payload":[1,2]}"#, r#"{"type":"sum","id":7,"payload":{"sum":3}}"#),
        // The id may be anywhere, and any number or string.
        (r#"{"type":"add","payload":[1,2],"id":-7}"#, r#"{"type":"sum","id":-7,"payload":{"sum":3}}"#),
        (
            r#"{"id":18446744073709551615,"type":"add","payload":[1,2]}"#,
            r#"{"type":"sum","id":18446744073709551615,"payload":{"sum":3}}"#,
        ),
        (
            r#"{"id":"a\"\u0007","type":"add","payload":[1,2]}"#,
            r#"{"type":"sum","id":"a\"\u0007","payload":{"sum":3}}"#,
        ),
        // Neither is an id.
        (r#"{"type":"add","payload":[1,2],"id":1.5}"#, r#"{"type":"sum","payload":{"sum":3}}"#),
        (r#"{"type":"add","payload":[1,2],"id":{"id":1}}"#, r#"{"type":"sum","payload":{"sum":3}}"#),
        (r#"{"type":"add","payload":[1,2],"id":null}"#, r#"{"type":"sum","payload":{"sum":3}}"#),
        (&long, r#"{"type":"sum","payload":{"sum":3}}"#),
        // An id in a nested object is not the message's.
        (r#"{"type":"add","payload":[1,2],"more":{"id":1}}"#, r#"{"type":"sum","payload":{"sum":3}}"#),
        (r#"{"type":"fail","id":7}"#, r#"{"type":"refused","id":7,"payload":null}"#),
        // A frame that is sent as it is gets no id.
        (r#"{"type":"bare","id":7}"#, r#"{"sum":1}"#),
        (r#"{"type":"mine","id":7}"#, "id 7"),
        (r#"{"type":"maybe","id":7}"#, "Some(7)"),
        (r#"{"type":"maybe"}"#, "None"),
    ];
    for (said, heard) in table {
        assert_eq!(ask(&mut world, &peer, said), [heard], "{said}");
    }
}

#[test]
fn every_error_of_the_router_repeats_the_id_of_its_request() {
    let mut world = World::new(Hub::builder().request_id("id").messages(adding()));
    let peer = world.connect();
    let table = [
        (r#"{"id":7}"#, "no_type"),
        (r#"{"id":7,"type":"shout"}"#, "unknown_type"),
        (r#"{"id":7,"type":"add","payload":"x"}"#, "bad_body"),
        (r#"{"id":7,"type":"list"}"#, "not_encoded"),
        // The message is cut off after the id.
        (r#"{"id":7,"type":"add","payl"#, "malformed"),
    ];
    for (said, code) in table {
        let heard = ask(&mut world, &peer, said);
        let begins = format!(r#"{{"type":"error","id":7,"payload":{{"code":"{code}""#);
        assert!(heard.len() == 1 && heard[0].starts_with(&begins), "{said}: {heard:?}");
    }
    let heard = ask(&mut world, &peer, r#"{"type":"mine"}"#);
    assert!(heard[0].contains(r#""code":"no_request_id""#), "{heard:?}");
}

#[test]
fn a_reply_that_comes_later_repeats_the_id_too() {
    let door = Door::default();
    let router = Router::new().state(door.clone()).on("slow", |AppState(door): AppState<Door>| async move {
        door.pass().await;
        Reply::new("done", ())
    });
    let mut world = World::new(Hub::builder().request_id("n").messages(router));
    let peer = world.connect();
    peer.send(r#"{"type":"slow","n":1}"#);
    peer.send(r#"{"type":"slow","n":2}"#);
    world.run();
    door.open();
    world.run();
    assert_eq!(peer.texts(), [r#"{"type":"done","n":1}"#, r#"{"type":"done","n":2}"#]);
}

#[test]
fn the_error_of_a_layer_repeats_the_id_of_its_request() {
    let door = Door::default();
    let inner = door.clone();
    let handle = service_fn(move |incoming: Incoming| {
        let door = inner.clone();
        async move {
            let said = incoming.message.as_bytes().to_vec();
            assert!(!said.ends_with(br#""panic"}"#), "on purpose");
            if said.ends_with(br#""wait"}"#) {
                door.pass().await;
            }
            Ok::<_, Infallible>("done")
        }
    });
    let rate = RateLimitLayer::per_client(Rate::per_second(1).burst(3)).unwrap();
    let service = ServiceBuilder::new()
        .layer(rate)
        .layer(InFlightLayer::new(1))
        .layer(TimeoutLayer::new(Duration::from_secs(1)))
        .layer(CatchPanicLayer)
        .service(handle);
    let mut world = World::new(Hub::builder().request_id("request id").messages(service));
    let (peer, other) = (world.connect(), world.connect());
    let is_answered = |heard: &[String], id: &str, code: &str| {
        let begins = format!(r#"{{"type":"error","request id":{id},"code":"{code}","message":""#);
        assert!(heard.len() == 1 && heard[0].starts_with(&begins), "{heard:?}");
    };
    is_answered(&ask(&mut world, &peer, r#"{"request id":"\"1\"","do":"panic"}"#), r#""\"1\"""#, "panicked");
    assert!(ask(&mut world, &peer, r#"{"request id":2,"do":"wait"}"#).is_empty());
    is_answered(&ask(&mut world, &other, r#"{"request id":-3}"#), "-3", "busy");
    world.pass(Duration::from_secs(1));
    is_answered(&peer.texts(), "2", "timed_out");
    ask(&mut world, &peer, "{}");
    ask(&mut world, &peer, "{}");
    is_answered(&ask(&mut world, &peer, r#"{"request id":5}"#), "5", "over_rate");
}

#[test]
fn an_answer_of_the_applications_own_is_told_the_id() {
    let router = Router::new().on_error(|failed: &Failed<'_>| {
        let id = failed.request.map(ToString::to_string);
        (*failed.error != RouteError::NoType).then(|| Reply::new("oops", Sum { sum: id.map_or(0, |_| 1) }))
    });
    let mut world = World::new(Hub::builder().messages(router).request_id("id"));
    let peer = world.connect();
    assert_eq!(ask(&mut world, &peer, r#"{"type":"x","id":"7"}"#), [r#"{"type":"oops","id":"7","sum":1}"#]);
    assert_eq!(ask(&mut world, &peer, r#"{"type":"x"}"#), [r#"{"type":"oops","sum":0}"#]);
    assert!(ask(&mut world, &peer, r#"{"id":7}"#).is_empty());
}

#[test]
fn an_answer_of_the_applications_own_that_has_no_form_is_answered_by_the_usual_one() {
    // A list cannot name its type.
    let router = Router::new().on_error(|_: &Failed<'_>| Reply::new("oops", [1, 2]));
    let mut routed = World::new(Hub::builder().messages(router).request_id("id"));
    let failing = service_fn(|_: Incoming| async { Err::<(), _>(ServiceError::Other("odd")) });
    // A map with lists as keys cannot be JSON.
    let layer = AnswerErrorsLayer::by(|_, _| crate::Json(BTreeMap::from([([1], 2)])));
    let layered = ServiceBuilder::new().layer(layer).service(failing);
    let mut layered = World::new(Hub::builder().messages(layered).request_id("id"));
    for (world, code) in [(&mut routed, "unknown_type"), (&mut layered, "odd")] {
        let peer = world.connect();
        let heard = ask(world, &peer, r#"{"type":"x","id":7}"#);
        let begins = format!(r#"{{"type":"error","id":7,"code":"{code}","#);
        assert!(heard.len() == 1 && heard[0].starts_with(&begins), "{heard:?}");
    }
}

#[test]
fn a_format_of_the_applications_own_finds_the_id_itself() {
    let router = Router::by(|message: &Message| {
        let (_, rest) = str::from_utf8(message.as_bytes()).ok()?.split_once(' ')?;
        rest.split_once(' ').map(|(kind, body)| (kind, body.as_bytes()))
    })
    .on("add", |(a, b): (u32, u32)| async move { Reply::new("sum", Sum { sum: a + b }) });
    let find = |message: &Message| {
        let (id, _) = str::from_utf8(message.as_bytes()).ok()?.split_once(' ')?;
        Some(RequestId::text("re", id))
    };
    let mut world = World::new(Hub::builder().messages(router).request_id_by(find));
    let peer = world.connect();
    assert_eq!(ask(&mut world, &peer, "a1 add [1,2]"), [r#"{"type":"sum","re":"a1","sum":3}"#]);
}

/// A client that has been given a name; others are refused.
#[derive(Clone)]
struct Named(&'static str);

enum Refused {
    NoName,
}

impl From<Refused> for RouteError {
    fn from(Refused::NoName: Refused) -> Self {
        Self::refused("name_first", "Say your name first.")
    }
}

impl<S> FromIncoming<S> for Named {
    type Rejection = Refused;

    fn from_incoming(parts: &Parts<'_, S>) -> Result<Self, Refused> {
        parts.incoming.client.get().ok_or(Refused::NoName)
    }
}

#[test]
fn an_argument_may_refuse_the_message_which_is_answered_and_counted() {
    let router = Router::new()
        .on("name", |client: Client| async move { _ = client.insert(Named("Ada")) })
        .on("who", |Named(name): Named| async move { name })
        // A client that is refused learns nothing about errors in the body.
        .on("add", |Named(_): Named, (a, b): (u32, u32)| async move { (a + b).to_string() });
    let (mut world, peer) = super::world(router.clone());
    for kind in ["who", "add"] {
        let error = format!(
            r#"{{"type":"error","code":"name_first","message":"Say your name first.","about":"{kind}"}}"#
        );
        assert_eq!(ask(&mut world, &peer, &format!(r#"{{"type":"{kind}"}}"#)), [error]);
    }
    assert_eq!((router.stats().refused, router.stats().bad_body), (2, 0));
    ask(&mut world, &peer, r#"{"type":"name"}"#);
    assert_eq!(ask(&mut world, &peer, r#"{"type":"who"}"#), ["Ada"]);
    assert!(ask(&mut world, &peer, r#"{"type":"add"}"#)[0].contains("bad_body"));
}

/// Text similar to a message with an id.
fn said() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("{"),
        Just("}"),
        Just(","),
        Just("\"id\":"),
        Just("\"\\u0069d\":"),
        Just("{\"id\":"),
        Just("{\"x\":[{\"id\":1}],"),
        Just("7"),
        Just("-7"),
        Just("18446744073709551616"),
        Just("7.0"),
        Just("1e3"),
        Just("\"a\\n\\ud83d\\ude00\""),
        Just("\"\\ud800\""),
        Just("null"),
        Just("[1]"),
        Just("\"x\":0"),
    ];
    prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

#[derive(Deserialize)]
struct Head {
    id: Option<Value>,
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn the_id_of_a_message_is_the_one_that_serde_sees(text in said()) {
        let mut world = World::new(Hub::builder().messages(adding()).request_id("id"));
        world.connect();
        let client = world.hub.client(world.hub.clients()[0]).unwrap();
        let found = Incoming::new(client, Message::Text(text.as_str().into())).request_id().cloned();
        if let Ok(head) = serde_json::from_str::<Head>(&text)
            && text.starts_with('{')
        {
            let seen = head.id.filter(|id| id.is_string() || id.is_u64() || id.is_i64());
            prop_assert_eq!(found.map(|id| serde_json::to_value(id).unwrap()), seen);
        }
    }
}
