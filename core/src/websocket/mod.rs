//! RFC 6455, sans-IO: bytes in, items out; messages in, bytes out.
//!
//! ```text
//!   bytes ──► Handshake ──► Request ──upgrade(policy)──► Upgrade ──► bytes of the 101
//!                │                        └────────────► Refusal ──► bytes of a 4xx or 5xx
//!                │ what follows the head
//!   bytes ──► Decoder ──► Item: Message, Ping, Pong, Close
//!                └──────► ProtocolError ──► close code
//!
//!   text, bytes ──► encode ──► Frame, shared by all its recipients
//!         leases ──► Flat ──► bytes for each socket
//! ```
//!
//! **Buffers.** The host owns the buffer that it reads into. One serves all its connections, since nothing of it
//! is kept. [`Handshake`] and [`Decoder`] take a `&mut &mut [u8]` and move it past the bytes they took; the host
//! calls them until they return `None`, when all bytes are taken. Bytes are unmasked in place, so that a message
//! is allocated once and a text is checked once. The bytes that a handshake leaves go to the decoder. A decoder
//! is small and owns no heap between messages.
//!
//! **Errors** are terminal. A [`Refusal`] is an error before the 101 and is answered by HTTP. A
//! [`ProtocolError`] is an error after it and is answered by a close frame ([`encode::encode_close`] with
//! [`ProtocolError::close_code`]). Neither depends on how the input was cut into pieces.
//!
//! **Time** belongs to the host: the hub's deadlines end a handshake that never completes and a peer that never
//! sends a pong. The host also answers: the decoder reports pings and close frames and sends nothing. And the
//! host has the randomness: a client's masking keys are arguments.
//!
//! **Compression** (RFC 7692) is the module `deflate`, under the feature of that name. [`Upgrade::offered_extensions`] and
//! [`Upgrade::accept_extension`] negotiate it. [`Decoder::allow`] with [`ReservedBits::COMPRESSED`] permits RSV1 on the
//! first frame of a message; the message then comes as [`Item::Compressed`], under the same limits, and is inflated up to
//! [`Limits::max_message`]. A [`Frame`](crate::Frame) can have a [deflated variant](crate::Frame::with_deflated), which
//! [`Flat`] writes to the clients that negotiated compression.
//!
//! # A server, without a socket
//!
//! ```
//! use throng_core::Window;
//! use throng_core::websocket::{Decoder, Item, Limits, encode};
//! use throng_core::websocket::handshake::{Handshake, HeadLimits, Policy};
//!
//! let mut read = b"GET /chat HTTP/1.1\r\nHost: example.com\r\nConnection: Upgrade\r\n\
//!     Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
//!     Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n\
//!     \x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"
//!     .to_vec();
//! let mut input = read.as_mut_slice();
//! let mut written = Vec::new();
//!
//! let request = Handshake::new(HeadLimits::default()).receive(&mut input)?.expect("the head is complete");
//! match request.upgrade(&Policy::default()) {
//!     Ok(upgrade) => written.extend(upgrade.to_bytes()),
//!     Err(refusal) => written.extend(refusal.to_bytes()),
//! }
//!
//! let mut decoder = Decoder::server(Limits::default());
//! while let Some(item) = decoder.decode(&mut input)? {
//!     match item {
//!         Item::Message(message) => {
//!             assert_eq!(message.as_bytes(), b"Hello");
//!             let frame = encode::encode_binary(message.into_bytes())?;
//!             frame.append_to(Window::NONE, &mut written);
//!         }
//!         Item::Ping(payload) => encode::encode_pong(&payload, &mut written),
//!         Item::Close { code, .. } => encode::encode_close(code, "", &mut written),
//!         _ => {}
//!     }
//! }
//! assert!(written.ends_with(b"\r\n\r\n\x82\x05Hello"));
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```

mod assembly;
mod control;
mod decode;
#[cfg(feature = "deflate")]
pub mod deflate;
pub mod encode;
mod error;
mod flat;
pub mod handshake;
mod item;
mod mask;
mod pieces;
mod told;
mod utf8;
mod wire;

pub use control::encode_control;
pub use decode::{Decoder, Limits};
pub use error::ProtocolError;
pub use flat::{Flat, FlatRun, Leases, Unwritten};
pub use item::{ControlPayload, Item, MAX_CONTROL, Message};
pub use tungstenite::Utf8Bytes;
pub use wire::ReservedBits;

#[cfg(test)]
mod tests;
