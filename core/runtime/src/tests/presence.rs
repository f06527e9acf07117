//! The presence of rooms: the hook and the events that tell of changes, and the messages to those who watch.

use super::host::World;
use super::peer::Peer;
use crate::hosting::Report;
use crate::{
    Authenticating, Builder, Client, Denied, EventsOptions, Handler, Hub, HubEvent, JoinError, Publish,
};
use std::future::Future;
use std::io::ErrorKind;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use throng_core::CloseFrame;
use throng_core::hub::{Config, Presence, PresenceChange, PresentAs, Refusal, Target};

/// The hooks' own locks, which no checker of the hub's looks at.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

const TICK: Duration = Duration::from_millis(100);

fn config() -> Config {
    let mut config = Config::default();
    config.sessions.grace = Some(Duration::from_secs(30));
    config.presence.by_prefix.insert("lobby".into(), Presence { users: 3, info_bytes: 4, tick: TICK });
    config
}

/// A hub whose clients are of the user, and have the session, that their request names, and join the lobby with information.
fn builder() -> Builder {
    Hub::builder().config(config()).before_connect(|connecting| {
        let query = |key: &str| connecting.request().query(key);
        let (user, info, session) = (query("user"), query("info"), query("session"));
        user.into_iter().for_each(|user| connecting.set_user(user));
        session.into_iter().for_each(|session| connecting.set_session(session));
        info.into_iter().for_each(|info| connecting.join_with_info("lobby", None, info.into_bytes()));
        Ok(())
    })
}

/// Writes a change as text. `+ann=a -bob 2`: ann appeared with the bytes `a`, bob disappeared, and two users are in the room.
fn words(change: &PresenceChange) -> String {
    let name = |who: &PresentAs| match who {
        PresentAs::User(name) => name.to_string(),
        other => format!("{other:?}"),
    };
    let Some(users) = &change.users else { return format!("only {}", change.counts.users) };
    let appeared =
        users.appeared.iter().map(|one| format!("+{}={} ", name(&one.who), one.info.escape_ascii()));
    let disappeared = users.disappeared.iter().map(|who| format!("-{} ", name(who)));
    let all: String = appeared.chain(disappeared).collect();
    format!("{all}{}", change.counts.users)
}

fn telling(builder: Builder) -> Builder {
    builder.on_presence_change(|hub, room, change| {
        hub.send_to_watchers(room, words(&change)).expect("the room is there");
    })
}

fn come(world: &mut World, path: &str) -> (Peer, Client) {
    let peer = world.accept();
    peer.ask_for(path, &[]);
    world.run();
    let (head, texts) = peer.answer();
    assert!(head.starts_with("HTTP/1.1 101") && texts.is_empty(), "{head} {texts:?}");
    let newest = *world.hub.clients().last().expect("it is open");
    (peer, world.hub.client(newest).expect("it is open"))
}

fn at_once<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("it waits"),
    }
}

#[test]
fn members_that_watch_get_one_message_a_tick_and_the_others_none() {
    let mut world = World::new(telling(builder()));
    let (watching, ann) = come(&mut world, "/?user=ann&info=a");
    ann.watch_presence("lobby").expect("a member");
    let (other, bob) = come(&mut world, "/?user=bob&info=b");
    let (_gone, cleo) = come(&mut world, "/?user=cleo&info=c");
    world.pass(TICK);
    assert_eq!(watching.texts(), ["+bob=b +cleo=c 3"]);
    at_once(cleo.leave("lobby")).expect("a member");
    at_once(cleo.join_with_info("lobby", None, b"new")).expect("it may");
    at_once(bob.leave("lobby")).expect("a member");
    world.pass(TICK);
    assert_eq!(watching.texts(), ["+cleo=new -bob 2"]);
    ann.unwatch_presence("lobby").expect("a member");
    at_once(bob.join("lobby")).expect("it may");
    world.pass(2 * TICK);
    assert_eq!((watching.texts().len(), other.texts().len()), (0, 0));
    let hub = &world.hub;
    let counts = hub.presence_counts("lobby").expect("presence");
    assert_eq!((counts.clients, counts.users), (3, 3));
    let page = hub.presence("lobby", None, 2).expect("presence");
    let listed: Vec<_> = page.members.iter().map(|one| (one.client, &one.info[..])).collect();
    assert_eq!(listed, [(ann.id(), &b"a"[..]), (cleo.id(), b"new")]);
    let rest = hub.presence("lobby", page.next, 2).expect("presence");
    assert_eq!((rest.members.len(), rest.members[0].client, rest.next), (1, bob.id(), None));
    assert_eq!(hub.presence_config("lobby").map(|presence| presence.users), Some(3));
}

