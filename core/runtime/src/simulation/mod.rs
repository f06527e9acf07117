//! A simulation of an application: its own [`Handler`](crate::Handler), on the hub, the connections and the lanes that serve it in
//! production, with simulated clients, network, host and clock. A run takes milliseconds, and follows from its seed.
//!
//! A closure describes a run: it makes the hub, and gives each peer a script, which is an `async` block. [`Simulation`] calls it
//! for one seed after another. Each seed is another run: messages are late, bytes are cut anywhere, connections are lost at any
//! moment, peers read slowly, timers are late, the host stands still for minutes, tasks run in another order. What fails, fails
//! again with the same seed.
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
//!         left => Err(format!("{left} are")),
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
//! - The hub sends what makes no sense, or something is left of it after a shutdown: that would be a bug of throng.
//!
//! The [`Failure`] says the seed, what happened last, and the command that runs that seed again. Its
//! [`recording`](Failure::recording), written to a file, is read by the command `throng-replay`.
//!
//! # How to write a script
//!
//! A connection may be lost at any moment, which a script is told by [`PeerError::Fault`]. Return it by `?` if the script has nothing to
//! say after that; or connect again, as a client would. What is promised to whoever is connected is checked after
//! [`Peer::after_faults`], when there are no faults any more. What is promised whatever happens is checked at once, and by
//! [`Run::always`]. Scripts choose at random by [`Peer::random`].
//!
//! # What a handler may do
//!
//! All that does not need another runtime: what it waits for must be woken by this run. A timer is [`Run::time`]; the timers,
//! sockets and tasks of tokio or async-std do not run here, while their channels and locks do. So an application that waits takes
//! its timer, and what it asks of other servers, as a parameter. Nothing in a handler may depend on the real clock, a random
//! number or the order of a `HashMap`, or a seed would not be the same run again: [`Simulation::twice`] finds that out.
//!
//! # How it is tested that throng itself holds
//!
//! throng's own simulation, `tests/src/simulation` in its repository, is built of the same clock, tasks, host and network, with peers
//! and checks that know the hub from within: some 2,000 runs with each change.

#[doc(hidden)]
pub mod engine;
mod failure;
mod faults;
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
