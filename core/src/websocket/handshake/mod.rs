//! The opening handshake (RFC 6455 section 4).
//!
//! A [`Handshake`] reads the head of a request, whatever it asks for; [`Request::upgrade`] says whether it
//! opens a WebSocket under a [`Policy`]; then an [`Upgrade`] makes the 101, or a [`Refusal`] the response
//! that says why not. Under an HTTP server that has read the request itself, [`Upgrade::check`] is the same
//! check, and [`Upgrade::response`] and [`Refusal::response`] the same answers.
//!
//! Names and values of headers are those of the `http` crate, here and in what is written, so that nothing
//! that a peer or an application supplies can start a header of its own.

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

pub use client::{ClientError, ClientHandshake};
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
