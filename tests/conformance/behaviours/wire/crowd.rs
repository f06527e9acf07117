//! Many at once.

use futures_util::future::join_all;
use throng_tests::process::allow_open_files;

use crate::behaviours::peer::{Peer, run};
use crate::hosts::Host;

const ROOMS: usize = 20;
const MEMBERS: usize = 10;

/// All members, by room.
async fn crowd(address: std::net::SocketAddr) -> Vec<Vec<Peer>> {
    let peer = async |room: usize| Peer::open(address, &format!("/room/{room}")).await;
    let room = async |room: usize| join_all((0..MEMBERS).map(|_| peer(room))).await;
    join_all((0..ROOMS).map(room)).await
}

/// One of them speaks, and everybody hears it.
async fn talk(room: &mut [Peer], speaker: usize) {
    let word = format!("{speaker} speaks");
    room[speaker].say(&word).await;
    for peer in room {
        assert_eq!(peer.text().await, word);
    }
}

pub(crate) fn a_crowd_comes_and_talks_and_goes(host: &Host) {
    allow_open_files(2 * ROOMS * MEMBERS);
    let server = host.start();
    run(async {
        let crowd = crowd(server.address).await;
        let live = async |mut room: Vec<Peer>| {
            for speaker in 0..MEMBERS {
                talk(&mut room, speaker).await;
            }
            for mut peer in room {
                peer.close(1000, "").await;
                assert_eq!(peer.closed().await.0, 1000);
            }
        };
        join_all(crowd.into_iter().map(live)).await;
    });
}

pub(crate) fn a_crowd_of_which_half_vanishes_leaves_the_rest_to_talk(host: &Host) {
    allow_open_files(2 * ROOMS * MEMBERS);
    let server = host.start();
    run(async {
        let crowd = crowd(server.address).await;
        let live = async |mut room: Vec<Peer>| {
            room.truncate(MEMBERS / 2);
            for speaker in 0..MEMBERS / 2 {
                talk(&mut room, speaker).await;
            }
            // Whoever comes into the place of one that has gone is not taken for it.
            let number = room.len();
            room.push(Peer::open(server.address, "/room/new").await);
            room[number].say("who is here?").await;
            assert_eq!(room[number].text().await, "who is here?");
        };
        // One after another: each is the only one in the room of the new.
        for room in crowd {
            live(room).await;
        }
    });
}
