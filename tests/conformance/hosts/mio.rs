//! The bare core in a plain event loop: its example, in a process of its own. What that recorded is replayed when it ends.

use std::path::Path;

use throng_tests::example::MioChat;

use super::{Host, Running, Standard};

pub(crate) const CHAT: Host = Host::apart("mio", start, Standard::Best, ROOMS);

/// Each path but that of the echo is a room.
const ROOMS: &[(&str, u16)] = &[("a path that is not there", 101)];

fn start() -> Running {
    let chat = MioChat::start(Path::new(env!("CARGO_TARGET_TMPDIR")));
    Running::new(chat.address, "/echo", chat)
}
