//! Every kind of operation with its weight.

use super::Flavour;
use super::arguments::{
    client, connection, few_users, full, how, n, rarely, rarely_of, rarely_on, reason, returned, room,
    room_with_presence, session, since, user,
};
use super::operations::{configure, place, publish, publish_as, publish_once, reconfigure};
use proptest::collection::vec;
use proptest::prelude::*;
use throng_tests::model::{On, Op, Size, Who};

/// Kinds of operations with their weights.
type Kinds = Vec<(u32, BoxedStrategy<Op>)>;

/// How often there is what a property is about.
struct Weights {
    life: u32,
    write: u32,
    drain: u32,
    /// Somebody comes with a session: nowhere else has one.
    named: u32,
    story: u32,
    seen: u32,
}

impl Weights {
    fn of(flavour: Flavour) -> Self {
        let (life, write, drain) = match flavour {
            Flavour::Any => (3, 1, 1),
            Flavour::Changing => (2, 2, 1),
            Flavour::Writing | Flavour::Budget | Flavour::Cut => (1, 3, 1),
            Flavour::Draining => (8, 1, 4),
            Flavour::Sliced => (2, 2, 2),
            Flavour::Returning => (3, 2, 1),
            Flavour::History => (2, 1, 1),
            Flavour::Presence => (4, 1, 1),
        };
        let named = match flavour {
            Flavour::Returning => 8,
            Flavour::History | Flavour::Presence => 3,
            _ => 1,
        };
        let story = match flavour {
            Flavour::History => 8,
            Flavour::Returning => 2,
            _ => 1,
        };
        let seen = if flavour == Flavour::Presence { 8 } else { 1 };
        Self { life, write, drain, named, story, seen }
    }
}

/// All kinds. The first is always allowed. Their order is part of what a seed generates.
pub(super) fn kinds(flavour: Flavour) -> Kinds {
    let weights = &Weights::of(flavour);
    let parts = [
        newcomers_and_presence(weights),
        writing(weights),
        connections(weights, flavour),
        time_and_config(weights, flavour),
        rooms_and_sessions(weights),
        histories_and_asks(weights),
    ];
    parts.into_iter().flatten().collect()
}

/// Newcomers, presence, and who joins.
fn newcomers_and_presence(weights: &Weights) -> Kinds {
    let &Weights { seen, .. } = weights;
    vec![
        (6, user().prop_map(|user| Op::Admit { user }).boxed()),
        (
            2 * seen,
            (client(), room_with_presence(), 0..4_u8)
                .prop_map(|(who, room, info)| Op::JoinWithInfo { who, room, info })
                .boxed(),
        ),
        (
            2 * seen,
            (client(), room_with_presence(), prop_oneof![3 => Just(0_u8), 1 => Just(1)])
                .prop_map(|(who, room, off)| Op::Watch { who, room, off })
                .boxed(),
        ),
        (
            seen,
            (client(), 0..2_u8, room_with_presence(), 0..60_u8, full())
                .prop_map(|(who, as_client, room, bytes, full)| Op::PublishToWatchers {
                    who,
                    as_client,
                    room,
                    size: Size::Bytes(bytes),
                    full,
                })
                .boxed(),
        ),
        (
            1,
            (room(), 0..5_u8, prop_oneof![Just(0_u8), any::<u8>()], 0..2_u8)
                .prop_map(|(room, users, tick, kept)| Op::ConfigurePresence { room, users, tick, kept })
                .boxed(),
        ),
        (8, (client(), room()).prop_map(|(who, room)| Op::Join { who, room }).boxed()),
    ]
}

/// Publishes, and what is written of them.
fn writing(weights: &Weights) -> Kinds {
    let &Weights { write, .. } = weights;
    vec![
        (6 * write, publish().boxed()),
        (
            3 * write,
            (0..4_u8, 0..9_u8, any::<u8>())
                .prop_map(|(lane, connections, budget)| Op::TransmitReady { lane, connections, budget })
                .boxed(),
        ),
        (2 * write, (connection(), any::<u8>()).prop_map(|(on, budget)| Op::Transmit { on, budget }).boxed()),
        (4 * write, vec(returned(), 0..5).prop_map(|results| Op::Transmitted { results }).boxed()),
        (2 * write, rarely_of(Who::Blocked).prop_map(|on| Op::Writable { on }).boxed()),
        (write, n().prop_map(|n| Op::Writable { on: On::Of(Who::Leased(n)) }).boxed()),
        (write, Just(Op::PollReady).boxed()),
    ]
}

