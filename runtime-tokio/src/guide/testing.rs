//! How to test your application: over streams in memory, on a paused clock, in one file.
//!
//! An application on throng is a [`Builder`]: a test needs only a function that returns one. The test builds the hub
//! and connects clients to it. Nothing else has to run: no listener, no port, no thread.
//!
//! # Streams in memory
//!
//! [`serve_stream`] serves a hub on any stream, and `tokio::io::duplex` makes a pair of streams that are connected in memory. The
//! test gives one end to the hub and the other end to a WebSocket client, such as `tokio_tungstenite::client_async`.
//! The bytes are the same as over a socket: the handshake, the frames, the close frames. Each test has a hub of its
//! own, so that tests run in parallel.
//!
//! | to test | do this |
//! | --- | --- |
//! | what a client receives | connect, send, read: the file below |
//! | which clients are admitted | connect, and check the HTTP status: `without_a_name_nobody_comes_in` |
//! | limits per address | the third argument of [`serve_stream`] is the address |
//! | a connection that breaks | drop the client's end: `a_room_hears_of_a_member_whose_connection_breaks` |
//! | a client that reads slowly | a short pipe, `tokio::io::duplex(64)`, and do not read from it |
//! | what the hub did | [`Hub::stats`](crate::Hub::stats), [`Hub::members`](crate::Hub::members) |
//! | a drain | [`Hub::drain`](crate::Hub::drain), [`Hub::shutdown`](crate::Hub::shutdown) |
//! | a real socket, signals, health | [`serve`](crate::serve) on `127.0.0.1:0`, in a process of its own |
//!
//! In `Cargo.toml`, beside the application's own dependencies:
//!
//! ```toml
//! [dev-dependencies]
//! futures-util = { version = "0.3", features = ["sink"] }
//! tokio = { version = "1", features = ["macros", "rt", "io-util", "test-util"] }
//! tokio-tungstenite = "0.30"
//! ```
//!
//! # A paused clock
//!
//! The hub's clock is tokio's. With `#[tokio::test(start_paused = true)]` (feature `test-util` of tokio) time stands
//! still while a task can run, and jumps to the next timer when all wait. So a test of a deadline of a minute, or of an
//! hour, takes milliseconds and does not depend on the machine's load. The file below also contains this test:
//!
//! ```no_run
//! use std::time::Duration;
//! use throng_tokio::{Hub, serve_stream};
//! use tokio::time::Instant;
//!
//! #[tokio::test(start_paused = true)]
//! async fn a_client_that_answers_no_ping_is_gone_after_a_minute() {
//!     let hub = Hub::builder().build().unwrap();
//!     let (near, far) = tokio::io::duplex(4096);
//!     let server = hub.clone();
//!     let serving = tokio::spawn(async move { serve_stream(&server, far, None).await });
//!     // It holds the stream open and never reads from it, so it sees no ping and answers none.
//!     let (silent, _) = tokio_tungstenite::client_async("ws://localhost/", near).await.unwrap();
//!     let begin = Instant::now();
//!     serving.await.unwrap();
//!     let passed = begin.elapsed();
//!     assert!(passed >= Duration::from_secs(60) && passed < Duration::from_secs(120), "{passed:?}");
//!     assert_eq!(hub.client_count(), 0);
//!     drop(silent);
//! }
//! ```
//!
//! The rules of tokio's paused clock apply: it needs the current-thread runtime, the default of `#[tokio::test]`; it
//! does not advance while a task of `spawn_blocking` runs; and it does not know of real sockets, whose bytes take real
//! time. So use it with streams in memory. The wall clock ([`Received::wall`](crate::router::Received::wall)) is not
//! paused.
//!
//! # A whole file
//!
//! This file is `runtime-tokio/tests/application.rs` in the repository, and runs with all other tests: an application
//! of 30 lines, a client of 30 lines, and six tests.
//!
#![doc = concat!("```no_run\n", include_str!("../../tests/application.rs"), "```")]
//!
//! # Without a runtime
//!
//! An application on the bare hub of throng-core needs no runtime for its tests, not even streams: time is a number
//! that the test passes in. This also suits property tests, where a generator makes sequences of operations and shrinks
//! failing ones. The chapter `testing` of [throng-core](crate::core) shows it.
//!
//! # From production
//!
//! A hub can be [recorded](crate::Builder::record), completely or in its last minutes. The command `throng-replay` of
//! the repository reads such a file: it lists the events, shows the members of the rooms at any event, and finds the
//! first event that breaks an invariant. The command `throng-simulate` tests throng itself. `CONTRIBUTING.md` shows
//! how both are called.
//!
//! # Simulated
//!
//! A [simulation](super::simulation) (feature `simulation`) shows what your application does when connections are lost,
//! clients come back and the host stands still: thousands of runs, each repeated from its seed.

use crate::{Builder, serve_stream};
