//! The limits and times of a conversation.

use core::time::Duration;

/// What one client may do, and how long it may take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Most bytes of one frame of the client. At most four times as many wait while the host takes its time for an answer. Default: 64 KiB.
    pub frame_bytes: u32,
    /// Most commands of the client that wait, of one frame or of several. Default: 4,096.
    pub commands: u32,
    /// Most channels to which the client is subscribed; those that the server has subscribed it to count. Default: 128.
    pub channels: u32,
    /// Longest name of a channel in bytes. Default: 255.
    pub name_bytes: u32,
    /// Most levels of nesting in a frame. Default: 64.
    pub nesting: u32,
    /// How long the client may take for its connect command. Default: 10 s.
    pub connect: Duration,
    /// The time between two pings; zero for none. Default: 25 s.
    pub ping: Duration,
    /// How long the client may take for a pong. Default: 8 s.
    pub pong: Duration,
    /// How long after the end of its time a connection or subscription may still be refreshed. Default: 25 s.
    pub grace: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            frame_bytes: 64 << 10,
            commands: 4_096,
            channels: 128,
            name_bytes: 255,
            nesting: 64,
            connect: Duration::from_secs(10),
            ping: Duration::from_secs(25),
            pong: Duration::from_secs(8),
            grace: Duration::from_secs(25),
        }
    }
}
