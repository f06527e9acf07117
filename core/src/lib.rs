//! throng-core
#![cfg_attr(not(feature = "std"), no_std)]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

extern crate alloc;

pub mod close;
pub mod frame;
pub mod hub;
pub mod id;
pub mod outbox;
pub mod rate;
pub mod time;
mod timer;
#[cfg(feature = "trace")]
pub mod trace;
#[cfg(feature = "websocket")]
pub mod websocket;

pub use close::{CloseCode, ClosedBy};
pub use frame::{Frame, MessageKind};
pub use hub::Hub;
pub use id::{Address, ClientId, Name};
pub use rate::Rate;
pub use time::Instant;
