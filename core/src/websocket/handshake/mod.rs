//! The opening handshake (RFC 6455 section 4; RFC 8441 for a request that an HTTP/2 server has read).
//!
//! A [`Handshake`] reads the head of any request. [`Request::upgrade`] checks whether it opens a WebSocket under
//! a [`Policy`]. Then an [`Upgrade`] makes the 101, or a [`Refusal`] the response that says why not. With an HTTP
//! server that has read the request itself, use [`Upgrade::check`] for the same check, and
//! [`Upgrade::response`] and [`Refusal::response`] for the same answers.
//!
//! Header names and values are always types of the `http` crate, so that no value that a peer or an application
//! supplies can inject another header.

mod authority;
mod client;
mod head;
mod negotiate;
mod origin;
mod pattern;
mod policy;
mod refusal;
mod request;
mod respond;
mod unadmitted;
mod upgrade;

pub use client::{ClientHandshake, ClientHandshakeError};
pub use head::HeadLimits;
pub use negotiate::{Extension, Extensions, Protocols};
pub use origin::{AbsentOrigin, Origin, OriginFunction};
pub use pattern::{BadOrigin, OriginPattern};
pub use policy::{BadProtocol, Policy, Protocol, UnmatchedProtocol};
pub use refusal::{BadRequest, Forbidden, HeadTooLarge, Refusal, UpgradeRequired};
pub use request::{Handshake, Request};
pub use respond::response_bytes;
pub use upgrade::{NotOffered, ReservedHeader, Upgrade};

#[cfg(test)]
mod tests;
