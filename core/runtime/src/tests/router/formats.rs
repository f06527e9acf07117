use super::{ask, ask_bytes, world};
use crate::middleware::RequestId;
use crate::router::{Codec, Decoded, Fault, Reply, RouteError, Router};
use crate::{Client, IntoFrame, SendError};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use throng_core::Frame;
use throng_core::websocket::Message;

#[derive(Debug, Deserialize, PartialEq, Serialize)]
struct Point {
    x: u32,
    y: u32,
}

async fn mirror(point: Point) -> Reply<Point> {
    Reply::new("mirrored", Point { x: point.y, y: point.x })
}

#[test]
fn the_body_may_be_in_a_field_of_its_own() {
    let router =
        Router::by_envelope("t", "p").on("mirror", mirror).on("ping", |_: Option<u32>| async { "pong" });
    let (mut world, peer) = world(router);
    let mirrored = r#"{"t":"mirrored","p":{"x":2,"y":1}}"#;
    let table = [
        (r#"{"t":"mirror","p":{"x":1,"y":2}}"#, mirrored),
        (r#"{"p":{"x":1,"y":2},"more":[1,{"p":3}],"t":"mirror"}"#, mirrored),
        (r#"{"t":"ping"}"#, "pong"),
        (r#"{"t":"ping","p":null}"#, "pong"),
        (
            r#"{"t":"mirror"}"#,
            r#"{"t":"error","p":{"code":"bad_body","message":"invalid message body: invalid type: null, expected struct Point, line 1 column 4","about":"mirror"}}"#,
        ),
        (
            r#"{"t":"mirror","p":{"x":1,"y":2}} and more"#,
            r#"{"t":"error","p":{"code":"malformed","message":"the message cannot be read: trailing characters, line 1 column 34"}}"#,
        ),
    ];
    for (said, heard) in table {
        assert_eq!(ask(&mut world, &peer, said), [heard], "{said}");
    }
}

#[test]
fn another_field_may_say_the_type() {
    let (mut world, peer) = world(Router::by_field("a \"b\"").on("mirror", mirror));
    let said = r#"{"a \"b\"":"mirror","x":1,"y":2}"#;
    assert_eq!(ask(&mut world, &peer, said), [r#"{"a \"b\"":"mirrored","x":2,"y":1}"#]);
}

#[test]
fn a_closure_may_find_the_type() {
    let router = Router::by(|message: &Message| {
        let (kind, body) = str::from_utf8(message.as_bytes()).ok()?.split_once(' ')?;
        Some((kind, body.as_bytes()))
    });
    let (mut world, peer) = world(router.on("mirror", mirror));
    assert_eq!(ask(&mut world, &peer, r#"mirror {"x":1,"y":2}"#), [r#"{"type":"mirrored","x":2,"y":1}"#]);
    assert!(ask(&mut world, &peer, "mirror")[0].contains("no_type"));
    assert_eq!(
        ask_bytes(&mut world, &peer, br#"mirror {"x":1,"y":2}"#),
        br#"{"type":"mirrored","x":2,"y":1}"#
    );
}

/// Maps with a field `type`, in binary messages; an empty one is skipped.
struct MessagePack;

#[derive(Deserialize)]
struct Head<'a> {
    r#type: &'a str,
}

#[derive(Serialize)]
struct Typed<'a, T> {
    r#type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a RequestId>,
    #[serde(flatten)]
    value: &'a T,
}

impl Codec for MessagePack {
    type Body<'a> = &'a [u8];

    fn decode<'a>(&self, message: &'a Message) -> Result<Option<Decoded<'a, &'a [u8]>>, RouteError> {
        let Message::Binary(body) = message else { return Err(RouteError::WrongKind) };
        if body.is_empty() {
            return Ok(None);
        }
        match rmp_serde::from_slice::<Head<'_>>(body) {
            Ok(head) => Ok(Some(Decoded { kind: head.r#type.into(), body })),
            Err(error) => Err(RouteError::Malformed(Fault::new(error))),
        }
    }

    fn read<T: DeserializeOwned>(&self, body: &[u8]) -> Result<T, RouteError> {
        rmp_serde::from_slice(body).map_err(|error| RouteError::BadBody(Fault::new(error)))
    }

    fn encode<T: Serialize>(
        &self,
        kind: Option<&str>,
        request: Option<&RequestId>,
        value: &T,
    ) -> Result<Frame, SendError> {
        let bytes = match kind {
            Some(kind) => rmp_serde::to_vec_named(&Typed { r#type: kind, id: request, value }),
            None => rmp_serde::to_vec_named(value),
        };
        bytes.map_err(|_| SendError::NotEncoded)?.into_frame()
    }
}

#[test]
fn messages_may_be_in_message_pack() {
    let router = Router::with(MessagePack)
        .on("mirror", mirror)
        .on("who", |client: Client| async move { Reply::bare(client.id().to_string()) });
    let (mut world, peer) = world(router.clone());

    let said =
        rmp_serde::to_vec_named(&Typed { r#type: "mirror", id: None, value: &Point { x: 1, y: 2 } }).unwrap();
    let heard = ask_bytes(&mut world, &peer, &said);
    assert_eq!(rmp_serde::from_slice::<Head<'_>>(&heard).unwrap().r#type, "mirrored");
    assert_eq!(rmp_serde::from_slice::<Point>(&heard).unwrap(), Point { x: 2, y: 1 });

    let said =
        rmp_serde::to_vec_named(&Typed { r#type: "who", id: None, value: &Point { x: 1, y: 2 } }).unwrap();
    assert_eq!(rmp_serde::from_slice::<String>(&ask_bytes(&mut world, &peer, &said)).unwrap(), "0.0");

    // Errors are reported in the same format.
    let said = rmp_serde::to_vec_named(&std::collections::BTreeMap::from([("type", "mirror")])).unwrap();
    let heard = ask_bytes(&mut world, &peer, &said);
    let heard: std::collections::BTreeMap<String, String> = rmp_serde::from_slice(&heard).unwrap();
    assert_eq!((&*heard["type"], &*heard["code"]), ("error", "bad_body"));

    assert_eq!(router.stats().skipped, 0);
    peer.push(&[0x82, 0x80, 0, 0, 0, 0]);
    world.run();
    assert!(peer.take().is_empty());
    assert_eq!(router.stats().skipped, 1);
    assert!(router.stats().bad_body == 1 && world.hub.client_count() == 1);
}
