//! Four in a row, for two. Run `cargo run --release --example game`, open http://127.0.0.1:8080, and send the address that the page shows to
//! somebody. A player who loses the network has a minute to return, and misses nothing.
//!
//! - `main.rs`: who sits where, who hears what
//! - `board.rs`: the rules
//! - `index.html`: the page

#![allow(clippy::print_stdout)]

mod board;

use crate::board::{Board, Color};
use axum::extract::Request;
use axum::http::header::CONTENT_SECURITY_POLICY;
use axum::middleware::{Next, from_fn};
use axum::response::{Html, Response};
use axum::routing::get;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use throng_tokio::axum::{participants, serve};
use throng_tokio::participants::{Envelope, Hooks, Identity, JoinContext, LeaveReason, Participant, Route};
use throng_tokio::router::{AppState, RouteError, Router};
use throng_tokio::{CloseCode, CloseFrame, Config, Fatal, Hub, Refusal};

/// How long a player may be away.
const GRACE: Duration = Duration::from_secs(60);
const TAKEN: CloseCode = CloseCode(4003);
const LEFT: CloseCode = CloseCode(4001);
/// Letters of what a player says.
const SAID: usize = 200;

/// The games that are being played, by room.
#[derive(Clone, Default)]
struct Games(Arc<Mutex<BTreeMap<String, Game>>>);

/// A game. What is told of it is numbered, so that a page knows if it has missed something.
#[derive(Default)]
struct Game {
    /// The ids of red and yellow.
    players: Vec<String>,
    board: Board,
    number: u32,
}

/// What a player who comes or returns must know.
#[derive(Serialize)]
struct Position<'a> {
    you: Color,
    players: usize,
    number: u32,
    moves: &'a [u8],
    winner: Option<Color>,
}

#[derive(Deserialize)]
struct Move {
    column: u8,
}

#[derive(Deserialize)]
struct Say {
    text: String,
}

/// What both players are told.
#[derive(Serialize)]
struct Told<T> {
    number: u32,
    color: Color,
    #[serde(flatten)]
    what: T,
}

#[derive(Serialize)]
struct Moved {
    column: u8,
    winner: Option<Color>,
}

#[derive(Serialize)]
struct Said {
    text: String,
}

impl Game {
    fn color(&self, player: &str) -> Option<Color> {
        let seat = self.players.iter().position(|known| known == player)?;
        Some(if seat == 0 { Color::Red } else { Color::Yellow })
    }

    /// The color of a player, who sits down if there is a seat.
    fn seat(&mut self, player: &str) -> Option<Color> {
        if self.color(player).is_none() && self.players.len() < 2 {
            self.players.push(player.to_owned());
        }
        self.color(player)
    }

    /// Tells both, while the games are locked: so both hear everything in one order.
    fn tell(&mut self, teller: &Participant, kind: &str, color: Color, what: impl Serialize) {
        self.number += 1;
        let told = Envelope::new(kind, Told { number: self.number, color, what });
        // The room is gone if the last player has just left.
        let _ = teller.client().hub().participants().broadcast(teller.room(), &[], told);
    }
}

impl Games {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Game>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells the other player what has become of this one.
fn tell_other(player: &Participant, kind: &str) {
    let participants = player.client().hub().participants();
    let _ = participants.broadcast(player.room(), &[player.id()], Envelope::new(kind, ()));
}

impl Hooks for Games {
    /// A player is known by the key that its page has made, which nobody else knows.
    async fn resolve(&self, room: &str, identity: &Identity) -> Result<String, Refusal> {
        if room.len() > 32 {
            return Err(Refusal::custom(404, "There is no such game.\n"));
        }
        match &identity.session {
            Some(key) if (16..=64).contains(&key.len()) => Ok(key.clone()),
            _ => Err(Refusal::custom(400, "A key of 16 to 64 letters is needed: ?key=…\n")),
        }
    }

