//! A guide: chapters, not code.
//!
//! | chapter | answers |
//! | --- | --- |
//! | [`clients`] | who comes, who are they, what is kept with them, how do they go? |
//! | [`messages`] | what comes, what is sent to whom, and what if somebody is slow, or too fast? |
//! | [`features`] | what do wshub and jaz303/hub have on one node, what is it called here, and what shows that it works? |
//! | [`failures`] | in what do such hubs fail, what does throng do instead, and what shows it? |
//! | [`production`] | what is to be limited, set and watched before strangers come? |
//! | [`tuning`] | what can be turned on or up, what is it for, and what does it cost? |
//!
//! Each capability is explained where it is: [`Handler`](crate::Handler) is the chapter on hooks,
//! [`middleware`](crate::middleware) that on layers, [`router`](crate::router) that on typed messages,
//! [`axum`](crate::axum) that on routes, [`flight`](crate::flight) that on recording. The documentation of
//! [throng-core](crate::core) has two more, for loops of one's own and for tests of what is built on a hub: `embedding` and
//! `testing`.

pub mod clients;
pub mod failures;
pub mod features;
pub mod messages;
pub mod production;
pub mod tuning;
