//! The back end: what it is asked and told, over HTTP.
//!
//! | file or folder | what |
//! | --- | --- |
//! | `question` | questions and answers as JSON, in the shape of Centrifugo's proxies |
//! | `ask`, `turns` | asks: time limit and outcome; how many at a time |
//! | `connect`, `refresh`, `message` | what the program asks about clients without a protocol, and what becomes of the answers |
//! | `commands`, `renew` | the same about clients of the protocol: their commands, the end of their time |
//! | `attempts` | questions that are asked until there is an answer |
//! | `notices` | what the back end is told: the queue, deliveries, attempts |
//! | `content` | messages of and to clients, as JSON |
//! | `transport`, `sign` | requests by HTTP; their signatures |
//! | `failure` | why there is no valid answer; the log of that |
//!
//! A further question is a struct that implements `question::Question`, its turns, and its keys in the config.

mod ask;
mod attempts;
mod commands;
mod connect;
mod content;
mod failure;
mod message;
pub(crate) mod notices;
mod question;
mod refresh;
mod renew;
mod sign;
mod transport;
mod turns;

pub(crate) use ask::Hooks;
pub(crate) use commands::{Allowed, Came, Denied};
pub(crate) use connect::{Asking, forwarded};
pub(crate) use question::{Meta, Who};
pub(crate) use renew::Renewal;
