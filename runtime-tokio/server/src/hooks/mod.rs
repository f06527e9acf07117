//! The back end: what it is asked and told, over HTTP.
//!
//! | file or folder | what |
//! | --- | --- |
//! | `question` | questions and answers as JSON, in the shape of Centrifugo's proxies |
//! | `ask`, `turns` | asks: time limit and outcome; how many at a time |
//! | `connect`, `refresh`, `message` | what the program asks, and what becomes of the answers |
//! | `notices` | what the back end is told: the queue, deliveries, attempts |
//! | `content` | messages of and to clients, as JSON |
//! | `transport`, `sign` | requests by HTTP; their signatures |
//! | `failure` | why there is no valid answer; the log of that |
//!
//! A further question is a struct that implements `question::Question`, its turns, and its keys in the config.

mod ask;
mod connect;
mod content;
mod failure;
mod message;
pub(crate) mod notices;
mod question;
mod refresh;
mod sign;
mod transport;
mod turns;

pub(crate) use ask::Hooks;
pub(crate) use connect::Asking;
