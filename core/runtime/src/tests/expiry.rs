//! Clients that are authorised until some time: hooks, handles and clocks.

use super::host::World;
use super::peer::Peer;
use crate::{Client, Events, EventsOptions, Expiry, Hub, HubEvent};
use std::io::ErrorKind;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, SystemTime};
use throng_core::hub::{Config, Error};
use throng_core::{CloseCode, CloseFrame};

const NOTICE: Duration = Duration::from_secs(25);

type Told = Arc<Mutex<Vec<String>>>;

fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

fn config() -> Config {
    let mut config = Config::default();
    config.sessions.grace = Some(secs(3600));
    (config.deadlines.ping, config.deadlines.pong) = (None, None);
    config
}

/// A hub whose requests name session and expiry, in seconds, in the query. The hook `expiring` renews as often as it was told to.
fn world(renewals: u32) -> (World, Told) {
    let told = Told::default();
    let [expiring, disconnected] = [(); 2].map(|()| Arc::clone(&told));
    let left = Mutex::new(renewals);
    let builder = Hub::builder()
        .config(config())
        .before_connect(|connecting| {
            let query = |key| connecting.request().query(key);
            let (session, after) = (query("session"), query("after"));
            session.into_iter().for_each(|session| connecting.set_session(session));
            if connecting.path() == "/late" {
                connecting.authenticate();
            } else if let Some(after) = after {
                connecting.set_expiry(secs(after.parse().expect("a number")));
            }
            Ok(())
        })
        .authenticate(|session| {
            Box::pin(async move {
                session.receive().await?;
                session.set_expiry(Expiry::after(secs(60)))?;
                Ok(())
            })
        })
        .on_expiring(move |client, soon| {
            expiring.lock().unwrap().push(format!("expiring in {:?}", soon.left));
            let mut left = left.lock().unwrap();
            if *left > 0 {
                *left -= 1;
                client.set_expiry(secs(60)).expect("it is open");
            }
        })
        .on_disconnect(move |_, end| {
            let reason = end.reason.as_deref().unwrap_or_default();
            disconnected.lock().unwrap().push(format!("{} {reason} {:?}", end.code, end.by));
        });
    (World::new(builder), told)
}

fn take(told: &Told) -> Vec<String> {
    std::mem::take(&mut told.lock().unwrap())
}

fn open(world: &mut World, path: &str) -> (Peer, Client) {
    let peer = world.accept();
    peer.ask_for(path, &[]);
    world.run();
    let (head, _) = peer.answer();
    assert!(head.starts_with("HTTP/1.1 101"), "{head}");
    let client = world.hub.client(*world.hub.clients().last().expect("a client")).expect("it is open");
    (peer, client)
}

/// The code and reason of the close frame that was written.
fn closed(peer: &Peer) -> (u16, String) {
    let bytes = peer.take();
    assert_eq!(bytes[0], 0x88, "{bytes:?}");
    (u16::from_be_bytes([bytes[2], bytes[3]]), String::from_utf8_lossy(&bytes[4..]).into_owned())
}

#[test]
fn a_client_is_told_of_its_expiry_renews_it_and_ends_when_it_does_not() {
    let (mut world, told) = world(1);
    let (peer, client) = open(&mut world, "/?after=60");
    assert_eq!(client.expires_in(), Some(secs(60)));
    world.pass(secs(60) - NOTICE);
    assert_eq!(take(&told), ["expiring in 25s"]);
    assert_eq!(client.expires_in(), Some(secs(60)), "it was renewed");
    world.pass(secs(60) - NOTICE);
    assert_eq!(take(&told), ["expiring in 25s"]);
    world.pass(NOTICE - Duration::from_millis(1));
    assert!(client.is_open() && take(&told).is_empty());
    world.pass(Duration::from_millis(1));
    assert_eq!(take(&told), ["1008 authorisation expired Hub"]);
    assert_eq!(closed(&peer), (1008, "authorisation expired".into()));
    assert_eq!((client.expires_in(), client.set_expiry(secs(9))), (None, Err(Error::NotOpen)));
    assert_eq!(client.clear_expiry(), Err(Error::NotOpen));
    assert_eq!(world.hub.stats().expired, 1);
}

#[test]
fn the_application_chooses_code_and_reason_and_may_take_the_expiry_back() {
    let (mut world, told) = world(0);
    let (peer, client) = open(&mut world, "/");
    assert_eq!(client.expires_in(), None);
    client.set_expiry(secs(10)).expect("it is open");
    client.clear_expiry().expect("it is open");
    world.pass(secs(20));
    assert!(client.is_open() && take(&told).is_empty());
    let close = CloseFrame::new(CloseCode(4401), "token expired");
    client.set_expiry(Expiry::after(secs(10)).leeway(secs(2)).close_with(close)).expect("it is open");
    world.pass(secs(6));
    world.pass(secs(5));
    assert!(client.is_open());
    world.pass(secs(1));
    assert_eq!(take(&told), ["expiring in 6s", "4401 token expired Hub"]);
    assert_eq!(closed(&peer), (4401, "token expired".into()));
}

