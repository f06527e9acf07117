//! Simulates an application. Its own [`Handler`](crate::Handler) and throng's hub run as in production; the clients, the network,
//! the host and the clock are simulated. A run takes milliseconds, and its seed determines everything that happens in it.
//!
//! A closure describes a run: it makes the hub, and gives each peer a script, which is an `async` block. [`Simulation`] calls the
//! closure for one seed after another. Each seed gives a different run: messages are late, bytes are cut anywhere, connections
//! are lost at any moment, peers read slowly, timers are late, the host stands still for minutes, tasks run in another order. A
//! run that fails fails again with the same seed.
//!
//! ```
//! use throng_runtime::Hub;
//! use throng_runtime::simulation::{PeerError, Simulation};
//!
//! Simulation::new(|run| {
//!     run.hub(
//!         Hub::builder()
//!             .on_connect(|client| _ = client.hub().join(client.id(), "lobby"))
//!             .on_message(|client, message| _ = client.hub().send_to_room("lobby", message)),
//!     );
//!     for name in ["ada", "bob"] {
//!         run.peer(name, async |mut peer| {
//!             peer.after_faults().await; // no faults from here on
//!             peer.connect("/").await?;
//!             let hello = format!("{} says hello", peer.name());
//!             peer.send(hello.as_str()).await?;
//!             peer.receive_until(|message| message.as_bytes() == hello.as_bytes()).await?;
//!             Ok(())
//!         });
//!     }
//!     run.finally("nobody is left in the lobby", |hub| match hub.members("lobby").len() {
//!         0 => Ok(()),
//!         left => Err(format!("{left} members are left")),
//!     });
//! })
//! .seeds(0..20)
//! .run();
//! ```
//!
//! # What fails a run
//!
//! - A script panics, or returns an error that is not [`PeerError::Fault`]; or it still waits after the
//!   [time limit](Simulation::time_limit).
//! - A rule of [`Run::always`] or [`Run::finally`] does not hold.
//! - A hook of the application panics.
//! - The hub breaks the WebSocket protocol, or still has connections after a shutdown: that would be a bug of throng.
//!
//! The [`Failure`] contains the seed, the last events of the run, and the command that runs this seed again. Write its
//! [`recording`](Failure::recording) to a file, and the command `throng-replay` shows what the hub did.
//!
//! # How to write a script
//!
//! A connection may be lost at any moment; the script then gets [`PeerError::Fault`]. Return it with `?` if the script ends
//! there, or connect again, as a client would. What the application guarantees only to clients that stay connected, check after
//! [`Peer::after_faults`], when there are no faults any more. What it guarantees even during faults, check anywhere in the
//! script, or with [`Run::always`]. A script that needs a random number takes it from [`Peer::random`].
//!
//! # What a handler may do
//!
//! A handler may wait for anything that another task of the same run wakes, such as channels and locks of tokio or async-std, and
//! for the timer [`Run::time`]. Timers, sockets and tasks of tokio or async-std do not work here; a handler that calls
//! `tokio::time::sleep` panics with "there is no reactor running". So an application that waits takes its timer, and its access
//! to other servers, as a parameter. Nothing in a handler may depend on the real clock, a random number or the order of a
//! `HashMap`; otherwise a seed would not give the same run again. [`Simulation::twice`] checks that.
//!
//! # How throng itself is simulated
//!
//! throng's own simulation, `tests/src/simulation` in its repository, uses the same clock, tasks, host and network. Its peers and
//! checks know the hub's internals. Each change to throng must pass 2,000 runs of it.

#[doc(hidden)]
pub mod engine;
mod failure;
mod faults;
#[cfg(feature = "deflate")]
mod inflating;
mod journal;
mod link;
mod peer;
mod peer_error;
mod run;
mod shared;
mod simulate;
mod stage;
mod time;

pub use failure::{Failure, Totals};
pub use faults::Faults;
pub use peer::Peer;
pub use peer_error::PeerError;
pub use run::Run;
pub use simulate::Simulation;
pub use time::Time;
