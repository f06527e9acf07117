//! RFC 6455, sans-IO.

mod assembly;
pub mod decode;
pub mod encode;
pub mod error;
pub mod item;
mod mask;
mod utf8;
mod wire;

pub use decode::{Decoder, Limits};
pub use error::ProtocolError;
pub use item::{ControlPayload, Item, MAX_CONTROL, Message};
pub use tungstenite::Utf8Bytes;
pub use wire::ReservedBits;

#[cfg(test)]
mod tests;
