//! Limits and operations, at random.

use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;
use proptest::strategy::Union;
use throng_tests::model::{
    EndedBy, Every, Full, Histories, How, Limits, On, Op, OverRate, PerUser, Policy, Presences, Returned,
    SecondConnection, Seen, Since, Size, Then, Through, To, Who, Wrote,
};

pub(crate) type Case = BoxedStrategy<(Limits, Vec<Op>)>;

/// What a property is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flavour {
    /// Everything, evenly.
    Any,
    /// Mostly publishes, leases and transports that block.
    Writing,
    /// The same, with little room in the hub.
    Budget,
    /// The same, and some write a part of a message that fills the hub.
    Cut,
    /// Mostly connections that come and go while the hub drains.
    Draining,
    /// With limits of everything, which change.
    Changing,
    /// With slow readers who are closed, in a hub that does next to nothing at once.
    Sliced,
    /// Clients come and go under the same few names.
    Returning,
    /// With histories of rooms, and clients that join from a position.
    History,
    /// With presence of rooms, which clients watch.
    Presence,
}

/// A case: limits, and a list of those operations whose kinds it allows.
pub(crate) fn case(flavour: Flavour) -> Case {
    let kinds = kinds(flavour).len();
    // Three of four kinds: each is allowed if one of two coins says so.
    let allowed = vec(any::<(bool, bool)>(), kinds).no_shrink();
    let some = prop_oneof![
        150 => op(flavour).prop_map(|(kind, op)| (kind, vec![op])),
        u32::from(flavour == Flavour::Writing) => trickle().prop_map(|ops| (0, ops)),
        if flavour == Flavour::Cut { 10 } else { 0 } => cut().prop_map(|ops| (0, ops)),
        if flavour == Flavour::Returning { 5 } else { 0 } => lost().prop_map(|ops| (0, ops)),
        if flavour == Flavour::History { 2 } else { 0 } => missed().prop_map(|ops| (0, ops)),
        if flavour == Flavour::Presence { 8 } else { 0 } => flapped().prop_map(|ops| (0, ops)),
    ];
    let ops = vec(some, 1..160);
    (limits(flavour), allowed, ops)
        .prop_map(|(limits, allowed, ops)| {
            let is_allowed = |kind: usize| kind == 0 || allowed[kind].0 || allowed[kind].1;
            let ops = ops.into_iter().filter(|(kind, _)| is_allowed(*kind)).flat_map(|(_, ops)| ops);
            (limits, ops.collect())
        })
        .boxed()
}

/// An operation and the number of its kind.
fn op(flavour: Flavour) -> impl Strategy<Value = (usize, Op)> {
    let kinds = kinds(flavour).into_iter().enumerate();
    Union::new_weighted(
        kinds.map(|(kind, (weight, op))| (weight, op.prop_map(move |op| (kind, op)).boxed())).collect(),
    )
}

fn n() -> impl Strategy<Value = u8> {
    0..8_u8
}

/// Mostly one user or nobody, so that sessions are found.
fn few_users() -> impl Strategy<Value = u8> {
    prop_oneof![4 => 0..2_u8, 1 => 0..6_u8]
}

fn client() -> impl Strategy<Value = Who> {
    prop_oneof![
        20 => n().prop_map(Who::Client),
        4 => n().prop_map(Who::Away),
        1 => n().prop_map(Who::Anybody),
        1 => n().prop_map(Who::Failed),
        1 => n().prop_map(Who::Stale),
        1 => n().prop_map(Who::AsConnection),
    ]
}

/// A connection, mostly of a client.
fn connection() -> impl Strategy<Value = On> {
    prop_oneof![
        20 => client().prop_map(On::Of),
        2 => unusual(),
        1 => n().prop_map(On::Any),
    ]
}

fn unusual() -> impl Strategy<Value = On> {
    prop_oneof![
        1 => n().prop_map(On::Any),
        1 => n().prop_map(On::Handshake),
        1 => n().prop_map(On::Ended),
        1 => n().prop_map(On::AsClient),
    ]
}

fn rarely_of(usual: fn(u8) -> Who) -> impl Strategy<Value = On> {
    prop_oneof![12 => n().prop_map(move |n| On::Of(usual(n))), 2 => unusual()]
}

fn rarely_on(usual: fn(u8) -> On) -> impl Strategy<Value = On> {
    prop_oneof![12 => n().prop_map(usual), 2 => unusual()]
}

