use super::{ask, world};
use crate::router::{Codec, Reply, ReplyTo, Respond, RouteError, Router};
use crate::{Client, Denied, JoinError, Json, SendError};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::task::Poll;
use throng_core::Frame;
use throng_core::hub::Error;

#[derive(Deserialize)]
struct Room {
    room: String,
}

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
fn a_handler_that_fails_answers_as_the_router_does_with_the_id_of_the_request() {
    async fn join(client: Client, Room { room }: Room) -> Result<Reply<Sum>, RouteError> {
        match room.as_str() {
            "palace" => Err(RouteError::refused("not_noble", "Only nobles may enter.")),
            room => Ok(Reply::new("joined", Sum { sum: client.join(room).await?.members })),
        }
    }
    async fn say(client: Client, Room { room }: Room) -> Result<(), RouteError> {
        client.send_to_room(&room, "Hello")?;
        Ok(())
    }
    async fn leave(client: Client, Room { room }: Room) -> Result<(), RouteError> {
        // The handler waits once: the answer is made elsewhere then.
        let mut has_waited = false;
        core::future::poll_fn(|cx| {
            cx.waker().wake_by_ref();
            if std::mem::replace(&mut has_waited, true) { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        Ok(client.leave(&room).await?)
    }
    let router = Router::new().on("join", join).on("say", say).on("leave", leave);
    let builder = crate::Hub::builder()
        .messages(router.clone())
        .request_id("id")
        .before_join(|_, room| if room == "cellar" { Err(Denied) } else { Ok(()) });
    let mut world = super::World::new(builder);
    let peer = world.connect();
    for (asked, answer) in [
        (r#"{"type":"join","id":1,"room":"lobby"}"#, r#"{"type":"joined","id":1,"sum":1}"#),
        (
            r#"{"type":"join","id":2,"room":"lobby"}"#,
            r#"{"type":"error","id":2,"code":"already_in_room","message":"the client is in the room already"}"#,
        ),
        (
            r#"{"type":"join","id":3,"room":"cellar"}"#,
            r#"{"type":"error","id":3,"code":"denied","message":"the application does not allow it"}"#,
        ),
        (
            r#"{"type":"join","id":"a","room":"palace"}"#,
            r#"{"type":"error","id":"a","code":"not_noble","message":"Only nobles may enter."}"#,
        ),
        (
            r#"{"type":"say","id":4,"room":"attic"}"#,
            r#"{"type":"error","id":4,"code":"no_such_room","message":"there is no such room"}"#,
        ),
        (
            r#"{"type":"leave","id":5,"room":"attic"}"#,
            r#"{"type":"error","id":5,"code":"no_such_room","message":"there is no such room"}"#,
        ),
    ] {
        assert_eq!(ask(&mut world, &peer, asked), [answer]);
    }
    assert_eq!(router.stats().refused, 0, "the router has handled each message");
}

#[test]
fn every_error_of_the_hub_has_a_code_for_the_client() {
    let code = |error: RouteError| error.code();
    assert_eq!(code(JoinError::TimedOut.into()), "timed_out");
    assert_eq!(code(JoinError::Panicked.into()), "panicked");
    assert_eq!(code(JoinError::Hub(Error::NotOpen).into()), "not_open");
    assert_eq!(code(SendError::Hub(Error::Gone).into()), "gone");
    assert_eq!(code(SendError::TooLong.into()), "too_long");
    assert_eq!(code(SendError::NotEncoded.into()), "not_encoded");
    assert_eq!(code(SendError::Full.into()), "outbox_full");
    assert_eq!(code(SendError::TooManyWaiters.into()), "too_many_waiters");
    assert_eq!(code(Error::NoSuchLane.into()), "refused");
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
