//! The state of the program, for operators: numbers of the last hour, the last refusals and drops, the config. They are not Centrifugo's.

use super::error::Error;
use super::parameters::{Nothing, or_default, read, result};
use crate::config::{Config, listed};
use crate::records::{EVERY, fields};
use crate::server::Server;
use serde::Deserialize;
use serde_json::{Map, Value, json};

#[derive(Default, Deserialize)]
#[serde(default)]
struct Stats {
    /// The number of the first sample that is wanted: `next` of the answer before.
    #[serde(deserialize_with = "or_default")]
    since: u64,
}

/// The numbers now, and samples of the last hour, by columns.
pub(super) fn stats(server: &Server, _: &Config, body: &[u8]) -> Result<Value, Error> {
    let Stats { since } = read(body)?;
    let (numbers, (samples, next)) = (server.hub.numbers(), server.records.samples.since(since));
    let columns: Map<String, Value> = fields()
        .into_iter()
        .map(|(name, of)| (name.to_owned(), samples.iter().map(|sample| rounded(of(sample))).collect()))
        .collect();
    let (stats, health) = (&numbers.stats, &numbers.health);
    Ok(result(json!({
        "uid": server.uid,
        "version": env!("CARGO_PKG_VERSION"),
        "state": format!("{:?}", stats.state).to_lowercase(),
        "ready": health.is_ready,
        "uptime": health.uptime.as_secs(),
        "num_clients": stats.clients,
        "num_away": stats.away,
        "num_users": stats.users,
        "num_channels": stats.rooms,
        "num_subs": stats.memberships,
        "handshakes": stats.handshakes,
        "blocked": stats.blocked,
        "queued_bytes": stats.queued_bytes,
        "accepted": stats.accepted,
        "received": stats.received,
        "published": stats.published,
        "sent": stats.written,
        "sent_bytes": numbers.sent_bytes,
        "every": EVERY.as_secs(),
        "next": next,
        "samples": columns,
    })))
}

/// Rates need no more than two digits after the point.
fn rounded(number: f64) -> Value {
    let number = (number * 100.0).round() / 100.0;
    match number.fract() == 0.0 && number.abs() < 9e15 {
        true => (number as i64).into(),
        false => number.into(),
    }
}

/// The last refusals, drops and ends of clients, the newest first.
pub(super) fn events(server: &Server, _: &Config, body: &[u8]) -> Result<Value, Error> {
    read::<Nothing>(body)?;
    Ok(result(json!({ "events": server.records.events.newest_first() })))
}

/// The config in force: every key with its value, its default and its meaning. Secrets are `***`.
pub(super) fn config(_: &Server, config: &Config, body: &[u8]) -> Result<Value, Error> {
    read::<Nothing>(body)?;
    Ok(result(json!({ "keys": listed(config) })))
}