    async fn join(&self, player: &Participant, context: &JoinContext) -> Result<(), CloseFrame> {
        let mut games = self.lock();
        let game = games.entry(player.room().to_owned()).or_default();
        let Some(you) = game.seat(player.id()) else {
            return Err(CloseFrame::new(TAKEN, "two are playing already"));
        };
        let (players, number) = (game.players.len(), game.number);
        let (moves, winner) = (game.board.moves(), game.board.winner());
        let position = Position { you, players, number, moves, winner };
        // If the player has gone meanwhile, `leave` follows.
        let _ = player.send(Envelope::new("position", position));
        tell_other(player, if context.reconnect { "back" } else { "joined" });
        Ok(())
    }

    /// A game without one of its players is over.
    async fn leave(&self, player: &Participant, _: &LeaveReason) {
        let mut games = self.lock();
        if games.get(player.room()).is_some_and(|game| game.color(player.id()).is_some()) {
            games.remove(player.room());
            let participants = player.client().hub().participants();
            // Nobody may be left in the room.
            let _ = participants.close_room(player.room(), LEFT, "the other player has left");
        }
    }
}

async fn play(
    player: Participant,
    AppState(games): AppState<Games>,
    Move { column }: Move,
) -> Result<(), RouteError> {
    let mut games = games.lock();
    let Some((game, color)) = playing(&mut games, &player) else { return Ok(()) };
    game.board.play(color, column).map_err(|bad| {
        let (code, text) = bad.text();
        RouteError::refused(code, text)
    })?;
    let winner = game.board.winner();
    game.tell(&player, "moved", color, Moved { column, winner });
    Ok(())
}

async fn say(
    player: Participant,
    AppState(games): AppState<Games>,
    Say { text }: Say,
) -> Result<(), RouteError> {
    if text.chars().count() > SAID {
        return Err(RouteError::refused("too_long", format!("At most {SAID} letters.")));
    }
    let mut games = games.lock();
    let Some((game, color)) = playing(&mut games, &player) else { return Ok(()) };
    game.tell(&player, "said", color, Said { text });
    Ok(())
}

/// The game of a player; `None` if it is over because the other has left.
fn playing<'a>(games: &'a mut BTreeMap<String, Game>, player: &Participant) -> Option<(&'a mut Game, Color)> {
    let game = games.get_mut(player.room())?;
    let color = game.color(player.id())?;
    Some((game, color))
}

/// In earnest a cookie or a token would say who asks: addresses are logged.
async fn identify(mut request: Request, next: Next) -> Response {
    let query = request.uri().query().unwrap_or_default();
    let key = query.split('&').find_map(|pair| pair.strip_prefix("key=")).map(str::to_owned);
    request.extensions_mut().insert(Identity { user: None, session: key });
    next.run(request).await
}

#[tokio::main]
async fn main() -> Result<(), Fatal> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let mut config = Config::default();
    config.sessions.grace = Some(GRACE);
    config.outbox.message_bytes = 4 << 10;
    config.rooms.name_bytes = 64;
    let hub = Hub::builder()
        .config(config)
        .on_away(|client, _| {
            if let Some(player) = Participant::of(client) {
                tell_other(&player, "away");
            }
        })
        .build()?;
    let games = Games::default();
    let messages =
        Router::by_envelope("type", "payload").state(games.clone()).on("move", play).on("say", say);
    let game = participants(Route::new(games).messages(messages));
    let app = axum::Router::new()
        .route("/games/{room}", game.layer(from_fn(identify)))
        .route(
            "/",
            get(([(CONTENT_SECURITY_POLICY, "frame-ancestors 'none'")], Html(include_str!("index.html")))),
        )
        .with_state(hub.clone());
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8080".into());
    let listening = tokio::net::TcpListener::bind(&address).await;
    let listener = listening.map_err(|error| format!("cannot listen on {address}: {error}"))?;
    let address = listener.local_addr()?;
    let serving = serve(listener, app, hub);
    // Said once signals are caught: whoever reads it may send one.
    println!("open http://{address}");
    serving.await;
    Ok(())
}
