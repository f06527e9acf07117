use super::{ask, world};
use crate::Json;
use crate::SendError;
use crate::router::{Codec, Reply, ReplyTo, Respond, Router};
use serde::Serialize;
use std::collections::BTreeMap;
use throng_core::Frame;

#[derive(Serialize)]
struct Sum {
    sum: u32,
}

#[derive(Serialize)]
struct Nothing;

struct Refused;

impl<C: Codec> Respond<C> for Refused {
    fn respond(self, to: &ReplyTo<'_, C>) -> Result<Option<Frame>, SendError> {
        Reply::new("refused", Nothing).respond(to)
    }
}

fn answering() -> Router {
    Router::new()
        .on("typed", || async { Reply::new("sum", Sum { sum: 3 }) })
        .on("bare", || async { Reply::bare(Sum { sum: 3 }) })
        .on("empty", || async { Reply::new("done", Nothing) })
        .on("no fields", || async { Reply::new("done", BTreeMap::<u8, u8>::new()) })
        .on("json", || async { Json([1, 2]) })
        .on("text", || async { "text" })
        .on("none", || async { None::<&str> })
        .on("some", || async { Some(Reply::new("sum", Sum { sum: 4 })) })
        .on("ok", || async { Ok::<_, Refused>("ok") })
        .on("err", || async { Err::<(), _>(Refused) })
        .on("list", || async { Reply::new("list", [1, 2]) })
        .on("no json", || async { Json(BTreeMap::from([([1, 2], 3)])) })
}

#[test]
fn a_reply_says_its_type_as_messages_do() {
    let (mut world, peer) = world(answering());
    let table: [(&str, &[&str]); 10] = [
        ("typed", &[r#"{"type":"sum","sum":3}"#]),
        ("bare", &[r#"{"sum":3}"#]),
        ("empty", &[r#"{"type":"done"}"#]),
        ("no fields", &[r#"{"type":"done"}"#]),
        ("json", &["[1,2]"]),
        ("text", &["text"]),
        ("none", &[]),
        ("some", &[r#"{"type":"sum","sum":4}"#]),
        ("ok", &["ok"]),
        ("err", &[r#"{"type":"refused"}"#]),
    ];
    for (kind, heard) in table {
        assert_eq!(ask(&mut world, &peer, &format!(r#"{{"type":"{kind}"}}"#)), heard, "{kind}");
    }
}

#[test]
fn a_reply_without_a_form_is_an_error_and_is_counted() {
    let router = answering();
    let (mut world, peer) = world(router.clone());
    for kind in ["list", "no json"] {
        let heard = ask(&mut world, &peer, &format!(r#"{{"type":"{kind}"}}"#));
        let error = r#"{"type":"error","code":"not_encoded","message":"the answer could not be encoded"}"#;
        assert_eq!(heard, [error]);
    }
    assert_eq!(router.stats().not_encoded, 2);
}

#[test]
fn what_a_handler_returns_waits_for_room() {
    let mut config = throng_core::hub::Config::default();
    config.outbox.messages = 2;
    let builder = crate::Hub::builder().config(config).messages(answering());
    let mut world = super::World::new(builder);
    let peer = world.connect();
    peer.set_room(Some(0));
    for _ in 0..10 {
        peer.send(r#"{"type":"text"}"#);
    }
    world.run();
    peer.set_room(None);
    world.run();
    assert_eq!(peer.texts(), ["text"; 10]);
}