#[test]
fn a_time_of_the_systems_clock_is_an_expiry_and_one_that_has_passed_ends_the_client_at_once() {
    let (mut world, told) = world(0);
    world.pass(secs(1_000_000));
    // The clock of this host began in 1970.
    let now = SystemTime::UNIX_EPOCH + secs(world.hub.shared().now().as_nanos() / 1_000_000_000);
    for (expiry, left) in [
        (Expiry::at(now + secs(100)), 100),
        (Expiry::from(now + secs(200)), 200),
        (Expiry::at(now - secs(5)).leeway(secs(10)), 5),
    ] {
        let (_peer, client) = open(&mut world, "/");
        client.set_expiry(expiry).expect("it is open");
        let is = client.expires_in().expect("it was set");
        assert!(is <= secs(left) && is + secs(2) > secs(left), "{is:?} {left}");
    }
    let (_peer, client) = open(&mut world, "/");
    client.set_expiry(Expiry::at_unix_seconds(u64::MAX)).expect("it is open");
    client.set_expiry(Expiry::at(SystemTime::UNIX_EPOCH).leeway(Duration::MAX)).expect("it is open");
    assert!(client.expires_in() > Some(secs(1 << 33)));
    client.set_expiry(Expiry::at_unix_seconds(1)).expect("it is open");
    world.pass(Duration::from_millis(1));
    assert!(!client.is_open());
    assert_eq!(take(&told), ["1008 authorisation expired Hub"]);
}

#[test]
fn an_away_client_is_told_too_and_ends_at_its_expiry() {
    let (mut world, told) = world(1);
    let (peer, client) = open(&mut world, "/?session=s&after=60");
    peer.fail(ErrorKind::ConnectionReset);
    world.run();
    assert!(client.is_away());
    world.pass(secs(60) - NOTICE);
    assert_eq!(take(&told), ["expiring in 25s"]);
    world.pass(secs(59));
    assert!(client.is_away());
    world.pass(secs(1));
    assert_eq!(take(&told), ["expiring in 25s", "1008 authorisation expired Hub"]);
    assert_eq!((world.hub.client_count(), world.hub.stats().not_returned), (0, 0));
}

#[test]
fn a_client_that_returns_gets_the_expiry_of_its_new_request_or_keeps_its_own() {
    let (mut world, told) = world(0);
    let (peer, client) = open(&mut world, "/?session=s&after=60");
    peer.fail(ErrorKind::ConnectionReset);
    world.run();
    world.pass(secs(10));
    let (peer, same) = open(&mut world, "/?session=s");
    assert_eq!((&same, client.expires_in()), (&client, Some(secs(50))));
    peer.fail(ErrorKind::ConnectionReset);
    world.run();
    let (_peer, same) = open(&mut world, "/?session=s&after=600");
    assert_eq!((&same, client.expires_in()), (&client, Some(secs(600))));
    world.pass(secs(100));
    assert!(client.is_open() && take(&told).is_empty());
}

#[test]
fn an_expiry_that_is_set_while_authenticating_holds_from_then_on() {
    let (mut world, told) = world(0);
    let peer = world.accept();
    peer.ask_for("/late", &[]);
    world.run();
    world.pass(secs(1));
    peer.send("it is me");
    world.run();
    let client = world.hub.client(world.hub.clients()[0]).expect("it is open");
    assert_eq!(client.expires_in(), Some(secs(60)));
    world.pass(secs(60));
    assert_eq!(take(&told), ["expiring in 25s", "1008 authorisation expired Hub"]);
}

#[test]
fn a_hook_that_waits_is_told_only_of_the_latest_expiry() {
    let told = Told::default();
    let expiring = Arc::clone(&told);
    let builder = Hub::builder()
        .config(Config {
            hooks: throng_core::hub::Hooks { limit: None, message: None, ..Default::default() },
            ..config()
        })
        .on_connect_async(|_| std::future::pending())
        .on_expiring(move |_, soon| expiring.lock().unwrap().push(format!("{:?}", soon.left)));
    let mut world = World::new(builder);
    let (_peer, client) = open(&mut world, "/");
    for _ in 0..100 {
        client.set_expiry(secs(2)).expect("it is open");
        world.pass(secs(1));
    }
    let waiting = world.hub.shared().with(|inner, _| {
        let state = inner.client_state(client.id()).expect("it is known");
        std::iter::from_fn(|| state.mailbox().pop()).count()
    });
    assert_eq!((waiting, world.hub.stats().expiry_notices), (1, 100));
    assert!(take(&told).is_empty());
}

#[test]
fn the_stream_of_events_tells_of_expiries() {
    fn next(events: &mut Events) -> Option<HubEvent> {
        match pin!(events.next()).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(event) => event,
            Poll::Pending => None,
        }
    }
    let mut world = World::new(Hub::builder().config(config()).events(EventsOptions::default()));
    let mut events = world.hub.events().expect("the stream is there");
    let (_peer, client) = open(&mut world, "/");
    assert!(matches!(next(&mut events), Some(HubEvent::Connected { .. })));
    client.set_expiry(secs(60)).expect("it is open");
    world.pass(secs(60) - NOTICE);
    let Some(HubEvent::Expiring { client: told, expiring, .. }) = next(&mut events) else {
        panic!("nothing was told")
    };
    assert_eq!((told, expiring.left), (client, NOTICE));
    world.pass(NOTICE);
    let Some(HubEvent::Disconnected { disconnected, .. }) = next(&mut events) else { panic!("it goes on") };
    assert_eq!(disconnected.code, CloseCode::POLICY);
}
