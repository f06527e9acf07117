//! The table of methods.

use super::error::Error;
use super::schemas::{self, Described};
use super::{lists, members, operator_schemas, operators, publish, queries};
use crate::config::Config;
use crate::server::Server;
use serde_json::Value;

/// Carries out a command.
pub(super) type Command = fn(&Server, &Config, &[u8]) -> Result<Value, Error>;

/// A method of the API.
pub(super) struct Method {
    pub(super) name: &'static str,
    pub(super) command: Command,
    /// Which parameter a key's `channels` limit.
    pub(super) names: Names,
    /// Its parameters and result, for the OpenAPI document.
    pub(super) describe: fn() -> Described,
}

/// Which parameter of a method names channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Names {
    /// `channel`.
    Channel,
    /// `channels`.
    Channels,
    /// None.
    Nothing,
}

const fn method(name: &'static str, command: Command, names: Names, describe: fn() -> Described) -> Method {
    Method { name, command, names, describe }
}

/// All methods but `batch`, which is made of them.
pub(super) const METHODS: [Method; 20] = [
    method("publish", publish::publish, Names::Channel, schemas::publish),
    method("broadcast", publish::broadcast, Names::Channels, schemas::broadcast),
    method("send", publish::send, Names::Nothing, schemas::send),
    method("subscribe", members::subscribe, Names::Channel, schemas::subscribe),
    method("unsubscribe", members::unsubscribe, Names::Channel, schemas::unsubscribe),
    method("disconnect", members::disconnect, Names::Nothing, schemas::disconnect),
    method("refresh", members::refresh, Names::Nothing, schemas::refresh),
    method("presence", queries::presence, Names::Channel, schemas::presence),
    method("presence_stats", queries::presence_stats, Names::Channel, schemas::presence_stats),
    method("history", queries::history, Names::Channel, schemas::history),
    method("history_remove", queries::history_remove, Names::Channel, schemas::history_remove),
    method("channels", queries::channels, Names::Nothing, schemas::channels),
    method("info", queries::info, Names::Nothing, schemas::info),
    method("drain", members::drain, Names::Nothing, schemas::drain),
    method("clients", lists::clients, Names::Nothing, operator_schemas::clients),
    method("users", lists::users, Names::Nothing, operator_schemas::users),
    method("rooms", lists::rooms, Names::Nothing, operator_schemas::rooms),
    method("stats", operators::stats, Names::Nothing, operator_schemas::stats),
    method("events", operators::events, Names::Nothing, operator_schemas::events),
    method("config", operators::config, Names::Nothing, operator_schemas::config),
];

/// The method of this name.
pub(super) fn find(name: &str) -> Option<&'static Method> {
    METHODS.iter().find(|method| method.name == name)
}

#[test]
fn a_key_can_be_for_every_method() {
    let names: Vec<_> = METHODS.iter().map(|method| method.name).collect();
    assert_eq!(names, crate::config::api_keys::METHODS);
}
