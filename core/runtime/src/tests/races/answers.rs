//! While a client's own task runs, it writes what is queued for the client, and the lane is not woken. Messages that
//! others queue meanwhile must not be left behind when its turn ends.

use super::every::{Seen, echoing, in_every_order, polling, settle, with_one};
use crate::Hub;
use crate::tests::host::Whose;

#[test]
fn a_send_meets_a_turn_that_answers() {
    in_every_order(|| {
        let (mut world, peer, client) = with_one(echoing());
        peer.let_answer();
        peer.send("answer");
        let driver = polling(world.lend(Whose::Peer(&peer)), 1);
        client.send("sent").expect("there is room");
        settle(&mut world, [driver]);
        let seen = Seen::by(&peer);
        move || assert_eq!(seen.sorted(), ["answer", "sent"])
    });
}

#[test]
fn a_send_meets_a_turn_that_says_nothing() {
    in_every_order(|| {
        let (mut world, peer, client) = with_one(Hub::builder());
        peer.let_answer();
        peer.send("unheard");
        let driver = polling(world.lend(Whose::Peer(&peer)), 1);
        client.send("sent").expect("there is room");
        settle(&mut world, [driver]);
        let seen = Seen::by(&peer);
        move || assert_eq!(seen.texts(), ["sent"])
    });
}

#[test]
fn two_sends_meet_two_turns() {
    in_every_order(|| {
        let (mut world, peer, client) = with_one(Hub::builder());
        peer.let_answer();
        let driver = world.lend(Whose::Peer(&peer)).awake();
        let driver = super::every::spawn(move || driver.poll(1).awake().poll(1));
        client.send("one").expect("there is room");
        client.send("two").expect("there is room");
        settle(&mut world, [driver]);
        let seen = Seen::by(&peer);
        move || assert_eq!(seen.texts(), ["one", "two"])
    });
}

#[test]
fn an_answer_meets_the_lane_that_writes_for_the_same_client() {
    in_every_order(|| {
        let (mut world, peer, client) = with_one(echoing());
        peer.let_answer();
        client.send("sent").expect("there is room");
        peer.send("answer");
        let driver = polling(world.lend(Whose::Peer(&peer)), 1);
        let lane = polling(world.lend(Whose::Lane), 2);
        settle(&mut world, [driver, lane]);
        let seen = Seen::by(&peer);
        move || assert_eq!(seen.texts(), ["sent", "answer"])
    });
}

#[test]
fn an_answer_that_is_not_taken_whole_meets_the_lane() {
    in_every_order(|| {
        let (mut world, peer, client) = with_one(echoing());
        peer.let_answer();
        peer.set_room(Some(3));
        peer.send("answer");
        let driver = polling(world.lend(Whose::Peer(&peer)), 1);
        let lane = polling(world.lend(Whose::Lane), 3);
        client.send("sent").expect("there is room");
        peer.set_room(None);
        settle(&mut world, [driver, lane]);
        let seen = Seen::by(&peer);
        move || assert_eq!(seen.sorted(), ["answer", "sent"])
    });
}
