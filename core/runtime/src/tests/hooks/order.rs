use super::{Diary, ask, only};
use crate::handler::hooks::{Hooks, Owned, WrittenHooks};
use crate::tests::host::World;
use crate::{Client, ClientError, Disconnected, Handler, Hook, Hub};
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use throng_core::websocket::Message;
use throng_core::{CloseCode, ClosedBy};

#[test]
fn a_whole_life_is_told_in_order() {
    let diary = Diary::default();
    let mut world = diary.world();
    let peer = ask(&mut world, "/?room=lobby");
    for text in ["join den", "join secret", "leave den"] {
        peer.send(text);
    }
    peer.end();
    world.run();
    let message = |text: &str| ["before_message".into(), format!("message {text}")];
    let expected: Vec<String> = [
        &["before_connect", "connected", "joined lobby 1"].map(String::from)[..],
        &message("join den"),
        &["before_join den", "after_message Done", "joined den 1"].map(String::from),
        &message("join secret"),
        &["before_join secret", "after_message Done"].map(String::from),
        &message("leave den"),
        &["before_leave den", "after_message Done", "left den Asked"].map(String::from),
        &["left lobby Ended", "disconnected 1006 Transport"].map(String::from),
    ]
    .concat();
    assert_eq!(diary.lines(), expected);
}

#[test]
fn only_hooks_that_are_written_are_prepared_for() {
    struct Few;
    impl Handler for Few {
        async fn joined(&self, _: &Client, _: &str, _: throng_core::hub::Joined) {}
        // Written although it only returns at once, like the default.
        fn error(&self, _: &Client, _: &ClientError) -> impl Future<Output = ()> + Send {
            std::future::ready(())
        }
    }
    let written_hooks = Owned(Arc::new(Few)).written_hooks();
    assert_eq!(written_hooks, WrittenHooks { joined: true, error: true, ..WrittenHooks::default() });
    assert_eq!(Owned(Arc::new(crate::handler::NoHandler)).written_hooks(), WrittenHooks::default());
    let all = Owned(Arc::new(Diary::default())).written_hooks();
    assert!(all.before_message && all.after_message && all.before_join && all.before_leave && all.left);
}

#[test]
fn an_error_is_told_before_what_follows_from_it() {
    let diary = Diary::panicking(Hook::Message);
    let mut world = diary.world();
    let peer = ask(&mut world, "/?room=lobby");
    peer.send("x");
    world.run();
    assert_eq!(
        diary.lines()[5..],
        ["after_message Panicked", "error Panicked(Message)", "left lobby Ended", "disconnected 1011 Hub"]
    );
    assert_eq!(peer.answer().1, ["closed Some(1011)"]);
}

#[test]
fn a_breach_of_the_protocol_is_an_error() {
    let diary = Diary::default();
    let mut world = diary.world();
    let peer = ask(&mut world, "/");
    diary.lines();
    peer.push(&[0xff; 8]);
    world.run();
    assert_eq!(diary.lines(), ["error Protocol(ReservedBits)", "disconnected 1002 Hub"]);
}

#[test]
fn a_transport_that_fails_is_an_error() {
    let diary = Diary::default();
    let mut world = diary.world();
    let peer = ask(&mut world, "/");
    diary.lines();
    peer.fail(io::ErrorKind::ConnectionReset);
    world.run();
    assert_eq!(diary.lines(), ["error Transport(ConnectionReset)", "disconnected 1006 Transport"]);
}

#[test]
fn an_error_of_the_hook_for_errors_or_of_the_last_one_has_no_hook() {
    for (hook, last) in
        [(Hook::Error, "disconnected 1002 Hub"), (Hook::Disconnected, "disconnected 1002 Hub")]
    {
        let diary = Diary::panicking(hook);
        let mut world = diary.world();
        let peer = ask(&mut world, "/");
        diary.lines();
        peer.push(&[0xff; 8]);
        world.run();
        assert_eq!(diary.lines(), ["error Protocol(ReservedBits)", last]);
        world.pass(Duration::from_secs(6));
        assert!(world.is_over(&peer));
    }
}

