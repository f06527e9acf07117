//! The handles by which an application speaks to its hub and to one client: [`Hub`](hub::Hub), [`Client`](client::Client), and the futures
//! that they return.

pub(crate) mod choose;
pub(crate) mod client;
pub(crate) mod drain;
pub(crate) mod ended;
pub(crate) mod health;
pub(crate) mod hub;
pub(crate) mod receipts;
pub(crate) mod refused;
pub(crate) mod rooms;
pub(crate) mod serve;
pub(crate) mod user_id;
pub(crate) mod wait;
pub(crate) mod within;
