use super::{Table, config, connect, hub};
use crate::middleware::{Incoming, ServiceError};
use crate::participants::{Envelope, Hooks, Identity, Participant, Route};
use crate::router::{Reply, RouteError, Router};
use crate::tests::host::World;
use crate::{Client, Hub, IntoFrame};
use serde::{Deserialize, Serialize};
use throng_core::websocket::handshake::Refusal;
use tower::service_fn;

#[derive(Clone, Deserialize, Serialize)]
struct Move {
    column: u8,
}

/// Each message in an envelope; so are answers and what the others get.
fn router() -> Router {
    Router::by_envelope("type", "payload")
        .on("move", |player: Participant, Move { column }: Move| async move {
            if column > 6 {
                return Err(RouteError::refused("no_such_column", "There are seven columns."));
            }
            let participants = player.client().hub().participants();
            let _ = participants.broadcast(
                player.room(),
                &[player.id()],
                Envelope::new("moved", Move { column }),
            );
            Ok(Reply::new("accepted", Move { column }))
        })
        .on("whoami", |player: Participant| async move { format!("{} in {}", player.id(), player.room()) })
}

#[test]
fn messages_of_a_route_go_to_its_router_in_envelopes() {
    let table = Table::default();
    let route = Route::new(table.clone()).messages(router());
    let mut world = World::new(hub(config(), route));
    let (ada, _) = connect(&mut world, "/7?user=ada");
    let (bob, _) = connect(&mut world, "/7?user=bob");
    table.take();
    ada.send(r#"{"type":"move","payload":{"column":3}}"#);
    ada.send(r#"{"type":"whoami"}"#);
    world.run();
    assert_eq!(ada.texts(), [r#"{"type":"accepted","payload":{"column":3}}"#, "ada in 7"]);
    assert_eq!(bob.texts(), [r#"{"type":"moved","payload":{"column":3}}"#]);
    assert_eq!(table.take(), Vec::<String>::new(), "the hook has no messages then");
}

#[test]
fn a_message_that_is_answered_with_an_error_is_told_to_the_error_hook() {
    let table = Table::default();
    let mut world = World::new(hub(config(), Route::new(table.clone()).messages(router())));
    let (ada, _) = connect(&mut world, "/7?user=ada");
    table.take();
    ada.send(r#"{"type":"move","payload":{"column":9}}"#);
    ada.send(r#"{"type":"fly"}"#);
    ada.send(r#"{"type":"whoami"}"#);
    world.run();
    let texts = ada.texts();
    assert!(texts[0].contains("no_such_column") && texts[1].contains("unknown_type"), "{texts:?}");
    assert_eq!(texts[2], "ada in 7", "it stays");
    assert_eq!(table.take(), ["error ada no_such_column", "error ada unknown_type"]);
}

#[test]
fn a_service_that_fails_is_answered_and_told() {
    let table = Table::default();
    let service = service_fn(|incoming: Incoming| async move {
        match incoming.message.as_bytes() {
            b"fail" => Err(ServiceError::Busy { limit: 3 }),
            _ => Ok(incoming.message),
        }
    });
    let mut world = World::new(hub(config(), Route::new(table.clone()).messages(service)));
    let (ada, _) = connect(&mut world, "/7?user=ada");
    table.take();
    ada.send("fail");
    ada.send("echo");
    world.run();
    let texts = ada.texts();
    assert!(texts[0].contains(r#""code":"busy""#), "{texts:?}");
    assert_eq!(texts[1], "echo");
    assert_eq!(table.take().len(), 1);
}

#[test]
fn without_a_hook_for_messages_the_hub_gets_them_and_its_router_knows_the_participant() {
    struct Plain;
    impl Hooks for Plain {
        async fn resolve(&self, _: &str, identity: &Identity) -> Result<String, Refusal> {
            identity.user.clone().ok_or_else(|| Refusal::custom(401, "Who are you?\n"))
        }
    }
    let route = Route::new(Plain);
    let builder = Hub::builder()
        .before_connect_async(move |connecting| {
            let route = route.clone();
            Box::pin(async move {
                if let Some(user) = connecting.request().query("user") {
                    let identity = Identity { user: Some(user), session: None };
                    route.enter(connecting, "7", identity).await?;
                }
                Ok(())
            })
        })
        .messages(router());
    let mut world = World::new(builder);
    let (ada, _) = connect(&mut world, "/?user=ada");
    let (plain, _) = connect(&mut world, "/");
    ada.send(r#"{"type":"whoami"}"#);
    plain.send(r#"{"type":"whoami"}"#);
    world.run();
    assert_eq!(ada.texts(), ["ada in 7"]);
    assert!(plain.texts()[0].contains("no_participant"));
    let clients = world.hub.clients();
    let is_participant = |client: Client| Participant::of(&client).is_some();
    let known = clients.into_iter().filter(|id| is_participant(world.hub.client(*id).unwrap())).count();
    assert_eq!(known, 1);
}

#[test]
fn an_envelope_has_a_type_and_a_payload() {
    let text = |frame: throng_core::Frame| String::from_utf8_lossy(frame.payload()).into_owned();
    let frame = Envelope::new("moved", Move { column: 3 }).into_frame().unwrap();
    assert_eq!(text(frame), r#"{"type":"moved","payload":{"column":3}}"#);
    let frame = Envelope::new("over", ()).into_frame().unwrap();
    assert_eq!(text(frame), r#"{"type":"over","payload":null}"#);
}
