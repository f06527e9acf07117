//! Histories of rooms: offsets, bounds, ages, idle rooms, epochs, pages.

use super::bench::*;
use crate::frame::{Frame, Place};
use crate::hub::{
    Config, Error, Flush, History, Hub, Members, Must, Order, Policy, Position, Published, Refusal,
    RoomConfig, Target, Unrecoverable,
};
use alloc::vec::Vec;
use core::time::Duration;

/// Five messages, for a minute; the room stays for ten.
pub(super) const FIVE: History =
    History { messages: 5, bytes: 1 << 16, age: Duration::from_mins(1), meta_age: Duration::from_mins(10) };

/// A hub in which the rooms whose names begin with "h" have a history.
pub(super) fn with_history(history: History) -> Bench {
    with_histories(|config| _ = config.history.by_prefix.insert("h".into(), history))
}

/// A hub with a seed of epochs, so that rooms may have histories.
pub(super) fn with_histories(change: impl FnOnce(&mut Config)) -> Bench {
    Bench::with(|config| {
        config.host.epoch_seed = 7;
        change(config);
    })
}

impl Bench {
    /// Publishes to one room.
    pub(super) fn say_in(&mut self, room: &str, text: &str) -> Published {
        self.publish(&[Target::Room(room)], text).expect("published")
    }

    /// Publishes "1", "2", … to a room.
    pub(super) fn count_to(&mut self, room: &str, numbers: u64) {
        for number in 1..=numbers {
            self.say_in(room, &alloc::format!("{number}"));
        }
    }

    pub(super) fn position(&self, room: &str) -> Position {
        self.hub.position(room).expect("a history")
    }

    /// The texts of a room's history, the oldest first.
    pub(super) fn kept(&self, room: &str) -> Vec<(u64, Vec<u8>)> {
        let page = self.hub.history(room, None, 1_000, Order::OldestFirst).expect("a history");
        page.messages.iter().map(|message| (message.offset, message.frame.payload().to_vec())).collect()
    }

    fn offsets(&self, room: &str) -> Vec<u64> {
        self.kept(room).into_iter().map(|(offset, _)| offset).collect()
    }
}

#[test]
fn offsets_begin_at_one_and_have_no_gaps() {
    let mut bench = with_history(FIVE);
    let ann = bench.connect();
    let joined = bench.hub.join(bench.now, ann, "h").expect("joined");
    let start = joined.position.expect("a history");
    assert_eq!((start.offset, joined.recovery), (0, None));
    for offset in 1..=3 {
        let published = bench.say_in("h", "hello");
        assert_eq!(published.position, Some(Position { offset, ..start }));
        assert_eq!((published.queued, published.ignored), (1, None));
    }
    assert_eq!(bench.position("h"), Position { offset: 3, ..start });
    bench.join(ann, "lobby");
    assert_eq!(bench.say_in("lobby", "x").position, None);
}

#[test]
fn a_message_is_kept_and_numbered_when_nobody_is_there_or_all_are_excepted() {
    let mut bench = with_history(FIVE);
    assert_eq!(bench.say_in("h", "to nobody").position.map(|at| at.offset), Some(1));
    let ann = bench.connect_in("h");
    let published = bench.hub.publish(bench.now, &[Target::Room("h")], &[ann], &frame("not to ann"), None);
    let published = published.expect("published");
    assert_eq!((published.queued, published.position.map(|at| at.offset)), (0, Some(2)));
    assert_eq!(bench.kept("h"), [(1, b"to nobody".to_vec()), (2, b"not to ann".to_vec())]);
    assert_eq!(bench.write_to(ann), [""; 0]);
}

#[test]
fn a_frame_with_a_place_is_sealed_with_its_offset() {
    let mut bench = with_history(FIVE);
    let ann = bench.connect_in("h");
    let frame = Frame::raw(alloc::format!("{}!", Place::ZERO).into()).with_place(Place::decimal(0));
    let frame = frame.expect("it has room for the offset");
    for offset in 1..=2 {
        bench.hub.publish(bench.now, &[Target::Room("h")], &[], &frame, None).expect("published");
        bench.transmit(ann, PLENTY).expect("a lease");
        let item = bench.batch.run(0)[0].clone();
        let crate::outbox::Item::Frame(sealed) = item else { panic!("a frame") };
        assert_eq!(sealed.offset(), Some(offset));
        bench.wrote(ann);
    }
    let page = bench.hub.history("h", None, 9, Order::OldestFirst).expect("a history");
    assert_eq!(
        page.messages.iter().map(|message| message.frame.offset()).collect::<Vec<_>>(),
        [Some(1), Some(2)]
    );
    assert_eq!(frame.offset(), None, "the application's frame stays as it is");
}

