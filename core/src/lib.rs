//! throng-core
#![cfg_attr(not(feature = "std"), no_std)]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

extern crate alloc;

pub mod close;
pub mod frame;
#[cfg_attr(not(test), expect(dead_code, reason = "the hub comes next"))]
pub mod rate;
pub mod time;
#[cfg_attr(not(test), expect(dead_code, reason = "the hub comes next"))]
mod timer;
#[cfg(feature = "websocket")]
pub mod websocket;

pub use close::{CloseCode, ClosedBy};
pub use frame::{Frame, MessageKind};
pub use rate::Rate;
pub use time::Instant;
