//! The parameters and results of the methods, as JSON schemas.

use serde_json::{Map, Value, json};

/// What the OpenAPI document says of a method.
pub(super) struct Described {
    pub(super) summary: &'static str,
    /// The schema of the body.
    pub(super) parameters: Value,
    /// The schema of `result`.
    pub(super) result: Value,
}

pub(super) fn described(summary: &'static str, parameters: Value, result: Value) -> Described {
    Described { summary, parameters, result }
}

/// An object with these fields, of which some must be there. Others are ignored.
pub(super) fn object<const N: usize>(required: &[&str], fields: [(&str, Value); N]) -> Value {
    let properties: Map<_, _> = fields.into_iter().map(|(name, schema)| (name.to_owned(), schema)).collect();
    let mut schema = json!({ "type": "object", "properties": properties });
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema
}

/// Adds the fields of `more`, and what they must satisfy.
fn with(mut schema: Value, more: Value) -> Value {
    let Value::Object(more) = more else { return schema };
    for (keyword, value) in more {
        match (&mut schema[keyword.as_str()], value) {
            (Value::Object(fields), Value::Object(more)) => fields.extend(more),
            (Value::Array(list), Value::Array(more)) => list.extend(more),
            (place, value) => *place = value,
        }
    }
    schema
}

/// A parameter that may be left out, or be null.
pub(super) fn optional(kind: &str, meaning: &str) -> Value {
    json!({ "type": [kind, "null"], "description": meaning })
}

pub(super) fn unsigned(meaning: &str) -> Value {
    json!({ "type": ["integer", "null"], "minimum": 0, "maximum": u64::MAX, "description": meaning })
}

pub(super) fn count(meaning: &str) -> Value {
    json!({ "type": "integer", "minimum": 0, "description": meaning })
}

fn channel() -> Value {
    json!({ "type": "string", "minLength": 1, "description": "The room: at most `hub.rooms.name_bytes` bytes." })
}

/// The schema of an error, by reference.
pub(super) fn error() -> Value {
    json!({ "$ref": "#/components/schemas/Error" })
}

pub(super) fn none() -> Value {
    object(&[], [])
}

/// The parameters that say what is sent: exactly one of them.
fn content() -> Value {
    json!({
        "properties": {
            "data": { "description": "Any JSON. Clients get it as a text, letter for letter." },
            "b64data": { "type": "string", "contentEncoding": "base64", "description": "Bytes in base64. Clients get them as a binary message." },
        },
        "oneOf": [{ "required": ["data"] }, { "required": ["b64data"] }],
    })
}

/// The parameters that say which clients are meant: at least one of them.
fn who() -> Value {
    let needed = |name: &str| json!({ "required": [name], "properties": { name: { "type": "string", "minLength": 1 } } });
    json!({
        "properties": {
            "user": optional("string", "All clients of this user."),
            "client": optional("string", "The client of this id."),
            "session": optional("string", "The client of this session."),
        },
        "anyOf": [needed("user"), needed("client"), needed("session")],
    })
}

fn options() -> Value {
    json!({ "properties": {
        "idempotency_key": optional("string", "In a channel with history: a message whose key is known is not published again, and the answer is that to the first."),
        "version": unsigned("In a channel with history: a message whose version is not above the last one is not published."),
        "skip_history": optional("boolean", "Not supported in a channel with history."),
        "version_epoch": optional("string", "Not supported."),
        "delta": optional("boolean", "Not supported."),
        "tags": { "type": ["object", "null"], "description": "Not supported." },
    }})
}

fn published() -> Value {
    object(
        &[],
        [
            ("offset", count("The offset of the message, if the channel has a history.")),
            ("epoch", json!({ "type": "string", "description": "The epoch of the history." })),
        ],
    )
}

fn since(meaning: &str) -> Value {
    let position = object(
        &[],
        [
            ("offset", unsigned("The offset of the last message that is known.")),
            ("epoch", optional("string", "The epoch of that offset.")),
        ],
    );
    with(position, json!({ "type": ["object", "null"], "description": meaning }))
}

pub(super) fn publish() -> Described {
    let parameters = with(with(object(&["channel"], [("channel", channel())]), content()), options());
    described("Publishes a message to a channel.", parameters, published())
}

pub(super) fn broadcast() -> Described {
    let channels = json!({ "type": "array", "items": { "type": "string" }, "minItems": 1, "description": "At most `api.channels`." });
    let parameters = with(with(object(&["channels"], [("channels", channels)]), content()), options());
    let response = object(&[], [("result", published()), ("error", error())]);
    let result = object(&["responses"], [("responses", json!({ "type": "array", "items": response }))]);
    described("Publishes a message to several channels.", parameters, result)
}

pub(super) fn send() -> Described {
    let result = object(
        &["queued", "dropped"],
        [("queued", count("Clients that get it.")), ("dropped", count("Clients whose outbox is full."))],
    );
    let parameters = with(with(object(&[], []), content()), who());
    described("Sends a message to the clients of a user, or to one client.", parameters, result)
}