fn rarely(usual: fn(u8) -> Who) -> impl Strategy<Value = Who> {
    prop_oneof![
        12 => n().prop_map(usual),
        1 => n().prop_map(Who::Anybody),
        1 => n().prop_map(Who::Stale),
    ]
}

fn to() -> impl Strategy<Value = To> {
    prop_oneof![
        3 => n().prop_map(|room| To::Room(room % 5)),
        3 => client().prop_map(To::One),
        2 => (0..4_u8).prop_map(To::User),
        1 => Just(To::Everybody),
    ]
}

fn full() -> impl Strategy<Value = Full> {
    prop_oneof![
        4 => Just(Full::AsConfigured),
        1 => Just(Full::DropNewest),
        2 => Just(Full::DropOldest),
        2 => (0..3_u8).prop_map(Full::Conflate),
        1 => Just(Full::Disconnect),
    ]
}

fn publish() -> impl Strategy<Value = Op> {
    published().prop_map(|(to, except, size, full)| Op::Publish { to, except, size, full })
}

fn publish_as() -> impl Strategy<Value = Op> {
    (client(), published()).prop_map(|(who, (to, except, size, full))| Op::PublishAs {
        who,
        to,
        except,
        size,
        full,
    })
}

/// A client takes some bytes of a message, and later some more: what single operations come to hardly ever.
fn trickle() -> impl Strategy<Value = Vec<Op>> {
    let part = (0..8_u8).prop_map(|bytes| {
        let (who, wrote) = (Who::Leased(0), Wrote::Part(0, bytes));
        let returned = Returned { who, through: Through::Its, wrote, then: Then::Blocks };
        Op::Transmitted { results: vec![returned] }
    });
    (n(), 20..100_u8, part.clone(), any::<u8>(), part, any::<u8>()).prop_map(
        |(n, size, first, pause, second, rest)| {
            let who = Who::Client(n);
            let (to, size) = (vec![To::One(who)], Size::Bytes(size));
            vec![
                Op::Publish { to, except: Vec::new(), size, full: Full::AsConfigured },
                Op::Transmit { on: On::Of(who), budget: u8::MAX },
                first,
                Op::Pass { millis: pause },
                Op::Writable { on: On::Of(Who::Blocked(0)) },
                Op::Transmit { on: On::Of(who), budget: u8::MAX },
                second,
                Op::Pass { millis: rest },
                Op::TimeoutWhenDue,
            ]
        },
    )
}

/// A client takes a part of a message, and the next message finds no room beside it.
fn cut() -> impl Strategy<Value = Vec<Op>> {
    let publish = |(to, size): (To, u8)| {
        let (to, size) = (vec![to], Size::Bytes(size));
        Op::Publish { to, except: Vec::new(), size, full: Full::AsConfigured }
    };
    let message = (to(), 40..200_u8).prop_map(publish);
    (n(), 40..200_u8, 1..20_u8, message).prop_map(move |(n, size, bytes, next)| {
        let who = Who::Client(n);
        let wrote = Wrote::Part(0, bytes);
        let returned = Returned { who: Who::Leased(0), through: Through::Its, wrote, then: Then::Blocks };
        let transmit = Op::Transmit { on: On::Of(who), budget: u8::MAX };
        vec![publish((To::One(who), size)), transmit, Op::Transmitted { results: vec![returned] }, next]
    })
}

/// Somebody comes with a session and loses the connection, which fails while it is written to, or ends: for single operations a rare
/// case, and rarer still for so many that a limit of away clients is reached.
fn lost() -> impl Strategy<Value = Vec<Op>> {
    let fails =
        Returned { who: Who::Leased(0), through: Through::Its, wrote: Wrote::Part(0, 0), then: Then::Fails };
    (1..4_u8, few_users(), any::<bool>()).prop_map(move |(session, user, is_failing)| {
        let last = Who::Client(u8::MAX);
        let mut ops = vec![Op::Arrive { address: 1, user, session }];
        if is_failing {
            let (to, size) = (vec![To::Everybody], Size::Bytes(20));
            ops.push(Op::Publish { to, except: Vec::new(), size, full: Full::AsConfigured });
            ops.push(Op::TransmitReady { lane: 0, connections: 9, budget: u8::MAX });
            ops.push(Op::Transmitted { results: vec![fails] });
        } else {
            ops.push(Op::Gone { on: On::Of(last) });
        }
        ops
    })
}

