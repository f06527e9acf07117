//! The operations that are more than their arguments.

use super::arguments::{client, full, published, rarely};
use proptest::prelude::*;
use throng_tests::model::{Full, Op, Seen, Size, Who};

pub(super) fn publish() -> impl Strategy<Value = Op> {
    published().prop_map(|(to, except, size, full)| Op::Publish { to, except, size, full })
}

pub(super) fn publish_as() -> impl Strategy<Value = Op> {
    (client(), published()).prop_map(|(who, (to, except, size, full))| Op::PublishAs {
        who,
        to,
        except,
        size,
        full,
    })
}

pub(super) fn publish_once() -> impl Strategy<Value = Op> {
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

pub(super) fn place() -> impl Strategy<Value = Op> {
    let who = prop_oneof![2 => rarely(Who::Reserved), 1 => client()];
    let seen = prop_oneof![8 => Just(Seen::All), 1 => Just(Seen::TooFew), 1 => Just(Seen::TooMany)];
    (who, 0..5_u8, seen, any::<u8>()).prop_map(|(who, user, seen, goes)| Op::Place { who, user, seen, goes })
}

pub(super) fn configure() -> impl Strategy<Value = Op> {
    let full = prop_oneof![12 => full(), 1 => Just(Full::Wait)];
    (0..6_u8, 0..12_u8, 0..3_u8, full, 0..2_u8).prop_map(|(room, members, publishers, full, kept)| {
        Op::Configure { room, members: members.min(4), publishers, full, kept }
    })
}

pub(super) fn reconfigure() -> impl Strategy<Value = Op> {
    // What outboxes and the hub may hold matters only while much waits: the more often.
    let field = prop_oneof![12 => prop_oneof![36 => 0..36_u8, 1 => Just(252), 1 => Just(253)], 4 => prop_oneof![Just(0_u8), Just(1), Just(23)]];
    (field, any::<u8>()).prop_map(|(field, value)| Op::Reconfigure { field, value })
}
