//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Parser, ValueEnum};

use crate::stamp::Stamp;

/// Loads a WebSocket server that broadcasts what it receives, and accounts for every message.
#[derive(Parser)]
#[command(name = "throng-load")]
pub(crate) struct Options {
    #[arg(value_enum)]
    pub(crate) scenario: Scenario,
    /// The server, for example 127.0.0.1:8080.
    #[arg(long)]
    pub(crate) address: SocketAddr,
    #[arg(long, default_value_t = 1_000)]
    pub(crate) connections: usize,
    /// The server's process: adds its processor seconds and memory to the report.
    #[arg(long)]
    pub(crate) pid: Option<u32>,
    /// Where to write the report as JSON.
    #[arg(long)]
    pub(crate) json: Option<PathBuf>,
    /// How long to measure, after joining and warming up; at most 600.
    #[arg(long, default_value_t = 5.0)]
    pub(crate) seconds: f64,
    /// Load without measuring before that.
    #[arg(long, default_value_t = 500)]
    pub(crate) warmup_ms: u64,
    /// Publish exactly so many messages, then stop; replaces --seconds and the warm-up.
    #[arg(long)]
    pub(crate) messages: Option<u64>,
    /// Bytes of each message, its stamp included.
    #[arg(long, default_value_t = 128, value_parser = message_bytes)]
    pub(crate) message_bytes: usize,
    /// Closed loop: messages outstanding in each room (echo, direct: for each sender).
    #[arg(long, default_value_t = 1)]
    pub(crate) outstanding: u32,
    /// Fixed rate instead of a closed loop: messages a second in all (mixed: of each pair, 20 unless given).
    #[arg(long)]
    pub(crate) rate: Option<f64>,
    /// Closed loop: microseconds to sleep before waiting for few deliveries, so that the server does not pay for
    /// waking the generator with each of its sends; adds to the latencies, 0 for none.
    #[arg(long, default_value_t = 200)]
    pub(crate) nap_us: u64,
    /// Seconds without any delivery after which a run is given up and what is missing counts as missing.
    #[arg(long, default_value_t = 5.0)]
    pub(crate) patience: f64,
    /// Members of a room that publish.
    #[arg(long, default_value_t = 1)]
    pub(crate) publishers: usize,
    /// Where the room of fanout, slow, storm and mixed is joined.
    #[arg(long, default_value = "/ws")]
    pub(crate) path: String,
    #[arg(long)]
    pub(crate) origin: Option<String>,
    /// rooms: how many, each joined at /room/NAME.
    #[arg(long, default_value_t = 1_000)]
    pub(crate) rooms: usize,
    /// rooms: members of each.
    #[arg(long, default_value_t = 10)]
    pub(crate) members: usize,
    /// slow: share of the connections that stop reading once they have joined.
    #[arg(long, default_value_t = 0.1)]
    pub(crate) stalled: f64,
    /// mixed: pairs of users that talk directly.
    #[arg(long, default_value_t = 100)]
    pub(crate) pairs: usize,
    /// mixed: broadcasts a second to the room.
    #[arg(long, default_value_t = 4.0)]
    pub(crate) room_rate: f64,
    /// Handshakes under way at once; storm takes all at once.
    #[arg(long, default_value_t = 64)]
    pub(crate) concurrency: usize,
    /// Loopback addresses to connect from; by default as many as the ports require.
    #[arg(long)]
    pub(crate) sources: Option<u32>,
    /// Each line of a text frame is a message: of a server that coalesces them.
    #[arg(long)]
    pub(crate) lines: bool,
    /// Ask for permessage-deflate in each handshake, and publish JSON. What is published is sent as it is.
    #[arg(long)]
    pub(crate) compression: bool,
    /// No progress on stderr.
    #[arg(long)]
    pub(crate) quiet: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Scenario {
    /// One room, every message to all its members.
    Fanout,
    /// Many small rooms, by path.
    Rooms,
    /// Pairs of users, each message to the other one.
    Direct,
    /// Every connection's messages back to itself.
    Echo,
    /// Opens all connections, over and over.
    Connect,
    /// Holds connections that say nothing, for their memory.
    Idle,
    /// Lives of connections: connect, join, send, receive, close.
    Churn,
    /// A fanout in which a share of the readers stalls; the figures are the others'.
    Slow,
    /// All connections break at once and come back at once.
    Storm,
    /// Elephants and mice: a large room broadcasts while pairs talk directly.
    Mixed,
}

impl Scenario {
    /// As on the command line.
    pub(crate) fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }
}

fn message_bytes(argument: &str) -> Result<usize, String> {
    let bytes: usize = argument.parse().map_err(|error| format!("{error}"))?;
    if bytes < Stamp::LENGTH { Err(format!("at least {}, for the stamp", Stamp::LENGTH)) } else { Ok(bytes) }
}
