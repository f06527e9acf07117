//! Rooms with a history outlive their members: for how long, how many, and which of them end first.

use super::bench::*;
use super::history::{FIVE, with_histories, with_history};
use crate::hub::{Lifetime, Refusal, RoomConfig, Target};
use alloc::vec::Vec;

#[test]
fn a_room_with_a_history_outlives_its_members_until_its_meta_age() {
    let mut bench = with_history(FIVE);
    let ann = bench.connect_in("h");
    bench.say_in("h", "last words");
    let position = bench.position("h");
    bench.wait(secs(120));
    bench.gone(ann);
    assert_eq!((bench.hub.room_exists("h"), bench.hub.stats().idle_rooms), (true, 1));
    bench.wait(secs(480) - TICK);
    assert_eq!(bench.hub.position("h"), Some(position));
    bench.wait(TICK);
    assert!(!bench.hub.room_exists("h"), "ten minutes after its last message");
    assert_eq!(bench.hub.stats().histories, 0);
    let again = bench.say_in("h", "again").position.expect("a history");
    assert_eq!(again.offset, 1);
    assert_ne!(again.epoch, position.epoch);
    bench.wait(secs(600));
    bench.assert_empty();
}

#[test]
fn a_room_with_members_keeps_its_epoch_however_long_it_is_silent() {
    let mut bench = with_history(FIVE);
    let ann = bench.connect_in("h");
    bench.say_in("h", "x");
    let position = bench.position("h");
    bench.wait(secs(7_200));
    assert_eq!(bench.position("h"), position);
    bench.hub.leave(bench.now, ann, "h").expect("left");
    bench.wait(TICK);
    assert!(!bench.hub.room_exists("h"), "its meta age is over");
}

#[test]
fn a_message_to_an_idle_room_gives_it_its_meta_age_again() {
    let mut bench = with_history(FIVE);
    bench.say_in("h", "one");
    bench.wait(secs(590));
    bench.say_in("h", "two");
    bench.wait(secs(590));
    assert_eq!(bench.position("h").offset, 2);
    bench.wait(secs(10));
    assert!(!bench.hub.room_exists("h"));
}

#[test]
fn too_many_idle_rooms_end_the_one_that_was_used_longest_ago() {
    let mut bench = with_histories(|config| {
        config.history.by_prefix.insert("h".into(), FIVE);
        config.history.idle_rooms = 2;
    });
    let ann = bench.connect();
    for room in ["h1", "h2", "h1"] {
        bench.say_in(room, "x");
    }
    bench.join(ann, "h3");
    bench.hub.leave(bench.now, ann, "h3").expect("left");
    let rooms: Vec<_> = ["h1", "h2", "h3"].into_iter().filter(|room| bench.hub.room_exists(room)).collect();
    assert_eq!(rooms, ["h1", "h3"], "h1 was used again");
    assert_eq!((bench.hub.stats().idle_rooms, bench.hub.stats().idle_rooms_evicted), (2, 1));
    assert_eq!(bench.hub.check(), Ok(()));
}

#[test]
fn an_idle_room_makes_way_when_the_hub_may_have_no_more_rooms() {
    let mut bench = with_histories(|config| {
        config.history.by_prefix.insert("h".into(), FIVE);
        config.rooms.total = Some(2);
    });
    bench.say_in("h1", "x");
    bench.say_in("h2", "x");
    let ann = bench.connect_in("lobby");
    assert!(!bench.hub.room_exists("h1"));
    bench.join(ann, "attic");
    assert_eq!(bench.hub.stats().idle_rooms_evicted, 2);
    let full = bench.refused(|hub, now| hub.join(now, ann, "more"));
    assert_eq!(full, Refusal::TooManyRooms { limit: 2 }.into());
    let full = bench.refused(|hub, now| hub.publish(now, &[Target::Room("h")], &[], &frame("x"), None));
    assert_eq!(full, Refusal::TooManyRooms { limit: 2 }.into());
}

#[test]
fn a_newcomer_may_take_the_place_of_an_idle_room() {
    let mut bench = with_histories(|config| {
        config.history.by_prefix.insert("h".into(), FIVE);
        config.rooms.total = Some(1);
    });
    bench.say_in("h", "x");
    let connection = bench.accept();
    let reserved = bench.hub.reserve_for(bench.now, connection, None, &["lobby".into()]);
    assert!(reserved.is_ok());
    let refused = bench.accept();
    let two = bench.hub.reserve_for(bench.now, refused, None, &["lobby".into(), "attic".into()]);
    assert_eq!(two, Err(Refusal::TooManyRooms { limit: 1 }.into()));
    // The idle room does not make way for another one if it is to be joined itself.
    let both = bench.hub.reserve_for(bench.now, refused, None, &["h".into(), "attic".into()]);
    assert_eq!(both, Err(Refusal::TooManyRooms { limit: 1 }.into()));
}

#[test]
fn a_kept_room_is_not_idle() {
    let mut bench = with_history(FIVE);
    let kept = RoomConfig { lifetime: Lifetime::Kept, ..RoomConfig::default() };
    bench.hub.configure_room(bench.now, "h", kept).expect("configured");
    bench.say_in("h", "x");
    bench.wait(secs(3_600));
    assert_eq!((bench.hub.stats().idle_rooms, bench.position("h").offset), (0, 1));
    bench.hub.configure_room(bench.now, "h", RoomConfig::default()).expect("configured");
    assert_eq!(bench.hub.stats().idle_rooms, 1);
    bench.wait(TICK);
    assert!(!bench.hub.room_exists("h"));
}
