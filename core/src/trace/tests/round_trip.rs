use super::every_event::{CONNECTION, ZEROS, every_event, frame};
use super::strange::strange;
use crate::close::{CloseCode, ClosedBy};
use crate::frame::{Frame, MAX_HEAD, MessageKind};
use crate::hub::{Config, Drain, Event, Flush, Hub, Policy, Sink, Target};
use crate::id::{Address, ClientId, ConnectionId};
use crate::outbox::{Batch, Progress, Transport, Written};
use crate::time::Instant;
use crate::trace::{Entry, LONGEST_PAYLOAD, OwnedEvent, Payloads, Recorder, TraceError, read};
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use bytes::Bytes;
use core::time::Duration;
use proptest::prelude::*;

/// Checks that an event is read from the log as it was written, with and without its payload, and that nothing follows it.
fn survives(now: u64, event: Event<'_>) {
    for payloads in [Payloads::Redacted, Payloads::Kept] {
        let config = Config::default();
        let mut recorder = Recorder::new(&config).payloads(payloads);
        let mut hub = Hub::new(config).expect("the default config");
        // The answers of a hub without clients do not matter here.
        let _ = recorder.handle_into(
            &mut hub,
            Instant::from_nanos(now),
            event,
            Sink::Batch(&mut Batch::default()),
        );
        let read: Vec<_> = read(recorder.log()).expect("a log").collect();
        assert_eq!(read, [Ok(Entry::Event(Instant::from_nanos(now), OwnedEvent::from(event)))]);
    }
}

#[test]
fn every_event_comes_back_from_the_log() {
    every_event(|event| {
        for now in [0, 1, 1_000_000_007, u64::MAX] {
            survives(now, event);
        }
    });
}

/// The parts of a returned lease: the id, the part that was written, the transport.
type WrittenParts = (u64, Option<(u32, u32)>, u8);

/// The parts that events are made of.
#[derive(Clone, Debug)]
struct Parts {
    name: String,
    address: Option<[u8; 16]>,
    ids: Vec<u64>,
    names: Vec<(u8, String, u64)>,
    written: Vec<WrittenParts>,
    sizes: (usize, usize),
    policy: u8,
    number: u64,
}

fn parts() -> impl Strategy<Value = Parts> {
    let names = prop::collection::vec((0_u8..5, ".{0,70}", any::<u64>()), 0..6);
    let written = prop::collection::vec((any::<u64>(), any::<Option<(u32, u32)>>(), 0_u8..3), 0..9);
    let ids = prop::collection::vec(any::<u64>(), 1..6);
    (
        ".{0,300}",
        any::<Option<[u8; 16]>>(),
        ids,
        names,
        written,
        (0..=MAX_HEAD, 0..2_000_usize),
        0_u8..6,
        any::<u64>(),
    )
        .prop_map(|(name, address, ids, names, written, sizes, policy, number)| Parts {
            name,
            address,
            ids,
            names,
            written,
            sizes,
            policy,
            number,
        })
}

