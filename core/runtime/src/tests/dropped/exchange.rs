//! Authentication whose futures the application drops, for example as the loser of a race.

use super::for_polls;
use crate::tests::host::World;
use crate::tests::peer::{Peer, masked};
use crate::{Authenticating, Builder, Hub, SendError};
use std::future::{pending, poll_fn};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;
use throng_core::websocket::ControlPayload;
use throng_core::websocket::encode::encode_client_ping;
use throng_core::{CloseCode, CloseFrame};

const LIMIT: Duration = Duration::from_secs(2);

fn authenticating() -> Builder {
    Hub::builder().authentication_limit(LIMIT).before_connect(|connecting| {
        connecting.authenticate();
        Ok(())
    })
}

fn connect(world: &mut World) -> Peer {
    let peer = world.accept();
    peer.ask();
    world.run();
    assert!(peer.take().starts_with(b"HTTP/1.1 101"));
    peer
}

/// Waits for the next wake-up of the task.
async fn woken() {
    let mut is_new = true;
    poll_fn(|_| if std::mem::take(&mut is_new) { Poll::Pending } else { Poll::Ready(()) }).await;
}

/// Receives until "bye", with futures that are each dropped after this many polls.
async fn hear(
    session: &mut Authenticating<'_>,
    polls: usize,
    heard: &Mutex<Vec<String>>,
) -> Result<(), CloseFrame> {
    loop {
        drop(session.receive());
        match for_polls(polls, session.receive()).await {
            Some(message) => {
                let text = String::from_utf8_lossy(message?.as_bytes()).into_owned();
                let is_last = text == "bye";
                heard.lock().unwrap().push(text);
                if is_last {
                    return Ok(());
                }
            }
            None => woken().await,
        }
    }
}

#[test]
fn a_receive_that_is_dropped_loses_nothing_wherever_the_bytes_are_cut() {
    let mut ping = Vec::new();
    encode_client_ping(&ControlPayload::new("there?").unwrap(), [1, 2, 3, 4], &mut ping);
    let bytes = [masked("one"), ping, masked("two"), masked("bye"), masked("behind")].concat();
    for polls in 1..4 {
        for size in 1..=bytes.len() {
            let heard: Arc<Mutex<Vec<String>>> = Arc::default();
            let ear = Arc::clone(&heard);
            let builder = authenticating()
                .authenticate(move |session| {
                    let ear = Arc::clone(&ear);
                    Box::pin(async move { hear(session, polls, &ear).await })
                })
                .on_message(|client, message| client.send(message).unwrap());
            let mut world = World::new(builder);
            let peer = connect(&mut world);
            for piece in bytes.chunks(size) {
                peer.push(piece);
                world.run();
            }
            let point = format!("{polls} polls, {size} bytes at a time");
            assert_eq!(*heard.lock().unwrap(), ["one", "two", "bye"], "{point}");
            let texts = peer.texts();
            assert_eq!(texts.len(), 2, "{point}: {texts:?}");
            assert!(texts[0].starts_with("Pong") && texts[1] == "behind", "{point}: {texts:?}");
        }
    }
}

/// What the application does after it has dropped a send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    SendsMore,
    Receives,
    LetsIn,
    Rejects,
    Hangs,
}

const THENS: [Then; 5] = [Then::SendsMore, Then::Receives, Then::LetsIn, Then::Rejects, Then::Hangs];

/// The head of a frame, and this text.
const TEXT: &str = "a message";

impl Then {
    async fn of(self, session: &mut Authenticating<'_>) -> Result<(), CloseFrame> {
        match self {
            Self::SendsMore => session.send("more").await?,
            Self::Receives => drop(session.receive().await?),
            Self::LetsIn => {}
            Self::Rejects => return Err(CloseFrame::new(CloseCode(4001), "no")),
            Self::Hangs => pending().await,
        }
        Ok(())
    }

