//! Several operations that belong together, which single ones come to hardly ever.

use super::arguments::{few_users, n, room_with_presence, to};
use proptest::prelude::*;
use throng_tests::model::{Full, On, Op, Returned, Since, Size, Then, Through, To, Who, Wrote};

/// A client takes some bytes of a message, and later some more: what single operations come to hardly ever.
pub(super) fn trickle() -> impl Strategy<Value = Vec<Op>> {
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
pub(super) fn cut() -> impl Strategy<Value = Vec<Op>> {
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
pub(super) fn lost() -> impl Strategy<Value = Vec<Op>> {
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
pub(super) fn missed() -> impl Strategy<Value = Vec<Op>> {
    (4..12_u8, n(), 0..2_u8, any::<u8>()).prop_map(|(count, client, room, back)| {
        let (to, size) = (vec![To::Room(room)], Size::Bytes(4));
        let publish = Op::Publish { to, except: Vec::new(), size, full: Full::AsConfigured };
        let mut ops = vec![publish; count.into()];
        ops.push(Op::Recover { who: Who::Client(client), room, since: Since::Back(back) });
        ops
    })
}

/// While somebody watches a room, another client leaves it and comes back, or comes and leaves, and time passes until that is told.
pub(super) fn flapped() -> impl Strategy<Value = Vec<Op>> {
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
