//! Reads and writes a [`Config`] with serde.

use super::config::Config;
use crate::setting::section;

section!(Config, "the table `cluster`", "cluster.", {
    prefix, queue_bytes, message_bytes, except, name_bytes, batch, actions, topics, nodes, published_streams, received_streams,
    questions, connect, backoff, backoff_max, probe, proof, heartbeat, forget, linger, tail, answer, goodbye, standstill
});
