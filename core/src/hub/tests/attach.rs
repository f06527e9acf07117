//! A client that is separated from its connection: what stays, what waits, and what another connection is written.

use super::bench::*;
use crate::close::{CloseCode, ClosedBy};
use crate::hub::attach::Queued;
use crate::hub::{Action, Config, DropReason, Error, Event, Flush, OverRate, Policy, State, Verdict};
use crate::id::{ClientId, ConnectionId};
use crate::outbox::{Progress, Transport};
use crate::rate::Rate;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

impl Bench {
    /// Separates a client from its connection, which is still there.
    pub(super) fn detach(&mut self, client: ClientId) -> ConnectionId {
        let row = self.hub.row_of(client.index).expect("it is attached");
        let connection = self.on(client);
        self.hub.detach(row, client.index, Queued::Keep);
        self.check();
        connection
    }

    /// Ends the connection of a client, which waits for another one.
    fn lose(&mut self, client: ClientId) {
        let connection = self.detach(client);
        self.gone(connection);
        self.check();
    }

    /// Attaches a client to a new connection on a lane.
    pub(super) fn attach_on(&mut self, client: ClientId, lane: u8) -> ConnectionId {
        let connection = self.hub.accept(self.now, None, lane).expect("accepted");
        self.hub.attach(client, connection).expect("it waits for a connection");
        self.check();
        connection
    }

    fn check(&self) {
        assert_eq!(self.hub.check(), Ok(()));
    }
}

#[test]
fn a_client_without_a_connection_stays_a_member_and_its_messages_wait() {
    let mut bench = Bench::new();
    let client = bench.connect_as("ann");
    bench.join(client, "lobby");
    bench.quiet();
    bench.lose(client);
    assert_eq!(bench.actions(), [], "nobody is told");
    assert!(bench.hub.is_open(client) && bench.hub.in_room(client, "lobby"));
    assert_eq!(bench.hub.user_of(client).as_deref(), Some("ann"));
    assert_eq!((bench.hub.connection_of(client), bench.hub.connection_count()), (None, 0));
    assert_eq!(bench.publish(&[crate::hub::Target::Room("lobby")], "one"), Ok(published(1, 0, 0, 0)));
    assert_eq!(bench.tell(client, "two"), published(1, 0, 0, 0));
    assert_eq!(bench.waiting(client), (2, 6));
    bench.check();
}

#[test]
fn a_client_without_a_connection_is_leased_nothing() {
    let mut bench = Bench::new();
    let client = bench.connect();
    bench.tell(client, "before");
    bench.lose(client);
    bench.tell(client, "after");
    assert!(!bench.hub.has_ready(0) && !bench.hub.is_pressed());
    assert_eq!(bench.hub.poll_ready(), None);
    assert_eq!(bench.lease_ready(9), []);
}

#[test]
fn a_client_without_a_connection_has_no_deadline() {
    let mut bench = Bench::of(Config::default());
    let client = bench.connect();
    bench.quiet();
    bench.stall(client);
    bench.tell(client, "hello");
    bench.write_all();
    bench.lose(client);
    assert_eq!(bench.hub.poll_timeout(), None, "neither a ping nor a write deadline");
    assert_eq!((bench.hub.wheel.len(), bench.hub.stats().blocked), (0, 0));
    bench.oversleep(secs(3600));
    bench.timeout();
    assert_eq!(bench.actions(), []);
    assert!(bench.hub.is_open(client));
}

#[test]
fn what_waited_is_written_to_the_next_connection_first_and_in_order() {
    let mut bench = Bench::with(|config| config.host.lanes = 2);
    let client = bench.connect();
    bench.tell(client, "1");
    bench.lose(client);
    bench.tell(client, "2");
    bench.tell_all("3");
    let connection = bench.attach_on(client, 1);
    bench.tell(client, "4");
    assert_eq!((bench.hub.has_ready(0), bench.hub.has_ready(1)), (false, true));
    assert_eq!(bench.hub.poll_ready(), Some(connection));
    assert_eq!(bench.write_to(client), ["1", "2", "3", "4"]);
    bench.tell(client, "5");
    assert_eq!(bench.write_to(client), ["5"]);
    assert_eq!(bench.hub.stats().dropped(), 0);
    bench.gone(connection);
    bench.assert_empty();
}