#[test]
fn whoever_authenticates_after_the_upgrade_is_present_with_its_information() {
    struct ByName;
    impl Handler for ByName {
        async fn authenticate(&self, session: &mut Authenticating<'_>) -> Result<(), CloseFrame> {
            session.join_with_info("lobby", None, "late");
            Ok(())
        }
    }
    let builder = Hub::builder().config(config()).handler(ByName).before_connect(|connecting| {
        connecting.authenticate();
        Ok(())
    });
    let mut world = World::new(builder);
    let (_peer, ann) = come(&mut world, "/");
    let page = world.hub.presence("lobby", None, 2).expect("presence");
    assert_eq!((page.members[0].client, &page.members[0].info[..]), (ann.id(), &b"late"[..]));
}

#[test]
fn a_client_that_is_away_stays_and_is_told_when_it_returns() {
    let mut world = World::new(telling(builder()));
    let (peer, ann) = come(&mut world, "/?user=ann&info=a&session=tab");
    ann.watch_presence("lobby").expect("a member");
    let (watching, bob) = come(&mut world, "/?user=bob&info=b");
    bob.watch_presence("lobby").expect("a member");
    world.pass(TICK);
    assert_eq!(watching.texts(), ["+bob=b 2"]);
    peer.fail(ErrorKind::ConnectionReset);
    world.pass(2 * TICK);
    assert!(ann.is_away());
    assert_eq!(watching.texts(), [] as [&str; 0], "nobody has left");
    let (_cleo, _) = come(&mut world, "/?user=cleo&info=c");
    world.pass(TICK);
    let back = world.accept();
    back.ask_for("/?user=ann&info=other&session=tab", &[]);
    world.run();
    assert_eq!(back.answer().1, ["+cleo=c 3"], "what waited for it");
    world.pass(TICK);
    assert_eq!(watching.texts(), ["+cleo=c 3"], "and it is present as it was");
    back.fail(ErrorKind::ConnectionReset);
    world.run();
    world.pass(Duration::from_secs(31));
    assert_eq!(watching.texts(), ["-ann 2"]);
}

#[test]
fn a_refused_join_says_why_and_in_its_first_room_it_closes_the_client() {
    let errors = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&errors);
    let mut world = World::new(
        builder()
            .on_error(move |_, error| lock(&noted).push(format!("{error:?}")))
            .before_join(|_, room| if room == "secret" { Err(Denied) } else { Ok(()) }),
    );
    let peer = world.accept();
    peer.ask_for("/?user=ann&info=5long", &[]);
    world.run();
    assert_eq!(peer.answer().1, ["closed Some(1013)"]);
    assert!(lock(&errors)[0].contains("InfoTooLong { limit: 4 }"), "{errors:?}");
    let (_peer, ann) = come(&mut world, "/?user=ann");
    let hub = |refusal: Refusal| JoinError::from(throng_core::hub::Error::from(refusal));
    assert_eq!(
        at_once(ann.join_with_info("lobby", None, b"5long")),
        Err(hub(Refusal::InfoTooLong { limit: 4 }))
    );
    assert_eq!(at_once(ann.join_with_info("attic", None, b"")), Err(hub(Refusal::NoPresence)));
    assert_eq!(at_once(ann.join_with_info("secret", None, b"")), Err(JoinError::from(Denied)));
    assert_eq!(ann.watch_presence("lobby"), Err(Refusal::NoSuchRoom.into()));
    assert!(world.hub.join_with_info(ann.id(), "lobby", None, b"4 ok").is_ok());
    assert_eq!(world.hub.presence("lobby", None, 9).expect("presence").members[0].info, "4 ok");
}

#[test]
fn a_publish_may_choose_among_those_who_watch() {
    let mut world = World::new(builder());
    let (first, ann) = come(&mut world, "/?user=ann&info=a");
    let (second, bob) = come(&mut world, "/?user=bob&info=b");
    let (third, _) = come(&mut world, "/?user=cleo&info=c");
    for client in [&ann, &bob] {
        client.watch_presence("lobby").expect("a member");
    }
    let to = [Target::Watchers("lobby")];
    let sent = world.hub.publish_where(&Publish::to(&to), "x", |client| client.id() != ann.id());
    assert_eq!(sent.map(|sent| sent.queued), Ok(1));
    world.run();
    assert_eq!((first.texts().len(), second.texts(), third.texts().len()), (0, vec!["x".to_owned()], 0));
}

/// A handler whose hook waits until it is let go, panics for one room, and notes what it is told.
struct Slow {
    told: Mutex<Vec<String>>,
    opened: Mutex<Option<Waker>>,
    is_open: Mutex<bool>,
}

