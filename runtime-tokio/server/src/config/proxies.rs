//! The settings of proxies in front of the program.

use super::value::{Setting, words};
use ipnet::IpNet;
use serde_json::Value;
use std::net::IpAddr;

/// Proxies whose word about the client is believed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Proxies {
    pub(crate) trusted: Vec<Network>,
    pub(crate) header: ProxyHeader,
    pub(crate) protocol: bool,
}

/// The header in which proxies tell the client. Only one is read: a client could set another one, which no proxy overwrites.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum ProxyHeader {
    #[default]
    XForwardedFor,
    Forwarded,
    None,
}

words!(ProxyHeader { "x-forwarded-for" => XForwardedFor, "forwarded" => Forwarded, "none" => None });

/// A network in CIDR notation, or one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Network(IpNet);

impl Network {
    pub(crate) fn contains(&self, ip: IpAddr) -> bool {
        self.0.contains(&ip)
    }

    /// Whether every peer is in it.
    pub(crate) fn is_everybody(&self) -> bool {
        self.0.prefix_len() == 0
    }
}

impl Setting for Network {
    fn read(value: &Value) -> Result<Self, String> {
        const ALLOWED: &str =
            "must be a network or an address, as \"10.0.0.0/8\", \"fd00::/8\" or \"192.0.2.1\"";
        let text = value.as_str().ok_or(ALLOWED)?;
        let network = text
            .parse::<IpNet>()
            .ok()
            .or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
            .ok_or(ALLOWED)?;
        if network.trunc() != network {
            return Err(format!("{ALLOWED}; the network of this address is \"{}\"", network.trunc()));
        }
        Ok(Self(network))
    }

    fn write(&self) -> Value {
        self.0.to_string().into()
    }
}
