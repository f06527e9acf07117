//! What every asynchronous host shares: the hub behind its lock, the application's handler, the client's handle, the
//! connection driver. No I/O: a runtime crate brings transports, timers and tasks.

mod accept;
mod builder;
mod client;
mod closures;
mod connection;
mod drain;
mod driver;
mod flat;
mod handler;
mod health;
mod host;
mod hub;
mod inner;
mod lane;
mod mailbox;
mod member;
mod message;
mod panic;
mod recording;
mod request;
mod scratch;
mod settings;
mod shared;
mod timer;
mod transport;
mod wait;
mod wakes;

#[cfg(test)]
mod tests;

pub use accept::{Accepted, Reserved};
pub use builder::Builder;
pub use client::{Client, JoinError};
pub use connection::Connection;
pub use drain::{DrainError, Drained, Draining};
pub use handler::{Denied, Handler};
pub use health::Health;
pub use host::{Host, Report, Sleep, Task};
pub use hub::Hub;
pub use mailbox::Disconnected;
#[cfg(feature = "json")]
pub use message::Json;
pub use message::{IntoFrame, Publish, SendError};
pub use recording::{Record, Recording};
pub use request::{Connecting, Request};
pub use settings::KeepRequests;
pub use transport::{Reader, Transport, Writer};
pub use wait::SendWait;
