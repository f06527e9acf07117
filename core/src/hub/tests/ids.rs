//! Ids: a stale id is an error and never means another client.

use super::bench::*;
use crate::close::CloseCode;
use crate::frame::MessageKind;
use crate::hub::{Error, Event, Flush, Sink, Target};
use crate::id::{Address, BadId, ClientId, ConnectionId};
use crate::outbox::{Batch, Progress, Transport};
use alloc::format;
use core::net::IpAddr;

#[test]
fn every_event_with_a_stale_id_is_an_error_and_changes_nothing() {
    let mut bench = Bench::new();
    let client = bench.connect();
    let connection = bench.on(client);
    bench.gone(client);
    let reused = bench.connect_in("lobby");
    assert_eq!((reused.index(), bench.on(reused).index()), (client.index(), connection.index()));
    bench.tell(reused, "hello");
    let (code, reason, by) = (CloseCode::NORMAL, "", crate::ClosedBy::Application);
    let target = [Target::Client(client)];
    let frame = frame("x");
    let events = [
        Event::Reserve { connection, user: None, session: None, rooms: &[] },
        Event::Identify { client, user: None, session: Some("tab") },
        Event::CloseConnection { connection, code, reason, flush: Flush::First },
        Event::Open { connection },
        Event::SetUser { client, user: Some("ann") },
        Event::Join { client, room: "lobby", recover: None },
        Event::Leave { client, room: "lobby" },
        Event::LeaveAll { client },
        Event::Publish {
            publisher: None,
            targets: &target,
            except: &[],
            frame: &frame,
            policy: None,
            dedup: None,
        },
        Event::Received { connection, kind: MessageKind::Text, bytes: 1 },
        Event::Ping { connection, payload: b"" },
        Event::Pong { connection },
        Event::Heard { connection },
        Event::Working { connection },
        Event::PeerClosed { connection, code: None, reason },
        Event::HalfClosed { connection },
        Event::Close { client, code, reason, flush: Flush::First, by },
        Event::Gone { connection },
        Event::Transmit { connection, budget: 1 },
        Event::Writable { connection },
    ];
    for event in events {
        let error = bench.refused(|hub, now| hub.handle_into(now, event, Sink::Batch(&mut Batch::default())));
        assert_eq!(error, Error::Gone, "{event:?}");
    }
    assert!(!bench.hub.is_open(client));
    assert_eq!((bench.hub.connection_of(client), bench.hub.client_of(connection)), (None, None));
    assert_eq!((bench.hub.user_of(client), bench.hub.outbox_of(client)), (None, None));
    assert!(!bench.hub.in_room(client, "lobby"));
    assert_eq!((bench.hub.room_count_of(client), bench.hub.rooms_of(client).count()), (0, 0));
}

#[test]
fn a_stale_id_gives_back_nobody_elses_lease() {
    let mut bench = Bench::new();
    let gone = bench.connect();
    bench.tell(gone, "old");
    bench.lease(gone, 1 << 20);
    bench.gone(gone);
    let reused = bench.connect();
    assert_eq!(reused.index(), gone.index());
    bench.tell(reused, "new");
    bench.lease(reused, 1 << 20);
    let before = bench.hub.stats();
    bench.give_back(gone, Progress::All, Transport::Ready);
    assert_eq!(bench.hub.stats(), before);
    assert_eq!(bench.hub.outbox_of(reused).map(|(messages, _)| messages), Some(1));
    bench.wrote(reused);
    assert_eq!(bench.hub.outbox_of(reused), Some((0, 0)));
}

#[test]
fn ids_that_never_were_are_stale() {
    let mut bench = Bench::new();
    let open = bench.connect();
    for id in [u64::MAX, 1, open.to_u64() | 1 << 32, u64::from(u32::MAX)] {
        let client = ClientId::from_u64(id);
        assert_eq!(bench.refused(|hub, now| hub.join(now, client, "lobby")), Error::Gone);
        assert!(!bench.hub.is_open(client));
        assert_eq!(bench.hub.outbox_of(client), None);
    }
}

#[test]
fn the_result_of_a_lease_of_a_gone_client_is_passed_over() {
    let mut bench = Bench::new();
    let [gone, other] = [bench.connect(), bench.connect()];
    bench.tell_all("hello");
    assert_eq!(bench.lease_ready(2).len(), 2);
    bench.gone(gone);
    let reused = bench.connect();
    assert_eq!(reused.index(), gone.index());
    bench.tell(reused, "for the newcomer");
    assert_eq!(bench.lease(reused, PLENTY).expect("leased").items, ["for the newcomer"]);
    bench.give_back(gone, Progress::All, Transport::Failed);
    assert!(bench.hub.is_open(reused));
    assert_eq!(bench.waiting(reused).0, 1, "its lease is still out");
    bench.wrote(reused);
    bench.wrote(other);
    assert_eq!(bench.hub.stats().written, 2);
}

#[test]
fn an_id_is_a_number_and_back() {
    let mut bench = Bench::new();
    let first = bench.connect();
    bench.gone(first);
    let second = bench.connect();
    for id in [first, second] {
        assert_eq!(ClientId::from_u64(id.to_u64()), id);
        assert_eq!(ConnectionId::from_u64(bench.on(id).to_u64()), bench.on(id));
    }
    assert_eq!((format!("{first}"), format!("{second:?}")), ("0.0".into(), "0.1".into()));
}

#[test]
fn an_ipv6_address_stands_for_its_network_and_an_ipv4_one_for_itself() {
    let address = |text: &str| Address::from(text.parse::<IpAddr>().expect("an address"));
    assert_eq!(address("2001:db8:1:2:3::4"), address("2001:db8:1:2:ffff::"));
    assert_ne!(address("2001:db8:1:2::1"), address("2001:db8:1:3::1"));
    assert_ne!(address("192.0.2.1"), address("192.0.2.2"));
    assert_eq!(address("::ffff:192.0.2.1"), address("192.0.2.1"), "however a socket spells it");
}

#[test]
fn the_text_of_an_id_is_read_back_and_no_other_text_is_an_id() {
    for id in [0, 1, 7 << 32 | 3, u64::MAX].map(ClientId::from_u64) {
        assert_eq!(format!("{id}").parse(), Ok(id));
    }
    for text in
        ["", "3", ".", "3.", ".1", "+3.1", "3.-1", "03.1", "3.1.0", " 3.1", "4294967296.0", "0.4294967296"]
    {
        assert_eq!(text.parse::<ClientId>(), Err(BadId), "{text}");
        assert_eq!(text.parse::<ConnectionId>(), Err(BadId), "{text}");
    }
}