#[test]
fn only_so_many_messages_are_kept() {
    let mut bench = with_history(FIVE);
    bench.count_to("h", 7);
    assert_eq!(bench.offsets("h"), [3, 4, 5, 6, 7]);
    let stats = bench.hub.stats();
    assert_eq!((stats.history_messages, stats.history_trimmed, stats.frames), (5, 2, 5));
    assert_eq!(bench.hub.check(), Ok(()));
}

#[test]
fn only_so_many_bytes_are_kept() {
    let mut bench = with_history(History { bytes: 300, ..FIVE });
    for bytes in [100, 100, 100, 150] {
        bench.hub.publish(bench.now, &[Target::Room("h")], &[], &frame_of(bytes), None).expect("published");
    }
    assert_eq!(bench.offsets("h"), [3, 4], "three would be 350 bytes");
    bench.hub.publish(bench.now, &[Target::Room("h")], &[], &frame_of(301), None).expect("published");
    assert_eq!(bench.offsets("h"), [0; 0], "one that is longer is not kept, nor any before it");
    assert_eq!(bench.position("h").offset, 5);
    assert_eq!((bench.hub.stats().frames, bench.hub.stats().queued_bytes), (0, 0));
}

#[test]
fn a_message_expires_at_its_age_exactly() {
    let mut bench = with_history(FIVE);
    bench.say_in("h", "first");
    bench.wait(secs(30));
    bench.say_in("h", "second");
    bench.wait(secs(30) - TICK);
    assert_eq!(bench.offsets("h"), [1, 2]);
    bench.wait(TICK);
    assert_eq!(bench.offsets("h"), [2]);
    bench.wait(secs(30));
    assert_eq!(bench.offsets("h"), [0; 0]);
    assert_eq!(bench.position("h").offset, 2, "the offset stays");
    assert_eq!(bench.hub.stats().history_expired, 2);
    assert_eq!(bench.hub.stats().frames, 0);
}

#[test]
fn the_longest_prefix_decides_and_a_rooms_own_config_before_it() {
    let ten = History { messages: 10, ..FIVE };
    let mut bench = with_histories(|config| {
        for (prefix, history) in [("h", FIVE), ("h:long:", ten), ("h:off:", History::OFF)] {
            config.history.by_prefix.insert(prefix.into(), history);
        }
    });
    for (room, messages) in [("h", Some(5)), ("h:long", Some(5)), ("h:long:1", Some(10)), ("h:off:1", None)] {
        let found = bench.hub.history_config(room).map(|history| history.messages);
        assert_eq!(found, messages, "{room}, before it exists");
        let ann = bench.connect_in(room);
        assert_eq!(bench.hub.history_config(room).map(|history| history.messages), messages, "{room}");
        bench.gone(ann);
    }
    let two = RoomConfig { history: Some(History { messages: 2, ..FIVE }), ..RoomConfig::default() };
    bench.hub.configure_room(bench.now, "h:off:1", two).expect("configured");
    bench.count_to("h:off:1", 3);
    assert_eq!(bench.offsets("h:off:1"), [2, 3]);
    let off = RoomConfig { history: Some(History::OFF), ..RoomConfig::default() };
    bench.hub.configure_room(bench.now, "h", off).expect("configured");
    assert!(!bench.hub.room_exists("h"), "nothing keeps it any more");
}

#[test]
fn new_bounds_discard_what_is_over_them_and_keep_the_epoch() {
    let mut bench = with_history(FIVE);
    bench.count_to("h", 5);
    let position = bench.position("h");
    let two =
        |age| RoomConfig { history: Some(History { messages: 2, age, ..FIVE }), ..RoomConfig::default() };
    bench.hub.configure_room(bench.now, "h", two(secs(60))).expect("configured");
    assert_eq!((bench.offsets("h"), bench.position("h")), ([4, 5].into(), position));
    bench.wait(secs(20));
    bench.hub.configure_room(bench.now, "h", two(secs(10))).expect("configured");
    bench.wait(TICK);
    assert_eq!(bench.offsets("h"), [0; 0], "they are older than ten seconds");
}

#[test]
fn invalid_histories_are_refused() {
    let mut bench = with_history(FIVE);
    let wrong = |history| RoomConfig { history: Some(history), ..RoomConfig::default() };
    for (history, field) in [
        (History { bytes: 0, ..FIVE }, "history.bytes"),
        (History { age: Duration::ZERO, ..FIVE }, "history.age"),
        (History { meta_age: secs(59), ..FIVE }, "history.meta_age"),
        (History { messages: u32::MAX, ..FIVE }, "history.messages"),
    ] {
        assert_eq!(history.validate().map_err(|error| error.field), Err(field));
        let refused = bench.refused(|hub, now| hub.configure_room(now, "h", wrong(history)));
        assert_eq!(refused, Error::InvalidHistory);
        let mut config = Config::default();
        config.host.epoch_seed = 1;
        config.history.by_prefix.insert("h".into(), history);
        assert_eq!(config.validate().map_err(|error| error.field), Err(field));
    }
}