#[test]
fn the_last_hook_says_what_there_was() {
    let ends: Arc<Mutex<Vec<Disconnected>>> = Arc::default();
    let seen = Arc::clone(&ends);
    let mut config = throng_core::hub::Config::default();
    config.outbox.messages = 1;
    let builder = Hub::builder().config(config).on_disconnect(move |_, end| seen.lock().unwrap().push(end));
    let mut world = World::new(builder);
    let peer = ask(&mut world, "/");
    ["one", "three"].iter().for_each(|text| peer.send(text));
    world.run();
    peer.set_room(Some(0));
    let client = only(&world);
    assert_eq!([(); 3].map(|()| client.send("x").is_ok()), [true, false, false]);
    world.pass(Duration::from_secs(7));
    client.close(CloseCode(4000), "bye").unwrap();
    peer.send("too late to count");
    world.run();
    let ends = ends.lock().unwrap();
    let end = &ends[0];
    assert_eq!((ends.len(), end.code, end.by), (1, CloseCode(4000), ClosedBy::Application));
    assert_eq!((end.reason.as_deref(), end.duration), (Some("bye"), Duration::from_secs(7)));
    assert_eq!((end.received, end.received_bytes), (2, 8));
    assert_eq!((end.sent, end.sent_bytes), (0, 0), "nothing was taken");
    assert_eq!((end.dropped, end.dropped_bytes), (2, 6));
}

/// Does everything possible to its own client, in every hook.
#[derive(Clone, Default)]
struct Meddling(Arc<Mutex<Vec<&'static str>>>);

impl Meddling {
    async fn meddle(&self, client: &Client, hook: &'static str) {
        self.0.lock().unwrap().push(hook);
        let (id, hub) = (client.id(), client.hub());
        let _ = client.send("sent");
        let _ = client.send_wait("sent").await;
        let _ = client.join(hook).await;
        let _ = hub.join(id, "other");
        let _ = hub.send_to_room(hook, "said");
        let _ = client.leave(hook).await;
        let _ = hub.leave(id, "other");
        let _ = client.set_user(Some(hook));
        client.insert(1_u8);
        if hook == "disconnected" || hook == "message" {
            let _ = client.close(CloseCode::NORMAL, "");
        }
    }
}

impl Handler for Meddling {
    async fn connected(&self, client: &Client) {
        self.meddle(client, "connected").await;
    }

    async fn before_message(&self, client: &Client, _: &Message) -> crate::Ruling {
        self.meddle(client, "before_message").await;
        crate::Ruling::Pass
    }

    async fn message(&self, client: &Client, _: Message) {
        self.meddle(client, "message").await;
    }

    async fn after_message(&self, client: &Client, _: &crate::Handled) {
        self.meddle(client, "after_message").await;
    }

    async fn joined(&self, client: &Client, room: &str, _: throng_core::hub::Joined) {
        // Each join causes another hook, so stop.
        if room != "joined" && room != "other" {
            self.meddle(client, "joined").await;
        }
    }

    async fn left(&self, client: &Client, room: &str, _: crate::Left) {
        if room == "before_message" {
            self.meddle(client, "left").await;
        }
    }

    async fn disconnected(&self, client: &Client, _: Disconnected) {
        self.meddle(client, "disconnected").await;
    }
}

#[test]
fn a_hook_may_do_anything_to_its_own_client() {
    let meddling = Meddling::default();
    let mut world = World::new(Hub::builder().handler(meddling.clone()));
    let peer = ask(&mut world, "/");
    peer.let_answer();
    peer.send("go");
    world.run();
    peer.end();
    world.run();
    let mut hooks = meddling.0.lock().unwrap().clone();
    assert_eq!(hooks.last(), Some(&"disconnected"));
    hooks.sort_unstable();
    hooks.dedup();
    assert_eq!(
        hooks,
        ["after_message", "before_message", "connected", "disconnected", "joined", "left", "message"]
    );
    assert_eq!((world.hub.connection_count(), world.hub.room_count()), (0, 0));
}
