//! The limits of the hub.

use super::Flavour;
use proptest::option::weighted;
use proptest::prelude::*;
use throng_tests::model::{
    EndedBy, Every, Histories, Limits, OverRate, PerUser, Policy, Presences, SecondConnection,
};

/// The limits of a case.
pub(super) fn limits(flavour: Flavour) -> impl Strategy<Value = Limits> {
    let over_rate = prop_oneof![Just(OverRate::Drop), Just(OverRate::Pause), Just(OverRate::Close)];
    let (limited, rated) = if flavour == Flavour::Changing { (0.5, 0.8) } else { (0.25, 0.3) };
    let few = |most: u32| weighted(limited, 1..=most);
    let every = |millis, burst| rate(rated, millis, burst);
    let admission = (few(9), few(3), few(3), every(50, 3), per_user());
    let rooms = (few(3), few(4), few(3));
    let outbox = outbox(flavour, every(50, 3));
    let inbound = (every(50, 4), every(2, 400), every(50, 4), every(2, 400), every(50, 12), over_rate);
    let deadlines =
        (1..900_u32, few(300), few(800), 1..400_u32, 1..300_u32, few(900), 1..4_u16, any::<u64>());
    let more_deadlines = (few(500), few(900), prop_oneof![1..400_u32, Just(1_000), Just(u32::MAX)]);
    let codes = prop_oneof![Just(0), any::<u8>()];
    let slice = match flavour {
        Flavour::Sliced => prop_oneof![Just(1), 1..60_u32].boxed(),
        _ => prop_oneof![Just(4_096), Just(1), 1..80_u32].boxed(),
    };
    let (sessions, history) = (sessions(flavour), (histories(flavour), presences(flavour)));
    (admission, rooms, outbox, inbound, deadlines, more_deadlines, (codes, slice), sessions, history)
        .prop_map(
            |(
                admission,
                rooms,
                outbox,
                inbound,
                deadlines,
                more_deadlines,
                (codes, slice),
                sessions,
                (history, presence),
            )| Limits {
                connections: admission.0,
                handshakes: admission.1,
                per_address: admission.2,
                connect_rate: admission.3,
                per_user: admission.4,
                rooms_of_client: rooms.0,
                members: rooms.1,
                rooms: rooms.2,
                messages: outbox.0,
                bytes: outbox.1,
                policy: outbox.2,
                hub_bytes: outbox.3,
                written_messages: outbox.4,
                client_messages: inbound.0,
                client_bytes: inbound.1,
                user_messages: inbound.2,
                user_bytes: inbound.3,
                control: inbound.4,
                over_rate: inbound.5,
                handshake: deadlines.0,
                ping: deadlines.1,
                pong: deadlines.2,
                write: deadlines.3,
                close: deadlines.4,
                idle: deadlines.5,
                write_rate: more_deadlines.0,
                idle_inbound: more_deadlines.1,
                lanes: deadlines.6,
                seed: deadlines.7,
                codes,
                slice,
                history,
                presence,
                standstill: more_deadlines.2,
                ..sessions
            },
        )
}

fn rate(share: f64, millis: u32, burst: u32) -> impl Strategy<Value = Option<Every>> {
    weighted(share, (1..=millis, 1..=burst).prop_map(|(millis, burst)| Every { millis, burst }))
}

/// Presence so small that a case comes to its bounds.
fn presences(flavour: Flavour) -> BoxedStrategy<Option<Presences>> {
    let presences = (0..5_u32, 0..5_u32, prop_oneof![1..60_u32, 1..400_u32])
        .prop_map(|(users, info_bytes, tick)| Presences { users, info_bytes, tick });
    match flavour {
        Flavour::Presence => presences.prop_map(Some).boxed(),
        Flavour::Cut => Just(None).boxed(),
        _ => weighted(0.3, presences).boxed(),
    }
}

/// Histories so small that a case comes to all their bounds.
fn histories(flavour: Flavour) -> BoxedStrategy<Option<Histories>> {
    let kept = (1..8_u32, 50..900_u32, 1..600_u32, 1..900_u32, 1..4_u32);
    let given = (1..8_u32, 20..400_u32, 1..4_u32, 1..600_u32);
    let histories = (kept, given).prop_map(|(kept, given)| Histories {
        messages: kept.0,
        bytes: kept.1,
        age: kept.2,
        meta_age: kept.3,
        idle_rooms: kept.4,
        recover_messages: given.0,
        recover_bytes: given.1,
        keys: given.2,
        key_age: given.3,
    });
    match flavour {
        Flavour::History => histories.prop_map(Some).boxed(),
        Flavour::Any | Flavour::Writing | Flavour::Draining | Flavour::Returning => {
            weighted(0.3, histories).boxed()
        }
        _ => Just(None).boxed(),
    }
}

/// What is allowed of sessions.
fn sessions(flavour: Flavour) -> impl Strategy<Value = Limits> {
    let ended_by = prop_oneof![Just(EndedBy::AnyClose), Just(EndedBy::NormalClose), Just(EndedBy::NoClose)];
    let second = prop_oneof![3 => Just(SecondConnection::TakesOver), 1 => Just(SecondConnection::Refused)];
    let few = |most: u32| weighted(0.4, 1..=most);
    let bounds = (1..8_u32, 1..400_u32);
    let named = prop::bool::weighted(match flavour {
        Flavour::Returning => 1.0,
        Flavour::History | Flavour::Presence => 0.5,
        _ => 0.0,
    });
    (named, weighted(0.9, 1..900_u32), bounds, few(2), few(2), few(2), ended_by, second).prop_map(
        move |(named, grace, bounds, away, of_user, of_address, ended_by, second)| Limits {
            named,
            grace,
            away_messages: bounds.0,
            away_bytes: bounds.1,
            away,
            away_of_user: of_user,
            away_of_address: of_address,
            ended_by,
            second,
            ..Limits::default()
        },
    )
}

/// How many clients a user may have.
fn per_user() -> impl Strategy<Value = PerUser> {
    prop_oneof![
        3 => Just(PerUser::Unlimited),
        1 => (1..3_u32).prop_map(PerUser::RefuseNewest),
        1 => (1..3_u32).prop_map(PerUser::EvictOldest),
    ]
}

/// What waits for a client: messages, bytes, the policy, the bytes of the hub, and the rate at which messages are written.
fn outbox(
    flavour: Flavour,
    rate: impl Strategy<Value = Option<Every>>,
) -> impl Strategy<Value = (u32, u32, Policy, u64, Option<Every>)> {
    let policy = prop_oneof![
        2 => Just(Policy::DropNewest),
        1 => Just(Policy::DropOldest),
        1 => Just(Policy::Conflate(1)),
        if flavour == Flavour::Sliced { 16 } else { 1 } => Just(Policy::Disconnect),
    ];
    let messages = if flavour == Flavour::Sliced { 1..3_u32 } else { 1..9 };
    let hub_bytes = match flavour {
        // Of the smallest a frame or two that are written in part are all.
        Flavour::Budget | Flavour::Cut => prop_oneof![114..450_u64, 114..200_u64].boxed(),
        Flavour::Changing => prop_oneof![114..900_u64, Just(1 << 20)].boxed(),
        _ => Just(1 << 20).boxed(),
    };
    let bytes = match flavour {
        Flavour::Budget | Flavour::Cut => prop_oneof![114..250_u32, 114..140_u32].boxed(),
        Flavour::Changing => (114..250_u32).boxed(),
        _ => (114..600_u32).boxed(),
    };
    (messages, bytes, policy, hub_bytes, rate)
}