/// More is published than a history keeps, and a client wants more of it than there is.
fn missed() -> impl Strategy<Value = Vec<Op>> {
    (4..12_u8, n(), 0..2_u8, any::<u8>()).prop_map(|(count, client, room, back)| {
        let (to, size) = (vec![To::Room(room)], Size::Bytes(4));
        let publish = Op::Publish { to, except: Vec::new(), size, full: Full::AsConfigured };
        let mut ops = vec![publish; count.into()];
        ops.push(Op::Recover { who: Who::Client(client), room, since: Since::Back(back) });
        ops
    })
}

/// While somebody watches a room, another client leaves it and comes back, or comes and leaves, and time passes until that is told.
fn flapped() -> impl Strategy<Value = Vec<Op>> {
    (n(), n(), room_with_presence(), any::<bool>(), 100..=255_u8).prop_map(
        |(watcher, n, room, is_back, millis)| {
            let (watcher, who) = (Who::Client(watcher), Who::Client(n));
            let (join, leave) = (Op::JoinWithInfo { who, room, info: 0 }, Op::Leave { who, room });
            let both = if is_back { [leave, join] } else { [join, leave] };
            let first = [
                Op::JoinWithInfo { who: watcher, room, info: 0 },
                Op::Watch { who: watcher, room, off: 0 },
                Op::Pass { millis },
                Op::Timeout,
            ];
            first.into_iter().chain(both).chain([Op::Pass { millis }, Op::Timeout]).collect()
        },
    )
}

