//! Messages in services whose connection is dropped meanwhile.

use super::{assert_clean, at_each_point, busy, for_polls};
use crate::Hub;
use crate::middleware::{CatchPanicLayer, InFlightLayer, Incoming, TimeoutLayer};
use crate::tests::host::World;
use crate::tests::peer::Peer;
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tower::{ServiceBuilder, service_fn};

#[test]
fn a_message_whose_connection_is_dropped_gives_its_place_to_others() {
    let mut was_in_work = 0;
    at_each_point(|polls| {
        let in_work = Arc::new(AtomicU32::new(0));
        let count = Arc::clone(&in_work);
        let service = service_fn(move |incoming: Incoming| {
            let count = Arc::clone(&count);
            async move {
                // Nothing undoes this if the future is dropped while it waits.
                count.fetch_add(1, Ordering::Relaxed);
                busy(9).await;
                count.fetch_sub(1, Ordering::Relaxed);
                Ok::<_, Infallible>(incoming.message)
            }
        });
        let one_at_a_time = InFlightLayer::new(1);
        let service = ServiceBuilder::new()
            .layer(one_at_a_time.clone())
            .layer(TimeoutLayer::new(Duration::from_secs(5)))
            .layer(CatchPanicLayer)
            .service(service);
        let mut world = World::new(Hub::builder().messages(service));
        let (peer, other) = (Peer::default(), world.connect());
        let connection = world.hosted.connect(peer.clone(), Arc::new(peer.clone()), None);
        let task = world.spawn(async move {
            for_polls(polls, connection).await;
        });
        peer.ask();
        peer.send("hello");
        world.run();
        let is_done = !world.has_ended(task);
        was_in_work += in_work.load(Ordering::Relaxed);
        assert_eq!(one_at_a_time.count(), 0, "{polls}");
        other.send("hello");
        world.run();
        assert_eq!(other.texts(), ["hello"], "{polls}");
        assert_clean(&world, polls);
        is_done
    });
    assert!(was_in_work >= 3, "{was_in_work}: it was dropped at work, too");
}
