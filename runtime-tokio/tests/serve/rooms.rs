//! Joins, leaves and ends that meet, on threads that do nothing else: whichever comes first, rooms and members agree.

use crate::common::Server;
use std::sync::Barrier;
use throng_tokio::{ClientId, Hub};

/// Often enough that each order comes.
const ROUNDS: usize = 300;

/// Does two things at the same time.
fn both<A: Send, B: Send>(one: impl FnOnce() -> A + Send, other: impl FnOnce() -> B + Send) -> (A, B) {
    let barrier = Barrier::new(2);
    std::thread::scope(|scope| {
        let one = scope.spawn(|| {
            barrier.wait();
            one()
        });
        barrier.wait();
        let other = other();
        (one.join().unwrap(), other)
    })
}

async fn opened(server: &Server, count: usize) -> Vec<ClientId> {
    server.until(|hub| hub.client_count() == count).await;
    server.hub.clients()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_join_that_meets_the_last_leave_is_in_a_room_that_is_there() {
    let server = Server::start(Hub::builder()).await;
    let mut peers = [server.connect("/").await, server.connect("/").await];
    let [mut last, mut next] = <[ClientId; 2]>::try_from(opened(&server, 2).await).unwrap();
    let hub = &server.hub;
    let first = last;
    hub.join(last, "lobby").unwrap();
    for round in 0..ROUNDS {
        let (left, joined) = both(|| hub.leave(last, "lobby"), || hub.join(next, "lobby"));
        assert!(left.is_ok() && joined.is_ok());
        assert_eq!((hub.members("lobby"), hub.room_count()), (vec![next], 1));
        assert_eq!(hub.send_to_room("lobby", round.to_string()).unwrap().queued, 1);
        let peer = &mut peers[usize::from(next != first)];
        assert_eq!(peer.text().await, round.to_string());
        (last, next) = (next, last);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_join_that_meets_the_end_of_its_client_leaves_no_ghost_and_no_user() {
    let server = Server::start(Hub::builder()).await;
    let hub = &server.hub;
    for _ in 0..ROUNDS / 3 {
        let peer = server.connect("/").await;
        let client = opened(&server, 1).await[0];
        // The peer vanishes without a word, while the application does what it does.
        let ((), (joined, named)) = both(
            move || drop(peer),
            || (hub.join(client, "lobby").is_ok(), hub.set_user(client, Some("ann")).is_ok()),
        );
        server.until(|hub| hub.connection_count() == 0).await;
        assert!(joined || !named, "who has ended stays so");
        assert!(hub.join(client, "lobby").is_err() && hub.set_user(client, Some("ann")).is_err());
        assert!(!hub.room_exists("lobby") && hub.clients_of("ann").is_empty());
        let stats = hub.stats();
        assert_eq!((stats.memberships, stats.rooms, stats.users), (0, 0, 0));
    }
}