proptest! {
    #[test]
    fn any_event_comes_back_from_the_log(kind in 0..25, now: u64, parts in parts()) {
        let ids: Vec<_> = parts.ids.iter().copied().map(ClientId::from_u64).collect();
        let connection = ConnectionId::from_u64(parts.ids[0]);
        let (client, room, reason) = (ids[0], parts.name.as_str(), parts.name.as_str());
        let rooms: Vec<_> = parts.names.iter().map(|(_, name, _)| name.as_str().into()).collect();
        let user = (parts.number % 3 > 0).then_some(room);
        let (few, many) = (parts.number as u8, parts.number as u32);
        let code = CloseCode(parts.number as u16);
        let frame = frame(parts.sizes.0, parts.sizes.1);
        let targets: Vec<_> = parts.names.iter().map(|(kind, name, id)| match kind {
            0 => Target::All,
            1 => Target::Client(ClientId::from_u64(*id)),
            2 => Target::User(name),
            3 => Target::Watchers(name),
            _ => Target::Room(name),
        }).collect();
        let results: Vec<_> = parts.written.iter().map(|&(id, part, transport)| Written {
            // Half of them have the same numbers.
            connection: ConnectionId::from_u64(id ^ u64::from(transport & 1)),
            client: ClientId::from_u64(id),
            progress: part.map_or(Progress::All, |(items, bytes)| Progress::part(items, bytes)),
            transport: [Transport::Ready, Transport::Blocked, Transport::Failed][usize::from(transport)],
        }).collect();
        let policy = [None, Some(Policy::DropNewest), Some(Policy::DropOldest), Some(Policy::Conflate(parts.number)),
            Some(Policy::Disconnect), Some(Policy::Wait)][usize::from(parts.policy)];
        let duration = Duration::from_nanos(parts.number);
        survives(now, match kind {
            0 => Event::Accept { address: parts.address.map(Address), lane: few },
            1 => Event::Reserve { connection, user, session: None, rooms: &rooms },
            2 => Event::Open { connection },
            3 => Event::SetUser { client, user },
            4 => Event::Join { client, room, recover: None },
            5 => Event::Leave { client, room },
            6 => Event::LeaveAll { client },
            7 => Event::Publish { publisher: user.map(|_| client), targets: &targets, except: &ids, frame: &frame, policy, dedup: None },
            8 => Event::Received { connection, kind: MessageKind::Text, bytes: many },
            9 => Event::Ping { connection, payload: &ZEROS[..usize::from(few % 126)] },
            10 => Event::Pong { connection },
            11 => Event::Heard { connection },
            12 => Event::PeerClosed { connection, code: user.map(|_| code), reason },
            13 => Event::Close { client, code, reason, flush: Flush::First, by: ClosedBy::Application },
            14 => Event::Gone { connection },
            15 => Event::Transmit { connection, budget: many },
            16 => Event::TransmitReady { lane: few, connections: many, budget: !many },
            17 => Event::Transmitted { results: &results },
            18 => Event::Writable { connection },
            19 => Event::Timeout,
            21 => Event::JoinWithInfo { client, room, recover: None, info: reason.as_bytes() },
            22 => Event::WatchPresence { client, room },
            23 => Event::UnwatchPresence { client, room },
            20 => Event::Drain(Drain { idle: duration, spread: duration }),
            _ => Event::Shutdown,
        });
    }
}

#[test]
fn the_config_is_in_the_log_and_its_hash_key_is_not() {
    for mut config in [Config::default(), strange()] {
        let log = Recorder::new(&config).take();
        for key in config.host.hash_key.into_iter().filter(|&key| key != 0) {
            assert!(!log.windows(8).any(|window| window == key.to_le_bytes() || window == key.to_be_bytes()));
        }
        config.host.hash_key = [0; 2];
        assert_eq!(read(&log).expect("a log").config(), &config);
    }
}

#[test]
fn no_payload_is_in_the_log() {
    let config = Config::default();
    let mut recorder = Recorder::new(&config);
    let mut hub = Hub::new(config).expect("the default config");
    let frame = Frame::new(None, b"h34d", Bytes::from_static(b"secret")).expect("a short head");
    let targets = [Target::All];
    let publish = Event::Publish {
        publisher: None,
        targets: &targets,
        except: &[],
        frame: &frame,
        policy: None,
        dedup: None,
    };
    let ping = Event::Ping { connection: CONNECTION, payload: b"secret, too" };
    for event in [publish, ping] {
        let _ = recorder.handle(&mut hub, Instant::ORIGIN, event);
    }
    let log = recorder.log();
    assert!(!log.windows(4).any(|window| window == b"h34d" || window == b"secr"));
    let sizes: Vec<_> = read(log)
        .expect("a log")
        .events()
        .map(|read| match read.expect("a sound record").1.as_event() {
            Event::Publish { frame, .. } => (frame.head().len(), frame.payload().len()),
            Event::Ping { payload, .. } => (0, payload.len()),
            other => panic!("never recorded: {other:?}"),
        })
        .collect();
    assert_eq!(sizes, [(4, 6), (0, 11)]);
}

#[test]
fn a_publish_to_a_room_costs_its_name_and_sixteen_bytes() {
    let config = Config::default();
    let mut recorder = Recorder::new(&config);
    let mut hub = Hub::new(config).expect("the default config");
    let targets = [Target::Room("lobby")];
    let frame = frame(4, 300);
    let publish = Event::Publish {
        publisher: None,
        targets: &targets,
        except: &[],
        frame: &frame,
        policy: None,
        dedup: None,
    };
    let before = recorder.log().len();
    let _ = recorder.handle(&mut hub, Instant::from_nanos(9_000), publish);
    assert_eq!(recorder.log().len() - before, "lobby".len() + 16);
}

