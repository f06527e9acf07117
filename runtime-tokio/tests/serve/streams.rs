//! Streams other than TCP.

use crate::common::Server;
use throng_tokio::Hub;

#[tokio::test]
async fn any_stream_will_do() {
    let builder = Hub::builder().on_message(|client, message| {
        let _ = client.hub().broadcast(message);
    });
    let server = Server::start(builder).await;
    let (ours, theirs) = tokio::io::duplex(64);
    let hub = server.hub.clone();
    let connection = tokio::spawn(async move { throng_tokio::serve_stream(&hub, ours, None).await });
    let mut over_tcp = server.connect("/").await;
    let (mut piped, _) = tokio_tungstenite::client_async("ws://pipe/", theirs).await.unwrap();
    server.until(|hub| hub.client_count() == 2).await;
    let long = "through a narrow pipe ".repeat(1000);
    over_tcp.send(&long).await;
    let message = futures_util::StreamExt::next(&mut piped).await.unwrap().unwrap();
    assert_eq!(message.into_text().unwrap(), long);
    drop(piped);
    connection.await.unwrap();
}
