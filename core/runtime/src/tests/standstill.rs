//! A host that is late, or stood still.

use super::host::World;
use super::peer::masked;
use crate::{Hub, Rejection, Report};
use core::time::Duration;
use throng_core::hub::Config;

const PONG: [u8; 6] = [0x8a, 0x80, 0, 0, 0, 0];

#[test]
fn an_answer_that_lies_in_the_transport_is_read_before_it_is_late() {
    let mut config = Config::default();
    // The hub itself forgives nothing.
    config.deadlines.standstill = Duration::MAX;
    let mut world = World::new(Hub::builder().config(config));
    let (answers, silent) = (world.connect(), world.connect());
    world.pass(Duration::from_secs(54));
    for peer in [&answers, &silent] {
        assert_eq!(peer.take(), [0x89, 0], "a ping");
    }
    // The timer is late, and awake before the readers are.
    world.advance(Duration::from_secs(7));
    answers.push(&PONG);
    world.run();
    assert!(!world.is_over(&answers));
    assert!(world.is_over(&silent));
    assert_eq!(world.hub.stats().pong_timeouts, 1);
}

#[test]
fn a_standstill_is_reported_and_counted_once() {
    let mut world = World::new(Hub::builder());
    let peers: Vec<_> = (0..10).map(|_| world.connect()).collect();
    world.pass(Duration::from_secs(20));
    world.advance(Duration::from_secs(100));
    world.run();
    for _ in 0..20 {
        for peer in &peers {
            if peer.take() == [0x89, 0] {
                peer.push(&PONG);
            }
        }
        world.pass(Duration::from_secs(5));
    }
    let time = Duration::from_secs(66);
    let told: Vec<_> =
        world.reports().into_iter().filter(|report| matches!(report, Report::StoodStill { .. })).collect();
    assert_eq!(told, [Report::StoodStill { time }]);
    let stats = world.hub.numbers().stats;
    assert_eq!((stats.standstills, stats.stood_still, stats.clients), (1, time, 10));
}

#[test]
fn whoever_is_to_say_its_name_has_its_time_again() {
    let builder = Hub::builder()
        .before_connect(|connecting| {
            connecting.authenticate();
            Ok(())
        })
        .authenticate(|session| {
            Box::pin(async move { session.receive().await.map(drop).map_err(Rejection::from) })
        });
    let mut world = World::new(builder);
    let (late, silent) = (world.connect(), world.connect());
    world.pass(Duration::from_secs(1));
    world.advance(Duration::from_secs(11));
    world.run();
    world.pass(Duration::from_secs(4));
    late.push(&masked("ada"));
    world.run();
    assert_eq!((world.hub.client_count(), world.hub.stats().handshake_timeouts), (1, 0));
    world.pass(Duration::from_secs(10));
    assert!(world.is_over(&silent) && !world.is_over(&late));
    assert_eq!(world.hub.client_count(), 1);
}