    /// What the peer receives after the message, if it receives the message.
    const fn heard(self) -> &'static [&'static str] {
        match self {
            Self::SendsMore => &["more", "welcome"],
            Self::Receives | Self::LetsIn => &["welcome"],
            Self::Rejects => &["closed Some(4001)"],
            Self::Hangs => &["closed Some(1008)"],
        }
    }
}

/// A peer that asks for a message, and whose transport takes this many bytes first; the send is dropped after this many
/// polls.
fn sent_to(room: usize, polls: usize, then: Then) -> (World, Peer) {
    let builder = authenticating()
        .authenticate(move |session| {
            Box::pin(async move {
                session.receive().await?;
                if for_polls(polls, session.send(TEXT)).await.is_some_and(|sent| sent.is_err()) {
                    return Err(CloseFrame::default());
                }
                then.of(session).await
            })
        })
        .on_connect(|client| client.send("welcome").unwrap());
    let mut world = World::new(builder);
    let peer = connect(&mut world);
    peer.set_room(Some(room));
    peer.send("go");
    world.run();
    (world, peer)
}

#[test]
fn a_send_that_is_dropped_is_sent_whole_and_once_or_not_at_all() {
    for then in THENS {
        for (room, polls) in (0..=TEXT.len() + 2).flat_map(|room| [(room, 0), (room, 1)]) {
            let point = format!("{room} bytes, {polls} polls, {then:?}");
            let (mut world, peer) = sent_to(room, polls, then);
            // One more byte at a time, then all.
            peer.set_room(Some(1));
            world.run();
            if then == Then::Hangs {
                world.pass(LIMIT);
            }
            peer.set_room(None);
            world.run();
            if then == Then::Receives {
                assert_eq!(world.hub.stats().opened, 0, "{point}");
                peer.send("on");
                world.run();
            }
            let message: &[_] = if polls > 0 { &[TEXT] } else { &[] };
            assert_eq!(peer.texts(), [message, then.heard()].concat(), "{point}");
            let is_in = !matches!(then, Then::Rejects | Then::Hangs);
            assert_eq!(world.hub.client_count(), usize::from(is_in), "{point}");
        }
    }
}

#[test]
fn what_was_sent_before_goes_while_something_is_received() {
    for room in 0..TEXT.len() + 2 {
        let (mut world, peer) = sent_to(room, 1, Then::Receives);
        peer.set_room(None);
        world.run();
        assert_eq!((peer.texts(), world.hub.stats().opened), (vec![TEXT.to_owned()], 0), "{room}");
    }
}

/// The hook is dropped together with the send.
#[test]
fn an_exchange_whose_time_is_over_ends_the_message_that_it_has_begun() {
    for room in 0..TEXT.len() + 2 {
        let (mut world, peer) = sent_to(room, usize::MAX, Then::LetsIn);
        world.pass(LIMIT);
        peer.set_room(None);
        world.run();
        assert_eq!(peer.texts(), [TEXT, "closed Some(1008)"], "{room}");
        peer.end();
        world.run();
        assert!(world.is_over(&peer) && !peer.is_held(), "{room}");
        assert_eq!((world.hub.connection_count(), world.hub.stats().opened), (0, 0), "{room}");
    }
}

#[test]
fn a_send_that_is_dropped_does_not_hide_that_the_peer_has_gone() {
    let told: Arc<Mutex<Option<Result<(), SendError>>>> = Arc::default();
    let tells = Arc::clone(&told);
    let builder = authenticating().authenticate(move |session| {
        let tells = Arc::clone(&tells);
        Box::pin(async move {
            session.receive().await?;
            for_polls(1, session.send(TEXT)).await;
            woken().await;
            let sent = session.send("more").await;
            *tells.lock().unwrap() = Some(sent);
            Ok(sent?)
        })
    });
    let mut world = World::new(builder);
    let peer = connect(&mut world);
    peer.set_room(Some(5));
    peer.send("go");
    world.run();
    peer.break_off();
    world.run();
    peer.end();
    world.run();
    assert!(matches!(*told.lock().unwrap(), Some(Err(_))));
    assert_eq!((world.is_over(&peer), world.hub.stats().opened), (true, 0));
}
