//! Testing an application on a hub: this module is a chapter, without code.
//!
//! An application built on [`Hub`](crate::Hub) is as deterministic as the hub. A test needs no sockets, no runtime and no
//! sleeping: it passes the time as a number and decides what a transport has written, and the same events lead to
//! the same actions on every machine. That suits *property tests*: a generator makes sequences of operations, a naive model
//! predicts their results, and a sequence that fails is shrunk to a few operations.
//!
//! (An application on throng-tokio is tested over streams in memory: see the chapter `guide::testing` of its documentation.)
//!
//! # A small application, and its property
//!
//! A lobby tells all members of a room when a client enters it. The property: each client gets one message, in order, for
//! every client that enters a room while the first is in it, and no other message. The model is a list for each client.
//! The frames are [raw](crate::Frame::raw), because no WebSocket is involved; an application that serves WebSockets encodes
//! them (`websocket::encode`).
//!
//! ```
//! use proptest::collection::vec;
//! use proptest::prelude::*;
//! use throng_core::hub::{Config, Error, Hub, Target};
//! use throng_core::outbox::{Batch, Item, Progress, Transport};
//! use throng_core::{ClientId, Frame, Instant};
//!
//! /// The application.
//! struct Lobby {
//!     hub: Hub,
//! }
//!
//! impl Lobby {
//!     fn enter(&mut self, now: Instant, client: ClientId, room: &str) -> Result<(), Error> {
//!         self.hub.join(now, client, room)?;
//!         let news = Frame::raw(format!("{client} is in {room}").into());
//!         self.hub.publish_as(now, client, &[Target::Room(room)], &[client], &news, None)?;
//!         Ok(())
//!     }
//! }
//!
//! /// An operation. Indices are taken modulo the number of clients, so that every sequence is valid, also after the
//! /// shrinker has removed operations.
//! #[derive(Clone, Debug)]
//! enum Op {
//!     Connect,
//!     Enter { client: usize, room: usize },
//!     Leave { client: usize, room: usize },
//!     /// The transports take all queued frames.
//!     Write,
//! }
//!
//! const ROOMS: [&str; 2] = ["red", "green"];
//! const NOW: Instant = Instant::ORIGIN;
//!
//! fn op() -> impl Strategy<Value = Op> {
//!     prop_oneof![
//!         Just(Op::Connect),
//!         (0..9_usize, 0..2_usize).prop_map(|(client, room)| Op::Enter { client, room }),
//!         (0..9_usize, 0..2_usize).prop_map(|(client, room)| Op::Leave { client, room }),
//!         Just(Op::Write),
//!     ]
//! }
//!
//! /// A client in the model: the rooms it is in, the messages it must get, and those it has got.
//! struct Guest {
//!     id: ClientId,
//!     rooms: [bool; 2],
//!     must_hear: Vec<String>,
//!     heard: Vec<String>,
//! }
//!
//! /// The host's part: adds the frames of each lease to the messages that the client has got.
//! fn write(hub: &mut Hub, guests: &mut [Guest]) -> Result<(), Error> {
//!     let mut batch = Batch::default();
//!     while hub.transmit_ready(NOW, 0, 16, 1 << 16, &mut batch)? > 0 {
//!         for lease in batch.leases() {
//!             for guest in guests.iter_mut().filter(|guest| guest.id == lease.client) {
//!                 let frames = batch.run(lease.run).iter().filter_map(|item| match item {
//!                     Item::Frame(frame) => Some(String::from_utf8_lossy(frame.payload()).into_owned()),
//!                     Item::Control(_) => None,
//!                 });
//!                 guest.heard.extend(frames);
//!             }
//!             hub.transmitted(NOW, &[lease.written(Progress::All, Transport::Ready)])?;
//!         }
//!         batch.clear();
//!     }
//!     Ok(())
//! }
//!
//! fn run(ops: &[Op]) -> Result<(), TestCaseError> {
//!     let mut lobby = Lobby { hub: Hub::new(Config::default()).expect("the defaults stand") };
//!     let mut guests: Vec<Guest> = Vec::new();
//!     for op in ops {
//!         let among = guests.len().max(1);
//!         match *op {
//!             Op::Connect => {
//!                 let id = lobby.hub.admit(NOW, None).expect("nothing limits connections");
//!                 guests.push(Guest { id, rooms: [false; 2], must_hear: vec![], heard: vec![] });
//!             }
//!             Op::Enter { client, room } if !guests.is_empty() => {
//!                 let (client, name) = (client % among, ROOMS[room]);
//!                 let id = guests[client].id;
//!                 let entered = lobby.enter(NOW, id, name).is_ok();
//!                 prop_assert_eq!(entered, !guests[client].rooms[room], "nobody enters twice");
//!                 if entered {
//!                     for guest in guests.iter_mut().filter(|guest| guest.rooms[room]) {
//!                         guest.must_hear.push(format!("{id} is in {name}"));
//!                     }
//!                     guests[client].rooms[room] = true;
//!                 }
//!             }
//!             Op::Leave { client, room } if !guests.is_empty() => {
//!                 let guest = &mut guests[client % among];
//!                 let left = lobby.hub.leave(NOW, guest.id, ROOMS[room]).is_ok();
//!                 prop_assert_eq!(left, std::mem::take(&mut guest.rooms[room]));
//!             }
//!             Op::Write => write(&mut lobby.hub, &mut guests).expect("the lane is there"),
//!             _ => {}
//!         }
//!         prop_assert_eq!(lobby.hub.check(), Ok(()));
//!     }
//!     // In the end all is written, and the hub's own numbers add up.
//!     write(&mut lobby.hub, &mut guests).expect("the lane is there");
//!     prop_assert_eq!(lobby.hub.stats().pending(), 0);
//!     for guest in &guests {
//!         prop_assert_eq!(&guest.heard, &guest.must_hear);
//!     }
//!     Ok(())
//! }
//!
//! proptest!(ProptestConfig::with_cases(64), |(ops in vec(op(), 0..60))| run(&ops)?);
//! ```
//!
//! # What to vary, and what to check
//!
//! - **Limits.** Generate the [`Config`](crate::hub::Config) too, with outboxes of a few messages and rooms of a few
//!   members; a test with production's limits never reaches them.
//! - **Faults of transports.** A lease may come back
//!   [in part](crate::outbox::Progress::Part), the transport [blocked](crate::outbox::Transport::Blocked) or
//!   [failed](crate::outbox::Transport::Failed); a connection may vanish at any moment ([`gone`](crate::Hub::gone)).
//! - **Time.** Jump to [`poll_timeout`](crate::Hub::poll_timeout) and call [`timeout`](crate::Hub::timeout): a day of
//!   pings, deadlines and a drain passes within a millisecond.
//! - **Invariants after every event.** [`check`](crate::Hub::check) checks all state of a hub, in O(everything), and
//!   returns the first invariant that does not hold: a bug of the hub, found at the operation that caused it. Invariants
//!   that an application can check: `queued = written + dropped + pending` in the hub's [`Stats`](crate::hub::Stats);
//!   every member of a room is [open](crate::Hub::is_open); after a client's
//!   [`Disconnected`](crate::hub::Action::Disconnected) only one [`Abort`](crate::hub::Action::Abort) of its connection may
//!   follow, and no event after [`Gone`](crate::hub::Event::Gone) leads to an action about either.
//! - **Production.** With the feature `trace`, the run of a server that failed can be recorded, replayed in a test, and
//!   kept as a test.
//!
//! - **Replay.** The command `throng-replay` of the repository reads such a recording: it lists the events, shows the state of the
//!   hub at any of them, and finds the first that breaks an invariant.
//!
//! The hub itself is tested in this way: `tests/src/model` in the repository has its operations, a naive model of all its
//! behaviour, and the invariants that are checked after each event. Use it as a pattern for your own model. In addition,
//! `tests/src/simulation` runs the hub with its lanes and drivers over simulated sockets (the command `throng-simulate`).
//! The feature `simulation` of throng-runtime runs the handlers of an application in the same way.
