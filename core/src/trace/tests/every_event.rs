//! Each event with the extreme values of its fields.

use super::strange::strange;
use crate::close::{CloseCode, ClosedBy};
use crate::frame::{Frame, MAX_HEAD, MessageKind, Place};
use crate::hub::{
    AskId, Config, Dedup, Drain, Epoch, Event, Fate, Flush, History, Host, Incumbent, Lifetime, Members,
    OnResume, Policy, Position, Presence, Publishers, Recover, RoomConfig, Target,
};
use crate::id::{Address, ClientId, ConnectionId};
use crate::outbox::{Progress, Transport, Written};
use crate::time::Instant;
use bytes::Bytes;
use core::time::Duration;

const ID: ClientId = ClientId { index: 3, generation: 9 };
const FAR_ID: ClientId = ClientId { index: u32::MAX, generation: u32::MAX };
pub(super) const CONNECTION: ConnectionId = ConnectionId { index: 4, generation: 200 };
const FAR_CONNECTION: ConnectionId = ConnectionId { index: u32::MAX, generation: u32::MAX };
pub(super) static ZEROS: [u8; 2_000] = [0; 2_000];
const CLIENT: ClientId = ID;
const CODE: CloseCode = CloseCode::POLICY;
const REASON: &str = "enough";
const TARGETS: [Target<'static>; 6] = [
    Target::Room("lobby"),
    Target::User("ada"),
    Target::Client(FAR_ID),
    Target::All,
    Target::Watchers("lobby"),
    Target::Watchers(""),
];

pub(super) fn frame(head: usize, payload: usize) -> Frame {
    Frame::new(None, &ZEROS[..head], Bytes::from_static(&ZEROS[..payload])).expect("a short head")
}

fn of_kind(kind: MessageKind, payload: usize) -> Frame {
    Frame::new(Some(kind), &[0; 2], Bytes::from_static(&ZEROS[..payload])).expect("a short head")
}

/// Frames of each kind, with a place and without, that are sealed and not, with a deflated variant and without.
fn strange_frames() -> [Frame; 6] {
    let placed = |kind, place| of_kind(kind, 500).with_place(place).expect("there is room for it");
    let decimal = placed(MessageKind::Text, Place::decimal(480));
    let deflated = frame(2, 70).with_place(Place::decimal(50)).expect("there is room for it");
    [
        of_kind(MessageKind::Text, 0),
        of_kind(MessageKind::Binary, 70),
        placed(MessageKind::Binary, Place::big_endian(0)).sealed(1),
        decimal.sealed(u64::MAX),
        decimal.clone().with_deflated(deflated).sealed(10),
        decimal,
    ]
}