#[test]
fn what_was_leased_goes_to_the_front_again_and_the_result_of_that_lease_is_stale() {
    let mut bench = Bench::new();
    let client = bench.connect();
    for text in ["1", "2", "3"] {
        bench.tell(client, text);
    }
    bench.lease(client, PLENTY).expect("three messages");
    let written = bench.batch.leases()[0].written(Progress::All, Transport::Ready);
    bench.tell(client, "4");
    bench.lose(client);
    assert_eq!(bench.waiting(client), (4, 4));
    bench.hub.transmitted(bench.now, &[written]).expect("passed over");
    assert_eq!(bench.waiting(client), (4, 4));
    bench.attach_on(client, 0);
    let held = bench.lease(client, PLENTY).expect("all of it");
    assert_eq!(held.items, ["1", "2", "3", "4"]);
    bench.hub.transmitted(bench.now, &[written]).expect("passed over");
    assert_eq!(bench.waiting(client), (4, 4), "it is not the lease of this connection");
    bench.wrote(client);
    assert_eq!((bench.waiting(client), bench.hub.stats().written), ((0, 0), 4));
}

#[test]
fn a_lease_that_others_share_comes_back_alone() {
    let mut bench = Bench::new();
    let [lost, stays] = [bench.connect(), bench.connect()];
    bench.tell_all("1");
    bench.tell_all("2");
    let held = bench.lease_ready(2);
    assert_eq!((held[0].run, held[1].run), (0, 0));
    bench.lose(lost);
    bench.wrote(stays);
    bench.check();
    assert_eq!((bench.waiting(lost), bench.waiting(stays)), ((2, 2), (0, 0)));
    bench.attach_on(lost, 0);
    assert_eq!(bench.write_to(lost), ["1", "2"]);
    assert_eq!(bench.hub.stats().frames, 0);
}

#[test]
fn a_half_written_frame_begins_again_on_the_next_connection() {
    let mut bench = Bench::new();
    let client = bench.connect();
    bench.tell(client, "hello");
    bench.tell(client, "world");
    bench.lease(client, PLENTY).expect("two messages");
    bench.wrote_part(client, 0, 3);
    bench.lose(client);
    bench.attach_on(client, 0);
    let held = bench.lease(client, PLENTY).expect("both again");
    assert_eq!((held.skip, held.items), (0, ["hello", "world"].map(String::from).into()));
    bench.wrote(client);
    bench.check();
}

#[test]
fn a_half_written_frame_on_lease_begins_again_too() {
    let mut bench = Bench::new();
    let client = bench.connect();
    bench.tell(client, "hello");
    bench.lease(client, PLENTY).expect("a message");
    bench.wrote_part(client, 0, 3);
    bench.writable(client);
    assert_eq!(bench.lease(client, PLENTY).expect("the rest").skip, 3);
    bench.lose(client);
    bench.attach_on(client, 0);
    assert_eq!(bench.lease(client, PLENTY).map(|held| (held.skip, held.items.len())), Some((0, 1)));
}

#[test]
fn pings_and_pongs_of_one_connection_are_not_written_to_another() {
    let mut bench = Bench::of(Config::default());
    let client = bench.connect();
    bench.ping(client, "who");
    bench.wait(secs(54));
    bench.lose(client);
    bench.tell(client, "hello");
    bench.attach_on(client, 0);
    assert_eq!(bench.write_to(client), ["hello"]);
    bench.wait(secs(54));
    assert_eq!(bench.write_to(client), ["ping"], "the next connection has its own keepalive");
}

