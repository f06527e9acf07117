//! A guide: chapters, not code.
//!
//! | chapter | answers |
//! | --- | --- |
//! | [`clients`] | how do connections become clients of a user, which values belong to them, and how do they end? |
//! | [`sessions`] | how do clients survive the loss of their connection, and what is lost or repeated? |
//! | [`histories`] | how do clients get what they missed, and how are they told if they cannot? |
//! | [`presence`] | who is in a room, and how are members told who comes and goes, without a flood of messages? |
//! | [`participants`] | how do clients get a name within a room, with hooks for each route, and keep it while they reconnect? |
//! | [`messages`] | how are messages received and sent, and what happens to slow readers and fast senders? |
//! | [`nodes`] | how do hubs on several machines become one, what is promised between them, and what when the broker is away? |
//! | [`features`] | which features do wshub, wsroom and jaz303/hub have on one node, what are they called here, and which test shows them? |
//! | [`failures`] | how do such hubs fail, what does throng do instead, and which test shows it? |
//! | [`testing`] | how is an application tested, without sockets and without waiting? |
//! | [`simulation`] | how is it tested with clients that come, go and fail in thousands of ways, each of them repeatable? |
//! | [`production`] | what has to be limited, set and watched on the open internet? |
//! | [`tuning`] | which options are there, and what does each cost? |
//!
//! Other subjects are explained with the item itself: hooks with [`Handler`](crate::Handler), layers with
//! [`middleware`](crate::middleware), typed messages with [`router`](crate::router), routes with [`axum`](crate::axum), recordings with
//! [`flight`](crate::flight). The documentation of [throng-core](crate::core) has two chapters for applications on the bare hub:
//! `embedding` explains a loop of your own, `testing` property tests.

pub mod clients;
pub mod failures;
pub mod features;
pub mod histories;
pub mod messages;
#[cfg(all(feature = "nats", feature = "redis"))]
pub mod nodes;
#[cfg(all(feature = "axum", feature = "router"))]
pub mod participants;
pub mod presence;
pub mod production;
pub mod sessions;
#[cfg(feature = "simulation")]
pub mod simulation;
pub mod testing;
pub mod tuning;
