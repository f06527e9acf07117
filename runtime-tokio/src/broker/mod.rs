//! What the brokers over sockets share.

pub(crate) mod address;
pub(crate) mod socket;
#[cfg(feature = "broker-tls")]
pub(crate) mod tls;
#[cfg(not(feature = "broker-tls"))]
#[path = "tls_off.rs"]
pub(crate) mod tls;

#[cfg(test)]
mod tests;
