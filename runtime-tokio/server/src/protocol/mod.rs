//! Clients that speak the protocol of Centrifugo's SDKs. The state machine of a connection is [`throng_tokio::core::protocol`]; here are the
//! decisions, and the hub. A channel is a room.
//!
//! | file | what |
//! | --- | --- |
//! | `peer` | a client: its conversation, its times |
//! | `asking` | what a client may do |
//! | `commands` | what each command does; `publish` |
//! | `connect`, `tokens` | who a client is: JSON web tokens |
//! | `subscribe` | subscriptions and recovery |
//! | `queries` | presence and history |
//! | `renew` | connections and subscriptions whose time the back end sets |
//! | `server` | what the HTTP API does with clients of the protocol |
//! | `channel` | names of channels, and who may do what there |
//! | `info` | what presence shows of a client |

mod asking;
mod channel;
mod commands;
mod connect;
pub(crate) mod info;
mod peer;
mod queries;
mod renew;
mod server;
mod subscribe;
mod tokens;

pub(crate) use commands::message;
pub(crate) use peer::Peer;
pub(crate) use server::{Subscription, history_removed, subscribe};