#[test]
fn a_connection_that_lost_its_client_gets_no_other() {
    let mut bench = Bench::new();
    let client = bench.connect();
    let old = bench.detach(client);
    assert_eq!(bench.hub.client_of(old), None);
    assert_eq!(bench.refused(|hub, now| hub.reserve(now, old, None)), Error::NotOpen);
    assert_eq!(bench.refused(|hub, _| hub.attach(client, old)), Error::NotOpen);
    for event in [
        Event::Received { connection: old, kind: crate::MessageKind::Text, bytes: 1 },
        Event::PeerClosed { connection: old, code: None, reason: "" },
        Event::HalfClosed { connection: old },
    ] {
        assert_eq!(bench.refused(|hub, now| hub.handle(now, event)), Error::NotOpen, "{event:?}");
    }
    let new = bench.attach_on(client, 0);
    bench.tell(client, "hello");
    bench.gone(old);
    assert!(bench.hub.is_open(client), "the end of the old connection is not the client's");
    assert_eq!((bench.hub.client_of(new), bench.hub.connection_of(client)), (Some(client), Some(new)));
    assert_eq!(bench.write_to(client), ["hello"]);
}

#[test]
fn only_a_client_without_and_a_connection_without_are_attached() {
    let mut bench = Bench::new();
    let [away, attached, closing] = [(); 3].map(|()| bench.connect());
    bench.lose(away);
    bench.close(closing, Flush::First);
    let free = bench.accept();
    let late = bench.accept();
    bench.wait(secs(10));
    let (taken, gone) = (bench.on(attached), bench.on(away));
    let reserved = bench.reserve(None);
    let of_reserved = bench.on(reserved);
    for (client, connection, error) in [
        (attached, free, Error::NotOpen),
        (closing, free, Error::NotOpen),
        (reserved, free, Error::NotOpen),
        (away, taken, Error::NotOpen),
        (away, late, Error::NotOpen),
        (away, of_reserved, Error::NotOpen),
        (away, gone, Error::Gone),
        (ClientId::from_u64(77), free, Error::Gone),
    ] {
        assert_eq!(bench.refused(|hub, _| hub.attach(client, connection)), error, "{client}, {connection}");
    }
}

#[test]
fn a_client_that_is_closed_without_a_connection_is_over_at_once() {
    for flush in [Flush::First, Flush::Never] {
        let mut bench = Bench::new();
        let client = bench.connect_in("lobby");
        bench.tell(client, "never written");
        bench.lose(client);
        bench.quiet();
        bench.close(client, flush);
        let lost = lost(client, 1, 13, DropReason::Closed);
        assert_eq!(bench.actions(), [lost, left(client, "lobby"), said_bye(client)]);
        assert_eq!(bench.refused(|hub, now| hub.join(now, client, "lobby")), Error::Gone);
        bench.check();
        bench.assert_empty();
    }
}

#[test]
fn a_full_outbox_ends_a_client_that_waits_for_a_connection() {
    let mut bench = Bench::with(|config| {
        config.outbox.messages = 1;
        config.outbox.policy = Policy::Disconnect;
    });
    let client = bench.connect();
    bench.tell(client, "1");
    bench.lose(client);
    bench.quiet();
    bench.tell(client, "2");
    let actions = bench.actions();
    let [Action::Dropped { dropped, .. }, end] = &actions[..] else { panic!("{actions:?}") };
    assert_eq!(dropped.frames, 2);
    assert_eq!(*end, disconnected(client, CloseCode::TRY_AGAIN_LATER, ClosedBy::Hub, "too slow"));
    bench.check();
    bench.assert_empty();
}

#[test]
fn a_client_whose_transport_failed_can_have_another() {
    let mut bench = Bench::new();
    let client = bench.connect();
    bench.tell(client, "1");
    bench.lease(client, PLENTY).expect("leased");
    bench.give_back(client, Progress::All, Transport::Failed);
    bench.lose(client);
    bench.tell(client, "2");
    bench.attach_on(client, 0);
    assert_eq!(bench.write_to(client), ["2"]);
    bench.wait(secs(60));
    assert!(bench.hub.is_open(client), "the deadline of the failed transport does not count");
}

