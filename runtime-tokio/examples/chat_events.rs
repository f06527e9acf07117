//! The chat once more, as one loop over all that happens: it owns its state, and needs no lock. Run
//! `cargo run --release --example chat_events` and open http://127.0.0.1:8080: the page is that of `chat`.

#![allow(clippy::print_stdout)]

#[path = "chat/names.rs"]
mod names;

use axum::Router;
use axum::http::header::CONTENT_SECURITY_POLICY;
use axum::response::Html;
use axum::routing::get;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use throng_tokio::axum::{connect, serve};
use throng_tokio::{Client, ClientId, EventsOptions, Fatal, Hub, HubEvent, Json};

/// Everybody's name, and the rooms they are in.
type People = BTreeMap<ClientId, (String, BTreeSet<String>)>;

/// Does what somebody says; `None` if it cannot be.
fn hear(people: &mut People, client: &Client, said: &Value) -> Option<()> {
    let (hub, id) = (client.hub(), client.id());
    if let Some(name) = said["name"].as_str() {
        let name = names::checked(name).ok()?;
        people.entry(id).or_default().0 = name.clone();
        return client.send(Json(json!({"type": "welcome", "id": id.to_string(), "name": name}))).ok();
    }
    let (room, (name, rooms)) = (&*names::checked(said["room"].as_str()?).ok()?, people.get_mut(&id)?);
    let tell = |news: Value| hub.send_to_room(room, Json(news)).ok().map(drop);
    match said["type"].as_str()? {
        "join" if hub.join(id, room).is_ok() && rooms.insert(room.to_owned()) => {
            let members = people.iter().filter(|(_, (_, rooms))| rooms.contains(room));
            let members = members.map(|(id, (name, _))| json!({"id": id.to_string(), "name": name}));
            tell(json!({"type": "members", "room": room, "members": members.collect::<Value>()}))
        }
        "leave" if rooms.remove(room) => {
            let _ = tell(json!({"type": "left", "room": room, "id": id.to_string(), "name": name}));
            hub.leave(id, room).ok()
        }
        "say" if rooms.contains(room) && said["text"].as_str().is_some_and(names::is_visible) => {
            let text = &said["text"];
            tell(json!({"type": "said", "room": room, "id": id.to_string(), "name": name, "text": text}))
        }
        _ => None,
    }
}

#[tokio::main]
async fn main() -> Result<(), Fatal> {
    let hub = Hub::builder().events(EventsOptions::default()).build()?;
    let (mut events, mut people) = (hub.events()?, People::new());
    let page =
        get(([(CONTENT_SECURITY_POLICY, "frame-ancestors 'none'")], Html(include_str!("chat/index.html"))));
    let app = Router::new().route("/", page).route("/ws", get(connect)).with_state(hub.clone());
    let address = std::env::args().nth(1).unwrap_or("127.0.0.1:8080".into());
    let listening = tokio::net::TcpListener::bind(&address).await;
    let listener = listening.map_err(|error| format!("cannot listen on {address}: {error}"))?;
    let address = listener.local_addr()?;
    tokio::spawn(serve(listener, app, hub.clone()));
    // Said once signals are caught: whoever reads it may send one.
    println!("chat on http://{address}");
    while let Some(event) = events.next().await {
        if let HubEvent::Message { client, message } = event {
            let said = serde_json::from_slice(message.as_bytes()).unwrap_or_default();
            if hear(&mut people, &client, &said).is_none() {
                let _ = client.send(r#"{"type": "refused", "text": "Refused: a name, room or text is not allowed, or you are not in that room."}"#);
            }
        } else if let HubEvent::Disconnected { client, .. } = event {
            for room in people.get(&client.id()).map(|(_, rooms)| rooms.clone()).unwrap_or_default() {
                let _ = hear(&mut people, &client, &json!({"type": "leave", "room": room}));
            }
            people.remove(&client.id());
        }
    }
    Ok(())
}