/// A connection and its client from the handshake to the end.
fn connections(weights: &Weights, flavour: Flavour) -> Kinds {
    let &Weights { life, .. } = weights;
    vec![
        (2 * life, (0..4_u8, 0..4_u8).prop_map(|(address, lane)| Op::Accept { address, lane }).boxed()),
        (
            2 * life,
            (rarely_on(On::Handshake), user()).prop_map(|(on, user)| Op::Reserve { on, user }).boxed(),
        ),
        (2 * life, rarely_of(Who::Reserved).prop_map(|on| Op::Open { on }).boxed()),
        (
            life,
            (prop_oneof![client(), rarely(Who::Reserved)], user())
                .prop_map(|(who, user)| Op::SetUser { who, user })
                .boxed(),
        ),
        (life + 1, (client(), room()).prop_map(|(who, room)| Op::Leave { who, room }).boxed()),
        (1, client().prop_map(|who| Op::LeaveAll { who }).boxed()),
        (2 * life, (connection(), any::<u8>()).prop_map(|(on, bytes)| Op::Receive { on, bytes }).boxed()),
        (2, (connection(), any::<u8>()).prop_map(|(on, len)| Op::Ping { on, len }).boxed()),
        (1, connection().prop_map(|on| Op::Pong { on }).boxed()),
        (life, connection().prop_map(|on| Op::Heard { on }).boxed()),
        (1, connection().prop_map(|on| Op::Working { on }).boxed()),
        (
            life,
            (prop_oneof![connection(), rarely_of(Who::Closing)], n(), reason())
                .prop_map(|(on, code, reason)| Op::PeerClose { on, code, reason })
                .boxed(),
        ),
        (
            life,
            prop_oneof![connection(), rarely_of(Who::Closing)].prop_map(|on| Op::HalfClose { on }).boxed(),
        ),
        (
            life,
            (client(), n(), reason(), how())
                .prop_map(|(who, code, reason, how)| Op::Close { who, code, reason, how })
                .boxed(),
        ),
        (
            if flavour == Flavour::Returning { 6 } else { 1 },
            connection().prop_map(|on| Op::Gone { on }).boxed(),
        ),
        (2, rarely_on(On::Aborted).prop_map(|on| Op::Gone { on }).boxed()),
    ]
}

/// Time, the drain, and other configs.
fn time_and_config(weights: &Weights, flavour: Flavour) -> Kinds {
    let &Weights { life, drain, .. } = weights;
    vec![
        (2 * life, any::<u8>().prop_map(|millis| Op::Pass { millis }).boxed()),
        (1, (0..4_u8).prop_map(|seconds| Op::Sleep { seconds }).boxed()),
        (1, any::<u8>().prop_map(|millis| Op::Back { millis }).boxed()),
        (2 * drain, Just(Op::Timeout).boxed()),
        (2 * life, Just(Op::TimeoutWhenDue).boxed()),
        (drain, (0..60_u8, any::<u8>()).prop_map(|(idle, spread)| Op::Drain { idle, spread }).boxed()),
        (1, Just(Op::Shutdown).boxed()),
        (if flavour == Flavour::Changing { 20 } else { 2 }, reconfigure().boxed()),
        (1, (0..12_u8).prop_map(|ops| Op::Linger { ops }).boxed()),
    ]
}

/// Rooms as a whole, places among the clients of a user, and sessions.
fn rooms_and_sessions(weights: &Weights) -> Kinds {
    let &Weights { life, write, named, .. } = weights;
    vec![
        (2 * write, publish_as().boxed()),
        (life, place().boxed()),
        (2, configure().boxed()),
        (
            1,
            (room(), prop_oneof![Just(7_u8), n()])
                .prop_map(|(room, code)| Op::CloseRoom { room, code })
                .boxed(),
        ),
        (
            2 * named,
            (0..4_u8, few_users(), session())
                .prop_map(|(address, user, session)| Op::Arrive { address, user, session })
                .boxed(),
        ),
        (
            named,
            (rarely_on(On::Handshake), few_users(), session())
                .prop_map(|(on, user, session)| Op::Return { on, user, session })
                .boxed(),
        ),
        (
            named,
            (prop_oneof![client(), rarely(Who::Reserved)], few_users(), session())
                .prop_map(|(who, user, session)| Op::Identify { who, user, session })
                .boxed(),
        ),
        (
            1,
            (connection(), n(), how())
                .prop_map(|(on, code, how)| Op::CloseConnection { on, code, how })
                .boxed(),
        ),
    ]
}

/// Histories, expiry and questions.
fn histories_and_asks(weights: &Weights) -> Kinds {
    let &Weights { story, .. } = weights;
    vec![
        (
            2 * story,
            (client(), room(), since())
                .prop_map(|(who, room, since)| Op::Recover { who, room, since })
                .boxed(),
        ),
        (story, publish_once().boxed()),
        (1, room().prop_map(|room| Op::RemoveHistory { room }).boxed()),
        (
            2,
            (prop_oneof![client(), rarely(Who::Reserved), rarely(Who::Away)], any::<u8>(), any::<u8>())
                .prop_map(|(who, after, code)| Op::SetExpiry { who, after, code })
                .boxed(),
        ),
        (
            3,
            (prop_oneof![client(), rarely(Who::Away)], any::<u8>(), 0..2_u8)
                .prop_map(|(who, millis, again)| Op::Ask { who, millis, again })
                .boxed(),
        ),
        (2, (client(), any::<u8>()).prop_map(|(who, ask)| Op::Reply { who, ask }).boxed()),
        (1, (client(), any::<u8>()).prop_map(|(who, ask)| Op::CancelAsk { who, ask }).boxed()),
        (
            1,
            (room(), 0..6_u8, any::<u8>(), 0..2_u8)
                .prop_map(|(room, messages, age, kept)| Op::ConfigureHistory { room, messages, age, kept })
                .boxed(),
        ),
    ]
}