#[test]
fn a_new_connection_does_not_fill_the_buckets_of_a_client_and_ends_its_pause() {
    let mut bench = Bench::with(|config| {
        config.inbound.messages = Some(Rate::per_second(1));
        config.inbound.over_rate = OverRate::Pause;
    });
    let client = bench.connect();
    assert_eq!(bench.send(client, 1), Verdict::Accept);
    assert!(matches!(bench.send(client, 1), Verdict::Pause { .. }));
    bench.quiet();
    bench.lose(client);
    bench.attach_on(client, 0);
    assert!(matches!(bench.send(client, 1), Verdict::Pause { .. }), "or reconnecting would reset the limit");
    bench.wait(secs(3));
    assert_eq!(bench.actions(), [bench.reads_again(client)]);
    assert_eq!(bench.send(client, 1), Verdict::Accept);
}

#[test]
fn a_pause_ends_with_the_connection_that_was_paused() {
    let mut bench = Bench::with(|config| {
        config.inbound.messages = Some(Rate::per(1, secs(10)));
        config.inbound.over_rate = OverRate::Pause;
        config.deadlines.idle_inbound = Some(secs(5));
    });
    let client = bench.connect();
    bench.send(client, 1);
    assert!(matches!(bench.send(client, 1), Verdict::Pause { .. }));
    bench.lose(client);
    bench.attach_on(client, 0);
    bench.quiet();
    bench.wait(secs(5));
    let actions = bench.actions();
    assert!(
        matches!(actions[..], [Action::Disconnected { .. }]),
        "the host reads from the new connection, so that its silence counts: {actions:?}"
    );
}

#[test]
fn a_full_outbox_without_a_connection_does_not_press_its_lane() {
    let mut bench = Bench::with(|config| config.outbox.messages = 4);
    let client = bench.connect();
    bench.lose(client);
    for _ in 0..4 {
        assert_eq!(bench.tell(client, "x").queued, 1);
    }
    assert_eq!(bench.tell(client, "x").dropped, 1);
    assert!(!bench.hub.is_pressed(), "no writer is late");
}

#[test]
fn whoever_waits_for_a_low_outbox_still_hears_of_it() {
    let mut bench = Bench::with(|config| config.outbox.messages = 2);
    let client = bench.connect();
    bench.quiet();
    for text in ["1", "2"] {
        bench.tell(client, text);
    }
    assert_eq!(bench.tell_by(Policy::Wait, client, "3"), published(0, 0, 1, 0));
    bench.lose(client);
    bench.attach_on(client, 0);
    assert_eq!(bench.write_to(client), ["1", "2"]);
    assert_eq!(bench.actions(), [Action::OutboxLow { client }]);
}

#[test]
fn a_shutdown_ends_those_who_have_no_connection() {
    let mut bench = Bench::new();
    let [away, here] = [bench.connect(), bench.connect()];
    bench.lose(away);
    bench.quiet();
    bench.hub.shutdown(bench.now).expect("never refused");
    bench.timeout();
    let end = |client| disconnected(client, CloseCode::GOING_AWAY, ClosedBy::Hub, "shutting down");
    assert_eq!(bench.actions(), [end(away), end(here)]);
    bench.gone(here);
    assert_eq!((bench.actions(), bench.hub.state()), ([Action::Stopped].into(), State::Stopped));
    bench.check();
}

