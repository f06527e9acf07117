//! Hands each event to the method that handles it.

use super::{Error, Event, Hub, Outcome, Sink};

// Always inlined, both matches: a typed method knows its event, so the compiler removes them.
impl Hub {
    /// Handles an event. Those that have an outcome of their own are here.
    #[inline(always)]
    pub(super) fn dispatch(&mut self, event: Event<'_>, sink: Sink<'_>) -> Result<Outcome, Error> {
        match event {
            Event::Accept { address, lane } => self.handle_accept(address, lane).map(Outcome::Accepted),
            Event::Reserve { connection, user, session, rooms } => {
                self.handle_reserve(connection, user, session, rooms).map(Outcome::Reserved)
            }
            Event::Identify { client, user, session } => {
                self.handle_identify(client, user, session).map(Outcome::Identified)
            }
            Event::Ask { client, lasts, on_resume } => {
                self.handle_ask(client, lasts, on_resume).map(Outcome::Asked)
            }
            Event::CancelAsk { client, ask } => self.handle_cancel_ask(client, ask).map(Outcome::Cancelled),
            Event::Join { client, room, recover } => self.handle_join(client, room, recover, None),
            Event::JoinWithInfo { client, room, recover, info } => {
                self.handle_join(client, room, recover, Some(info))
            }
            Event::LeaveAll { client } => self.handle_leave_all(client).map(Outcome::Left),
            Event::Publish { publisher, targets, except, frame, policy, dedup } => {
                let published = match publisher {
                    None => self.handle_publish(targets, except, frame, policy, dedup),
                    Some(client) => self.handle_publish_as(client, targets, except, frame, policy, dedup),
                };
                if let Sink::Unreached(list) = sink {
                    self.list_unreached(policy, &published, list);
                }
                published
            }
            Event::CloseRoom { room, members } => {
                self.handle_close_room(room, members).map(Outcome::RoomClosed)
            }
            Event::Received { connection, bytes, .. } => {
                self.handle_received(connection, bytes).map(Outcome::Verdict)
            }
            Event::Transmit { connection, budget } => {
                self.handle_transmit(connection, budget, sink.batch()?).map(Outcome::Leased)
            }
            Event::TransmitReady { lane, connections, budget } => {
                self.handle_transmit_ready(lane, connections, budget, sink.batch()?).map(Outcome::Leased)
            }
            _ => self.dispatch_done(&event).map(|()| Outcome::Done),
        }
    }

    /// Handles an event whose outcome is [`Outcome::Done`].
    // By reference, because the event is larger than any of its fields.
    #[inline(always)]
    fn dispatch_done(&mut self, event: &Event<'_>) -> Result<(), Error> {
        match *event {
            Event::Open { connection } => self.handle_open(connection),
            Event::SetUser { client, user } => self.handle_set_user(client, user),
            Event::SetExpiry { client, at, code, reason } => self.handle_set_expiry(client, at, code, reason),
            Event::Replied { client, ask } => self.handle_replied(client, ask),
            Event::Place { client, user, among, code, reason } => {
                self.handle_place(client, user, among, code, reason)
            }
            Event::WatchPresence { client, room } => self.handle_watch_presence(client, room),
            Event::UnwatchPresence { client, room } => self.handle_unwatch_presence(client, room),
            Event::Leave { client, room } => self.handle_leave(client, room),
            Event::ConfigureRoom { room, config } => self.handle_configure_room(room, config),
            Event::RemoveHistory { room } => self.handle_remove_history(room),
            Event::Ping { connection, payload } => self.handle_ping(connection, payload),
            Event::Pong { connection } => self.handle_pong(connection),
            Event::Heard { connection } => self.handle_heard(connection),
            Event::Working { connection } => self.handle_working(connection),
            Event::PeerClosed { connection, code, reason } => {
                self.handle_peer_closed(connection, code, reason)
            }
            Event::HalfClosed { connection } => self.handle_half_closed(connection),
            Event::Close { client, code, reason, flush, by } => {
                self.handle_close(client, code, reason, flush, by)
            }
            Event::CloseConnection { connection, code, reason, flush } => {
                self.handle_close_connection(connection, code, reason, flush)
            }
            Event::Gone { connection } => self.handle_gone(connection),
            Event::Transmitted { results } => {
                self.handle_transmitted(results);
                Ok(())
            }
            Event::Writable { connection } => self.handle_writable(connection),
            Event::Timeout => {
                self.handle_timeout();
                Ok(())
            }
            Event::Drain(plan) => {
                self.handle_drain(plan);
                Ok(())
            }
            Event::Shutdown => {
                self.handle_shutdown();
                Ok(())
            }
            Event::Reconfigure { config } => self.handle_reconfigure(config),
            Event::Accept { .. }
            | Event::Reserve { .. }
            | Event::Identify { .. }
            | Event::Ask { .. }
            | Event::CancelAsk { .. }
            | Event::Join { .. }
            | Event::JoinWithInfo { .. }
            | Event::LeaveAll { .. }
            | Event::Publish { .. }
            | Event::CloseRoom { .. }
            | Event::Received { .. }
            | Event::Transmit { .. }
            | Event::TransmitReady { .. } => unreachable!("`dispatch` handles it"),
        }
    }
}
