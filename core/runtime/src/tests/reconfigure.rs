//! Reconfiguring a running hub: the parts of the config that the runtime copies.

use super::host::{World, lock};
use crate::state::sync::Mutex;
use crate::{Client, Hub, Record, SendError};
use std::sync::Arc;
use std::time::Duration;
use throng_core::Rate;
use throng_core::hub::{Config, ConfigError, Drain, Event, Host, Must};
use throng_core::trace::read;
use throng_core::websocket::Message;

const fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

fn change(world: &mut World, change: impl FnOnce(&mut Config)) {
    let mut config = world.hub.config();
    change(&mut config);
    world.hub.reconfigure(&config).expect("the new config is valid");
    world.run();
}

/// Records messages; `wait` never returns.
fn listening() -> (World, Arc<Mutex<Vec<String>>>) {
    let heard: Arc<Mutex<Vec<String>>> = Arc::default();
    let noted = Arc::clone(&heard);
    let builder = Hub::builder().on_message_async(move |_, message: Message| {
        let text = String::from_utf8_lossy(message.as_bytes()).into_owned();
        let waits = text == "wait";
        lock(&noted).push(text);
        async move {
            if waits {
                std::future::pending::<()>().await;
            }
        }
    });
    (World::new(builder), heard)
}

#[test]
fn what_the_builder_says_of_hooks_is_in_the_config() {
    let defaults = Hub::builder().build().expect("the defaults").config().hooks;
    assert_eq!(defaults, Config::default().hooks);
    let mut config = Config::default();
    (config.hooks.limit, config.hooks.message) = (Some(secs(1)), Some(secs(2)));
    let in_config = Hub::builder().config(config.clone()).build().expect("limits of hooks").config().hooks;
    assert_eq!(in_config, config.hooks);
    let said = Hub::builder().hook_limit(secs(3)).authentication_limit(secs(4)).config(config.clone());
    let hooks = said.build().expect("limits of hooks").config().hooks;
    assert_eq!((hooks.limit, hooks.message, hooks.authentication), (Some(secs(3)), Some(secs(3)), secs(4)));
    let said = Hub::builder().message_limit(None).hook_limit(secs(3)).config(config);
    let hooks = said.build().expect("limits of hooks").config().hooks;
    assert_eq!((hooks.limit, hooks.message), (Some(secs(3)), None));
}

#[test]
fn a_config_that_cannot_stand_changes_nothing() {
    let (mut world, heard) = listening();
    let peer = world.connect();
    let mut config = world.hub.config();
    config.outbox.message_bytes = 3;
    config.rooms.members = Some(0);
    let refused = ConfigError { field: "rooms.members", value: 0, must: Must::BePositiveOrNone };
    assert_eq!(world.hub.reconfigure(&config), Err(refused));
    peer.send("longer than three");
    world.run();
    assert_eq!(*lock(&heard), ["longer than three"]);
}

#[test]
fn the_host_is_not_looked_at_as_the_hub_has_set_it_itself() {
    let (world, _) = listening();
    let before = world.hub.config();
    let other =
        Host { lanes: 9, capacity: 8, hash_key: [7; 2], seed: 6, epoch_seed: 4, slice: 5, occupancy: true };
    let config = Config { host: other, ..before.clone() };
    assert_eq!(world.hub.reconfigure(&config), Ok(()));
    assert_eq!(world.hub.config(), before);
    assert_eq!(before.host.hash_key, [0; 2], "nobody is told the key");
}

#[test]
fn messages_are_as_long_as_the_new_config_says() {
    let (mut world, heard) = listening();
    let (half, whole) = (world.connect(), world.connect());
    half.push(&[0x81, 0x80 | 4, 0, 0, 0, 0, b'o', b'l']);
    world.run();
    change(&mut world, |config| config.outbox.message_bytes = 3);
    half.push(b"d!");
    whole.send("new");
    world.run();
    assert_eq!(
        *lock(&heard),
        ["old!", "new"],
        "a message that has begun keeps the limit under which it began"
    );
    half.send("long");
    world.run();
    assert_eq!(half.texts(), ["closed Some(1009)"]);
    assert!(world.hub.broadcast("long").is_err());
    change(&mut world, |config| config.outbox.message_bytes = 4);
    whole.send("long");
    world.run();
    assert_eq!(lock(&heard).last().map(String::as_str), Some("long"));
}

