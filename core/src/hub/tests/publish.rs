//! Publishing: the clients it reaches, once each, and the outcome.

use super::bench::*;
use crate::frame::{Frame, MessageKind, Place, Window};
use crate::hub::{Action, Error, Flush, Full, Policy, Refusal, Target, Unreached};
use crate::outbox::Item;
use alloc::vec::Vec;
use bytes::Bytes;

#[test]
fn a_client_gets_one_copy_however_many_targets_reach_it() {
    let mut bench = Bench::new();
    let ann = bench.connect_as("ann");
    let bob = bench.connect();
    for room in ["one", "two"] {
        bench.join(ann, room);
        bench.join(bob, room);
    }
    let targets = [
        Target::Room("one"),
        Target::Client(ann),
        Target::Room("two"),
        Target::Client(ann),
        Target::User("ann"),
        Target::All,
    ];
    assert_eq!(bench.publish(&targets, "hello"), Ok(published(2, 0, 0, 0)));
    assert_eq!(bench.write_to(ann), ["hello"]);
    assert_eq!(bench.taken(bob), ["hello"]);
    assert_eq!(bench.publish(&targets, "again"), Ok(published(2, 0, 0, 0)), "each publish anew");
    assert_eq!(bench.write_to(ann), ["again"]);
}

#[test]
fn targets_reach_just_those_they_name() {
    let mut bench = Bench::new();
    let ann = bench.connect_as("ann");
    let ann_too = bench.connect_as("ann");
    let bob = bench.connect_as("bob");
    bench.join(ann, "lobby");
    bench.join(bob, "lobby");
    let cases: [(&str, Target<'_>, [bool; 3]); 4] = [
        ("client", Target::Client(ann_too), [false, true, false]),
        ("user", Target::User("ann"), [true, true, false]),
        ("room", Target::Room("lobby"), [true, false, true]),
        ("all", Target::All, [true, true, true]),
    ];
    for (text, target, reached) in cases {
        let count = reached.iter().filter(|reached| **reached).count() as u32;
        assert_eq!(bench.publish(&[target], text), Ok(published(count, 0, 0, 0)));
        bench.write_all();
        for (client, reached) in [ann, ann_too, bob].into_iter().zip(reached) {
            assert_eq!(bench.taken(client).len(), usize::from(reached), "{text}");
        }
    }
}

#[test]
fn messages_come_in_the_order_of_publishing() {
    let mut bench = Bench::new();
    let client = bench.connect_as("ann");
    bench.join(client, "lobby");
    bench.tell(client, "1");
    bench.publish(&[Target::Room("lobby")], "2").expect("published");
    bench.tell_all("3");
    bench.publish(&[Target::User("ann")], "4").expect("published");
    assert_eq!(bench.write_to(client), ["1", "2", "3", "4"]);
}

#[test]
fn who_is_excepted_gets_nothing() {
    let mut bench = Bench::new();
    let [ann, bob, gone] = [bench.connect_in("lobby"), bench.connect_in("lobby"), bench.connect_in("lobby")];
    bench.gone(gone);
    let reused = bench.connect_in("lobby");
    assert_eq!(reused.index(), gone.index());
    let targets = [Target::Room("lobby"), Target::Client(ann)];
    let except = [ann, gone, ann];
    let outcome = bench.hub.publish(bench.now, &targets, &except, &frame("hi"), None);
    assert_eq!(outcome, Ok(published(2, 0, 0, 0)), "a stale id keeps it from nobody else");
    assert_eq!(bench.write_to(ann), [""; 0]);
    assert_eq!((bench.taken(bob).len(), bench.taken(reused).len()), (1, 1));
    let outcome = bench.hub.publish(bench.now, &[Target::Client(ann)], &[ann], &frame("hi"), None);
    assert_eq!(outcome, Ok(published(0, 0, 0, 0)));
    assert_eq!(bench.hub.stats().frames, 0, "a frame that nobody waits for is not kept");
}

#[test]
fn targets_that_do_not_exist_are_counted() {
    let mut bench = Bench::new();
    let ann = bench.connect();
    let [closing, gone] = [bench.connect(), bench.connect()];
    bench.close(closing, Flush::First);
    bench.gone(gone);
    let targets = [
        Target::Client(gone),
        Target::Client(closing),
        Target::Room("nowhere"),
        Target::User("nobody"),
        Target::Client(ann),
    ];
    assert_eq!(bench.publish(&targets, "hi"), Ok(published(1, 0, 0, 4)));
}

#[test]
fn a_publish_to_nothing_that_exists_is_refused_and_changes_nothing() {
    let mut bench = Bench::new();
    let [closing, gone] = [bench.connect_as("ann"), bench.connect_in("lobby")];
    bench.close(closing, Flush::First);
    bench.gone(gone);
    let cases = [
        (Target::Client(gone), Error::Gone),
        (Target::Client(closing), Error::NotOpen),
        (Target::Room("lobby"), Refusal::NoSuchRoom.into()),
        (Target::User("ann"), Refusal::NoSuchUser.into()),
    ];
    for (target, expected) in cases {
        let targets = [target, Target::Room("nowhere")];
        let error = bench.refused(|hub, now| hub.publish(now, &targets, &[], &frame("x"), None));
        assert_eq!(error, expected, "the first of them says why");
    }
    assert_eq!(bench.hub.stats().published, 0);
}

#[test]
fn a_publish_to_all_of_an_empty_hub_reaches_nobody() {
    let mut bench = Bench::new();
    assert_eq!(bench.tell_all("hi"), published(0, 0, 0, 0));
    assert_eq!(bench.publish(&[], "hi"), Ok(published(0, 0, 0, 0)));
}

#[test]
fn the_largest_message_passes_and_one_byte_more_does_not() {
    let mut bench = Bench::new();
    let client = bench.connect();
    let largest = Bytes::from(alloc::vec![0; 512 << 10]);
    let framed = Frame::new(None, &[0; crate::frame::MAX_HEAD], largest).expect("a frame");
    let outcome = bench.hub.publish(bench.now, &[Target::All], &[], &framed, None);
    assert_eq!(outcome, Ok(published(1, 0, 0, 0)), "its head does not count");
    assert_eq!(bench.waiting(client), (1, (512 << 10) + 13), "but takes room");
    let larger = frame_of((512 << 10) + 1);
    let error = bench.refused(|hub, now| hub.publish(now, &[Target::All], &[], &larger, None));
    assert_eq!(error, Refusal::MessageTooBig { limit: 512 << 10 }.into());
}

#[test]
fn a_publish_that_waits_reaches_those_with_room_and_names_the_others() {
    let mut bench = Bench::with(|config| config.outbox.messages = 1);
    let clients @ [full, _free, other] = [(); 3].map(|()| bench.connect_in("lobby"));
    for client in [full, other] {
        bench.tell(client, "full");
    }
    bench.quiet();
    let outcome = bench.publish_by(Policy::Wait, Target::Room("lobby"), &frame("x"));
    assert_eq!(outcome, Ok(published(1, 0, 2, 0)));
    let in_the_way = [full, other].map(|client| Unreached { client, full: Full::Outbox });
    assert_eq!(bench.unreached, in_the_way);
    assert_eq!(bench.actions(), [], "nothing was dropped");
    bench.write_all();
    let low = |client| Action::OutboxLow { client };
    let told = bench.actions();
    assert!(told.len() == 2 && told.contains(&low(full)) && told.contains(&low(other)), "{told:?}");
    assert_eq!(clients.map(|client| bench.taken(client)), [["full"], ["x"], ["full"]]);
    assert_eq!(bench.publish_by(Policy::Wait, Target::All, &frame("y")), Ok(published(3, 0, 0, 0)));
    assert_eq!(bench.unreached, [], "nobody, this time");
    assert_eq!(
        bench.publish_by(Policy::Wait, Target::Room("no"), &frame("z")),
        Err(Refusal::NoSuchRoom.into())
    );
}

#[test]
fn the_numbers_of_a_publish_add_up() {
    let mut bench = Bench::with(|config| config.outbox.messages = 1);
    let [full, free, excepted] = [bench.connect(), bench.connect(), bench.connect()];
    bench.tell(full, "full");
    let targets = [Target::All, Target::Client(free), Target::Room("nowhere")];
    let outcome = bench.hub.publish(bench.now, &targets, &[excepted], &frame("x"), None);
    assert_eq!(outcome, Ok(published(1, 1, 0, 1)));
    assert_eq!(bench.tell_by(Policy::Wait, full, "x"), published(0, 0, 1, 0));
    let stats = bench.hub.stats();
    assert_eq!((stats.published, stats.queued, stats.dropped(), stats.pending()), (3, 3, 1, 2));
}

#[test]
fn one_frame_is_stored_once_and_gone_with_its_last_recipient() {
    let mut bench = Bench::new();
    let clients = bench.connect_many(1_000);
    let payload = Bytes::from(alloc::vec![b'x'; 1_000]);
    let frame = Frame::raw(payload.clone());
    bench.hub.publish(bench.now, &[Target::All], &[], &frame, None).expect("published");
    assert_eq!((bench.hub.stats().frames, bench.hub.stats().queued_bytes), (1, 1_000));
    bench.transmit(clients[0], PLENTY).expect("leased");
    let Some(Item::Frame(leased)) = bench.batch.run(0).first() else { panic!("a frame") };
    assert_eq!(leased.payload().as_ptr(), payload.as_ptr(), "the payload is never copied");
    bench.wrote(clients[0]);
    bench.write_all();
    assert_eq!((bench.hub.stats().frames, bench.hub.stats().queued_bytes), (0, 0));
    assert_eq!(bench.hub.stats().written, 1_000);
}

#[test]
fn a_frame_goes_to_two_rooms_under_two_offsets_and_is_not_copied() {
    let mut bench = Bench::new();
    let (ann, bob) = (bench.connect_in("red"), bench.connect_in("blue"));
    let payload = Bytes::from([b"[", Place::ZERO.as_bytes(), b"]"].concat());
    let frame = Frame::new(Some(MessageKind::Text), b"", payload).expect("a frame");
    let frame = frame.with_place(Place::decimal(1)).expect("there is room for it");
    for (room, offset) in [("red", 9), ("blue", u64::MAX)] {
        let target = [Target::Room(room)];
        bench.hub.publish(bench.now, &target, &[], &frame.sealed(offset), None).expect("published");
    }
    for (client, offset) in [(ann, 9), (bob, u64::MAX)] {
        bench.transmit(client, PLENTY).expect("leased");
        let Some(Item::Frame(leased)) = bench.batch.run(0).first().cloned() else { panic!("a frame") };
        assert_eq!(leased.payload().as_ptr(), frame.payload().as_ptr(), "the payload is never copied");
        let mut written = Vec::new();
        leased.append_to(Window::NONE, &mut written);
        assert_eq!(written, alloc::format!("[{offset:>20}]").as_bytes());
        assert!(alloc::format!("{}", bench.hub.dump()).contains(&alloc::format!("offset {offset}")));
        bench.wrote(client);
    }
}

#[test]
fn who_joins_later_gets_nothing_of_what_was_said_before() {
    let mut bench = Bench::new();
    let ann = bench.connect_in("lobby");
    bench.publish(&[Target::Room("lobby")], "early").expect("published");
    let bob = bench.connect_in("lobby");
    bench.hub.leave(bench.now, ann, "lobby").expect("left");
    bench.publish(&[Target::Room("lobby")], "late").expect("published");
    assert_eq!(bench.write_to(ann), ["early"]);
    assert_eq!(bench.taken(bob), ["late"]);
}

#[test]
fn a_room_that_is_named_ten_thousand_times_is_gone_through_once() {
    let mut bench = Bench::new();
    let ann = bench.connect_as("ann");
    bench.join(ann, "lobby");
    let names = [Target::Room("lobby"), Target::User("ann"), Target::All, Target::Room("nowhere")];
    let targets = names.repeat(10_000);
    assert_eq!(bench.publish(&targets, "hello"), Ok(published(1, 0, 0, 10_000)));
    assert_eq!(bench.hub.reach.len(), 3, "each of those that exist once");
    assert!(!bench.hub.outboxes.is_pressed() && bench.hub.has_ready(0));
    assert_eq!(bench.write_to(ann), ["hello"]);
    assert_eq!(bench.publish(&targets[..3], "again"), Ok(published(1, 0, 0, 0)), "each publish anew");
    assert_eq!(bench.hub.reach.len(), 3);
    assert_eq!(bench.hub.check(), Ok(()));
}