#[test]
fn a_history_needs_a_seed_of_epochs() {
    let mut config = Config::default();
    config.history.by_prefix.insert("h".into(), FIVE);
    let refused = config.validate().map_err(|error| (error.field, error.must));
    assert_eq!(refused, Err(("host.epoch_seed", Must::BeRandom)));
    let mut bench = Bench::new();
    let own = RoomConfig { history: Some(FIVE), ..RoomConfig::default() };
    assert_eq!(bench.refused(|hub, now| hub.configure_room(now, "h", own)), Error::NoEpochSeed);
    // A running hub keeps its own seed: the one of a new config does not count.
    let mut bench = with_history(FIVE);
    let mut other = bench.hub.config().clone();
    other.host.epoch_seed = 0;
    other.history.page = 3;
    assert_eq!(bench.hub.reconfigure(bench.now, &other), Ok(()));
    assert_eq!((bench.hub.config().host.epoch_seed, bench.hub.config().history.page), (7, 3));
}

#[test]
fn no_two_histories_have_the_same_epoch() {
    let mut bench = with_history(FIVE);
    let mut epochs = Vec::new();
    for _ in 0..100 {
        bench.say_in("h", "x");
        epochs.push(bench.position("h").epoch);
        bench.hub.remove_history(bench.now, "h").expect("removed");
        epochs.push(bench.position("h").epoch);
        bench.hub.close_room(bench.now, "h", Members::Leave).expect("closed");
    }
    let made = epochs.len();
    epochs.sort_unstable();
    epochs.dedup();
    assert_eq!(epochs.len(), made);
    let mut other = Hub::new(Config {
        host: crate::hub::Host { epoch_seed: 8, ..bench.hub.config().host },
        ..bench.hub.config().clone()
    })
    .expect("a config");
    other.publish(bench.now, &[Target::Room("h")], &[], &frame("x"), None).expect("published");
    assert!(!epochs.contains(&other.position("h").expect("a history").epoch), "after a restart");
}

#[test]
fn a_removed_history_begins_again_and_its_members_stay() {
    let mut bench = with_history(FIVE);
    let ann = bench.connect_in("h");
    bench.count_to("h", 3);
    let before = bench.position("h");
    bench.hub.remove_history(bench.now, "h").expect("removed");
    let after = bench.position("h");
    assert_eq!((after.offset, bench.offsets("h")), (0, [0; 0].into()));
    assert_ne!(after.epoch, before.epoch);
    assert_eq!(bench.say_in("h", "anew").position, Some(Position { offset: 1, ..after }));
    assert_eq!(bench.write_to(ann), ["1", "2", "3", "anew"], "what was queued stays");
    assert_eq!(bench.refused(|hub, now| hub.remove_history(now, "nowhere")), Refusal::NoSuchRoom.into());
    bench.join(ann, "lobby");
    assert_eq!(bench.refused(|hub, now| hub.remove_history(now, "lobby")), Refusal::NoHistory.into());
}

#[test]
fn a_room_with_a_history_must_be_the_only_target() {
    let mut bench = with_history(FIVE);
    let ann = bench.connect_in("lobby");
    for room in ["h", "h-not-there-yet"] {
        for targets in [
            [Target::Room(room), Target::Room("lobby")],
            [Target::Client(ann), Target::Room(room)],
            [Target::Room(room), Target::Room(room)],
        ] {
            let refused = bench.refused(|hub, now| hub.publish(now, &targets, &[], &frame("x"), None));
            assert_eq!(refused, Error::HistoryStandsAlone, "{targets:?}");
        }
        if room == "h" {
            bench.join(ann, "h");
        }
    }
    assert_eq!(bench.publish(&[Target::All, Target::Room("lobby")], "x"), Ok(published(1, 0, 0, 0)));
    assert_eq!(bench.position("h").offset, 0, "what everybody gets is not the room's");
}

#[test]
fn a_publish_to_a_history_cannot_wait() {
    let mut bench = with_history(FIVE);
    bench.connect_in("h");
    for room in ["h", "h2"] {
        let refused = bench.refused(|hub, now| {
            hub.publish(now, &[Target::Room(room)], &[], &frame("x"), Some(Policy::Wait))
        });
        assert_eq!(refused, Error::NoWaitForHistory);
    }
}