#[test]
fn fragments_and_heads_have_the_new_limits() {
    let (mut world, _) = listening();
    let peer = world.connect();
    change(&mut world, |config| (config.websocket.fragments, config.websocket.headers) = (1, 5));
    peer.push(&[0x01, 0x80, 0, 0, 0, 0, 0x80, 0x80, 0, 0, 0, 0]);
    world.run();
    assert_eq!(peer.texts(), ["closed Some(1008)"]);
    let peer = world.accept();
    peer.push(format!("GET / HTTP/1.1\r\n{}\r\n", "X: y\r\n".repeat(6)).as_bytes());
    world.run();
    assert!(peer.answer().0.starts_with("HTTP/1.1 431"), "six headers are too many");
}

#[test]
fn a_hook_has_the_limit_of_when_it_began() {
    let (mut world, _) = listening();
    let (before, after) = (world.connect(), world.connect());
    before.send("wait");
    world.run();
    change(&mut world, |config| config.hooks.message = Some(secs(1)));
    after.send("wait");
    world.run();
    world.pass(secs(1));
    assert_eq!(world.reports().len(), 1);
    world.pass(secs(4));
    assert_eq!(world.reports().len(), 2);
    change(&mut world, |config| config.hooks.message = None);
    before.send("wait");
    world.run();
    world.pass(secs(50));
    assert_eq!(world.reports().len(), 2);
}

#[test]
fn a_send_that_waits_is_served_when_a_higher_bound_makes_room() {
    let mut config = Config::default();
    config.outbox.messages = 1;
    let mut world = World::new(Hub::builder().config(config));
    let peer = world.connect();
    peer.set_room(Some(0));
    let client: Client = world.hub.client(world.hub.clients()[0]).expect("it is open");
    client.send("first").expect("there is room");
    world.run();
    let results: Arc<Mutex<Vec<Result<(), SendError>>>> = Arc::default();
    let told = Arc::clone(&results);
    world.spawn(async move {
        let result = client.send_wait("second").await;
        lock(&told).push(result);
    });
    world.run();
    assert!(lock(&results).is_empty(), "it waits");
    change(&mut world, |config| config.outbox.messages = 4);
    assert_eq!(*lock(&results), [Ok(())]);
    peer.set_room(None);
    world.run();
    assert_eq!(peer.texts(), ["first", "second"]);
}

#[test]
fn a_deadline_that_is_nearer_wakes_the_timer() {
    let (mut world, _) = listening();
    let peer = world.connect();
    change(&mut world, |config| config.deadlines.idle = Some(secs(2)));
    world.pass(secs(2));
    assert_eq!(peer.texts(), ["closed Some(1000)"]);
}

#[test]
fn a_run_with_another_config_in_it_replays() {
    for record in [Record::Events, Record::Last { bytes: 1 << 20 }] {
        let mut world =
            World::new(Hub::builder().record(record).on_message(|client: &Client, message: Message| {
                let _ = client.hub().broadcast(message);
            }));
        let peer = world.connect();
        change(&mut world, |config| {
            config.inbound.messages = Some(Rate::per_second(1).burst(2));
            config.outbox.messages = 1;
        });
        for text in ["a", "b", "c"] {
            peer.send(text);
        }
        world.run();
        let mut refused = world.hub.config();
        refused.rooms.total = Some(0);
        assert!(world.hub.reconfigure(&refused).is_err());
        drop(world.hub.drain(Drain::default(), secs(60)));
        world.run();
        let recording = world.hub.take_recording().expect("it is recorded");
        let events = read(&recording.log).expect("a log").events().map(|event| event.expect("a record").1);
        let changes = events.filter(|event| matches!(event.as_event(), Event::Reconfigure { .. }));
        assert_eq!(changes.count(), 2);
        let replayed = throng_core::trace::replay(&recording.log, [5, 6]).expect("it replays");
        assert_eq!(replayed.hash, recording.hash);
    }
}
