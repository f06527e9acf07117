use super::{Diary, ask, only};
use crate::tests::host::World;
use crate::{ClientError, Denied, Hub, JoinError};
use std::sync::{Arc, Mutex};
use throng_core::hub::{Cause, Config, Error, Refusal};
use throng_core::{CloseCode, CloseFrame};

#[test]
fn joins_and_leaves_are_told_whoever_asked_for_them() {
    let diary = Diary::default();
    let mut world = diary.world();
    let peer = ask(&mut world, "/?room=first");
    let client = only(&world);
    world.hub.join(client.id(), "second").unwrap();
    world.run();
    peer.send("join third");
    world.run();
    world.hub.leave(client.id(), "first").unwrap();
    world.hub.join(client.id(), "first").unwrap();
    world.run();
    peer.send("leave third");
    world.run();
    world.hub.leave_all(client.id()).unwrap();
    world.run();
    let lines: Vec<String> = diary.lines().into_iter().filter(|line| !line.contains("message")).collect();
    assert_eq!(
        lines,
        [
            "before_connect",
            "connected",
            "joined first 1",
            "joined second 1",
            "before_join third",
            "joined third 1",
            "left first Removed",
            "joined first 1",
            "before_leave third",
            "left third Asked",
            "left second Removed",
            "left first Removed"
        ]
    );
}

#[test]
fn a_client_that_leaves_all_is_asked_about_each() {
    let diary = Diary::default();
    let mut world = diary.world();
    let peer = ask(&mut world, "/?room=first");
    peer.send("join second");
    world.run();
    diary.lines();
    peer.send("leave all");
    world.run();
    assert_eq!(
        diary.lines()[2..],
        [
            "before_leave first",
            "before_leave second",
            "after_message Done",
            "left first Asked",
            "left second Asked"
        ]
    );
    assert_eq!(only(&world).room_count(), 0);
}

#[test]
fn joins_that_fail_are_told_to_nobody() {
    let diary = Diary::default();
    let mut world = diary.world();
    ask(&mut world, "/?room=first");
    let client = only(&world);
    diary.lines();
    assert!(world.hub.join(client.id(), "first").is_err());
    assert!(world.hub.leave(client.id(), "second").is_err());
    assert_eq!(world.hub.leave_all(client.id()), Ok(1));
    assert_eq!(world.hub.leave_all(client.id()), Ok(0));
    world.run();
    assert_eq!(diary.lines(), ["left first Removed"]);
}

#[test]
fn a_first_room_that_cannot_be_joined_refuses_the_request() {
    let mut config = Config::default();
    config.rooms.members = Some(1);
    config.rooms.total = Some(1);
    config.rooms.name_bytes = 10;
    config.rooms.per_client = Some(2);
    let builder = Hub::builder().config(config).before_connect(|connecting| {
        let rooms = connecting.request().query("rooms").unwrap_or_default();
        rooms.split(',').for_each(|room| connecting.join(room));
        Ok(())
    });
    let mut world = World::new(builder);
    for (rooms, status, body) in [
        ("a%2Fverylongname", "400", "Invalid user or room: the name is longer than 10 bytes.\n"),
        ("", "400", "Invalid user or room: the name is empty.\n"),
        ("a,b,c", "400", "Too many rooms: a client can be in 2.\n"),
        // The hub allows one room.
        ("a,b", "503", ""),
        ("a,a", "101", ""),
        ("a", "503", ""),
        ("b", "503", ""),
    ] {
        let peer = ask(&mut world, &format!("/?rooms={rooms}"));
        let answer = String::from_utf8(peer.take()).unwrap();
        assert_eq!(answer.split(' ').nth(1), Some(status), "{rooms}");
        assert!(answer.ends_with(body), "{answer}");
    }
    assert_eq!((world.hub.client_count(), world.hub.members("a").len()), (1, 1));
}

