//! Pings.

use throng_tests::raw::{PING, PONG, Raw, frame};
use tokio_tungstenite::tungstenite::{Bytes, Message};

use crate::behaviours::peer::{Peer, run};
use crate::hosts::Host;

pub(crate) fn each_ping_gets_its_own_pong_in_order(host: &Host) {
    let server = host.start();
    run(async {
        let mut peer = Peer::open(server.address, server.path).await;
        for round in 0..20_u8 {
            // As many as may wait.
            let payloads: Vec<Bytes> =
                (0..16).map(|number| vec![number; usize::from(round) * 6].into()).collect();
            peer.send_all(payloads.iter().cloned().map(Message::Ping)).await;
            for payload in payloads {
                assert_eq!(peer.next().await, Message::Pong(payload));
            }
        }
    });
}

pub(crate) fn of_too_many_pings_at_once_the_latest_is_answered_last(host: &Host) {
    let server = host.start();
    let mut raw = Raw::open(server.address, server.path);
    let pings: Vec<u8> = (0..500_u16).flat_map(|number| frame(PING, &number.to_be_bytes())).collect();
    raw.send(&pings);
    let mut last = None;
    while last != Some(499) {
        let pong = raw.frame().expect("a pong").expect("a pong, not the end");
        assert_eq!(pong.first, PONG);
        let number = u16::from_be_bytes(*pong.payload.first_chunk().expect("a number"));
        assert!(last.is_none_or(|last| last < number), "{number} after {last:?}");
        last = Some(number);
    }
    raw.say("still here");
    assert_eq!(raw.message(), b"still here");
}
