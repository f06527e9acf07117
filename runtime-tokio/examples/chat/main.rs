//! A chat with rooms, on axum. Run `cargo run --release --example chat` and open http://127.0.0.1:8080.
//!
//! - `main.rs`: the limits, the middleware, the pages, the start and the end
//! - `chat.rs`: what happens when somebody comes, says something, loses the connection, or goes
//! - `names.rs`: which names people may have
//! - `protocol.rs`: what the page and the server say to each other
//! - `refused.rs`: why something is not done, in words
//! - `index.html`: the page

#![allow(clippy::print_stdout)]

mod chat;
mod names;
mod protocol;
mod refused;

use crate::protocol::ToPage;
use crate::refused::Refused;
use axum::Router;
use axum::http::header::{CONTENT_SECURITY_POLICY, X_CONTENT_TYPE_OPTIONS};
use axum::response::{Html, IntoResponse};
use axum::routing::get;
use lexopt::prelude::{Long, Short, ValueExt};
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;
use throng_tokio::axum::{connect, healthz, readyz, serve};
use throng_tokio::hub::{History, OverRate, PerUser};
use throng_tokio::middleware::{AnswerErrorsLayer, CatchPanicLayer, TimeoutLayer, TraceLayer};
use throng_tokio::{Config, Fatal, Hub, Json, Rate};
use tokio::net::TcpListener;
use tower::ServiceBuilder;

const USAGE: &str = "\
A chat with rooms.

Usage: chat [OPTIONS]

Options:
      --address <ADDRESS>  Where to listen [default: 127.0.0.1:8080]
      --config <FILE>      The hub's config, in TOML: in place of the chat's own limits
  -h, --help               Print this";

/// How long what is said is kept.
const HOUR: Duration = Duration::from_secs(3600);

struct Args {
    address: SocketAddr,
    config: Option<PathBuf>,
}

impl Args {
    /// The arguments that the chat was started with; `None` if they ask for help.
    fn parse() -> Result<Option<Self>, lexopt::Error> {
        let mut args = Self { address: SocketAddr::from(([127, 0, 0, 1], 8080)), config: None };
        let mut given = lexopt::Parser::from_env();
        while let Some(arg) = given.next()? {
            match arg {
                Long("address") => args.address = given.value()?.parse()?,
                Long("config") => args.config = Some(given.value()?.into()),
                Short('h') | Long("help") => return Ok(None),
                other => return Err(other.unexpected()),
            }
        }
        Ok(Some(args))
    }
}

/// The config in a file. What is not named there has the hub's default. A value that cannot stand is found when the hub is built.
fn read(file: &Path) -> Result<Config, Fatal> {
    let text =
        fs::read_to_string(file).map_err(|error| format!("cannot read {}: {error}", file.display()))?;
    Ok(toml::from_str(&text).map_err(|error| format!("{}: {error}", file.display()))?)
}

/// What the chat allows. Whatever is not named here has the hub's default.
fn limits() -> Config {
    let mut config = Config::default();
    config.admission.connections = Some(2000);
    config.admission.per_address = Some(200);
    config.admission.per_user = PerUser::RefuseNewest(5);
    config.rooms.total = Some(100);
    config.rooms.members = Some(100);
    config.rooms.per_client = Some(10);
    // Messages of one client: five a second, twenty at once. What is over that is dropped, and the client is told.
    config.inbound.messages = Some(Rate::per_second(5).burst(20));
    config.inbound.over_rate = OverRate::Drop;
    // Who loses the connection, or reloads the page, has so long to return before the others hear that they have left.
    config.sessions.grace = Some(Duration::from_secs(20));
    // So few of a name are away at once that the name is not taken by them.
    config.sessions.per_user = Some(3);
    config.sessions.per_address = Some(50);
    // Each room keeps what was said last for those who return, also later than that.
    let history = History { messages: 300, bytes: 512 << 10, age: HOUR, meta_age: HOUR };
    config.history.by_prefix.insert(String::new(), history);
    // What is said again with its key is said once, within this time. So many keys cannot come from as many clients as there may be,
    // unless they connect again and again: then what is said with a key is refused for a while.
    config.history.key_age = Duration::from_secs(20);
    config.history.keys = 1 << 18;
    // All of it fits in an outbox, beside what else waits there.
    config.outbox.messages = 512;
    // The longest message is the list of all rooms.
    config.outbox.message_bytes = 64 << 10;
    // Ctrl-C or SIGTERM tells everybody, within this time; a second one does so at once.
    config.drain.spread = Duration::from_secs(5);
    config
}

/// The page. What it may load it says itself; that no other page may frame it, to have people click in it unawares, only a
/// header can say.
async fn page() -> impl IntoResponse {
    let headers = [(CONTENT_SECURITY_POLICY, "frame-ancestors 'none'"), (X_CONTENT_TYPE_OPTIONS, "nosniff")];
    (headers, Html(include_str!("index.html")))
}

#[tokio::main]
async fn main() -> Result<(), Fatal> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let Some(args) = Args::parse()? else {
        println!("{USAGE}");
        return Ok(());
    };
    let chat = chat::Chat::new()?;
    // What is said goes through the middleware to its route.
    let messages = ServiceBuilder::new()
        .layer(TraceLayer)
        .layer(AnswerErrorsLayer::by(|_, _| Json(ToPage::refused(&Refused::NotDone, None))))
        .layer(TimeoutLayer::new(Duration::from_secs(2)))
        .layer(CatchPanicLayer)
        .service(chat::routes(chat.clone()));
    let hub = Hub::builder()
        .config(args.config.as_deref().map_or_else(|| Ok(limits()), read)?)
        .handler(chat)
        .messages(messages)
        .build()?;
    let routes = Router::new()
        .route("/", get(page))
        .route("/ws", get(connect))
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .with_state(hub.clone());
    let listening = TcpListener::bind(args.address).await;
    let listener = listening.map_err(|error| format!("cannot listen on {}: {error}", args.address))?;
    let address = listener.local_addr()?;
    let serving = serve(listener, routes, hub);
    // Said once signals are caught: whoever reads it may send one.
    println!("chat on http://{address}");
    serving.await;
    Ok(())
}
