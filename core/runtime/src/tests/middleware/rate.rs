use super::{World, ask, code, world};
use crate::middleware::{Incoming, NothingPasses, RateLimitLayer};
use crate::tests::peer::Peer;
use std::convert::Infallible;
use std::time::Duration;
use throng_core::Rate;
use throng_core::websocket::Message;
use tower::{ServiceBuilder, service_fn};

async fn echo(incoming: Incoming) -> Result<Message, Infallible> {
    Ok(incoming.message)
}

fn limited(layer: RateLimitLayer) -> World {
    world(ServiceBuilder::new().layer(layer).service(service_fn(echo)))
}

/// A peer of this user.
fn connect(world: &mut World, user: &str) -> Peer {
    let before = world.hub.clients();
    let peer = world.connect();
    let new = world.hub.clients().into_iter().find(|client| !before.contains(client)).unwrap();
    world.hub.set_user(new, Some(user)).unwrap();
    peer
}

fn passes(world: &mut World, peer: &Peer) -> bool {
    let heard = ask(world, peer, "hello");
    assert_eq!(heard.len(), 1, "no message ends in silence");
    let is_over = code(&heard[0]) == Some("over_rate");
    assert!(is_over || heard == ["hello"]);
    !is_over
}

#[test]
fn what_is_over_the_rate_is_answered_and_not_dropped_in_silence() {
    let mut world = limited(RateLimitLayer::per_user(Rate::per_second(2)).unwrap());
    let peer = world.connect();
    let heard: Vec<_> = (0..3).flat_map(|_| ask(&mut world, &peer, "hello")).collect();
    let error = r#"{"type":"error","code":"over_rate","message":"too many messages, try again in 500 ms"}"#;
    assert_eq!(heard, ["hello", "hello", error]);
    // Whoever waits as long as it is told is let pass.
    world.pass(Duration::from_millis(500));
    assert!(passes(&mut world, &peer));
    assert!(!passes(&mut world, &peer));
}

#[test]
fn the_clients_of_a_user_share_its_rate_and_reconnecting_does_not_help() {
    let mut world = limited(RateLimitLayer::per_user(Rate::per_second(2)).unwrap());
    let [a, b] = [connect(&mut world, "ada"), connect(&mut world, "ada")];
    let bob = connect(&mut world, "bob");
    assert!(passes(&mut world, &a) && passes(&mut world, &b));
    assert!(!passes(&mut world, &a) && !passes(&mut world, &b));
    assert!(passes(&mut world, &bob));
    world.cancel(&a);
    world.cancel(&b);
    let again = connect(&mut world, "ada");
    assert!(!passes(&mut world, &again));
}

#[test]
fn the_rate_may_be_of_a_client_or_of_what_the_application_names() {
    let rate = Rate::per_second(1);
    let mut each = limited(RateLimitLayer::per_client(rate).unwrap());
    let [a, b] = [connect(&mut each, "ada"), connect(&mut each, "ada")];
    assert!(passes(&mut each, &a) && passes(&mut each, &b) && !passes(&mut each, &a));

    let long = |incoming: &Incoming| (incoming.message.len() > 5).then(|| "long".into());
    let mut long = limited(RateLimitLayer::by(rate, long).unwrap());
    let peer = long.connect();
    assert!(passes(&mut long, &peer) && passes(&mut long, &peer));
    assert_eq!(ask(&mut long, &peer, "something"), ["something"]);
    assert_eq!(code(&ask(&mut long, &peer, "something")[0]), Some("over_rate"));
}

#[test]
fn beyond_so_many_users_the_others_share_one_bucket_until_somebody_is_forgotten() {
    let layer = RateLimitLayer::per_user(Rate::per_second(2)).unwrap().keys(2);
    let mut world = limited(layer);
    let peers: Vec<_> = (0..5).map(|user| connect(&mut world, &format!("user {user}"))).collect();
    let pass = |world: &mut World, order: &[usize]| -> Vec<bool> {
        order.iter().map(|user| passes(world, &peers[*user])).collect()
    };
    assert_eq!(pass(&mut world, &[0, 1, 2, 3, 4]), [true, true, true, true, false]);
    // Nobody is forgotten who has used something up.
    assert_eq!(pass(&mut world, &[0, 1, 2, 3, 4]), [true, true, false, false, false]);
    // All are full again: whoever comes first has a bucket of its own.
    world.pass(Duration::from_secs(2));
    assert_eq!(pass(&mut world, &[2, 3, 2, 3, 2, 3]), [true, true, true, true, false, false]);
    assert_eq!(pass(&mut world, &[0, 1, 4]), [true, true, false]);
}

#[test]
fn a_rate_that_lets_nothing_pass_is_refused() {
    let none = Rate::per_second(0);
    assert_eq!(RateLimitLayer::per_user(none).err(), Some(NothingPasses));
    assert_eq!(RateLimitLayer::per_client(none.burst(5)).err(), Some(NothingPasses));
}

#[test]
fn what_waited_while_the_process_stood_still_is_within_its_rate() {
    let rate = Rate::per_second(1).burst(3);
    let mut world = limited(RateLimitLayer::per_user(rate).expect("it can stand"));
    let peer = connect(&mut world, "ada");
    // A ping is due at 54 s: the hub sees that nobody asks for the time.
    world.pass(Duration::from_secs(50));
    world.advance(Duration::from_secs(20));
    world.run();
    peer.take();
    let mut passed = 0;
    for _ in 0..40 {
        passed += u32::from(passes(&mut world, &peer));
    }
    // The hub stood still for 16 s.
    assert_eq!(passed, 3 + 16, "one for each second, and the burst");
    world.pass(Duration::from_secs(1));
    assert!(passes(&mut world, &peer) && !passes(&mut world, &peer), "as ever");
    // The grace is over: it was as long as nothing had happened before.
    for _ in 0..12 {
        peer.push(&[0x8a, 0x80, 0, 0, 0, 0]);
        world.pass(Duration::from_secs(5));
    }
    peer.take();
    for expected in [true, true, true, false] {
        assert_eq!(passes(&mut world, &peer), expected);
    }
}