#[test]
fn a_frame_that_is_refused_for_its_size_is_written_no_longer_than_can_be_read() {
    let config = Config::default();
    let mut recorder = Recorder::new(&config);
    let mut hub = Hub::new(config).expect("the default config");
    let frame = Frame::raw(vec![0; LONGEST_PAYLOAD as usize + 1].into());
    let publish = Event::Publish {
        publisher: None,
        targets: &[Target::All],
        except: &[],
        frame: &frame,
        policy: None,
        dedup: None,
    };
    recorder.handle(&mut hub, Instant::ORIGIN, publish).expect_err("too big");
    let replayed = crate::trace::replay(recorder.log(), [0; 2]).expect("a log");
    assert_eq!(replayed.hash, recorder.hash());
}

#[test]
fn a_frame_that_no_replay_could_hold_is_an_error() {
    let mut config = Config::default();
    config.outbox.message_bytes = LONGEST_PAYLOAD + 1;
    config.outbox.bytes = config.outbox.message_bytes + MAX_HEAD as u32;
    let mut recorder = Recorder::new(&config);
    let at = recorder.log().len();
    let mut hub = Hub::new(config).expect("a config that can stand");
    let frame = Frame::raw(vec![0; LONGEST_PAYLOAD as usize + 1].into());
    let publish = Event::Publish {
        publisher: None,
        targets: &[Target::All],
        except: &[],
        frame: &frame,
        policy: None,
        dedup: None,
    };
    recorder.handle(&mut hub, Instant::ORIGIN, publish).expect("nobody gets it");
    let read: Vec<_> = read(recorder.log()).expect("a log").collect();
    assert_eq!(read, [Err(TraceError::PayloadTooLong { at, bytes: LONGEST_PAYLOAD + 1 })]);
}

#[test]
fn a_log_taken_piece_by_piece_is_the_log() {
    let config = Config::default();
    let mut recorder = Recorder::new(&config);
    let mut hub = Hub::new(config).expect("the default config");
    let mut log = recorder.take();
    for now in [5, 3, 70] {
        recorder
            .handle(&mut hub, Instant::from_nanos(now), Event::Accept { address: None, lane: 0 })
            .expect("admission is open");
        log.extend(recorder.take());
    }
    assert!(recorder.log().is_empty());
    let times: Vec<_> =
        read(&log).expect("a log").events().map(|read| read.expect("sound").0.as_nanos()).collect();
    assert_eq!(times, [5, 5, 70], "a time before the last one counts as the last one");
    assert_eq!(crate::trace::replay(&log, [1, 2]).expect("a log").hash, recorder.hash());
}

#[test]
fn payloads_that_are_kept_come_back() {
    let config = Config::default();
    let mut recorder = Recorder::new(&config).payloads(Payloads::Kept);
    let mut hub = Hub::new(config).expect("the default config");
    let frame = Frame::new(None, b"h34d", Bytes::from_static(b"secret")).expect("a short head");
    let targets = [Target::All];
    let publish = Event::Publish {
        publisher: None,
        targets: &targets,
        except: &[],
        frame: &frame,
        policy: None,
        dedup: None,
    };
    let ping = Event::Ping { connection: CONNECTION, payload: b"secret, too" };
    for event in [publish, ping] {
        let _ = recorder.handle(&mut hub, Instant::ORIGIN, event);
    }
    let read: Vec<_> = read(recorder.log()).expect("a log").events().collect();
    for (read, event) in read.into_iter().zip([publish, ping]) {
        assert_eq!(read.expect("a sound record").1.as_event(), event);
    }
}

#[test]
fn a_frame_that_is_refused_for_its_size_is_not_kept_whole() {
    let mut config = Config::default();
    config.outbox.message_bytes = 100;
    let mut recorder = Recorder::new(&config).payloads(Payloads::Kept);
    let mut hub = Hub::new(config).expect("a config that can stand");
    let frame = Frame::raw(vec![1; 100_000].into());
    let publish = Event::Publish {
        publisher: None,
        targets: &[Target::All],
        except: &[],
        frame: &frame,
        policy: None,
        dedup: None,
    };
    let before = recorder.log().len();
    recorder.handle(&mut hub, Instant::ORIGIN, publish).expect_err("too big");
    assert!(recorder.log().len() - before < 120);
    assert_eq!(
        crate::trace::replay(recorder.log(), [0; 2]).map(|replayed| replayed.hash),
        Ok(recorder.hash())
    );
}