/// Mostly one that has presence by its name.
fn room_with_presence() -> impl Strategy<Value = u8> {
    prop_oneof![4 => Just(0_u8), 4 => Just(2_u8), 1 => 0..6_u8]
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

fn place() -> impl Strategy<Value = Op> {
    let who = prop_oneof![2 => rarely(Who::Reserved), 1 => client()];
    let seen = prop_oneof![8 => Just(Seen::All), 1 => Just(Seen::TooFew), 1 => Just(Seen::TooMany)];
    (who, 0..5_u8, seen, any::<u8>()).prop_map(|(who, user, seen, goes)| Op::Place { who, user, seen, goes })
}

fn configure() -> impl Strategy<Value = Op> {
    let full = prop_oneof![12 => full(), 1 => Just(Full::Wait)];
    (0..6_u8, 0..12_u8, 0..3_u8, full, 0..2_u8).prop_map(|(room, members, publishers, full, kept)| {
        Op::Configure { room, members: members.min(4), publishers, full, kept }
    })
}

fn since() -> impl Strategy<Value = Since> {
    prop_oneof![
        6 => (0..12_u8).prop_map(Since::Back),
        4 => any::<u8>().prop_map(Since::Told),
        2 => Just(Since::Latest),
        1 => n().prop_map(Since::Ahead),
        1 => n().prop_map(Since::Forged),
        1 => Just(Since::Overflowing),
    ]
}

fn publish_once() -> impl Strategy<Value = Op> {
    let size = prop_oneof![3 => (0..40_u8).prop_map(Size::Bytes), 1 => any::<u8>().prop_map(Size::Bytes)];
    let full = prop_oneof![12 => full(), 1 => Just(Full::Wait)];
    (0..6_u8, size, full, 0..5_u8, 0..9_u8).prop_map(|(room, size, full, key, version)| Op::PublishOnce {
        room,
        size,
        full,
        key,
        version,
    })
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

fn published() -> impl Strategy<Value = (Vec<To>, Vec<Who>, Size, Full)> {
    let size = prop_oneof![
        3 => (0..40_u8).prop_map(Size::Bytes),
        2 => (0..100_u8).prop_map(Size::Bytes),
        1 => any::<u8>().prop_map(Size::Bytes),
        2 => (n(), -1..2_i8).prop_map(|(n, more)| Size::LeftOf(n, more)),
    ];
    let one = (to(), full()).prop_map(|(to, full)| (vec![to], full));
    let some = (vec(to(), 0..4), full());
    let waiting = client().prop_map(|who| (vec![To::One(who)], Full::Wait));
    let misuse = (vec(to(), 0..3), Just(Full::Wait));
    let what = prop_oneof![8 => one, 4 => some, 2 => waiting, 1 => misuse];
    let except = prop_oneof![3 => Just(Vec::new()), 1 => vec(client(), 1..4)];
    (what, except, size).prop_map(|((to, full), except, size)| (to, except, size, full))
}

fn returned() -> impl Strategy<Value = Returned> {
    let part = (0..6_u8, any::<u8>()).prop_map(|(items, bytes)| Wrote::Part(items, bytes));
    let begun =
        (0..3_u8, any::<u8>(), 0..4_u8).prop_map(|(items, bytes, begun)| Wrote::Begun(items, bytes, begun));
    let wrote = prop_oneof![3 => Just(Wrote::Whole), 2 => part, 1 => begun];
    let then = prop_oneof![8 => Just(Then::Ready), 6 => Just(Then::Blocks), 1 => Just(Then::Fails)];
    let through = prop_oneof![
        16 => Just(Through::Its),
        1 => n().prop_map(Through::Anothers),
        1 => n().prop_map(Through::Former),
    ];
    (rarely(Who::Leased), through, wrote, then).prop_map(|(who, through, wrote, then)| Returned {
        who,
        through,
        wrote,
        then,
    })
}

fn how() -> impl Strategy<Value = How> {
    prop_oneof![Just(How::AfterFlush), Just(How::AtOnce), Just(How::ByHubAfterFlush), Just(How::ByHubAtOnce)]
}

/// The kinds of operations with their weights. The first is always allowed.
fn kinds(flavour: Flavour) -> Vec<(u32, BoxedStrategy<Op>)> {
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
    // How often somebody comes with a session: nowhere else has one.
    let named = match flavour {
        Flavour::Returning => 8,
        Flavour::History | Flavour::Presence => 3,
        _ => 1,
    };
    let session = || 0..7_u8;
    let reason = || prop_oneof![Just(0_u8), any::<u8>()];
    let user = || 0..6_u8;
    let story = match flavour {
        Flavour::History => 8,
        Flavour::Returning => 2,
        _ => 1,
    };
    let seen = if flavour == Flavour::Presence { 8 } else { 1 };
    let room = || 0..6_u8;
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
        (2 * life, any::<u8>().prop_map(|millis| Op::Pass { millis }).boxed()),
        (1, (0..4_u8).prop_map(|seconds| Op::Sleep { seconds }).boxed()),
        (1, any::<u8>().prop_map(|millis| Op::Back { millis }).boxed()),
        (2 * drain, Just(Op::Timeout).boxed()),
        (2 * life, Just(Op::TimeoutWhenDue).boxed()),
        (drain, (0..60_u8, any::<u8>()).prop_map(|(idle, spread)| Op::Drain { idle, spread }).boxed()),
        (1, Just(Op::Shutdown).boxed()),
        (if flavour == Flavour::Changing { 20 } else { 2 }, reconfigure().boxed()),
        (1, (0..12_u8).prop_map(|ops| Op::Linger { ops }).boxed()),
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

fn reconfigure() -> impl Strategy<Value = Op> {
    // What outboxes and the hub may hold matters only while much waits: the more often.
    let field = prop_oneof![12 => prop_oneof![36 => 0..36_u8, 1 => Just(252), 1 => Just(253)], 4 => prop_oneof![Just(0_u8), Just(1), Just(23)]];
    (field, any::<u8>()).prop_map(|(field, value)| Op::Reconfigure { field, value })
}

fn rate(share: f64, millis: u32, burst: u32) -> impl Strategy<Value = Option<Every>> {
    weighted(share, (1..=millis, 1..=burst).prop_map(|(millis, burst)| Every { millis, burst }))
}

fn limits(flavour: Flavour) -> impl Strategy<Value = Limits> {
    let per_user = prop_oneof![
        3 => Just(PerUser::Unlimited),
        1 => (1..3_u32).prop_map(PerUser::RefuseNewest),
        1 => (1..3_u32).prop_map(PerUser::EvictOldest),
    ];
    let policy = prop_oneof![
        2 => Just(Policy::DropNewest),
        1 => Just(Policy::DropOldest),
        1 => Just(Policy::Conflate(1)),
        if flavour == Flavour::Sliced { 16 } else { 1 } => Just(Policy::Disconnect),
    ];
    let messages = if flavour == Flavour::Sliced { 1..3_u32 } else { 1..9 };
    let over_rate = prop_oneof![Just(OverRate::Drop), Just(OverRate::Pause), Just(OverRate::Close)];
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
    let (limited, rated) = if flavour == Flavour::Changing { (0.5, 0.8) } else { (0.25, 0.3) };
    let few = |most: u32| weighted(limited, 1..=most);
    let every = |millis, burst| rate(rated, millis, burst);
    let admission = (few(9), few(3), few(3), every(50, 3), per_user);
    let rooms = (few(3), few(4), few(3));
    let outbox = (messages, bytes, policy, hub_bytes, every(50, 3));
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
