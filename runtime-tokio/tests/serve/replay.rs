//! A run over real sockets, again in the bare core.

use crate::common::{PATIENCE, Server};
use std::time::Duration;
use throng_tokio::core::trace::replay;
use throng_tokio::{Drain, Hub, Record};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_over_sockets_replays_in_the_bare_core() {
    let builder = Hub::builder()
        .record(Record::Events)
        .before_connect(|connecting| {
            connecting.join("room");
            Ok(())
        })
        .on_message(|client, message| {
            let _ = client.hub().send_to_room("room", message);
        });
    let server = Server::start(builder).await;
    let mut clients = Vec::new();
    for _ in 0..20 {
        clients.push(server.connect("/").await);
    }
    server.until(|hub| hub.client_count() == 20).await;
    for round in 0..50 {
        clients[round % 20].send(&format!("{round}")).await;
    }
    // Of one sender the order holds, of several it does not.
    for client in &mut clients {
        for _ in 0..50 {
            client.text().await;
        }
    }
    clients.truncate(10);
    let mut recording = server.hub.take_recording().unwrap();
    let drain = Drain { idle: Duration::ZERO, spread: Duration::from_millis(20) };
    let drained = tokio::spawn(server.hub.drain(drain, PATIENCE));
    for client in &mut clients {
        assert_eq!(client.closed().await.0, 1001);
    }
    drained.await.unwrap().unwrap();
    let end = server.hub.take_recording().unwrap();
    recording.log.extend_from_slice(&end.log);
    let replayed = replay(&recording.log, [3, 4]).unwrap();
    assert_eq!(replayed.hash, end.hash);
    assert!(end.events > recording.events);
}
