//! How to drive a hub from an event loop of your own. (This module is a chapter of the documentation and has no items.)
//!
//! The core decides what happens, and performs no I/O. The *host* performs it: `throng-tokio`, `throng-async-std`, or a loop
//! over mio, io_uring, a game's ticks or a simulator. This chapter explains how to write a host. Two examples in the repository
//! are complete hosts:
//!
//! - `core/examples/mio_chat.rs`: a WebSocket chat over nonblocking sockets, on one thread, in one file. It passes the
//!   part of the conformance suite that is visible on the wire: every case of RFC 6455 and of compression, rooms, ends.
//! - `core/examples/turn_based_game.rs`: a game with deadlines and spectators, without sockets, on a virtual clock.
//!
//! A request opens a WebSocket by a [`Policy`](crate::websocket::handshake::Policy) of origins and subprotocols. A host that changes its
//! default calls [`Policy::validate`](crate::websocket::handshake::Policy::validate) once at its start: some policies refuse everybody.
//!
//! The core does not answer plain HTTP. The host answers `/healthz` and `/readyz`, and decides how to answer connections
//! that the hub refuses. [`Hub::newcomer_refusal`](crate::Hub::newcomer_refusal) tells whether the hub would refuse a new
//! connection, and why.
//!
//! # The loop in ten lines
//!
//! ```
//! use throng_core::hub::{Action, Config, Error, Event, Hub};
//! use throng_core::outbox::{Batch, Written};
//! use throng_core::Instant;
//!
//! /// What the host provides: sockets, a clock, an application.
//! trait World {
//!     /// Waits until a socket is readable or writable, or until this moment. `None`: there is no deadline.
//!     fn wait(&mut self, until: Option<Instant>);
//!     /// Nanoseconds since the start, from a clock that never runs backwards.
//!     fn now(&self) -> Instant;
//!     /// Reads and decodes all input, and hands events to the hub: accepted, received, pinged, closed, writable, gone.
//!     fn read(&mut self, now: Instant, hub: &mut Hub);
//!     /// Does what the action demands. See the table below.
//!     fn act(&mut self, now: Instant, hub: &mut Hub, action: Action);
//!     /// Writes as much of each lease as its socket takes.
//!     fn write(&mut self, batch: &Batch) -> Vec<Written>;
//! }
//!
//! fn turn(hub: &mut Hub, batch: &mut Batch, world: &mut impl World) -> Result<(), Error> {
//!     world.wait(if hub.has_ready(0) { Some(Instant::ORIGIN) } else { hub.poll_timeout() });
//!     let now = world.now();
//!     world.read(now, hub);
//!     hub.timeout(now)?;
//!     while let Some(action) = hub.poll_action() {
//!         world.act(now, hub, action);
//!     }
//!     batch.clear();
//!     hub.transmit_ready(now, 0, 256, 64 << 10, batch)?;
//!     hub.transmitted(now, &world.write(batch))
//! }
//! # struct Nothing;
//! # impl World for Nothing {
//! #     fn wait(&mut self, _: Option<Instant>) {}
//! #     fn now(&self) -> Instant { Instant::ORIGIN }
//! #     fn read(&mut self, now: Instant, hub: &mut Hub) { hub.admit(now, None).map(drop).expect("nothing is limited") }
//! #     fn act(&mut self, _: Instant, _: &mut Hub, action: Action) {
//! #         assert!(matches!(action, Action::Connected { .. }));
//! #     }
//! #     fn write(&mut self, batch: &Batch) -> Vec<Written> { assert!(batch.is_empty()); vec![] }
//! # }
//! # let mut hub = Hub::new(Config::default()).expect("the defaults stand");
//! # turn(&mut hub, &mut Batch::default(), &mut Nothing).expect("the lane is there");
//! # let _ = Event::Timeout;
//! ```
//!
//! # What to do with each action
//!
//! Actions are queued until the host polls them, after each event or once a turn. The actions of one client come in order.
//! After `Disconnected` at most one `Abort` of its connection follows. A handshake that fails leads to at most one `Abort` and
//! no other action. After [`Event::Gone`] no event leads to an action about that connection or its client. Actions queued
//! before are still polled; ignore an `Abort` among them, since the socket is closed.
//!
//! A host keeps its sockets in a table by connection: [`ConnectionId::index`](crate::ConnectionId::index) is dense and used
//! again. [`Abort`] and [`Resume`], which are for the socket, name the connection; all other actions name the client. What an
//! application keeps of a client is best in a table by [`ClientId::index`](crate::ClientId::index). The indexes differ.
//!
//! | action | what the host does | what the application may do |
//! | --- | --- | --- |
//! | [`Connected`] | may note which client is on the connection | greets the client |
//! | [`Away`] | drops messages that it holds back for the connection | tells the rooms that the client is away |
//! | [`Resumed`] | notes that this connection has the client now | tells the rooms that the client is back |
//! | [`Expiring`] | | renews the client's authorisation ([`SetExpiry`]), or lets it end |
//! | [`AskAgain`] | publishes the question again, with the same id, unless it [still waits](crate::Hub::is_waiting) | |
//! | [`AskEnded`] | gives up the question | goes on without a reply |
//! | [`Replaced`] | reads nothing more from the connection for its client, and goes on writing to it | |
//! | [`Left`] | | tells the room |
//! | [`RoomClosed`] | | tells the client |
//! | [`Disconnected`] | drops messages that it holds back for the client, and reads on until the peer's close frame | forgets the client |
//! | [`Dropped`] | | tells the client that it missed something |
//! | [`OverRate`] | | tells the client to send more slowly |
//! | [`OutboxLow`] | publishes again what [`Policy::Wait`] refused | |
//! | [`Resume`] | reads again from a connection for which the answer was [`Verdict::Pause`] | |
//! | [`Abort`] | closes the socket, even with unread or unwritten bytes, and hands in [`Event::Gone`] | |
//! | [`Stopped`] | may end: no client is left | |
//! | [`PresenceChanged`] | makes a message of the change and publishes it to [`Target::Watchers`](crate::hub::Target::Watchers) | who came to the room and who left |
//! | [`RoomOccupied`] | in a cluster: subscribes to the room's messages of other nodes | |
//! | [`RoomVacated`] | in a cluster: unsubscribes | |
//! | [`UserPresent`] | in a cluster: subscribes to the user's messages of other nodes | |
//! | [`UserAbsent`] | in a cluster: unsubscribes | |
//! | [`RoomCounted`] | in a cluster: tells the other nodes how many members the room has here | |
//! | [`MemberPresent`] | in a cluster: tells the other nodes who is in the room | |
//! | [`MemberAbsent`] | in a cluster: tells the other nodes who has left it | |
//! | [`StoodStill`] | logs it: its own loop was stopped, starved or blocked | |
//!
//! # Who owns the bytes
//!
//! *Inbound bytes* belong to the host, which needs one buffer for all its sockets. A [`Handshake`] and a [`Decoder`] take
//! what they need and keep at most an incomplete head or message. If the host must stop in the middle of a buffer (a
//! pause, a full outbox), it copies the rest and keeps it with the connection: at most the bytes of one read.
//!
//! *Messages* belong to the application, by reference count. It encodes a message once into a [`Frame`], with [`encode`] or
//! `Frame::try_from(message)`, before it takes any lock. The hub holds the frame until it is written to, or dropped for, the last
//! recipient. A host that makes the bytes itself, instead of by [`Flat`], writes [`Frame::parts`](crate::Frame::parts) or calls [`Frame::append_to`](crate::Frame::append_to):
//! head and payload alone would lack the offset of a [sealed](crate::Frame::sealed) frame.
//!
//! *Bytes that are written* belong to the [`Batch`] that the host passes to each transmit: it holds the frames of its leases. [`Flat`] makes bytes
//! of them for sockets that say at once how much they took. If a write completes later, keep the frames of the lease until it does,
//! and return the lease then: a connection has at most one lease at a time. [`Lease::written`] makes the result. A result is
//! taken only while its connection is the client's. [`Batch::clear`] drops the frames; a transmit into a batch
//! that was not cleared adds to it.
//!
//! # When to write
//!
//! Write after all input has been handled. Then the messages of one wake-up, from any number of sockets, leave in one write
//! per recipient, and recipients of the same frames share one buffer ([`Flat`] does that). A single message is not delayed,
//! because the loop writes right after it.
//!
//! Write in slices of a few hundred connections: [`TransmitReady`] serves its lane in fair order. While [`has_ready`] is true,
//! the loop polls its sockets without waiting.
//!
//! A host that writes when a socket asks for it can serve single connections with [`poll_ready`] and [`Transmit`] instead.
//!
//! # Time
//!
//! The host needs one timer for the hub. Set it to [`poll_timeout`], which is O(1), whenever the loop waits. The timer may fire too
//! early, when a deadline has been extended, and never too late. When it fires, hand in [`Event::Timeout`]: the hub does what is due, such
//! as pings, the deadlines of handshakes, pongs, writes and closings, and pauses that are over. It also continues work that concerns very
//! many clients, in slices: a drain, a shutdown, a publish that closes thousands. While some of that work is left, `poll_timeout` returns a
//! time that has passed. One [`Event::Timeout`] per turn of the loop is enough, so that sockets are read and written in between. If the host
//! has deadlines of its own, for example for the turns of a game, it waits for the earliest of all.
//!
//! `now` is any number of nanoseconds that does not go back. Reading the clock once per turn is enough.
//!
//! **Read first, then hand in [`Event::Timeout`].** An answer that is in a socket when its deadline passes has arrived. The
//! loop above reads all its sockets before `hub.timeout(now)`. A host whose timer and readers are tasks must let the
//! readers run first when its timer is late.
//!
//! A host may stand still: the process is stopped or starved, the machine is suspended, or a function blocks the loop. Then
//! an event comes later than `poll_timeout` asked, by more than
//! [`deadlines.standstill`](crate::hub::Deadlines::standstill) (1 s by default). The hub does not count that time: pings,
//! deadlines and the times of a drain continue where they were, so that no client is closed for it and no crowd is closed
//! or pinged at once. A clock that does not run while the machine is suspended (Linux: `CLOCK_MONOTONIC`, which is
//! `std::time::Instant`) shows no standstill then, and needs none: no deadline has come nearer. Only the rates of what peers send count it, so that all that a peer sent meanwhile, within its rate,
//! passes afterwards. [`StoodStill`] reports the standstill. The host must only pass each event with its time, and be
//! punctual when `poll_timeout` is due: a loop that checks its timer only every other second counts as standing still, and
//! needs a longer `deadlines.standstill`.
//!
//! # When a socket is full
//!
//! If a write would block, return the lease with [`Progress::Part`] and [`Transport::Blocked`], and hand in
//! [`Event::Writable`] when the socket takes bytes again. Meanwhile the client has no lease and its messages are queued in
//! its outbox. When the outbox is full, its [`Policy`] decides: only this client loses messages, or is closed. The hub
//! aborts a client that takes nothing for [`deadlines.write`](crate::hub::Deadlines::write). The host need not do anything
//! for that, and must not buffer: the hub cannot limit the bytes in a queue of the host.
//!
//! A transport that cannot take a message back once it has seen it, because it joins messages in a frame or compresses them in a
//! context, reports with [`Progress::Part`] how many items it has begun. They stay in the outbox, where they count and nothing
//! drops them, and are the first of the next lease ([`Lease::begun`](crate::outbox::Lease::begun)).
//!
//! In the other direction a host stops reading, and TCP slows down the peer: from [`Verdict::Pause`] until `Resume`, and
//! from a message whose answer finds the outbox full until `OutboxLow`.
//!
//! # How a connection ends
//!
//! If a host writes a close frame and then closes a socket that still has unread bytes, the close frame may never arrive:
//! the system sends a reset, which overtakes it. So:
//!
//! | what ends the connection | event for the hub | then |
//! | --- | --- | --- |
//! | the peer's close frame | [`Item::event`], after the messages before it are handled | leases with the queue and the answering close frame come, and [`Abort`] once they are written |
//! | the end of the peer's half (a read of zero bytes) | [`Event::HalfClosed`], after the messages before it are handled | as above: the peer may still read |
//! | a protocol error | [`ProtocolError::event`] | a lease with the close frame comes; discard what the peer sends until [`Abort`] |
//! | the application, a limit, a deadline, a drain | [`Event::Close`], or none | a lease with the close frame comes; read on for the peer's close frame, until [`Abort`] |
//! | a read error | [`Event::Gone`] | |
//! | a write error | [`Transport::Failed`] | write nothing more; read on for what the peer sent before it went away: messages, its close frame, the end. [`Abort`] comes after the hub gets the event for one of these, or after the close deadline |
//! | a refused handshake | none | write the answer and shut down the sending direction; discard what the peer sends until it closes, or until [`Abort`] at the deadline of the handshake |
//!
//! When a lease with a close frame is written ([`ends_sending`], [`Then::EndSending`](crate::outbox::Then)), the host shuts
//! down the sending direction of the socket and reads on until a read returns zero bytes.
//! [`deadlines.close`](crate::hub::Deadlines::close) bounds all of this.
//!
//! After [`Event::Drain`](crate::hub::Event::Drain), the hub stops when the last connection has ended: that takes the drain's `spread` and
//! then `deadlines.close`, if peers do not answer their close frames, and open handshakes take `deadlines.handshake`. The deadline of the
//! whole drain, [`DrainPlan::deadline`](crate::hub::DrainPlan::deadline), is the host's: at that time, end the sockets that are left, and hand in
//! [`Event::Gone`] for each. The same holds after a second signal: [`Event::Shutdown`](crate::hub::Event::Shutdown), a short
//! time for the close frames, then [`Event::Gone`].
//!
//! # Clients that return
//!
//! A room may keep its last messages: [`History`](crate::hub::History). Set [`Host::epoch_seed`](crate::hub::Host::epoch_seed) to a
//! random number when the process starts, or the config is refused. Otherwise a client that returns after a restart could take the
//! messages of the new process for those that it knows.
//!
//! A peer learns its position in one of two ways. A frame with a [`Place`](crate::frame::Place) carries its offset on the wire. The
//! epoch does not change while a client is in the room, unless the history is removed; [`Joined`](crate::hub::Joined) has it. Without a
//! place, the host asks [`Frame::offset`](crate::Frame::offset), which is `None`, and the position is known only from
//! [`Published`](crate::hub::Published) and [`Hub::history`](crate::Hub::history).
//!
//! When the peer returns, the host opens its client and hands in [`Event::Join`](crate::hub::Event::Join) with the position, also for rooms
//! that it named in [`Event::Reserve`](crate::hub::Event::Reserve). The answer says whether the peer gets all that it missed: tell it before
//! the next transmit. If it does not, the peer must load the state of the room anew, by other means.
//!
//! A message of a history that is dropped for a client is a hole in what the peer has:
//! [`Dropped::of_history`](crate::hub::Dropped::of_history) says so. Let the client leave the room and join it again from the last position
//! before the hole, or tell the peer to do so.
//!
//! A client that leaves a room and joins it again at once may still have messages of the room in its outbox. The hub sends what
//! comes after the position that the peer names, so the peer may get some messages twice; it sees that by their offsets.
//!
//! # More than one thread
//!
//! A hub is one state machine, and `Send`: put it behind one lock, and hold the lock for an event or a batch of events,
//! never while encoding, writing or running the application's code. The writing can be divided. A hub has
//! [`host.lanes`](crate::hub::Host::lanes) lanes, a connection belongs to the lane on which it was
//! [accepted](crate::hub::Event::Accept), and each lane's leases go to the thread that has its sockets:
//!
//! ```
//! use std::sync::Mutex;
//! use throng_core::hub::{Config, Hub, Target};
//! use throng_core::outbox::{Batch, Progress, Transport};
//! use throng_core::Instant;
//! use throng_core::websocket::encode::encode_text;
//!
//! let now = Instant::ORIGIN;
//! let mut config = Config::default();
//! config.host.lanes = 2;
//! let mut hub = Hub::new(config)?;
//! for lane in [0, 1, 1] {
//!     let connection = hub.accept(now, None, lane)?;
//!     hub.reserve(now, connection, None)?;
//!     hub.open(now, connection)?;
//! }
//! hub.publish(now, &[Target::All], &[], &encode_text("hello")?, None)?;
//!
//! let hub = Mutex::new(hub);
//! std::thread::scope(|threads| {
//!     for lane in [0, 1] {
//!         let hub = &hub;
//!         threads.spawn(move || {
//!             let (mut batch, mut results) = (Batch::default(), Vec::new());
//!             loop {
//!                 batch.clear();
//!                 {
//!                     // Under one lock: return the leases that were written and take the next ones.
//!                     let mut hub = hub.lock().expect("nobody panics");
//!                     let _ = hub.transmitted(now, &results);
//!                     let _ = hub.transmit_ready(now, lane, 256, 64 << 10, &mut batch);
//!                 }
//!                 results.clear();
//!                 if batch.is_empty() {
//!                     break; // A real host would wait until `has_ready(lane)` is true after an event.
//!                 }
//!                 // Write to the sockets, without the lock.
//!                 results.extend(batch.leases().iter().map(|lease| lease.written(Progress::All, Transport::Ready)));
//!             }
//!         });
//!     }
//! });
//! assert_eq!(hub.into_inner()?.stats().written, 3);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! (The crate `throng-runtime` does this with tasks instead of threads. Rooms without common members can also be in
//! different hubs, with a thread for each and without a lock.)
//!
//! # Testing with a virtual clock
//!
//! Time is a number for the hub, so a test can choose it: [`poll_timeout`] is the next moment to go to, and a day passes in
//! milliseconds.
//!
//! ```
//! use throng_core::hub::{Action, Config, Hub};
//! use throng_core::outbox::{Batch, Progress, Transport};
//! use throng_core::{CloseCode, Instant};
//!
//! let mut hub = Hub::new(Config::default())?;
//! let silent = hub.admit(Instant::ORIGIN, None)?; // answers no ping
//! let mut ended = None;
//! while ended.is_none()
//!     && let Some(now) = hub.poll_timeout()
//! {
//!     hub.timeout(now)?;
//!     // A peer can be late with a pong only after a ping was written to it.
//!     let mut batch = Batch::default();
//!     hub.transmit_ready(now, 0, 256, 64 << 10, &mut batch)?;
//!     for lease in batch.leases() {
//!         hub.transmitted(now, &[lease.written(Progress::All, Transport::Ready)])?;
//!     }
//!     while let Some(action) = hub.poll_action() {
//!         if let Action::Disconnected { client, code, .. } = action {
//!             ended = Some((client, code, now.since(Instant::ORIGIN).as_secs()));
//!         }
//!     }
//! }
//! assert_eq!(ended, Some((silent, CloseCode::ABNORMAL, 60)));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The chapter on [testing](crate::testing) continues with properties and a model.
//!
//! # Recording
//!
//! With the feature `trace`, a [`RecordedHub`](crate::trace::RecordedHub) replaces the hub in a host: it has the same
//! typed methods, and writes a log of the run, or keeps the end of the run in a fixed amount of memory. In a test the log
//! [replays](crate::trace::replay) to the same actions, wherever it was recorded. Two programs of the repository help:
//! `throng-replay` lists the events of a log, shows the state of the hub at any of them, and finds the first that breaks
//! an invariant; `throng-simulate` makes runs of a whole host with faults, each from a seed. `CONTRIBUTING.md` shows
//! their use.
//!
//! [`Connected`]: crate::hub::Action::Connected
//! [`Away`]: crate::hub::Action::Away
//! [`Resumed`]: crate::hub::Action::Resumed
//! [`Expiring`]: crate::hub::Action::Expiring
//! [`AskAgain`]: crate::hub::Action::AskAgain
//! [`RoomOccupied`]: crate::hub::Action::RoomOccupied
//! [`RoomCounted`]: crate::hub::Action::RoomCounted
//! [`MemberPresent`]: crate::hub::Action::MemberPresent
//! [`MemberAbsent`]: crate::hub::Action::MemberAbsent
//! [`RoomVacated`]: crate::hub::Action::RoomVacated
//! [`UserPresent`]: crate::hub::Action::UserPresent
//! [`UserAbsent`]: crate::hub::Action::UserAbsent
//! [`AskEnded`]: crate::hub::Action::AskEnded
//! [`SetExpiry`]: crate::hub::Event::SetExpiry
//! [`Replaced`]: crate::hub::Action::Replaced
//! [`Left`]: crate::hub::Action::Left
//! [`RoomClosed`]: crate::hub::Action::RoomClosed
//! [`Disconnected`]: crate::hub::Action::Disconnected
//! [`Dropped`]: crate::hub::Action::Dropped
//! [`OverRate`]: crate::hub::Action::OverRate
//! [`OutboxLow`]: crate::hub::Action::OutboxLow
//! [`Resume`]: crate::hub::Action::Resume
//! [`Abort`]: crate::hub::Action::Abort
//! [`Stopped`]: crate::hub::Action::Stopped
//! [`PresenceChanged`]: crate::hub::Action::PresenceChanged
//! [`StoodStill`]: crate::hub::Action::StoodStill
//! [`Policy`]: crate::hub::Policy
//! [`Policy::Wait`]: crate::hub::Policy::Wait
//! [`Progress::Part`]: crate::outbox::Progress::Part
//! [`Transport::Blocked`]: crate::outbox::Transport::Blocked
//! [`Verdict::Pause`]: crate::hub::Verdict::Pause
//! [`Event::Close`]: crate::hub::Event::Close
//! [`Event::Gone`]: crate::hub::Event::Gone
//! [`Event::HalfClosed`]: crate::hub::Event::HalfClosed
//! [`Transport::Failed`]: crate::outbox::Transport::Failed
//! [`Event::Timeout`]: crate::hub::Event::Timeout
//! [`Event::Writable`]: crate::hub::Event::Writable
//! [`Transmit`]: crate::hub::Event::Transmit
//! [`TransmitReady`]: crate::hub::Event::TransmitReady
//! [`poll_ready`]: crate::Hub::poll_ready
//! [`poll_timeout`]: crate::Hub::poll_timeout
//! [`has_ready`]: crate::Hub::has_ready
//! [`Batch`]: crate::outbox::Batch
//! [`Lease::written`]: crate::outbox::Lease::written
//! [`Batch::clear`]: crate::outbox::Batch::clear
//! [`Frame`]: crate::Frame
//! [`Handshake`]: crate::websocket::handshake::Handshake
//! [`Decoder`]: crate::websocket::Decoder
//! [`encode`]: crate::websocket::encode
//! [`Flat`]: crate::websocket::Flat
//! [`Item::event`]: crate::websocket::Item::event
//! [`ProtocolError::event`]: crate::websocket::ProtocolError::event
//! [`ends_sending`]: crate::websocket::Unwritten::ends_sending

#[cfg(test)]
mod tests;
