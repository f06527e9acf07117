//! Events as a stream.

mod end;
mod lag;
mod order;

use super::host::World;
use super::peer::Peer;
use crate::{Builder, Events, EventsOptions, Hub, HubEvent, Lag};
use std::num::NonZeroU32;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// The user is the one in the query.
fn builder() -> Builder {
    Hub::builder().before_connect(|connecting| {
        if let Some(user) = connecting.request().query("user") {
            connecting.set_user(user);
        }
        Ok(())
    })
}

fn options(events: u32, lag: Lag) -> EventsOptions {
    EventsOptions { events, lag, ..EventsOptions::default() }
}

fn world(options: EventsOptions) -> (World, Events) {
    world_of(builder(), options)
}

fn world_of(builder: Builder, options: EventsOptions) -> (World, Events) {
    let world = World::new(builder.events(options));
    let events = world.hub.events().unwrap();
    (world, events)
}

fn enter(world: &mut World, user: &str) -> Peer {
    let peer = world.accept();
    peer.ask_for(&format!("/?user={user}"), &[]);
    world.run();
    let (head, _) = peer.answer();
    assert!(head.starts_with("HTTP/1.1 101"), "{head}");
    peer
}

/// The next event, as text, if there is one.
fn next(events: &mut Events) -> Option<String> {
    let cx = &mut Context::from_waker(Waker::noop());
    match pin!(events.next()).poll(cx) {
        Poll::Ready(Some(event)) => Some(show(&event)),
        Poll::Ready(None) => Some("over".into()),
        Poll::Pending => None,
    }
}

/// At most this many events.
fn some(events: &mut Events, most: u32) -> Vec<String> {
    (0..most).map_while(|_| next(events)).collect()
}

fn all(events: &mut Events) -> Vec<String> {
    some(events, NonZeroU32::MAX.get())
}

fn show(event: &HubEvent) -> String {
    match event {
        HubEvent::Connected { client, user } => {
            format!("+{} {}", client.id(), user.as_deref().unwrap_or("?"))
        }
        HubEvent::Message { client, message } => {
            format!("{}: {}", client.id(), String::from_utf8_lossy(message.as_bytes()))
        }
        HubEvent::Disconnected { client, disconnected } => {
            format!("-{} {} {:?}", client.id(), disconnected.code, disconnected.by)
        }
        HubEvent::Away { client, away } => format!("~{} {} {:?}", client.id(), away.code, away.by),
        HubEvent::Resumed { client, resumed } => format!("={} {:?}", client.id(), resumed.away),
        HubEvent::Expiring { client, expiring } => format!("!{} {:?}", client.id(), expiring.left),
        HubEvent::PresenceChanged { room, change, .. } => format!("{room} {}", change.version),
        HubEvent::Lagged { messages, bytes } => format!("lagged {messages} {bytes}"),
    }
}
