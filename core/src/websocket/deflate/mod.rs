//! Compression: permessage-deflate (RFC 7692).
//!
//! # When to turn it on
//!
//! Compression is off by default (in `throng-runtime`: `Builder::compression`). It pays for text of a few hundred bytes or
//! more, above all JSON, which gets three to ten times shorter, and where the network costs more than processors: many or
//! mobile recipients, or traffic that is paid by the byte. It does not pay for short messages, for compressed data (images,
//! audio, most binary formats), or within one data center.
//!
//! An attacker that sees the length of frames, and can put text of its choice into a message with a secret, can guess the
//! secret from how well it compresses. Do not compress messages that mix secrets with text of strangers: turn
//! compression off for such connections (in `throng-runtime`: `Connecting::decline_compression`), or for all.
//!
//! # What it costs
//!
//! | | contexts dropped (default) | contexts kept ([`Takeover`]) |
//! | --- | --- | --- |
//! | a message to any number of recipients | compressed once, outside every lock | compressed once for each recipient, by the lane |
//! | an idle connection | no memory | its own compressor and inflater |
//! | an inbound message | an inflater borrowed from a pool while it is inflated | the connection's own inflater |
//! | total memory | pools: at most 8 idle compressors of 370 KiB and 8 idle inflaters of 47 KiB | `takeover.connections` times 420 KiB with a window of 15 bits, 310 KiB with 12, 290 KiB with 9 |
//!
//! - **Processor.** Deflating 1 KiB of JSON takes some 10 µs, most of it independent of the length, and makes it four times
//!   shorter; inflating it takes 2.5 µs. For a broadcast to a thousand clients that is little beside a thousand writes,
//!   which get shorter: a second of processor time delivers as many messages as without. For an echo it is most of the
//!   work. Levels above 6 take up to four times as long for long messages and save 1 %.
//! - **Queues.** A queued frame holds both of its variants, and both count against `outbox.hub_bytes`. For the bound of one
//!   client, `outbox.bytes`, a frame counts with its inflated length, whichever variant the client gets.
//! - **Inbound messages** are limited twice: both the compressed and the inflated length by `outbox.message_bytes`. A
//!   decompression bomb costs at most the memory of two messages, and the client is closed with 1009. Rates of bytes count
//!   the inflated length.
//!
//! # How it is negotiated
//!
//! All four parameters of section 7.1 are negotiated. An invalid offer is declined (section 7.1), and the next one is
//! checked; without a valid offer the WebSocket opens without compression. The answer drops contexts both ways, so that
//! one deflated frame serves every recipient and no state is kept between messages. A client with a small window
//! (`server_max_window_bits`) gets the deflated variant of messages that fit into its window, and the plain variant of all
//! others.
//!
//! # Example
//!
//! ```
//! use throng_core::MessageKind;
//! use throng_core::websocket::deflate::{Compressor, Inflater};
//! use throng_core::websocket::encode;
//!
//! let text = "to be, or not to be, ".repeat(20);
//! let frame = encode::encode_text(text.as_str())?;
//! let deflated = Compressor::new(6).compress_frame(&frame).expect("the frame gets shorter");
//! assert!(deflated.size() * 5 < frame.size());
//!
//! let message = Inflater::new().inflate(MessageKind::Text, deflated.payload(), 512 << 10)?;
//! assert_eq!(message.as_bytes(), text.as_bytes());
//! // Publish one frame: the host writes to each recipient the variant that it negotiated.
//! let frame = frame.with_deflated(deflated);
//! # drop(frame);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A host of your own calls [`Compression::negotiate`], permits RSV1 by
//! [`Decoder::allow`](crate::websocket::Decoder::allow), inflates each
//! [`Item::Compressed`](crate::websocket::Item::Compressed), and passes each client's [`Agreement::window`] to
//! [`Leases::next_lease_for`](crate::websocket::flat::Leases::next_lease_for).

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
