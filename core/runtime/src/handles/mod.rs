//! The handles: [`Hub`](hub::Hub) and [`Client`](client::Client) for the application,
//! [`HostedHub`](hosted::HostedHub) for a runtime crate, and the futures that they return.

pub(crate) mod asks;
pub(crate) mod choose;
pub(crate) mod client;
pub(crate) mod drain;
pub(crate) mod ended;
pub(crate) mod health;
mod histories;
pub(crate) mod hosted;
pub(crate) mod hub;
pub(crate) mod listeners;
mod presences;
pub(crate) mod receipts;
pub(crate) mod refused;
pub(crate) mod rooms;
pub(crate) mod serve;
pub(crate) mod user_id;
pub(crate) mod wait;
pub(crate) mod within;
