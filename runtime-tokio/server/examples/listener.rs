//! A back end behind the program throng in WS-HUB mode: it knows Redis and five channels, and nothing of WebSockets.
//!
//! Each client that comes is put into the groups 1, 2, all and news; what a client says is printed, and sent to everybody in `all`.
//!
//! ```sh
//! cargo run -p throng-server --example listener -- 127.0.0.1:6379 ws-hub:
//! ```

#![allow(clippy::print_stdout, reason = "it says what happens")]

use redis::{Client, Commands, RedisResult};

fn main() -> RedisResult<()> {
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().unwrap_or_else(|| "127.0.0.1:6379".into());
    let prefix = arguments.next().unwrap_or_else(|| "ws-hub:".into());
    listen(&address, &prefix, |line| println!("{line}"))
}

/// Serves clients until Redis is gone, and says what happens.
pub(crate) fn listen(address: &str, prefix: &str, mut say: impl FnMut(&str)) -> RedisResult<()> {
    let client = Client::open(format!("redis://{address}/"))?;
    let (mut listening, mut speaking) = (client.get_connection()?, client.get_connection()?);
    let mut listening = listening.as_pubsub();
    listening.psubscribe(format!("{prefix}client-*"))?;
    say("waits");
    loop {
        let message = listening.get_message()?;
        let payload = message.get_payload_bytes();
        let shown = String::from_utf8_lossy(payload);
        let channel = message.get_channel_name().strip_prefix(prefix).unwrap_or_default();
        if channel == "client-new" {
            say(&format!("new {shown}"));
            let _: i64 = speaking.publish(format!("{prefix}groups-new:{shown}"), "1,2,all,news")?;
        } else if let Some(key) = channel.strip_prefix("client-data:") {
            say(&format!("said {key} {shown}"));
            let _: i64 = speaking.publish(format!("{prefix}group-data:all"), payload)?;
        } else if channel == "client-gone" {
            say(&format!("gone {shown}"));
        }
    }
}