/// Two clients are admitted, but the room has a place for one.
#[test]
fn a_first_room_that_becomes_full_meanwhile_closes_the_client() {
    let mut config = Config::default();
    config.rooms.members = Some(1);
    let errors: Arc<Mutex<Vec<ClientError>>> = Arc::default();
    let seen = Arc::clone(&errors);
    let full = Error::Refused(Refusal::RoomFull { limit: 1 });
    let builder = Hub::builder()
        .config(config)
        .before_connect(|connecting| {
            connecting.authenticate();
            Ok(())
        })
        .authenticate(|session| {
            Box::pin(async move {
                session.join("lobby");
                session.receive().await?;
                Ok(())
            })
        })
        .close_code(move |cause| {
            if cause == Cause::FirstRoom { CloseFrame::new(CloseCode(4005), "full") } else { cause.into() }
        })
        .on_error(move |_, error| seen.lock().unwrap().push(error.clone()));
    let mut world = World::new(builder);
    let peers = [(); 2].map(|()| ask(&mut world, "/"));
    for peer in &peers {
        peer.send("open");
        world.run();
    }
    assert!(peers[0].answer().1.is_empty());
    assert_eq!(peers[1].answer().1, ["closed Some(4005)"]);
    assert_eq!(*errors.lock().unwrap(), [ClientError::FirstRoom { room: "lobby".into(), error: full }]);
}

#[test]
fn a_refusal_has_the_headers_that_were_set_for_it() {
    let builder = Hub::builder().before_connect(|connecting| {
        connecting
            .set_refusal_header(http::header::WWW_AUTHENTICATE, http::HeaderValue::from_static("Bearer"));
        let json = http::HeaderValue::from_static("application/json");
        connecting.set_refusal_header(http::header::CONTENT_TYPE, json);
        let body = format!("{{\"path\":\"{}\"}}", connecting.path()).into();
        Err(throng_core::websocket::handshake::Refusal::Custom {
            status: http::StatusCode::UNAUTHORIZED,
            body,
        })
    });
    let mut world = World::new(builder);
    let (head, body) = ask(&mut world, "/here").answer();
    assert!(head.starts_with("HTTP/1.1 401 Unauthorized\r\n"), "{head}");
    assert!(head.contains("www-authenticate: Bearer\r\n"), "{head}");
    assert_eq!(head.matches("content-type").count(), 1, "{head}");
    assert!(head.contains("content-type: application/json\r\n"), "{head}");
    assert_eq!(body, ["{\"path\":\"/here\"}"]);
}

#[test]
fn a_join_that_is_denied_says_so() {
    let diary = Diary::default();
    let mut world = diary.world();
    ask(&mut world, "/");
    let client = only(&world);
    let joined = std::pin::pin!(client.join("secret"));
    let joined = joined.poll(&mut std::task::Context::from_waker(std::task::Waker::noop()));
    assert_eq!(joined, std::task::Poll::Ready(Err(JoinError::Denied)));
}

#[test]
fn a_join_that_the_hub_refuses_says_why_in_one_step() {
    let mut config = Config::default();
    config.rooms.members = Some(1);
    let mut world = World::new(
        Hub::builder().config(config).before_join(
            |_, room| {
                if room == "secret" { Err(Denied) } else { Ok(()) }
            },
        ),
    );
    let (first, second) = (world.connect(), world.connect());
    let join = |world: &World, at: usize, room: &str| {
        let client = world.hub.client(world.hub.clients()[at]).unwrap();
        let joined = std::pin::pin!(client.join(room));
        match joined.poll(&mut std::task::Context::from_waker(std::task::Waker::noop())) {
            std::task::Poll::Ready(Err(error)) => error.refusal(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(join(&world, 0, "secret"), None);
    let id = world.hub.clients()[0];
    world.hub.join(id, "lobby").unwrap();
    assert_eq!(join(&world, 0, "lobby"), Some(Refusal::AlreadyInRoom));
    assert_eq!(join(&world, 1, "lobby"), Some(Refusal::RoomFull { limit: 1 }));
    let refused = world.hub.send_to_room("nowhere", "x").map_err(|error| error.refusal());
    assert_eq!(refused, Err(Some(Refusal::NoSuchRoom)));
    drop((first, second));
}