#[test]
fn a_paced_client_is_written_no_faster_on_another_connection() {
    let mut bench = Bench::with(|config| config.outbox.rate = Some(Rate::per_second(1)));
    let client = bench.connect();
    for text in ["1", "2", "3"] {
        bench.tell(client, text);
    }
    assert_eq!(bench.write_to(client), ["1"]);
    assert_eq!(bench.lease(client, PLENTY), None, "it is paced now");
    bench.lose(client);
    bench.attach_on(client, 0);
    assert_eq!(bench.write_to(client), [""; 0]);
    bench.wait(secs(1));
    assert_eq!(bench.write_to(client), ["2"]);
}

#[cfg(feature = "trace")]
#[test]
fn a_client_without_a_connection_is_in_a_snapshot() {
    let mut bench = Bench::new();
    let [away, _] = [bench.connect_in("lobby"), bench.connect()];
    bench.lose(away);
    bench.quiet();
    let mut bytes = Vec::new();
    bench.hub.snapshot(&mut bytes, &|_, _| panic!("there is no frame"), usize::MAX).expect("all is polled");
    let mut input = crate::field::Input(&bytes);
    let restored =
        crate::hub::Hub::restore(bench.hub.config().host, &mut input, &|_| panic!("there is no frame"));
    let mut restored = restored.expect("what was written");
    assert_eq!(restored.dump().to_string(), bench.hub.dump().to_string());
    assert!(restored.dump().to_string().contains("0.0: Open, no connection"));
    let connection = restored.accept(bench.now, None, 0).expect("accepted");
    assert_eq!(restored.attach(away, connection), Ok(()));
    assert_eq!(restored.check(), Ok(()));
}

/// Random connections, losses, leases and results: what is reported as written is what was queued, in order, each once.
#[test]
fn nothing_is_lost_or_twice_but_what_was_on_lease_when_a_connection_was_lost() {
    for seed in 0..30 {
        let mut bench = Bench::with(|config| {
            config.outbox.messages = 200;
            config.host.lanes = 2;
        });
        let mut random = Random(seed);
        let [client, other] = [bench.connect_in("room"), bench.connect_in("room")];
        let (mut queued, mut written) = (Vec::new(), Vec::new());
        let mut out: Option<Held> = None;
        for number in 0..2_000_u32 {
            let is_attached = bench.hub.connection_of(client).is_some();
            match random.below(12) {
                0..3 if bench.waiting(client).0 < 190 => {
                    let text = number.to_string();
                    let target = match random.below(3) {
                        0 => crate::hub::Target::Room("room"),
                        1 => crate::hub::Target::All,
                        _ => crate::hub::Target::Client(client),
                    };
                    bench.publish(&[target], &text).expect("somebody is there");
                    queued.push(text);
                }
                3 => drop(bench.tell(other, "for the other")),
                4 if is_attached && random.below(3) == 0 => {
                    bench.lose(client);
                    out = None;
                }
                5 | 6 if !is_attached => drop(bench.attach_on(client, random.below(2) as u8)),
                7 | 8 if is_attached && out.is_none() => {
                    out = bench.lease(client, random.below(12) as u32);
                }
                9 | 10 if is_attached => {
                    let Some(held) = out.take() else { continue };
                    let items = random.below(held.items.len() as u64 + 1) as usize;
                    let bytes = if items == 0 { held.skip } else { 0 };
                    let whole = items == held.items.len();
                    let part = Progress::part(items as u32, bytes);
                    let progress = if whole { Progress::All } else { part };
                    written.extend_from_slice(&held.items[..items]);
                    let blocked = random.below(2) == 0;
                    let transport = if blocked { Transport::Blocked } else { Transport::Ready };
                    bench.give_back(client, progress, transport);
                    if blocked {
                        bench.writable(client);
                    }
                }
                _ => {
                    let held = bench.lease(other, PLENTY);
                    if held.is_some() {
                        bench.wrote(other);
                    }
                }
            }
            bench.check();
            assert_eq!(queued[..written.len()], written[..], "seed {seed}, event {number}");
            assert_eq!(bench.waiting(client).0 as usize, queued.len() - written.len(), "seed {seed}");
        }
        assert!(written.len() > 50, "{}", written.len());
    }
}
