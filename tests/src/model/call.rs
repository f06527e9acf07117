//! One event, by the door or by the typed method that leads to it.

use throng_core::Instant;
use throng_core::hub::{Error, Event, Hub, Outcome, Policy, Reserved, Sink, Unreached};
use throng_core::outbox::Batch;
use throng_core::{CloseFrame, ClosedBy};

/// Which way an event takes into the hub: both must be the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Handle,
    Method,
}

/// What an event may fill.
pub(super) struct Sinks<'a> {
    pub(super) batch: &'a mut Batch,
    pub(super) unreached: &'a mut Vec<Unreached>,
}

pub(super) fn call(
    hub: &mut Hub,
    way: Way,
    now: Instant,
    event: Event<'_>,
    Sinks { batch, unreached }: Sinks<'_>,
) -> Result<Outcome, Error> {
    match way {
        Way::Handle => {
            let sink = match event {
                Event::Publish { .. } => Sink::Unreached(unreached),
                _ => Sink::Batch(batch),
            };
            hub.handle_into(now, event, sink)
        }
        Way::Method => by_method(hub, now, event, Sinks { batch, unreached }),
    }
}

fn by_method(
    hub: &mut Hub,
    now: Instant,
    event: Event<'_>,
    Sinks { batch, unreached }: Sinks<'_>,
) -> Result<Outcome, Error> {
    let done = |()| Outcome::Done;
    match event {
        Event::Accept { address, lane } => hub.accept(now, address, lane).map(Outcome::Accepted),
        Event::Reserve { connection, user, session: None, rooms: [] } => {
            hub.reserve(now, connection, user).map(|client| Outcome::Reserved(Reserved::new(client, None)))
        }
        Event::Reserve { connection, user, session, rooms } => {
            hub.reserve_session(now, connection, user, session, rooms).map(Outcome::Reserved)
        }
        Event::Open { connection } => hub.open(now, connection).map(done),
        Event::SetUser { client, user } => hub.set_user(now, client, user).map(done),
        Event::SetExpiry { client, at, code, reason } if code.is_some() || reason.is_empty() => {
            let close = code.map(|code| CloseFrame::new(code, reason));
            hub.set_expiry(now, client, at, close.as_ref()).map(done)
        }
        Event::Ask { client, lasts, on_resume } => hub.ask(now, client, lasts, on_resume).map(Outcome::Asked),
        Event::Replied { client, ask } => hub.replied(now, client, ask).map(done),
        Event::CancelAsk { client, ask } => hub.cancel_ask(now, client, ask).map(Outcome::Cancelled),
        Event::Join { client, room, recover: None } => hub.join(now, client, room).map(Outcome::Joined),
        Event::Join { client, room, recover: Some(recover) } => {
            hub.join_from(now, client, room, recover).map(Outcome::Joined)
        }
        Event::JoinWithInfo { client, room, recover, info } => {
            hub.join_with_info(now, client, room, recover, info).map(Outcome::Joined)
        }
        Event::WatchPresence { client, room } => hub.watch_presence(now, client, room).map(done),
        Event::UnwatchPresence { client, room } => hub.unwatch_presence(now, client, room).map(done),
        Event::Leave { client, room } => hub.leave(now, client, room).map(done),
        Event::LeaveAll { client } => hub.leave_all(now, client).map(Outcome::Left),
        Event::Publish { .. } => publish(hub, now, event, unreached),
        Event::RemoveHistory { room } => hub.remove_history(now, room).map(done),
        Event::Place { client, user, among, code, reason } => {
            hub.place(now, client, user, among, code, reason).map(done)
        }
        Event::ConfigureRoom { room, config } => hub.configure_room(now, room, config).map(done),
        Event::CloseRoom { room, members } => hub.close_room(now, room, members).map(Outcome::RoomClosed),
        Event::Received { connection, kind, bytes } => {
            hub.received(now, connection, kind, bytes).map(Outcome::Verdict)
        }
        Event::Close { client, code, reason, flush, by: ClosedBy::Application } => {
            hub.close(now, client, code, reason, flush).map(done)
        }
        Event::Identify { client, user, session } => {
            hub.identify(now, client, user, session).map(Outcome::Identified)
        }
        Event::CloseConnection { connection, code, reason, flush } => {
            hub.close_connection(now, connection, code, reason, flush).map(done)
        }
        Event::Gone { connection } => hub.gone(now, connection).map(done),
        Event::Transmit { connection, budget } => {
            hub.transmit(now, connection, budget, batch).map(Outcome::Leased)
        }
        Event::TransmitReady { lane, connections, budget } => {
            hub.transmit_ready(now, lane, connections, budget, batch).map(Outcome::Leased)
        }
        Event::Transmitted { results } => hub.transmitted(now, results).map(done),
        Event::Timeout => hub.timeout(now).map(done),
        Event::Drain(plan) => hub.drain(now, plan).map(done),
        Event::Shutdown => hub.shutdown(now).map(done),
        Event::Reconfigure { config } => {
            hub.reconfigure(now, config).map(done).map_err(|_| Error::ConfigRefused)
        }
        without_method => hub.handle(now, without_method),
    }
}

/// A publish by the method for its kind; by the door if there is none.
fn publish(
    hub: &mut Hub,
    now: Instant,
    event: Event<'_>,
    unreached: &mut Vec<Unreached>,
) -> Result<Outcome, Error> {
    match event {
        Event::Publish { publisher: None, targets, except, frame, policy, dedup: None } => match policy {
            Some(Policy::Wait) => hub.publish_listing(now, targets, except, frame, policy, unreached),
            _ => hub.publish(now, targets, except, frame, policy),
        }
        .map(Outcome::Published),
        // This method has no list.
        Event::Publish { publisher: Some(client), targets, except, frame, policy, dedup: None }
            if policy != Some(Policy::Wait) =>
        {
            hub.publish_as(now, client, targets, except, frame, policy).map(Outcome::Published)
        }
        Event::Publish { publisher: None, targets, except, frame, policy, dedup }
            if policy != Some(Policy::Wait) =>
        {
            hub.publish_once(now, targets, except, frame, policy, dedup).map(Outcome::Published)
        }
        _ => hub.handle_into(now, event, Sink::Unreached(unreached)),
    }
}