type With<'a> = &'a mut dyn FnMut(Event<'_>);

/// Hands over each event, always in the same order.
pub(super) fn every_event(mut with: impl FnMut(Event<'_>)) {
    for frame in &strange_frames() {
        with(Event::Publish {
            publisher: None,
            targets: &[Target::All],
            except: &[],
            frame,
            policy: None,
            dedup: None,
        });
    }
    clients(&mut with);
    publishes(&mut with);
    rooms(&mut with);
    connections(&mut with);
    the_hub(&mut with);
}

/// Who comes, and what they join.
fn clients(with: With<'_>) {
    let (client, connection, code, reason) = (CLIENT, CONNECTION, CODE, REASON);
    let position = Position { epoch: Epoch::from_u64(u64::MAX).expect("not zero"), offset: u64::MAX };
    let table = [
        Event::Accept { address: None, lane: 0 },
        Event::Accept { address: Some(Address([7; 16])), lane: 255 },
        Event::Reserve { connection, user: None, session: None, rooms: &[] },
        Event::Reserve {
            connection,
            user: Some("ada"),
            session: Some("tab-1"),
            rooms: &["lobby".into(), "".into()],
        },
        Event::Open { connection },
        Event::SetUser { client, user: Some("") },
        Event::SetUser { client, user: None },
        Event::SetExpiry { client, at: Some(Instant::FAR_FUTURE), code: Some(code), reason },
        Event::Ask { client, lasts: Duration::MAX, on_resume: OnResume::AskedAgain },
        Event::Ask { client: FAR_ID, lasts: Duration::ZERO, on_resume: OnResume::Fails },
        Event::Replied { client, ask: AskId::from_u64(u64::MAX) },
        Event::CancelAsk { client, ask: AskId::from_u64(0) },
        Event::SetExpiry { client: FAR_ID, at: None, code: None, reason: "" },
        Event::Join { client, room: "lobby", recover: None },
        Event::Join { client: FAR_ID, room: "öffentlich", recover: None },
        Event::Join { client, room: "lobby", recover: Some(Recover::Since(position)) },
        Event::Join { client, room: "", recover: Some(Recover::Latest) },
        Event::RemoveHistory { room: "lobby" },
        Event::JoinWithInfo { client, room: "", recover: Some(Recover::Latest), info: b"" },
        Event::JoinWithInfo { client: FAR_ID, room: "lobby", recover: None, info: &ZEROS[..200] },
        Event::WatchPresence { client, room: "lobby" },
        Event::UnwatchPresence { client: FAR_ID, room: "" },
        Event::Leave { client, room: "lobby" },
        Event::LeaveAll { client },
    ];
    table.into_iter().for_each(with);
}

fn publishes(with: With<'_>) {
    let (client, small, large) = (CLIENT, frame(2, 100), frame(MAX_HEAD, 2_000));
    let publish = |policy| Event::Publish {
        publisher: None,
        targets: &TARGETS,
        except: &[ID, FAR_ID],
        frame: &large,
        policy,
        dedup: None,
    };
    let dedup = Dedup { key: Some("key"), version: Some(u64::MAX) };
    let table = [
        publish(None),
        publish(Some(Policy::DropNewest)),
        publish(Some(Policy::DropOldest)),
        publish(Some(Policy::Conflate(u64::MAX))),
        publish(Some(Policy::Disconnect)),
        publish(Some(Policy::Wait)),
        Event::Publish {
            publisher: None,
            targets: &[],
            except: &[],
            frame: &small,
            policy: None,
            dedup: None,
        },
        Event::Publish {
            publisher: Some(client),
            targets: &TARGETS,
            except: &[ID],
            frame: &large,
            policy: None,
            dedup: None,
        },
        Event::Publish {
            publisher: Some(FAR_ID),
            targets: &[],
            except: &[],
            frame: &small,
            policy: Some(Policy::Wait),
            dedup: Some(&Dedup { key: None, version: None }),
        },
        Event::Publish {
            publisher: Some(FAR_ID),
            targets: &TARGETS,
            except: &[],
            frame: &small,
            policy: None,
            dedup: Some(&dedup),
        },
    ];
    table.into_iter().for_each(with);
}

fn rooms(with: With<'_>) {
    let (client, code, reason) = (CLIENT, CODE, REASON);
    let deflated = frame(4, 2_000).with_deflated(frame(2, 300));
    let among = [Incumbent { client: FAR_ID, fate: Fate::Stays }, Incumbent { client, fate: Fate::Goes }];
    let strange = RoomConfig {
        members: Some(u32::MAX),
        publishers: Publishers::Application,
        policy: Some(Policy::Conflate(u64::MAX)),
        lifetime: Lifetime::Kept,
        history: Some(History {
            messages: u32::MAX,
            bytes: u32::MAX,
            age: Duration::from_nanos(1),
            meta_age: Duration::MAX,
        }),
        presence: Some(Presence { users: u32::MAX, info_bytes: u32::MAX, tick: Duration::MAX }),
    };
    let table = [
        Event::Place { client, user: "ada", among: &among, code, reason },
        Event::Place { client, user: "", among: &[], code: CloseCode(0), reason: "" },
        Event::ConfigureRoom { room: "lobby", config: RoomConfig::default() },
        Event::ConfigureRoom { room: "lobby", config: strange },
        Event::CloseRoom { room: "lobby", members: Members::Leave },
        Event::CloseRoom { room: "", members: Members::Disconnect { code, reason } },
        Event::Publish {
            publisher: None,
            targets: &TARGETS,
            except: &[ID],
            frame: &deflated,
            policy: Some(Policy::Wait),
            dedup: None,
        },
    ];
    table.into_iter().for_each(with);
}

/// What happens on connections.
fn connections(with: With<'_>) {
    let (client, connection, code, reason) = (CLIENT, CONNECTION, CODE, REASON);
    let results = [
        Written { connection, client, progress: Progress::All, transport: Transport::Ready },
        Written {
            connection: FAR_CONNECTION,
            client: FAR_ID,
            progress: Progress::All,
            transport: Transport::Blocked,
        },
        Written {
            // The numbers of both ids are the same.
            connection: ConnectionId::from_u64(client.to_u64()),
            client,
            progress: Progress::part(0, 70_000),
            transport: Transport::Failed,
        },
        Written { connection, client, progress: Progress::part(9, 0), transport: Transport::Blocked },
    ];
    let close = |flush, by| Event::Close { client, code, reason, flush, by };
    let table = [
        Event::Received { connection, kind: MessageKind::Text, bytes: 0 },
        Event::Received { connection, kind: MessageKind::Binary, bytes: u32::MAX },
        Event::Ping { connection, payload: &[] },
        Event::Ping { connection, payload: &ZEROS[..125] },
        Event::Pong { connection },
        Event::Heard { connection },
        Event::Working { connection },
        Event::PeerClosed { connection, code: None, reason: "" },
        Event::PeerClosed { connection, code: Some(code), reason },
        Event::HalfClosed { connection },
        close(Flush::First, ClosedBy::Peer),
        close(Flush::Never, ClosedBy::Application),
        close(Flush::First, ClosedBy::Hub),
        close(Flush::Never, ClosedBy::Transport),
        Event::CloseConnection { connection, code, reason, flush: Flush::Never },
        Event::Identify { client, user: Some("ada"), session: Some("tab-1") },
        Event::Identify { client, user: None, session: None },
        Event::Gone { connection },
        Event::Transmit { connection, budget: u32::MAX },
        Event::TransmitReady { lane: 3, connections: 4, budget: 5 },
        Event::Transmitted { results: &[] },
        Event::Transmitted { results: &results },
        Event::Writable { connection },
    ];
    table.into_iter().for_each(with);
}

fn the_hub(with: With<'_>) {
    // The hash key is not written.
    let config = Config { host: Host { hash_key: [0; 2], ..strange().host }, ..strange() };
    let plan = Drain { idle: Duration::from_nanos(1_000_000_001), spread: Duration::MAX };
    let table = [Event::Timeout, Event::Drain(plan), Event::Shutdown, Event::Reconfigure { config: &config }];
    table.into_iter().for_each(with);
}
