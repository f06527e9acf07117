//! Participants by routes of axum, a set of hooks for each.

use crate::common::Client;
use axum::extract::{FromRef, Path, Request, State};
use axum::middleware::{Next, from_fn};
use axum::{Router, response::Response, routing::get};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use throng_tokio::axum::{Upgrade, participants};
use throng_tokio::participants::{
    Failure, Hooks, Identity, JoinContext, LeaveReason, Participant, ParticipantError, Route,
};
use throng_tokio::{CloseFrame, Hub, Message, Refusal};
use tokio::net::TcpListener;
use tokio_tungstenite::{connect_async, tungstenite};

/// Notes what it is told under its name.
#[derive(Clone)]
struct Noted(&'static str, Arc<Mutex<Vec<String>>>);

impl Hooks for Noted {
    async fn resolve(&self, _: &str, identity: &Identity) -> Result<String, Refusal> {
        match identity.user.as_deref() {
            Some("forever") => std::future::pending().await,
            Some(user) => Ok(user.into()),
            None => Err(Refusal::custom(401, "Who are you?\n")),
        }
    }

    async fn join(&self, _: &Participant, context: &JoinContext) -> Result<(), CloseFrame> {
        let JoinContext { room, participant, reconnect, .. } = context;
        self.note(&format!("{participant} joins {room}, {reconnect}"));
        Ok(())
    }

    async fn message(&self, from: &Participant, message: Message) -> Result<(), Failure> {
        from.client().hub().participants().broadcast(from.room(), &[], message)?;
        Ok(())
    }

    async fn leave(&self, participant: &Participant, _: &LeaveReason) {
        self.note(&format!("{} leaves", participant.id()));
    }
}

impl Noted {
    fn note(&self, what: &str) {
        self.1.lock().unwrap().push(format!("{}: {what}", self.0));
    }
}

#[derive(Clone)]
struct App {
    hub: Hub,
    go: Route,
}

impl FromRef<App> for Hub {
    fn from_ref(app: &App) -> Self {
        app.hub.clone()
    }
}

async fn go(Path(room): Path<u32>, State(app): State<App>, upgrade: Upgrade) -> Response {
    let identity = Identity { user: Some("bob".into()), session: None };
    upgrade.enter(&app.go, &format!("go {room}"), identity).await
}

async fn identify(mut request: Request, next: Next) -> Response {
    let user = request.uri().query().map(str::to_owned);
    request.extensions_mut().insert(Identity { user, session: None });
    next.run(request).await
}

#[tokio::test]
async fn each_route_has_hooks_of_its_own_and_the_identity_comes_from_a_layer() {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let route = |name| Route::new(Noted(name, Arc::clone(&lines)));
    let mut config = throng_tokio::Config::default();
    config.deadlines.handshake = Duration::from_secs(1);
    let hub = Hub::builder().config(config).build().unwrap();
    let app = Router::new()
        .route("/chess/{room}", participants(route("chess")).layer(from_fn(identify)))
        .route("/nobody/{room}", participants(route("nobody")))
        .route("/go/{room}", get(go))
        .with_state(App { hub: hub.clone(), go: route("go") });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = tokio::spawn(throng_tokio::axum::serve(listener, app, hub.clone()));

    let mut ada = Client::connect(address, "/chess/7?ada").await;
    let mut bob = Client::connect(address, "/go/7").await;
    let until = async |count| {
        while lines.lock().unwrap().len() < count {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    until(2).await;
    let mut joined = std::mem::take(&mut *lines.lock().unwrap());
    joined.sort();
    assert_eq!(joined, ["chess: ada joins 7, false", "go: bob joins go 7, false"]);
    ada.send("e4").await;
    bob.send("D4").await;
    assert_eq!(ada.next().await, tungstenite::Message::text("e4"));
    assert_eq!(bob.next().await, tungstenite::Message::text("D4"));
    assert_eq!(hub.participants().send_to("7", "bob", "x"), Err(ParticipantError::ParticipantNotFound));
    assert_eq!(hub.participants().send_to("go 7", "bob", "for bob"), Ok(()));
    assert_eq!(bob.next().await, tungstenite::Message::text("for bob"));

    // One that is nobody is refused, and one whose resolver never answers ends by the deadline of the handshake.
    for (path, status) in [("/nobody/7", 401), ("/chess/7?forever", 503)] {
        match connect_async(format!("ws://{address}{path}")).await {
            Err(tungstenite::Error::Http(response)) => assert_eq!(response.status(), status, "{path}"),
            other => panic!("{path}: {other:?}"),
        }
    }
    let newer = Client::connect(address, "/chess/7?ada").await;
    until(1).await;
    assert_eq!(*lines.lock().unwrap(), ["chess: ada joins 7, true"]);
    drop((ada, newer));
    until(2).await;
    assert_eq!(lines.lock().unwrap()[1], "chess: ada leaves");
    hub.shutdown();
    serving.await.unwrap();
}
