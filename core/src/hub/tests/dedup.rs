//! Idempotency keys and versions of publishes to rooms with a history.

use super::bench::*;
use super::history::{FIVE, with_histories, with_history};
use crate::hub::{Dedup, Error, Ignored, Position, Published, Refusal, Target};
use alloc::string::String;

impl Bench {
    fn once(&mut self, room: &str, text: &str, dedup: Dedup<'_>) -> Result<Published, Error> {
        self.hub.publish_once(self.now, &[Target::Room(room)], &[], &frame(text), None, Some(&dedup))
    }

    fn with_key(&mut self, room: &str, text: &str, key: &str) -> Published {
        self.once(room, text, Dedup { key: Some(key), version: None }).expect("no error")
    }

    fn with_version(&mut self, text: &str, version: u64) -> Published {
        self.once("h", text, Dedup { key: None, version: Some(version) }).expect("no error")
    }
}

#[test]
fn a_repeated_key_sends_nothing_and_has_the_answer_of_the_first() {
    let mut bench = with_history(FIVE);
    let ann = bench.connect_in("h");
    let first = bench.with_key("h", "hello", "k");
    assert_eq!((first.queued, first.ignored), (1, None));
    bench.say_in("h", "between");
    let sequence = bench.hub.sequence();
    let again = bench.with_key("h", "hello", "k");
    assert_eq!(again, Published { ignored: Some(Ignored::Repeated), ..first });
    assert_eq!(bench.hub.sequence(), sequence);
    assert_eq!(bench.write_to(ann), ["hello", "between"]);
    let stats = bench.hub.stats();
    assert_eq!((stats.published, stats.history_published, stats.history_repeated), (2, 2, 1));
    assert_eq!(bench.with_key("h", "other", "l").ignored, None);
    assert_eq!(bench.with_key("h:other", "hello", "k").ignored, None, "a key belongs to a room");
    assert_eq!(bench.with_key("h", "", "").ignored, None, "an empty key is one, too");
    assert_eq!(bench.hub.check(), Ok(()));
}

#[test]
fn a_key_is_remembered_for_its_age_exactly() {
    let mut bench = with_history(FIVE);
    bench.with_key("h", "x", "k");
    bench.wait(secs(300) - TICK);
    assert_eq!(bench.with_key("h", "x", "k").ignored, Some(Ignored::Repeated));
    bench.wait(TICK);
    let anew = bench.with_key("h", "x", "k");
    assert_eq!((anew.ignored, anew.position.map(|at| at.offset)), (None, Some(2)));
    bench.wait(secs(299));
    assert_eq!(bench.with_key("h", "x", "k").position, anew.position, "the later one counts");
    assert_eq!((bench.hub.stats().history_keys, bench.hub.check()), (1, Ok(())));
}

#[test]
fn a_key_outlives_its_message_and_not_the_history() {
    let mut bench = with_history(FIVE);
    let first = bench.with_key("h", "x", "k");
    bench.count_to("h", 9);
    assert_eq!(bench.with_key("h", "x", "k").position, first.position);
    bench.hub.remove_history(bench.now, "h").expect("removed");
    assert_eq!(bench.with_key("h", "x", "k").ignored, None);
}

#[test]
fn too_many_keys_are_refused_rather_than_forgotten() {
    let mut bench = with_histories(|config| {
        config.history.by_prefix.insert("h".into(), FIVE);
        (config.history.keys, config.history.key_bytes) = (2, 3);
    });
    bench.with_key("h", "x", "k");
    bench.wait(secs(1));
    bench.with_key("h", "x", "l");
    let refused = bench.once("h", "x", Dedup { key: Some("m"), version: None });
    assert_eq!(refused, Err(Refusal::TooManyKeys { limit: 2 }.into()));
    assert_eq!((bench.position("h").offset, bench.hub.room_exists("h2")), (2, false));
    let refused = bench.once("h2", "x", Dedup { key: Some("m"), version: None });
    assert_eq!(refused, Err(Refusal::TooManyKeys { limit: 2 }.into()));
    assert!(!bench.hub.room_exists("h2"), "a refused publish makes no room");
    assert_eq!(bench.with_key("h", "x", "k").ignored, Some(Ignored::Repeated));
    bench.wait(secs(299));
    assert_eq!(bench.with_key("h", "x", "m").ignored, None, "one is forgotten");
    let refused = bench.once("h", "x", Dedup { key: Some("four"), version: None });
    assert_eq!(refused, Err(Refusal::KeyTooLong { limit: 3 }.into()));
    assert_eq!(bench.hub.check(), Ok(()));
}

#[test]
fn many_keys_are_found_and_forgotten() {
    let mut bench = with_history(FIVE);
    let key = |number: u32| alloc::format!("key {number}");
    for number in 0..1_000 {
        bench.with_key("h", "x", &key(number));
    }
    for number in [0, 1, 500, 999] {
        assert_eq!(bench.with_key("h", "x", &key(number)).ignored, Some(Ignored::Repeated));
    }
    bench.wait(secs(300));
    for number in 0..1_000 {
        assert_eq!(bench.with_key("h", "x", &key(number)).ignored, None, "{number}");
    }
    assert_eq!((bench.hub.stats().history_keys, bench.hub.check()), (1_000, Ok(())));
}

#[test]
fn an_older_or_equal_version_sends_nothing() {
    let mut bench = with_history(FIVE);
    let ann = bench.connect_in("h");
    let position = bench.position("h");
    let sent = |offset| (Some(Position { offset, ..position }), None);
    let outdated = |offset| (Some(Position { offset, ..position }), Some(Ignored::Outdated));
    let mut version = |version| {
        let published = bench.with_version(&alloc::format!("v{version}"), version);
        (published.position, published.ignored)
    };
    assert_eq!(version(0), sent(1), "the first may be 0");
    assert_eq!(version(0), outdated(1));
    assert_eq!(version(5), sent(2));
    assert_eq!((version(4), version(5)), (outdated(2), outdated(2)));
    assert_eq!(version(u64::MAX), sent(3));
    assert_eq!(version(u64::MAX), outdated(3));
    assert_eq!(bench.write_to(ann), [String::from("v0"), "v5".into(), alloc::format!("v{}", u64::MAX)]);
    assert_eq!(bench.hub.stats().history_outdated, 4);
    assert_eq!(bench.say_in("h", "without one").ignored, None);
    bench.hub.remove_history(bench.now, "h").expect("removed");
    assert_eq!(bench.with_version("anew", 1).ignored, None);
}

#[test]
fn dedup_needs_one_room_with_a_history() {
    let mut bench = with_history(FIVE);
    let ann = bench.connect_in("lobby");
    let dedup = Dedup { key: Some("k"), version: Some(1) };
    let mut refused = |targets: &[Target<'_>]| {
        bench.refused(|hub, now| hub.publish_once(now, targets, &[], &frame("x"), None, Some(&dedup)))
    };
    assert_eq!(refused(&[Target::Room("lobby")]), Refusal::NoHistory.into());
    assert_eq!(refused(&[Target::Client(ann)]), Refusal::NoHistory.into());
    assert_eq!(refused(&[Target::All]), Refusal::NoHistory.into());
    assert_eq!(refused(&[Target::Room("nowhere")]), Refusal::NoSuchRoom.into());
    assert_eq!(refused(&[Target::User("nobody")]), Refusal::NoSuchUser.into());
    assert_eq!(refused(&[Target::Room("h"), Target::All]), Error::HistoryStandsAlone);
    assert_eq!(refused(&[]), Error::HistoryStandsAlone);
}
