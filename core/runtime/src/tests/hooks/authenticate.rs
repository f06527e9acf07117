use super::{Diary, ask, only};
use crate::hosting::Report;
use crate::tests::host::World;
use crate::tests::peer::{Peer, masked};
use crate::{Builder, Hook, Hub};
use std::io::ErrorKind;
use std::time::Duration;
use throng_core::hub::{Cause, Config, PerUser};
use throng_core::websocket::encode::{encode_client_close, encode_client_ping};
use throng_core::websocket::{ControlPayload, Message};
use throng_core::{CloseCode, CloseFrame};

const KEY: [u8; 4] = [1, 2, 3, 4];

fn authenticating() -> Builder {
    Hub::builder().before_connect(|connecting| {
        connecting.authenticate();
        Ok(())
    })
}

/// A world in which a name is enough to authenticate.
fn by_name(builder: Builder) -> World {
    World::new(builder.authenticate(|session| {
        Box::pin(async move {
            let name = super::text(&session.receive().await?);
            session.set_user(&name).map_err(|_| CloseFrame::new(CloseCode(4009), "taken"))?;
            session.send(name).await.map_err(|_| CloseFrame::default())
        })
    }))
}

fn ping(text: &'static str) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode_client_ping(&ControlPayload::new(text.as_bytes()).unwrap(), KEY, &mut bytes);
    bytes
}

fn is_rejected(world: &World, code: u16) -> bool {
    world.reports().contains(&Report::Rejected { code }) && world.hub.stats().opened == 0
}

#[test]
fn who_says_its_name_becomes_a_client() {
    let diary = Diary::default();
    let mut world = diary.world();
    let peer = ask(&mut world, "/authenticate?room=lobby");
    assert_eq!((world.hub.client_count(), world.hub.stats().reserved), (0, 1));
    // The connection is in no room and gets no broadcast.
    assert_eq!(world.hub.broadcast("all").unwrap().queued, 0);
    assert!(world.hub.send_to_room("lobby", "all").is_err());
    peer.send("ada");
    peer.send("and more");
    world.run();
    assert_eq!(peer.answer().1, ["hello ada"]);
    let client = only(&world);
    assert_eq!((client.user().as_deref(), client.get::<usize>()), (Some("ada"), Some(3)));
    assert_eq!(
        diary.lines(),
        [
            "before_connect",
            "authenticate",
            "connected",
            "joined lobby 1",
            "before_message",
            "message and more",
            "after_message Done"
        ]
    );
}

#[test]
fn what_comes_behind_the_exchange_is_not_lost_wherever_it_is_cut() {
    let bytes = [masked("ada"), masked("one"), masked("two")].concat();
    for cut in 0..bytes.len() {
        let echo = |client: &crate::Client, message: Message| client.send(message).unwrap();
        let mut world = by_name(authenticating().on_message(echo));
        let peer = ask(&mut world, "/");
        peer.push(&bytes[..cut]);
        world.run();
        peer.push(&bytes[cut..]);
        world.run();
        assert_eq!(peer.answer().1, ["ada", "one", "two"], "cut at {cut}");
    }
}

#[test]
fn who_is_rejected_is_told_why() {
    let diary = Diary::default();
    let mut world = diary.world();
    let peer = ask(&mut world, "/authenticate");
    peer.send("nobody");
    world.run();
    assert_eq!(peer.answer().1, ["closed Some(4003)"]);
    assert!(peer.is_shut() && is_rejected(&world, 4003));
    peer.end();
    world.run();
    assert_eq!(world.hub.connection_count(), 0);
    assert_eq!(diary.lines(), ["before_connect", "authenticate"]);
}

#[test]
fn a_hook_that_is_not_written_lets_nobody_in() {
    let mut world = World::new(authenticating());
    let peer = ask(&mut world, "/");
    assert_eq!(peer.answer().1, ["closed Some(1008)"]);
    assert!(is_rejected(&world, 1008));
}

#[test]
fn who_takes_too_long_is_closed() {
    let builder =
        authenticating().authentication_limit(Duration::from_secs(2)).close_code(|cause| match cause {
            Cause::AuthenticationTimedOut => CloseFrame::new(CloseCode(4008), "slow"),
            cause => cause.into(),
        });
    let mut world = by_name(builder);
    let peer = ask(&mut world, "/");
    world.pass(Duration::from_millis(1_999));
    assert!(peer.answer().1.is_empty());
    world.pass(Duration::from_millis(1));
    assert_eq!(peer.texts(), ["closed Some(4008)"]);
    assert!(is_rejected(&world, 4008));
}

#[test]
fn it_ends_before_the_hubs_deadline_does() {
    let mut world = by_name(authenticating().authentication_limit(Duration::from_secs(60)));
    let peer = ask(&mut world, "/");
    // Nine tenths of 10 s.
    world.pass(Duration::from_secs(9));
    assert_eq!(peer.answer().1, ["closed Some(1008)"]);
    world.pass(Duration::from_secs(1));
    assert!(world.is_over(&peer));
}

