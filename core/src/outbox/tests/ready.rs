//! The ready lists give memory back, and not too often.

use crate::id::ConnectionId;
use crate::outbox::entry::Entries;
use crate::outbox::ready::{Class, List, Ready};
use alloc::vec::Vec;

/// Ready lists of one lane with `count` clients and their entries. Each client's place is its index.
fn with_ready(count: u32) -> (Ready, Entries) {
    let (mut ready, mut entries) = (Ready::new(1), Entries::with_capacity(0));
    for index in 0..count {
        entries.insert(ConnectionId::from_u64(7), 0).expect("there is room");
        ready.push(&mut entries[index], index, Class::Prompt);
    }
    (ready, entries)
}

fn prompt(ready: &Ready) -> &List {
    &ready.lanes[0].prompt
}

/// Whether done places and gaps are less than half of the list, apart from a few dozen.
fn is_lean(list: &List) -> bool {
    let len = list.places.len();
    list.head <= len / 2 + 64 && list.gaps <= (len - list.head) / 2 + 64
}

#[test]
fn those_who_were_taken_do_not_pile_up_and_are_rarely_moved_out_of_the_way() {
    let (mut ready, mut entries) = with_ready(1_000);
    let mut moves = 0;
    for round in 0..10_000 {
        let base = prompt(&ready).base;
        let index = ready.take(0).expect("a thousand wait");
        assert_eq!(index, round % 1_000);
        assert!(is_lean(prompt(&ready)), "{round}");
        moves += u32::from(prompt(&ready).base != base);
        ready.push(&mut entries[index], index, Class::Prompt);
    }
    assert!((5..20).contains(&moves), "{moves}");
}

#[test]
fn a_list_that_everybody_was_taken_from_has_no_places_left() {
    let (mut ready, mut entries) = with_ready(10);
    ready.remove(&mut entries, 5);
    for _ in 0..9 {
        assert!(ready.take(0).is_some());
    }
    assert_eq!((ready.take(0), prompt(&ready).places.len(), prompt(&ready).gaps), (None, 0, 0));
}

#[test]
fn those_who_wait_are_counted_without_gaps_and_what_is_over() {
    let (mut ready, mut entries) = with_ready(10);
    ready.remove(&mut entries, 5);
    assert_eq!(ready.count(), 9);
    for left in (6..9).rev() {
        assert!(ready.take(0).is_some());
        assert_eq!(ready.count(), left);
    }
}

#[test]
fn gaps_do_not_pile_up_and_are_rarely_closed() {
    let (mut ready, mut entries) = with_ready(1_000);
    let mut closings = 0;
    for index in (1..1_000).rev() {
        ready.remove(&mut entries, index);
        assert!(is_lean(prompt(&ready)), "{index}");
        closings += u32::from(prompt(&ready).gaps == 0);
    }
    assert!((2..8).contains(&closings), "{closings}");
    assert_eq!((ready.take(0), ready.take(0)), (Some(0), None));
}

#[test]
fn gaps_that_are_many_for_those_who_are_left_are_closed_with_the_next() {
    let (mut ready, mut entries) = with_ready(400);
    for index in 200..399 {
        ready.remove(&mut entries, index);
    }
    for index in 0..190 {
        assert_eq!(ready.take(0), Some(index));
    }
    ready.remove(&mut entries, 195);
    assert!(is_lean(prompt(&ready)));
    let left: Vec<_> = core::iter::from_fn(|| ready.take(0)).collect();
    assert_eq!(left, [190, 191, 192, 193, 194, 196, 197, 198, 199, 399]);
}

#[test]
fn those_who_are_passed_over_with_gaps_are_counted_among_what_is_over() {
    let (mut ready, mut entries) = with_ready(200);
    for index in 150..180 {
        ready.remove(&mut entries, index);
    }
    for index in 0..150 {
        assert_eq!(ready.take(0), Some(index));
        assert!(is_lean(prompt(&ready)), "{index}");
    }
    assert_eq!(ready.take(0), Some(180));
}

#[test]
fn closing_gaps_does_not_lose_who_was_not_named_yet() {
    let (mut ready, mut entries) = with_ready(300);
    for index in 0..300 {
        assert_eq!(ready.offer(&mut entries), Some(index));
    }
    for index in 1..250 {
        ready.remove(&mut entries, index);
    }
    assert!(prompt(&ready).places.len() < 300, "gaps were closed");
    let late = entries.insert(ConnectionId::from_u64(7), 0).expect("there is room").index;
    ready.push(&mut entries[late], late, Class::Prompt);
    assert_eq!((ready.offer(&mut entries), ready.offer(&mut entries)), (Some(late), None));
}