#[test]
fn a_room_that_is_made_by_a_publish_must_have_a_good_name() {
    let mut bench = with_histories(|config| {
        config.history.by_prefix.insert("".into(), FIVE);
        config.rooms.name_bytes = 3;
    });
    let mut refused =
        |room| bench.refused(|hub, now| hub.publish(now, &[Target::Room(room)], &[], &frame("x"), None));
    assert_eq!(refused(""), Refusal::EmptyName.into());
    assert_eq!(refused("long"), Refusal::NameTooLong { limit: 3 }.into());
    let ann = bench.connect();
    bench.gone(ann);
    let stale = bench.refused(|hub, now| hub.publish(now, &[Target::Client(ann)], &[], &frame("x"), None));
    assert_eq!(stale, Error::Gone, "only a room can have a history");
}

#[test]
fn a_page_has_what_was_asked_for_or_says_why_not() {
    let mut bench = with_history(FIVE);
    bench.count_to("h", 8);
    let top = bench.position("h");
    let at = |offset| Some(Position { offset, ..top });
    let forged = Position { epoch: crate::Epoch::from_u64(1).expect("not zero"), offset: 8 };
    let page = |since, limit, order| {
        let page = bench.hub.history("h", since, limit, order);
        page.map(|page| {
            assert_eq!((page.top, page.oldest), (top, 4));
            page.messages.iter().map(|message| message.offset).collect::<Vec<_>>()
        })
    };
    let (older, newer) = (Order::NewestFirst, Order::OldestFirst);
    assert_eq!(page(None, 100, newer), Ok([4, 5, 6, 7, 8].into()));
    assert_eq!(page(None, 2, newer), Ok([4, 5].into()));
    assert_eq!(page(at(5), 2, newer), Ok([6, 7].into()));
    assert_eq!(page(at(3), 1, newer), Ok([4].into()));
    assert_eq!(page(at(8), 9, newer), Ok([0; 0].into()));
    assert_eq!(page(None, 2, older), Ok([8, 7].into()));
    assert_eq!(page(at(7), 2, older), Ok([6, 5].into()));
    assert_eq!(page(at(4), 2, older), Ok([0; 0].into()));
    assert_eq!(page(at(0), 2, older), Ok([0; 0].into()));
    assert_eq!(page(None, 0, newer), Ok([0; 0].into()));
    let wrong =
        |since, limit| page(since, limit, newer).map_err(|error| (error.reason, error.oldest, error.top));
    assert_eq!(wrong(at(2), 9), Err((Unrecoverable::Trimmed, 4, 8)));
    assert_eq!(wrong(at(9), 9), Err((Unrecoverable::EpochChanged, 4, 8)));
    assert_eq!(wrong(at(u64::MAX), 9), Err((Unrecoverable::EpochChanged, 4, 8)));
    assert_eq!(wrong(Some(forged), 9), Err((Unrecoverable::EpochChanged, 4, 8)));
    assert_eq!(wrong(None, 1_000_000_000), Err((Unrecoverable::OverLimit, 4, 8)));
    for room in ["lobby", "h-not-there-yet"] {
        let none =
            bench.hub.history(room, None, 1, newer).map_err(|error| (error.reason, error.oldest, error.top));
        assert_eq!(none.map(drop), Err((Unrecoverable::NoneKept, 1, 0)));
    }
}

#[test]
fn a_closed_room_loses_its_history_at_once() {
    let mut bench = with_history(FIVE);
    let ann = bench.connect_in("h");
    bench.count_to("h", 3);
    let before = bench.position("h");
    bench.write_all();
    bench.hub.close_room(bench.now, "h", Members::Leave).expect("closed");
    assert_eq!((bench.hub.position("h"), bench.hub.stats().frames), (None, 0));
    bench.join(ann, "h");
    assert_ne!(bench.position("h").epoch, before.epoch);
    bench.close(ann, Flush::Never);
    assert_eq!(bench.hub.check(), Ok(()));
}

#[test]
fn many_messages_are_released_in_slices() {
    let mut bench = with_histories(|config| {
        config.host.slice = 10;
        config.history.by_prefix.insert("h".into(), History { messages: 1_000, ..FIVE });
    });
    bench.count_to("h", 100);
    bench.hub.remove_history(bench.now, "h").expect("removed");
    assert_eq!((bench.hub.stats().history_messages, bench.hub.stats().frames), (0, 90));
    assert_eq!(bench.hub.check(), Ok(()));
    assert_eq!(bench.hub.poll_timeout(), Some(bench.now));
    for left in (0..9).rev() {
        bench.hub.timeout(bench.now).expect("a timeout");
        assert_eq!(bench.hub.stats().frames, left * 10);
        assert_eq!(bench.hub.check(), Ok(()));
    }
    assert!(bench.hub.poll_timeout() > Some(bench.now));
}
