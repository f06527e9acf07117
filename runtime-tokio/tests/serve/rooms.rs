//! Rooms, users, targets.

use crate::common::Server;
use throng_tokio::hub::{Error, Refusal};
use throng_tokio::{ClientId, Hub, Message, Publish, SendError, Target};
use tokio_tungstenite::tungstenite;

fn rooms() -> throng_tokio::Builder {
    Hub::builder()
        .before_connect(|connecting| {
            let room = connecting.path().trim_start_matches('/').to_owned();
            if let Some(user) = connecting.request().query("user") {
                connecting.set_user(user);
            }
            connecting.join(room.as_str());
            connecting.insert(room);
            Ok(())
        })
        .on_message(|client, message| {
            let room: String = client.get().unwrap();
            client.hub().send_to_room(&room, message).unwrap();
        })
}

#[tokio::test]
async fn a_message_reaches_its_room_and_no_other() {
    let server = Server::start(rooms()).await;
    let mut blue = [server.connect("/blue").await, server.connect("/blue").await];
    let mut red = server.connect("/red").await;
    server.until(|hub| hub.client_count() == 3).await;
    blue[0].send("sky").await;
    for client in &mut blue {
        assert_eq!(client.text().await, "sky");
    }
    red.send("rose").await;
    assert_eq!(red.text().await, "rose");
}

#[tokio::test]
async fn binary_stays_binary() {
    let server = Server::start(rooms()).await;
    let mut client = server.connect("/a").await;
    futures_util::SinkExt::send(&mut client.0, tungstenite::Message::binary(vec![0, 159, 146, 150]))
        .await
        .unwrap();
    assert_eq!(client.next().await, tungstenite::Message::binary(vec![0, 159, 146, 150]));
}

#[tokio::test]
async fn a_thousand_messages_arrive_once_and_in_order() {
    let server = Server::start(rooms()).await;
    let mut writer = server.connect("/a").await;
    let mut readers = Vec::new();
    for _ in 0..10 {
        readers.push(server.connect("/a").await);
    }
    server.until(|hub| hub.client_count() == 11).await;
    for burst in 0..10 {
        for n in 0..100 {
            writer.send(&format!("{}", burst * 100 + n)).await;
        }
        for n in 0..100 {
            assert_eq!(writer.text().await, format!("{}", burst * 100 + n));
        }
    }
    for reader in &mut readers {
        for n in 0..1000 {
            assert_eq!(reader.text().await, format!("{n}"));
        }
    }
}

#[tokio::test]
async fn users_and_exceptions_are_targets() {
    let server = Server::start(rooms()).await;
    let mut alice = server.connect("/a?user=alice").await;
    let mut bob = server.connect("/a?user=bob").await;
    server.until(|hub| hub.client_count() == 2).await;
    let hub = &server.hub;
    let alice_id = hub.clients_of("alice")[0];
    assert_eq!(hub.client(alice_id).unwrap().user().as_deref(), Some("alice"));
    assert_eq!(hub.send_to_user("bob", "for bob").unwrap().queued, 1);
    let all = &[Target::Room("a"), Target::All];
    assert_eq!(hub.publish(&Publish::to(all).except(&[alice_id]), "but alice").unwrap().queued, 1);
    assert_eq!(hub.broadcast(Message::Text("all".into())).unwrap().queued, 2);
    assert_eq!(bob.text().await, "for bob");
    assert_eq!(bob.text().await, "but alice");
    assert_eq!(bob.text().await, "all");
    assert_eq!(alice.text().await, "all");
}

#[tokio::test]
async fn what_does_not_exist_is_said() {
    let server = Server::start(rooms()).await;
    let hub = &server.hub;
    let refused = |refusal| Err(SendError::Hub(Error::Refused(refusal)));
    assert_eq!(hub.send_to_room("nowhere", "x"), refused(Refusal::NoSuchRoom));
    assert_eq!(hub.send_to_user("nobody", "x"), refused(Refusal::NoSuchUser));
    assert_eq!(hub.send_to(ClientId::from_u64(7), "x"), Err(SendError::Hub(Error::Gone)));
    assert_eq!(hub.join(ClientId::from_u64(7), "a"), Err(Error::Gone));
    assert!(hub.client(ClientId::from_u64(7)).is_none());
}

#[tokio::test]
async fn one_that_does_not_read_costs_nobody_else_anything() {
    let server = Server::start(rooms()).await;
    let _stalled = server.connect("/a").await;
    let mut reader = server.connect("/a").await;
    server.until(|hub| hub.client_count() == 2).await;
    let long = "x".repeat(64 << 10);
    for _ in 0..400 {
        reader.send(&long).await;
        assert_eq!(reader.text().await.len(), long.len());
    }
    assert!(server.hub.stats().dropped() > 0);
}

#[tokio::test]
async fn any_stream_will_do() {
    let server = Server::start(rooms()).await;
    let (ours, theirs) = tokio::io::duplex(64);
    let hub = server.hub.clone();
    let connection = tokio::spawn(async move { throng_tokio::serve_stream(&hub, ours, None).await });
    let mut over_tcp = server.connect("/a").await;
    let (mut piped, _) = tokio_tungstenite::client_async("ws://pipe/a", theirs).await.unwrap();
    server.until(|hub| hub.client_count() == 2).await;
    let long = "through a narrow pipe ".repeat(1000);
    over_tcp.send(&long).await;
    let message = futures_util::StreamExt::next(&mut piped).await.unwrap().unwrap();
    assert_eq!(message.into_text().unwrap(), long);
    drop(piped);
    connection.await.unwrap();
}
