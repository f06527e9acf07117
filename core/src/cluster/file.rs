//! Reads and writes a [`Config`] with serde.

use super::config::{Config, TellRooms};
use crate::setting::{choice, section};

section!(Config, "the table `cluster`", "cluster.", {
    prefix, queue_bytes, message_bytes, except, name_bytes, batch, actions, topics, nodes, published_streams, received_streams,
    questions, tell_rooms, room_tick, room_bytes, connect, backoff, backoff_max, probe, proof, heartbeat, forget, linger, tail, answer, goodbye, standstill
});

choice!(TellRooms { "none" => None, "presence" => Presence, "all" => All });