impl Handler for Arc<Slow> {
    async fn presence_changed(&self, hub: &Hub, room: &str, change: PresenceChange) {
        assert!(room != "lobby panics", "as it is meant to");
        assert!(hub.presence_counts(room).is_some(), "no lock is held");
        lock(&self.told).push(format!("{room}: {}", words(&change)));
        std::future::poll_fn(|cx| {
            *lock(&self.opened) = Some(cx.waker().clone());
            if *lock(&self.is_open) { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }
}

impl Slow {
    fn let_go(&self) {
        *lock(&self.is_open) = true;
        if let Some(waker) = lock(&self.opened).take() {
            waker.wake();
        }
    }
}

#[test]
fn while_a_hook_waits_changes_of_one_room_become_one() {
    let (told, opened, is_open) = (Mutex::default(), Mutex::default(), Mutex::default());
    let slow = Arc::new(Slow { told, opened, is_open });
    let mut world = World::new(Hub::builder().config(config()).handler(Arc::clone(&slow)));
    let (_ann, ann) = come(&mut world, "/");
    for room in ["lobby", "lobby 2"] {
        world.hub.set_user(ann.id(), Some("ann")).expect("a client");
        world.hub.join(ann.id(), room).expect("it may");
        ann.watch_presence(room).expect("a member");
    }
    let mut others = Vec::new();
    for user in ["bob", "cleo"] {
        let (peer, client) = come(&mut world, "/");
        world.hub.set_user(client.id(), Some(user)).expect("a client");
        for room in ["lobby", "lobby 2"] {
            world.hub.join(client.id(), room).expect("it may");
        }
        world.pass(TICK);
        others.push((peer, client));
    }
    world.hub.leave(others[0].1.id(), "lobby 2").expect("a member");
    world.pass(TICK);
    assert_eq!(*lock(&slow.told), ["lobby: +bob= 2"], "the first hook has not returned");
    slow.let_go();
    world.run();
    assert_eq!(lock(&slow.told)[1..], ["lobby 2: +cleo= -bob 2", "lobby: +cleo= 3"]);
}

#[test]
fn a_hook_that_panics_or_is_late_is_reported_and_the_next_change_is_told() {
    let (told, opened, is_open) = (Mutex::default(), Mutex::default(), Mutex::default());
    let slow = Arc::new(Slow { told, opened, is_open });
    let limit = Duration::from_secs(2);
    let mut world =
        World::new(Hub::builder().config(config()).handler(Arc::clone(&slow)).hook_limit(Some(limit)));
    let (_ann, ann) = come(&mut world, "/");
    let (_bob, bob) = come(&mut world, "/");
    for room in ["lobby panics", "lobby"] {
        world.hub.join(ann.id(), room).expect("it may");
        ann.watch_presence(room).expect("a member");
        world.hub.join(bob.id(), room).expect("it may");
        world.pass(TICK);
    }
    world.pass(limit);
    world.hub.leave(bob.id(), "lobby").expect("a member");
    world.pass(TICK);
    assert_eq!(lock(&slow.told).len(), 2, "{:?}", slow.told);
    let failed: Vec<_> = world
        .reports()
        .into_iter()
        .filter(|report| matches!(report, Report::Panicked { .. } | Report::TimedOut { .. }))
        .collect();
    let hook = "presence_changed";
    assert_eq!(failed, [Report::Panicked { client: None, hook }, Report::TimedOut { client: None, hook }]);
    assert_eq!(world.hub.clients().len(), 2, "no client is closed for it");
}

#[test]
fn events_tell_of_changes_and_an_application_that_lags_gets_those_of_a_room_as_one() {
    let mut world = World::new(builder().events(EventsOptions::default()));
    let mut events = world.hub.events().expect("the first");
    let mut next = || {
        let mut told = Vec::new();
        while let Poll::Ready(Some(event)) = pin!(events.next()).poll(&mut Context::from_waker(Waker::noop()))
        {
            if let HubEvent::PresenceChanged { room, change, .. } = event {
                told.push(format!("{room}: {}", words(&change)));
            }
        }
        told
    };
    let (_ann, ann) = come(&mut world, "/?user=ann&info=a");
    ann.watch_presence("lobby").expect("a member");
    let (_bob, bob) = come(&mut world, "/?user=bob&info=b");
    world.pass(TICK);
    assert_eq!(next(), ["lobby: +bob=b 2"]);
    let (_cleo, _) = come(&mut world, "/?user=cleo&info=c");
    world.pass(TICK);
    at_once(bob.leave("lobby")).expect("a member");
    world.pass(TICK);
    assert_eq!(next(), ["lobby: +cleo=c -bob 2"]);
    at_once(bob.join("lobby")).expect("it may");
    world.pass(TICK);
    assert_eq!(next(), ["lobby: +bob= 3"]);
}

#[test]
fn a_hub_that_stops_ends_the_task_of_the_hook() {
    let mut world = World::new(telling(builder()));
    let (_ann, ann) = come(&mut world, "/?user=ann&info=a");
    ann.watch_presence("lobby").expect("a member");
    world.hub.shutdown();
    world.pass(Duration::from_secs(20));
    let shared = world.hub.shared();
    assert!(shared.look(|inner| inner.hub.client_count() == 0 && inner.stopped));
    let watching = shared.look(|inner| inner.hub.stats().watchers);
    assert_eq!(watching, 0);
}