#[test]
fn pings_are_answered() {
    let mut world = by_name(authenticating());
    let peer = ask(&mut world, "/");
    peer.push(&[ping("a"), ping("b")].concat());
    world.run();
    assert!(peer.take().ends_with(b"\x8a\x01a\x8a\x01b"));
    peer.send("ada");
    world.run();
    assert_eq!(peer.texts(), ["ada"]);
}

#[test]
fn who_says_too_much_is_rejected() {
    for flood in [
        (0..101).map(|_| ping("x")).collect::<Vec<_>>().concat(),
        // The rest never arrives.
        [&masked(&"x".repeat(600_000))[..], &[]].concat(),
    ] {
        let mut world = World::new(authenticating().authenticate(|session| {
            Box::pin(async move {
                loop {
                    session.receive().await?;
                }
            })
        }));
        let peer = ask(&mut world, "/");
        peer.take();
        peer.push(&flood);
        world.run();
        let closed = peer.texts().pop().unwrap();
        assert!(["closed Some(1008)", "closed Some(1009)"].contains(&&*closed), "{closed}");
        assert_eq!(world.hub.stats().opened, 0);
    }
}

#[test]
fn the_code_for_too_much_is_the_applications_choice() {
    let builder = authenticating().close_code(|cause| match cause {
        Cause::TooMuchBeforeAuthentication => CloseFrame::new(CloseCode(4413), "enough"),
        cause => cause.into(),
    });
    let mut world = World::new(builder.authenticate(|session| {
        Box::pin(async move {
            loop {
                session.receive().await?;
            }
        })
    }));
    let peer = ask(&mut world, "/");
    peer.take();
    peer.push(&(0..101).map(|_| ping("x")).collect::<Vec<_>>().concat());
    world.run();
    assert_eq!(peer.texts().pop().as_deref(), Some("closed Some(4413)"));
}

fn leaves(peer: &Peer) {
    let mut bytes = Vec::new();
    encode_client_close(Some(CloseCode(4100)), "bye", KEY, &mut bytes);
    peer.push(&bytes);
}

#[test]
fn a_peer_that_goes_or_errs_is_let_go() {
    for (act, last) in [
        (leaves as fn(&Peer), &["closed Some(4100)"][..]),
        (|peer| peer.push(&[0xff; 8]), &["closed Some(1002)"]),
        (Peer::end, &["closed None"]),
        (|peer| peer.fail(ErrorKind::UnexpectedEof), &["closed None"]),
        (|peer| peer.fail(ErrorKind::ConnectionReset), &[]),
    ] {
        let mut world = by_name(authenticating());
        let peer = ask(&mut world, "/");
        act(&peer);
        world.run();
        assert_eq!(peer.answer().1, last);
        peer.end();
        world.run();
        assert!(world.is_over(&peer));
        assert_eq!((world.hub.connection_count(), world.hub.stats().opened), (0, 0));
    }
}

#[test]
fn a_panic_is_contained() {
    let mut world = Diary::panicking(Hook::Authenticate).world();
    let peer = ask(&mut world, "/authenticate");
    assert_eq!(peer.answer().1, ["closed Some(1011)"]);
    assert!(is_rejected(&world, 1011));
    assert!(world.reports().contains(&Report::Panicked { client: None, hook: "authenticate" }));
}

#[test]
fn limits_of_a_user_hold() {
    let mut config = Config::default();
    config.admission.per_user = PerUser::RefuseNewest(1);
    let mut world = by_name(authenticating().config(config));
    let peers = [(); 2].map(|()| ask(&mut world, "/"));
    for peer in &peers {
        peer.send("ada");
        world.run();
    }
    assert_eq!(peers[0].answer().1, ["ada"]);
    assert_eq!(peers[1].answer().1, ["closed Some(4009)"]);
    assert_eq!(world.hub.clients_of("ada").len(), 1);
}

#[test]
fn a_shutdown_ends_it() {
    let mut world = by_name(authenticating());
    let peer = ask(&mut world, "/");
    world.hub.shutdown();
    world.run();
    assert!(world.is_over(&peer));
    assert_eq!(world.hub.connection_count(), 0);
}

#[test]
fn a_peer_that_only_stops_sending_hears_what_it_was_answered_and_a_close_frame() {
    let mut world = World::new(authenticating().authenticate(|session| {
        Box::pin(async move {
            while let Ok(message) = session.receive().await {
                session.send(message).await.map_err(|_| CloseFrame::default())?;
            }
            Ok(())
        })
    }));
    let peer = ask(&mut world, "/");
    peer.set_room(Some(0));
    peer.send("one");
    peer.send("two");
    peer.end();
    world.run();
    peer.set_room(None);
    world.run();
    assert_eq!(peer.answer().1, ["one", "two", "closed None"]);
    assert!(world.is_over(&peer));
    assert_eq!((world.hub.connection_count(), world.hub.stats().opened), (0, 0));
    assert!(world.reports().is_empty(), "it was not rejected: it has left");
}
