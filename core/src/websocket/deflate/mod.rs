//! Compression: permessage-deflate (RFC 7692).
//!
//! # When to turn it on
//!
//! It is off until it is asked for (in `throng-runtime`: `Builder::compression`). It pays where messages are text of some hundred
//! bytes and more, JSON most of all, which gets three to ten times shorter, and where the network costs more than
//! processors do: many recipients, mobile ones, traffic that is paid by the byte. It does not pay for short messages,
//! for what is compressed already (images, audio, most binary formats), or within one data center.
//!
//! Whoever can make a peer send a secret beside text of their own choosing, and sees how long the frames are, can find
//! out about the secret from how well it compresses. Do not compress messages in which secrets and the words of
//! strangers stand side by side: turn it off for such connections (in `throng-runtime`: `Connecting::decline_compression`), or
//! for all.
//!
//! # What it costs
//!
//! | | contexts dropped (default) | contexts kept ([`Takeover`]) |
//! | --- | --- | --- |
//! | a message to any number of recipients | is compressed once, outside every lock | once for each of them, by the lane |
//! | a connection that is idle | nothing | what it has of its own, see below |
//! | a message that comes | an inflater borrowed from a pool while it is inflated | an inflater of the connection's own |
//! | memory in all | pools: at most 8 compressors of 370 KiB and 8 inflaters of 47 KiB while nobody needs more | `takeover.connections` times 420 KiB with a window of 15 bits, 310 KiB with 12, 290 KiB with 9 |
//!
//! - **Processor.** To deflate 1 KiB of JSON takes some 10 µs, most of it whatever its length, and to inflate it 2.5 µs; it gets
//!   a quarter as long. For a broadcast to a thousand that is nothing beside a thousand writes, which get shorter: as much is
//!   delivered in a second of processor time as without. For an echo it is most of the work. Levels above 6 take up to four
//!   times as long for long messages, and save one byte in a hundred.
//! - **Queues.** A frame that waits holds both of its variants, and both count against `outbox.hub_bytes`. For one
//!   client's bound, `outbox.bytes`, a frame counts as long as it is inflated, whatever the client is sent.
//! - **What comes in** is limited twice: what is received of a message, and what it inflates to, each by
//!   `outbox.message_bytes`. A bomb costs no more memory than two messages may, and is closed with 1009. Rates of bytes
//!   count what a message inflates to.
//!
//! # How it is negotiated
//!
//! All four parameters of section 7.1 are. An offer that makes no sense is declined, as section 7.1 wants it, and the next
//! one is looked at; if none is left the WebSocket is opened without compression. The answer asks for dropped contexts both
//! ways, so that one deflated frame serves every recipient and nothing is held between messages. A client with a small
//! window (`server_max_window_bits`) gets those deflated frames whose message is no longer than its window, which none can
//! look beyond, and all others as they are.
//!
//! # The pieces
//!
//! ```
//! use throng_core::MessageKind;
//! use throng_core::websocket::deflate::{Compressor, Inflater};
//! use throng_core::websocket::encode;
//!
//! let text = "to be, or not to be, ".repeat(20);
//! let frame = encode::encode_text(text.as_str())?;
//! let deflated = Compressor::new(6).compress_frame(&frame).expect("it gets shorter");
//! assert!(deflated.size() * 5 < frame.size());
//!
//! let message = Inflater::new().inflate(MessageKind::Text, deflated.payload(), 512 << 10)?;
//! assert_eq!(message.as_bytes(), text.as_bytes());
//! // What is published is one frame: each recipient is written the variant that it takes.
//! let frame = frame.with_deflated(deflated);
//! # drop(frame);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A loop of one's own negotiates by [`Compression::negotiate`], lets its decoder
//! [pass](crate::websocket::Decoder::allow) RSV1, inflates what comes as
//! [`Item::Compressed`](crate::websocket::Item::Compressed), and writes to each client by its [`Agreement::window`]
//! ([`Leases::next_lease_for`](crate::websocket::flat::Leases::next_lease_for)).

mod compressor;
mod config;
mod inflater;
mod negotiate;
#[cfg(test)]
mod tests;

pub use compressor::Compressor;
pub use config::{Compression, Takeover};
pub use inflater::Inflater;
pub use negotiate::{Agreement, Context, Direction, Room};
