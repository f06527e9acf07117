//! The JSON protocol of Centrifugo's client SDKs, sans-IO: the server's side of one connection.
//!
//! A [`Conversation`] gets what a client sends and the time, and says what is to be done: texts to send, commands to carry
//! out, a close. It knows what a client may say when, which channels it is subscribed to, and what is due: pings, the deadline for a pong,
//! the end of a token. It does not know the hub: a host carries out commands, decides who may do what, and answers.
//!
//! Pushes of publications are made by [`Publication`], once for all subscribers of a channel.
//!
//! ```
//! use throng_core::Instant;
//! use throng_core::protocol::{Command, Connected, Conversation, Options, Output};
//! use core::time::Duration;
//!
//! let now = Instant::ORIGIN;
//! let mut client = Conversation::new(Options::default(), now);
//! client.handle_frame(r#"{"id":1,"connect":{"name":"js"}}"#);
//! let request = client.poll_request();
//! assert!(matches!(request.map(|request| request.command), Some(Command::Connect(_))));
//!
//! let connected = Connected { client: "17.3".into(), version: "throng".into(), ..Connected::default() };
//! client.connected(now, &connected, Duration::from_secs(20));
//! let reply = r#"{"id":1,"connect":{"client":"17.3","version":"throng","ping":25,"pong":true,"node":""}}"#;
//! assert_eq!(client.poll_output(), Some(Output::Send(reply.into())));
//! assert_eq!(client.poll_timeout(), Some(now + Duration::from_secs(20)));
//! ```
//!
//! | part | what |
//! | --- | --- |
//! | [`Conversation`], [`Output`], [`Options`] | the state machine, what it gives out, its limits and times |
//! | [`Command`], [`Request`] | what clients ask for |
//! | [`Connected`], [`Subscribed`], [`Reply`], [`Failure`] | the host's answers |
//! | [`Publication`], [`join`], [`leave`], [`message`] | pushes |
//! | [`Disconnect`], [`UnsubscribeCode`], [`ErrorCode`] | codes, and what SDKs do about them |
//! | [`Data`] | JSON that is passed on as it is |

mod check;
mod code;
mod command;
mod conversation;
mod data;
mod info;
mod json;
mod limits;
mod push;
mod reply;
mod subscriptions;
#[cfg(test)]
mod tests;
mod timers;

pub use code::{Disconnect, ErrorCode, Retry, UnsubscribeCode};
pub use command::{
    Command, Connect, History, OfChannel, Publish, Refresh, Request, Rpc, Send, Since, SubRefresh, Subscribe,
};
pub use conversation::{Conversation, Output};
pub use data::{BadData, Data};
pub use info::ClientInfo;
pub use limits::Options;
pub use push::{Publication, join, leave, message};
pub use reply::{Connected, Failure, Reply, StartsAt, Subscribed};
