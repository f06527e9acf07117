//! The parameters and results of the methods for operators, as JSON schemas: `lists` and `operators` have them.

use super::schemas::{Described, count, described, none, object, optional, unsigned};
use crate::records::fields;
use serde_json::{Map, Value, json};

/// The parameters of a list, with these filters beside them.
fn list_of<const N: usize>(filters: [(&str, Value); N]) -> Value {
    let limit = json!({ "type": ["integer", "null"], "minimum": 0, "maximum": 1000, "description": "The most entries; 100 if it is 0." });
    let mut schema = object(
        &[],
        [("search", optional("string", "Only names that have this part, in any case.")), ("limit", limit)],
    );
    for (name, filter) in filters {
        schema["properties"][name] = filter;
    }
    schema
}

/// The result of a list: a page of what was found, and what it has only in a cluster.
fn page<const N: usize>(name: &str, entry: &Value, in_cluster: [(&str, Value); N]) -> Value {
    let complete = json!({ "type": "boolean", "description": "Whether all were looked at: there may be too many for one request." });
    let mut page = object(
        &[name, "found", "complete"],
        [
            (name, json!({ "type": "array", "items": entry })),
            ("found", count("How many were found, those that are not on this page included.")),
            ("complete", complete),
            ("node", text("The id of this node, in a cluster.")),
        ],
    );
    for (name, schema) in in_cluster {
        page["properties"][name] = schema;
    }
    page
}

fn text(meaning: &str) -> Value {
    json!({ "type": "string", "description": meaning })
}

fn yes_or_no(meaning: &str) -> Value {
    json!({ "type": "boolean", "description": meaning })
}

fn number(meaning: &str) -> Value {
    json!({ "type": "number", "description": meaning })
}

pub(super) fn clients() -> Described {
    let client = object(
        &["client", "user", "away", "num_channels", "channels", "queued_messages", "queued_bytes"],
        [
            ("client", text("The id.")),
            ("user", text("Empty: nobody.")),
            ("address", optional("string", "The address that it came from, behind trusted proxies its own.")),
            ("since", unsigned("When it came, in seconds since 1970.")),
            ("away", yes_or_no("Whether it has lost its connection and may return.")),
            ("num_channels", count("Its channels.")),
            (
                "channels",
                json!({ "type": "array", "items": { "type": "string" }, "description": "20 of them at most." }),
            ),
            ("queued_messages", count("Messages that wait to be sent to it.")),
            ("queued_bytes", count("Bytes that wait to be sent to it.")),
        ],
    );
    let parameters = list_of([
        ("channel", optional("string", "Only clients of this channel.")),
        ("user", optional("string", "Only clients of this user.")),
        ("client", optional("string", "Only the client of this id.")),
    ]);
    let other = object(
        &["client", "user", "node"],
        [
            ("client", text("The id, valid on each node.")),
            ("user", text("Empty: nobody.")),
            ("node", text("The id of its node.")),
        ],
    );
    let elsewhere = json!({ "type": "array", "items": other, "description": "In a cluster, members of `channel` on other nodes, if it has presence." });
    let num_elsewhere = count("In a cluster, how many members `channel` has on other nodes.");
    let result = page("clients", &client, [("elsewhere", elsewhere), ("num_elsewhere", num_elsewhere)]);
    described("Clients of this node. Not Centrifugo's.", parameters, result)
}

pub(super) fn users() -> Described {
    let user = object(
        &["user", "num_clients", "num_away"],
        [
            ("user", text("The name.")),
            ("num_clients", count("Clients, away ones included.")),
            ("num_away", count("Clients that have lost their connection and may return.")),
        ],
    );
    let about = "Users of this node, those with the most clients first. Not Centrifugo's.";
    described(about, list_of([]), page("users", &user, []))
}

pub(super) fn rooms() -> Described {
    let room = object(
        &["channel", "num_clients", "history", "presence"],
        [
            ("channel", text("The name.")),
            ("num_clients", count("Members on all nodes.")),
            ("num_here", count("Members on this node, in a cluster.")),
            ("history", yes_or_no("Whether it has a history.")),
            ("presence", yes_or_no("Whether it has presence.")),
        ],
    );
    let about = "Rooms of all nodes, those with the most members first. Not Centrifugo's.";
    described(about, list_of([]), page("rooms", &room, []))
}

pub(super) fn stats() -> Described {
    let column = json!({ "type": "array", "items": { "type": ["number", "null"] } });
    let columns: Map<String, Value> =
        fields().into_iter().map(|(name, _)| (name.to_owned(), column.clone())).collect();
    let mut result = object(
        &["uid", "version", "state", "ready", "uptime", "every", "next", "samples"],
        [
            ("uid", text("Another one at each start.")),
            ("version", text("That of the program.")),
            ("state", text("Whether the hub runs or drains.")),
            ("ready", yes_or_no("Whether newcomers are taken.")),
            ("uptime", count("Seconds since the start.")),
            ("every", count("Seconds between two samples.")),
            ("next", count("`since` of the next request.")),
            (
                "samples",
                json!({ "type": "object", "properties": columns, "description": "By columns, the oldest first." }),
            ),
        ],
    );
    for (name, meaning) in [
        ("num_clients", "Clients."),
        ("num_away", "Clients that have lost their connection and may return."),
        ("num_users", "Users."),
        ("num_channels", "Channels."),
        ("num_subs", "Memberships: clients, once for each of their channels."),
        ("handshakes", "Handshakes that are open."),
        ("blocked", "Clients that wait to be written to."),
        ("queued_bytes", "Bytes that wait to be sent."),
        ("accepted", "Connections accepted."),
        ("received", "Messages from clients."),
        ("published", "Messages published."),
        ("sent", "Messages written to clients."),
        ("sent_bytes", "Bytes that transports took."),
    ] {
        result["properties"][name] = count(meaning);
    }
    let since = unsigned("Only samples from this one on: `next` of the answer before.");
    described(
        "The numbers of this node, and samples of the last hour. Not Centrifugo's.",
        object(&[], [("since", since)]),
        result,
    )
}

pub(super) fn events() -> Described {
    let kinds = ["refused", "dropped", "bad_input", "closed", "failed"];
    let event = object(
        &["time", "kind", "what", "count"],
        [
            ("time", number("When it was seen last, in seconds since 1970.")),
            ("kind", json!({ "type": "string", "enum": kinds })),
            ("what", text("What happened.")),
            ("count", count("How often.")),
            ("client", text("The client that it happened to.")),
            ("user", text("Its user.")),
        ],
    );
    let result = object(&["events"], [("events", json!({ "type": "array", "items": event }))]);
    described(
        "The last refusals, drops and ends of clients on this node, the newest first. Not Centrifugo's.",
        none(),
        result,
    )
}

pub(super) fn config() -> Described {
    let key = object(
        &["key", "value", "default", "is_default", "restart", "meaning"],
        [
            ("key", text("Its path.")),
            ("value", json!({ "description": "`***` for a secret." })),
            ("default", json!({ "description": "Its value if it is not set." })),
            ("is_default", yes_or_no("Whether the value is the default.")),
            ("restart", yes_or_no("Whether it changes only at a restart.")),
            ("meaning", text("What it says.")),
        ],
    );
    let result = object(&["keys"], [("keys", json!({ "type": "array", "items": key }))]);
    described("The config in force, without secrets. Not Centrifugo's.", none(), result)
}
