//! The close handshake, from either side.

use throng_tests::raw::{CLOSE, Raw, frame};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

use crate::behaviours::peer::{Peer, run};
use crate::hosts::Host;

pub(crate) fn a_peer_that_closes_is_answered_with_its_code_and_the_transport_ends(host: &Host) {
    let server = host.start();
    run(async {
        for (code, reason) in [(1000, "done"), (1001, ""), (1011, "sorry"), (3000, "κόσμε"), (4999, "mine")]
        {
            for path in [server.path, "/room/a"] {
                let mut peer = Peer::open(server.address, path).await;
                peer.close(code, reason).await;
                assert_eq!(peer.closed().await.0, code);
            }
        }
    });
}

pub(crate) fn a_close_frame_without_a_code_is_answered_in_kind(host: &Host) {
    let server = host.start();
    let mut raw = Raw::open(server.address, "/room/a");
    raw.send(&frame(CLOSE, b""));
    let answer = raw.frame().expect("a close frame").expect("a close frame, not the end");
    assert_eq!((answer.first, answer.payload.len()), (CLOSE, 0));
    raw.ended();
}

pub(crate) fn a_peer_that_is_closed_hears_why_and_the_transport_ends(host: &Host) {
    let server = host.start();
    run(async {
        let mut peer = Peer::open(server.address, server.path).await;
        let text = Frame::message(vec![0xff], OpCode::Data(Data::Text), true);
        peer.send(Message::Frame(text)).await;
        assert_eq!(peer.closed().await.0, 1007);
    });
}
