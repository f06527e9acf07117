//! A chat over several processes and Redis. Start a Redis server, then two nodes, and open both pages:
//!
//! ```sh
//! cargo run --release --example multinode -- --address 127.0.0.1:8081
//! cargo run --release --example multinode -- --address 127.0.0.1:8082
//! ```
//!
//! What is said on one page appears on the other. The page shows the nodes and their clients, and what becomes of the link to Redis: stop the Redis server, go
//! on talking on one page, and start it again.

#![allow(clippy::print_stdout)]

use axum::Router;
use axum::http::header::{CONTENT_SECURITY_POLICY, X_CONTENT_TYPE_OPTIONS};
use axum::response::{Html, IntoResponse};
use axum::routing::get;
use lexopt::prelude::{Long, Short, ValueExt};
use serde::Serialize;
use std::net::SocketAddr;
use std::time::Duration;
use throng_tokio::axum::{connect, healthz, readyz, serve};
use throng_tokio::cluster::{ClusterEvent, ClusterOptions, NodeId};
use throng_tokio::hub::Target;
use throng_tokio::redis::Redis;
use throng_tokio::{Config, Fatal, Hub, Json, Message, Publish, Rate};
use tokio::net::TcpListener;

const USAGE: &str = "\
A chat over several processes and Redis.

Usage: multinode [OPTIONS]

Options:
      --address <ADDRESS>  Where to listen [default: 127.0.0.1:8081]
      --redis <URL>        The Redis server [default: redis://127.0.0.1:6379]
      --node <ID>          The node's id, another one for each node [default: random]
  -h, --help               Print this";

const ROOM: &str = "lobby";

struct Args {
    address: SocketAddr,
    redis: String,
    node: Option<NodeId>,
}

impl Args {
    /// The arguments of this process; `None` if they ask for help.
    fn parse() -> Result<Option<Self>, Fatal> {
        let address = SocketAddr::from(([127, 0, 0, 1], 8081));
        let mut args = Self { address, redis: "redis://127.0.0.1:6379".into(), node: None };
        let mut given = lexopt::Parser::from_env();
        while let Some(arg) = given.next()? {
            match arg {
                Long("address") => args.address = given.value()?.parse()?,
                Long("redis") => args.redis = given.value()?.string()?,
                Long("node") => args.node = Some(NodeId::new(&given.value()?.string()?)?),
                Short('h') | Long("help") => return Ok(None),
                other => return Err(other.unexpected().into()),
            }
        }
        Ok(Some(args))
    }
}

/// What a page is told.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum ToPage {
    /// Somebody says something, on this node or another.
    Said { node: String, text: String },
    /// What has happened in the cluster, in words.
    Told(String),
    /// The nodes and clients of the whole cluster.
    Totals { nodes: u64, clients: u64 },
}

fn limits() -> Config {
    let mut config = Config::default();
    config.outbox.message_bytes = 4 << 10;
    config.inbound.messages = Some(Rate::per_second(10).burst(30));
    config.drain.spread = Duration::from_secs(2);
    config
}

/// Sends what a client says to the lobby of every node.
fn say(hub: &Hub, message: Message) {
    let Message::Text(text) = message else { return };
    let node = hub.cluster().and_then(|cluster| cluster.id());
    let node = node.map_or_else(String::new, |node| node.to_string());
    // Too long or not, whoever said it sees whether it appears.
    let _ = hub.send_to_room(ROOM, Json(ToPage::Said { node, text: text.to_string() }));
}

/// Tells the pages of this node what has happened in the cluster.
fn tell(hub: &Hub, event: &ClusterEvent) {
    let here = [Target::Room(ROOM)];
    let publish = Publish::to(&here).local();
    // While there is no page, nobody has to be told.
    let _ = hub.publish(&publish, Json(ToPage::Told(event.to_string())));
    if let Some(cluster) = hub.cluster() {
        let totals = cluster.totals();
        let _ = hub
            .publish(&publish, Json(ToPage::Totals { nodes: totals.nodes, clients: totals.counts.clients }));
    }
}

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
    let options = ClusterOptions::default();
    let options = args.node.map_or(options.clone(), |node| options.node(node));
    let hub = Hub::builder()
        .config(limits())
        .cluster(Redis::new(&args.redis)?, options)
        .before_connect(|connecting| {
            connecting.join(ROOM);
            Ok(())
        })
        .on_message(|client, message| say(&client.hub(), message))
        .on_cluster_change(|hub, event| tell(hub, &event))
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
    println!("a node of the chat on http://{address}");
    serving.await;
    Ok(())
}
