//! What operations are about: clients, connections, targets, sizes, and what becomes of a lease.

use proptest::collection::vec;
use proptest::prelude::*;
use throng_tests::model::{Full, How, On, Returned, Since, Size, Then, Through, To, Who, Wrote};

pub(super) fn n() -> impl Strategy<Value = u8> {
    0..8_u8
}

/// Mostly one user or nobody, so that sessions are found.
pub(super) fn few_users() -> impl Strategy<Value = u8> {
    prop_oneof![4 => 0..2_u8, 1 => 0..6_u8]
}

pub(super) fn client() -> impl Strategy<Value = Who> {
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
pub(super) fn connection() -> impl Strategy<Value = On> {
    prop_oneof![
        20 => client().prop_map(On::Of),
        2 => unusual(),
        1 => n().prop_map(On::Any),
    ]
}

pub(super) fn unusual() -> impl Strategy<Value = On> {
    prop_oneof![
        1 => n().prop_map(On::Any),
        1 => n().prop_map(On::Handshake),
        1 => n().prop_map(On::Ended),
        1 => n().prop_map(On::AsClient),
    ]
}

pub(super) fn rarely_of(usual: fn(u8) -> Who) -> impl Strategy<Value = On> {
    prop_oneof![12 => n().prop_map(move |n| On::Of(usual(n))), 2 => unusual()]
}

pub(super) fn rarely_on(usual: fn(u8) -> On) -> impl Strategy<Value = On> {
    prop_oneof![12 => n().prop_map(usual), 2 => unusual()]
}

pub(super) fn rarely(usual: fn(u8) -> Who) -> impl Strategy<Value = Who> {
    prop_oneof![
        12 => n().prop_map(usual),
        1 => n().prop_map(Who::Anybody),
        1 => n().prop_map(Who::Stale),
    ]
}

pub(super) fn to() -> impl Strategy<Value = To> {
    prop_oneof![
        3 => n().prop_map(|room| To::Room(room % 5)),
        3 => client().prop_map(To::One),
        2 => (0..4_u8).prop_map(To::User),
        1 => Just(To::Everybody),
    ]
}

pub(super) fn full() -> impl Strategy<Value = Full> {
    prop_oneof![
        4 => Just(Full::AsConfigured),
        1 => Just(Full::DropNewest),
        2 => Just(Full::DropOldest),
        2 => (0..3_u8).prop_map(Full::Conflate),
        1 => Just(Full::Disconnect),
    ]
}

pub(super) fn since() -> impl Strategy<Value = Since> {
    prop_oneof![
        6 => (0..12_u8).prop_map(Since::Back),
        4 => any::<u8>().prop_map(Since::Told),
        2 => Just(Since::Latest),
        1 => n().prop_map(Since::Ahead),
        1 => n().prop_map(Since::Forged),
        1 => Just(Since::Overflowing),
    ]
}

/// Mostly one that has presence by its name.
pub(super) fn room_with_presence() -> impl Strategy<Value = u8> {
    prop_oneof![4 => Just(0_u8), 4 => Just(2_u8), 1 => 0..6_u8]
}

pub(super) fn published() -> impl Strategy<Value = (Vec<To>, Vec<Who>, Size, Full)> {
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

pub(super) fn returned() -> impl Strategy<Value = Returned> {
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

pub(super) fn how() -> impl Strategy<Value = How> {
    prop_oneof![Just(How::AfterFlush), Just(How::AtOnce), Just(How::ByHubAfterFlush), Just(How::ByHubAtOnce)]
}

/// One of all users.
pub(super) fn user() -> impl Strategy<Value = u8> {
    0..6_u8
}

/// One of all sessions.
pub(super) fn session() -> impl Strategy<Value = u8> {
    0..7_u8
}

/// One of all rooms.
pub(super) fn room() -> impl Strategy<Value = u8> {
    0..6_u8
}

/// The length of a close's reason.
pub(super) fn reason() -> impl Strategy<Value = u8> {
    prop_oneof![Just(0_u8), any::<u8>()]
}
