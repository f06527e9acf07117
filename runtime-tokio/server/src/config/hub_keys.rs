//! What each key of the hub's config means, for `throng config`.

/// The keys under `hub.`, but for `hub.closes`, in the order of the hub's sections.
pub(super) const HUB_KEYS: &[(&str, &str)] = &[
    ("hub.admission.connections", "Most connections that are reserved, open or closing."),
    ("hub.admission.handshakes", "Most connections whose handshake is not complete."),
    (
        "hub.admission.per_address",
        "Most connections from one address; an IPv6 /64 network counts as one address.",
    ),
    (
        "hub.admission.connect_rate",
        "Rate of new connections from one address, as { units: 30, per: 1m, burst: 50 }.",
    ),
    (
        "hub.admission.per_user",
        "Clients of one user: \"unlimited\", { refuse_newest: 3 } or { evict_oldest: 3 }. WS-HUB mode sets { evict_oldest: 1 }.",
    ),
    (
        "hub.admission.probes",
        "Most connections that a limit refused and whose request is still read, since it may ask for /healthz.",
    ),
    (
        "hub.admission.lingering",
        "Most refused and answered connections that are kept until the peer closes, for 1 s at most.",
    ),
    ("hub.rooms.per_client", "Most rooms that one client may be in."),
    ("hub.rooms.members", "Most members of one room."),
    ("hub.rooms.total", "Most rooms."),
    ("hub.rooms.name_bytes", "Longest name of a room or user, in bytes."),
    ("hub.sessions.grace", "How long a client with a session stays after it lost its connection."),
    ("hub.sessions.messages", "Most messages that wait for a client that is away."),
    ("hub.sessions.bytes", "Most bytes that wait for a client that is away."),
    ("hub.sessions.total", "Most clients that are away."),
    ("hub.sessions.per_user", "Most clients of one user that are away."),
    ("hub.sessions.per_address", "Most clients that are away whose last connection was from one address."),
    (
        "hub.sessions.ended_by",
        "The close frames that end a client with a session at once: \"any_close\", \"normal_close\", \"no_close\".",
    ),
    (
        "hub.sessions.second",
        "What happens if two connections have one session: \"takes_over\" or \"refused\".",
    ),
    ("hub.sessions.name_bytes", "Longest name of a session, in bytes."),
    ("hub.asks.per_client", "Most questions to one client that wait for a reply."),
    ("hub.asks.deadline", "How long a question waits for its reply."),
    ("hub.outbox.message_bytes", "Longest message, in and out, in bytes."),
    ("hub.outbox.messages", "Most messages that wait for one client."),
    ("hub.outbox.bytes", "Most bytes that wait for one client."),
    (
        "hub.outbox.policy",
        "What happens if more would wait: \"drop_newest\", \"drop_oldest\", \"disconnect\", { conflate: 1 }.",
    ),
    (
        "hub.outbox.rate",
        "Fastest rate at which messages are written to one client, as { units: 30, per: 1s, burst: 60 }.",
    ),
    ("hub.outbox.hub_bytes", "Most bytes that wait for all clients or are kept in histories."),
    (
        "hub.history.by_prefix",
        "The rooms that keep their last messages, by the beginning of their names, as { news: { messages: 100, bytes: 1048576, age: 5m, meta_age: 30d } }.",
    ),
    ("hub.history.idle_rooms", "Most rooms without members that exist only for their history."),
    (
        "hub.history.recover_messages",
        "Most missed messages that a client gets when it joins from a position.",
    ),
    ("hub.history.recover_bytes", "Most bytes of these messages."),
    ("hub.history.page", "Most messages of a history in one answer."),
    ("hub.history.keys", "Most idempotency keys that are remembered."),
    ("hub.history.key_bytes", "Longest idempotency key, in bytes."),
    ("hub.history.key_age", "How long an idempotency key is remembered."),
    (
        "hub.presence.by_prefix",
        "The rooms whose members can be listed, by the beginning of their names, as { chat: { users: 1000 } }.",
    ),
    ("hub.presence.page", "Most members of a room in one page of its presence."),
    ("hub.inbound.messages", "Rate of messages from one client."),
    ("hub.inbound.bytes", "Rate of bytes from one client."),
    ("hub.inbound.user_messages", "Rate of messages from all clients of one user."),
    ("hub.inbound.user_bytes", "Rate of bytes from all clients of one user."),
    ("hub.inbound.control", "Rate of pings and pongs from one client; a faster client is closed with 1008."),
    (
        "hub.inbound.over_rate",
        "What happens to messages over a rate: \"pause\" (the client is read later), \"drop\", \"close\".",
    ),
    ("hub.deadlines.handshake", "The time from a connection's beginning to the end of its handshake."),
    ("hub.deadlines.ping", "The time between two pings to a client."),
    ("hub.deadlines.pong", "A client from which nothing arrives for this time ends. Longer than `ping`."),
    ("hub.deadlines.write", "A client that takes none of what is written to it for this time ends."),
    (
        "hub.deadlines.write_rate",
        "The least that a client must take, in bytes a second on average over `write`.",
    ),
    ("hub.deadlines.close", "The time from the beginning of a close to the end of the connection."),
    ("hub.deadlines.idle", "A client without a message in either direction for this time is closed."),
    ("hub.deadlines.idle_inbound", "A client that sends no message for this time is closed."),
    (
        "hub.deadlines.standstill",
        "A process that stood still for longer gives every deadline its time again.",
    ),
    (
        "hub.deadlines.expiry_notice",
        "How long before the end of a client's authorisation its renewal is asked for.",
    ),
    ("hub.websocket.fragments", "Most frames of one message."),
    ("hub.websocket.head_bytes", "Longest head of a request, in bytes."),
    ("hub.websocket.headers", "Most headers of a request."),
    ("hub.hooks.limit", "The time limit of the program's work for one event of a client."),
    ("hub.hooks.message", "The time limit of the program's work for one message."),
    ("hub.hooks.authentication", "The time limit of an authentication after the WebSocket is open."),
    ("hub.drain.idle", "While the hub drains: a client without a message for this time is closed early."),
    (
        "hub.drain.spread",
        "While the hub drains: the time over which the closes of the other clients are spread.",
    ),
    (
        "hub.drain.deadline",
        "While the hub drains: what is left after this time is cut off. Longer than `spread`.",
    ),
    ("hub.host.capacity", "Connections for which memory is reserved at the start."),
];

/// What `hub.closes` is for: one key for each cause.
pub(super) const CLOSES: &str = "The code and reason with which clients are closed, by the cause, as { code: 4408, reason: \"still there?\" }.";
