//! The table of methods.

use super::error::Error;
use super::{lists, members, operators, publish, queries};
use crate::config::Config;
use crate::server::Server;
use serde_json::Value;

/// Carries out a command.
pub(super) type Command = fn(&Server, &Config, &[u8]) -> Result<Value, Error>;

/// All methods but `batch`, which is made of them.
pub(super) const METHODS: [(&str, Command); 20] = [
    ("publish", publish::publish),
    ("broadcast", publish::broadcast),
    ("send", publish::send),
    ("subscribe", members::subscribe),
    ("unsubscribe", members::unsubscribe),
    ("disconnect", members::disconnect),
    ("refresh", members::refresh),
    ("presence", queries::presence),
    ("presence_stats", queries::presence_stats),
    ("history", queries::history),
    ("history_remove", queries::history_remove),
    ("channels", queries::channels),
    ("info", queries::info),
    ("drain", members::drain),
    ("clients", lists::clients),
    ("users", lists::users),
    ("rooms", lists::rooms),
    ("stats", operators::stats),
    ("events", operators::events),
    ("config", operators::config),
];

/// The method of this name.
pub(super) fn find(method: &str) -> Option<(&'static str, Command)> {
    METHODS.iter().find(|(name, _)| *name == method).copied()
}