pub(super) fn subscribe() -> Described {
    let parameters = object(
        &["channel"],
        [
            ("channel", channel()),
            ("info", json!({ "description": "In a channel with presence: what others see of the client." })),
            (
                "b64info",
                json!({ "type": ["string", "null"], "contentEncoding": "base64", "description": "The same as bytes in base64." }),
            ),
            (
                "recover_since",
                since("In a channel with history: the clients first get what came after this position."),
            ),
            ("data", json!({ "description": "Not supported." })),
            ("expire_at", unsigned("Not supported, unless 0.")),
            ("override", json!({ "description": "Not supported, unless null." })),
        ],
    );
    described("Lets clients join a channel.", with(parameters, who()), none())
}

pub(super) fn unsubscribe() -> Described {
    let parameters = object(&[], [("channel", optional("string", "Without one: all channels."))]);
    described("Lets clients leave a channel.", with(parameters, who()), none())
}

pub(super) fn disconnect() -> Described {
    let code = json!({ "type": "integer", "minimum": 1000, "maximum": 4999, "description": "1000 to 1003, 1007 to 1014, or 3000 to 4999." });
    let close = object(&["code"], [("code", code), ("reason", optional("string", "Told to the client."))]);
    let close = with(
        close,
        json!({ "type": ["object", "null"], "description": "The close frame; code 3503 if it is missing." }),
    );
    let spared = json!({ "type": ["array", "null"], "items": { "type": "string" }, "description": "Ids of clients that stay." });
    let parameters = object(&[], [("whitelist", spared), ("disconnect", close)]);
    described("Closes clients.", with(parameters, who()), none())
}

pub(super) fn refresh() -> Described {
    let parameters = object(
        &[],
        [
            ("expire_at", unsigned("When the authorisation ends, in seconds since 1970. 0: never.")),
            ("expired", optional("boolean", "Whether it has ended: the clients are closed with code 3005.")),
            ("info", json!({ "description": "Not supported, unless null." })),
        ],
    );
    described("Sets the end of the authorisation of clients.", with(parameters, who()), none())
}

fn of_channel() -> Value {
    object(&["channel"], [("channel", channel())])
}

pub(super) fn presence() -> Described {
    let member = object(
        &["client", "user"],
        [
            ("client", json!({ "type": "string" })),
            ("user", json!({ "type": "string" })),
            ("chan_info", json!({ "description": "What `subscribe` has said of it, as JSON." })),
            ("b64chan_info", json!({ "type": "string", "description": "The same, if it is no JSON." })),
        ],
    );
    let presence = json!({ "type": "object", "additionalProperties": member });
    described(
        "The members of a channel with presence, by client.",
        of_channel(),
        object(&["presence"], [("presence", presence)]),
    )
}

pub(super) fn presence_stats() -> Described {
    let result = object(
        &["num_clients", "num_users"],
        [("num_clients", count("Clients.")), ("num_users", count("Users."))],
    );
    described("How many members a channel with presence has.", of_channel(), result)
}

pub(super) fn history() -> Described {
    let limit = json!({ "type": ["integer", "null"], "minimum": i64::MIN, "maximum": i64::MAX, "description": "0: only the position. Below 0: `hub.history.page`." });
    let parameters = object(
        &["channel"],
        [
            ("channel", channel()),
            ("limit", limit),
            ("since", since("Only messages after this position.")),
            ("reverse", optional("boolean", "The newest first.")),
        ],
    );
    let publication = object(
        &["offset"],
        [
            ("offset", count("The offset of the message.")),
            ("data", json!({ "description": "The message, if it is JSON." })),
            ("b64data", json!({ "type": "string", "description": "The message in base64, if it is none." })),
        ],
    );
    let result = object(
        &["publications", "offset", "epoch"],
        [
            ("publications", json!({ "type": "array", "items": publication })),
            ("offset", count("The offset of the last message of the history.")),
            ("epoch", json!({ "type": "string" })),
        ],
    );
    described("Messages of a channel with history.", parameters, result)
}

pub(super) fn history_remove() -> Described {
    described("Removes the history of a channel.", of_channel(), none())
}

pub(super) fn channels() -> Described {
    let parameters =
        object(&[], [("pattern", optional("string", "With `*` for any letters and `?` for one."))]);
    let found = object(&["num_clients"], [("num_clients", count("Members."))]);
    let channels = json!({ "type": "object", "additionalProperties": found });
    described("The channels that have members.", parameters, object(&["channels"], [("channels", channels)]))
}

pub(super) fn info() -> Described {
    let node = object(
        &["uid", "name", "version", "num_clients", "num_users", "num_subs", "num_channels", "uptime"],
        [
            ("uid", json!({ "type": "string", "description": "Another one at each start." })),
            ("name", json!({ "type": "string" })),
            ("version", json!({ "type": "string" })),
            ("num_clients", count("Clients.")),
            ("num_users", count("Users.")),
            ("num_subs", count("Memberships: clients, once for each of their channels.")),
            ("num_channels", count("Channels.")),
            ("uptime", count("Seconds since the start.")),
        ],
    );
    described(
        "The nodes.",
        none(),
        object(&["nodes"], [("nodes", json!({ "type": "array", "items": node }))]),
    )
}

pub(super) fn drain() -> Described {
    described("Closes the clients, spread over `hub.drain.spread`, and ends the program.", none(), none())
}
