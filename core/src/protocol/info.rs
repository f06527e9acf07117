//! Who a client is, for other clients.

use super::data::Data;
use alloc::string::String;
use serde::{Deserialize, Serialize};

/// Who a client is, as other clients see it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ClientInfo {
    /// The user; empty for a client without one.
    pub user: String,
    /// The id of the client.
    pub client: String,
    /// What the connection token says of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conn_info: Option<Data>,
    /// What the subscription token says of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chan_info: Option<Data>,
}
