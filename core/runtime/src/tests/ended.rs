use super::host::World;
use crate::{Hub, SendError};
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use throng_core::hub;
use throng_core::hub::Refusal;
use throng_core::{CloseCode, CloseFrame};

#[test]
fn whoever_waits_for_the_end_of_a_client_is_woken_by_it() {
    let mut world = World::new(Hub::builder());
    for by_application in [true, false] {
        let peer = world.connect();
        let client = world.hub.client(world.hub.clients()[0]).unwrap();
        let waiting = [(); 100].map(|()| world.spawn(client.ended()));
        world.run();
        assert!(!waiting.iter().any(|task| world.has_ended(*task)));
        // One future is dropped while it waits, another is never polled.
        let cx = &mut Context::from_waker(Waker::noop());
        assert_eq!(pin!(client.ended()).poll(cx), Poll::Pending);
        drop(client.ended());
        if by_application {
            client.close(CloseCode::NORMAL, "").unwrap();
        } else {
            peer.end();
        }
        world.run();
        assert!(waiting.iter().all(|task| world.has_ended(*task)));
        assert_eq!(pin!(client.ended()).poll(cx), Poll::Ready(()));
        peer.push(&[0x88, 0x80, 0, 0, 0, 0]);
        world.run();
        assert_eq!(pin!(client.ended()).poll(cx), Poll::Ready(()), "also when nothing is left of it");
    }
}

#[test]
fn an_error_of_the_hubs_is_a_rejection() {
    let refused = hub::Error::from(Refusal::Draining);
    let expected = CloseFrame::new(CloseCode::TRY_AGAIN_LATER, Refusal::Draining.name());
    assert_eq!(CloseFrame::from(refused), expected);
    assert_eq!(CloseFrame::from(SendError::from(refused)), expected);
    assert_eq!(CloseFrame::from(hub::Error::Gone), CloseFrame::default());
    assert_eq!(CloseFrame::from(SendError::TooLong), CloseFrame::default());
}
