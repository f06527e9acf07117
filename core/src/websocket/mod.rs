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
//! **Who owns what.** The host owns the buffer that it reads into: one for all its connections, since nothing
//! of it is kept. A [`Handshake`] and a [`Decoder`] take `&mut &mut [u8]`, move it past what they took, and
//! are called until they say `None`: then all is taken. Bytes are unmasked in that buffer, where they stand;
//! so a message is allocated once, and a text is checked once. What a handshake leaves goes to the decoder. A
//! decoder is small and owns no heap between messages.
//!
//! **Errors** are terminal. A [`Refusal`] is what is wrong before the 101, and is answered by HTTP; a
//! [`ProtocolError`] is what is wrong after it, and is answered by a close frame ([`encode::encode_close`]
//! with [`ProtocolError::close_code`]). Neither depends on how the input was cut into pieces.
//!
//! **Time** is the host's: a handshake that never ends, or a peer that never pongs, ends by the hub's
//! deadlines. So are the answers: the decoder neither pongs nor echoes a close frame, it reports them. And so
//! is randomness: a client's masking keys are arguments.
//!
//! **Compression** (RFC 7692) is a module of its own, `deflate`, under the feature of that name. It is negotiated by
//! [`Upgrade::offered_extensions`] and [`Upgrade::accept_extension`]; [`Decoder::allow`] with
//! [`ReservedBits::COMPRESSED`] lets RSV1 pass on the first frame of a message; such a message comes as
//! [`Item::Compressed`], bounded by the same limits, and is inflated up to [`Limits::max_message`]; a
//! [`Frame`](crate::Frame) can have a [deflated variant](crate::Frame::with_deflated), and [`Flat`] writes that to those who
//! take it.
//!
//! # A server, without a socket
//!
//! ```
//! use throng_core::Window;
//! use throng_core::websocket::{Decoder, Handshake, HeadLimits, Item, Limits, Policy, encode};
//!
//! let mut read = b"GET /chat HTTP/1.1\r\nHost: example.com\r\nConnection: Upgrade\r\n\
//!     Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
//!     Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n\
//!     \x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"
//!     .to_vec();
//! let mut input = read.as_mut_slice();
//! let mut written = Vec::new();
//!
//! let request = Handshake::new(HeadLimits::default()).receive(&mut input)?.expect("it is all there");
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
pub mod decode;
#[cfg(feature = "deflate")]
pub mod deflate;
pub mod encode;
pub mod error;
pub mod flat;
pub mod handshake;
pub mod item;
mod mask;
mod pieces;
mod told;
mod utf8;
mod wire;

pub use control::encode_control;
pub use decode::{Decoder, Limits};
pub use error::ProtocolError;
pub use flat::{Flat, Unwritten};
pub use handshake::{Handshake, HeadLimits, Policy, Refusal, Request, Upgrade};
pub use item::{ControlPayload, Item, MAX_CONTROL, Message};
pub use tungstenite::Utf8Bytes;
pub use wire::ReservedBits;

#[cfg(test)]
mod tests;
