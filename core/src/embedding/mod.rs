//! A hub in an event loop of your own: a chapter, not code.
//!
//! The core decides everything and does nothing. What does it is the *host*: `throng-tokio`, `throng-async-std`, or a loop
//! over mio, io_uring, a game's ticks or a simulator. This chapter is for who writes one. Two examples in the repository are
//! hosts that are complete:
//!
//! - `core/examples/mio_chat.rs`: a WebSocket chat over nonblocking sockets, on one thread, in 350 lines. It
//!   passes the same conformance suite as the runtime crates.
//! - `core/examples/turn_based_game.rs`: a game with deadlines and spectators and not one socket, on a virtual clock.
//!
//! # The loop in ten lines
//!
//! ```
//! use throng_core::hub::{Action, Config, Error, Event, Hub, Written};
//! use throng_core::outbox::Batch;
//! use throng_core::Instant;
//!
//! /// What is yours: sockets, a clock, an application.
//! trait World {
//!     /// Waits until something comes, but not longer than to this moment. `None`: there is nothing to wait for but that.
//!     fn wait(&mut self, until: Option<Instant>);
//!     /// Nanoseconds since the start, from a clock that does not go back.
//!     fn now(&self) -> Instant;
//!     /// Reads what has come, decodes it, and tells the hub: accepted, received, pinged, closed, writable, gone.
//!     fn read(&mut self, now: Instant, hub: &mut Hub);
//!     /// Does what the hub asks for. The table below says what that is.
//!     fn act(&mut self, now: Instant, hub: &mut Hub, action: Action);
//!     /// Writes each lease as far as its socket takes it.
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
//!     hub.transmit_ready(now, 0, 256, 64 << 10)?;
//!     hub.swap_batch(batch);
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
//! Actions wait until they are polled: after each event, or once a turn. Those about one client come in order; after
//! `Disconnected` at most one `Abort` follows. A handshake that comes to nothing is named by at most one `Abort` and by nothing
//! else. After [`Event::Gone`] no event leads to an action about that id any more; what waited then is still polled, an
//! `Abort` among it, which means nothing then: the socket has been closed.
//!
//! | action | the host | the application, if it likes |
//! | --- | --- | --- |
//! | [`Connected`] | | greets the client |
//! | [`Left`] | | tells the room |
//! | [`RoomClosed`] | | tells the client |
//! | [`Disconnected`] | lets go of what it holds back for the client, and reads on, for the peer's close frame | forgets its member |
//! | [`Dropped`] | | tells the client that it missed something |
//! | [`OverRate`] | | tells the client to speak more slowly |
//! | [`OutboxLow`] | publishes again what [`Policy::Wait`] refused | |
//! | [`Resume`] | reads again from a client that [`Verdict::Pause`] had it pause | |
//! | [`Abort`] | closes the socket, whatever is unread or unwritten, and says [`Event::Gone`] | |
//! | [`Stopped`] | may end: nobody is left | |
//!
//! # Who owns the bytes
//!
//! *Read*: the host, one buffer for all its sockets. A [`Handshake`] and a [`Decoder`] take what they need and keep at most
//! the beginning of something. When reading has to stop in the middle of a buffer (a pause, a full outbox), what is left is
//! copied out and kept with the connection: no more than one read.
//!
//! *Messages*: the application, by reference count. It encodes one once into a [`Frame`], by [`encode`] or
//! `Frame::try_from(message)`, before any lock. The hub holds the frame until the last recipient has it, or has lost it.
//!
//! *Written*: the [`Batch`] that was swapped out holds the frames of its leases. [`Flat`] makes bytes of them for sockets that
//! say at once how much they took. Where a write completes later the frames of a lease are kept until it does, and only then
//! the lease is returned: a client has at most one out at a time, and until it is back gets no other. [`Batch::clear`] lets
//! go of the frames.
//!
//! # When to write
//!
//! After everything that has come. Then what one wake-up brings, on however many sockets, leaves in one write per recipient,
//! and recipients who are owed the same share one buffer ([`Flat`] sees to that). A lone message does not wait, as the
//! loop comes to the writing at once. And in slices, some hundred clients at a time: [`TransmitReady`] serves its lane in
//! fair order, and while [`has_ready`] says that more is left, the loop looks at its sockets without waiting.
//!
//! [`poll_ready`] and [`Transmit`] serve single clients instead: for who writes when a socket asks for it.
//!
//! # Time
//!
//! One timer, set to [`poll_timeout`] whenever the loop waits; O(1). It may be early, when what was due has been put off,
//! and is never late. When it comes, [`Event::Timeout`] does whatever is due: pings, deadlines of handshakes, pongs, writes and
//! closings, pauses that are over, a slice of a drain. A host's own deadlines, those of a game's turns, say, are beside it:
//! it waits for the earliest of all.
//!
//! `now` is any number of nanoseconds that does not go back; one look at the clock a turn is enough. A host that was asleep
//! for an hour says so in its next event, and all deadlines of that hour come at once.
//!
//! # When a socket is full
//!
//! A write that would block is returned as [`Progress::Part`] with [`Transport::Blocked`], and [`Event::Writable`] says when
//! the socket takes bytes again. In between the client is leased to nobody, what is for it queues up, and when the outbox is
//! full its [`Policy`] decides: it alone loses messages, or its place. One that takes nothing for
//! [`deadlines.write`](crate::hub::Deadlines::write) is aborted. Nothing is to be done for that, and nothing is to be buffered:
//! bytes that a host keeps in a queue of its own are bytes of which the hub does not know.
//!
//! The other way round a host stops reading, and TCP tells the peer: on [`Verdict::Pause`] until `Resume`, and on a message
//! whose answer finds the outbox full until `OutboxLow`.
//!
//! # How a connection ends
//!
//! A close frame that is written into a socket which is then closed with something unread never arrives: the system answers
//! what is unread with a reset, which overtakes it. So:
//!
//! | what ends it | the hub is told | then |
//! | --- | --- | --- |
//! | the peer's close frame | [`Item::event`] | a lease with the answer, and [`Abort`] once it is written |
//! | a protocol error | [`ProtocolError::event`] | a lease with the close frame; what comes is read and forgotten until [`Abort`] |
//! | the application, a limit, a deadline, a drain | [`Event::Close`], or nothing | a lease with the close frame; reading goes on for the peer's, until [`Abort`] |
//! | the end of the transport, or an error of it | [`Event::Gone`] | |
//! | a refused handshake | nothing | the answer is written and the sending direction ended; what comes is read and forgotten until the peer goes, or the deadline of the handshake brings [`Abort`] |
//!
//! When a lease with a close frame is written ([`ends_sending`], [`Then::EndSending`](crate::outbox::Then)), the host ends the
//! sending direction of the socket and reads on. It never waits for long: [`deadlines.close`](crate::hub::Deadlines::close)
//! bounds all of it.
//!
//! # More than one thread
//!
//! A hub is one state machine, and `Send`: put it behind one lock, and hold that for an event or a batch of them, never while
//! encoding, writing or running anybody's code. What can be divided is the writing. A hub has
//! [`host.lanes`](crate::hub::Host::lanes) lanes, a connection belongs to the one it was [accepted](crate::hub::Event::Accept) on, and each
//! lane's leases go to the thread that has its sockets:
//!
//! ```
//! use std::sync::Mutex;
//! use throng_core::hub::{Config, Event, Hub, Outcome, Progress, Target, Transport, Written};
//! use throng_core::outbox::Batch;
//! use throng_core::{Frame, Instant};
//!
//! let now = Instant::ORIGIN;
//! let mut config = Config::default();
//! config.host.lanes = 2;
//! let mut hub = Hub::new(config)?;
//! for lane in [0, 1, 1] {
//!     let Outcome::Accepted(client) = hub.handle(now, Event::Accept { address: None, lane })? else { unreachable!() };
//!     hub.reserve(now, client, None)?;
//!     hub.open(now, client)?;
//! }
//! hub.publish(now, &[Target::All], &[], &Frame::raw("hello".into()), None)?;
//!
//! let hub = Mutex::new(hub);
//! std::thread::scope(|threads| {
//!     for lane in [0, 1] {
//!         let hub = &hub;
//!         threads.spawn(move || {
//!             let (mut batch, mut results) = (Batch::default(), Vec::new());
//!             loop {
//!                 {
//!                     // One visit: what was written is handed in, what is next is taken.
//!                     let mut hub = hub.lock().expect("nobody panics");
//!                     let _ = hub.transmitted(now, &results);
//!                     let _ = hub.transmit_ready(now, lane, 256, 64 << 10);
//!                     hub.swap_batch(&mut batch);
//!                 }
//!                 results.clear();
//!                 if batch.is_empty() {
//!                     break; // It would wait until somebody has seen `has_ready(lane)` after an event.
//!                 }
//!                 let (progress, transport) = (Progress::All, Transport::Ready); // Without the lock: to the sockets.
//!                 results.extend(batch.leases().iter().map(|lease| Written { client: lease.client, progress, transport }));
//!             }
//!         });
//!     }
//! });
//! assert_eq!(hub.into_inner()?.stats().written, 3);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! (The module `runtime` is this, with tasks in place of threads. Rooms that have no member in common can as well be in
//! different hubs, with a thread for each and no lock at all.)
//!
//! # Testing with a virtual clock
//!
//! What a host has of time is a number, so in a test it is any number: [`poll_timeout`] says where to go next, and a day is over
//! in a moment.
//!
//! ```
//! use throng_core::hub::{Action, Config, Hub};
//! use throng_core::{CloseCode, Instant};
//!
//! let mut hub = Hub::new(Config::default())?;
//! let silent = hub.admit(Instant::ORIGIN, None)?; // answers no ping
//! let mut ended = None;
//! while ended.is_none()
//!     && let Some(now) = hub.poll_timeout()
//! {
//!     hub.timeout(now)?;
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
//! The chapter on [testing](crate::testing) goes on from here, with properties and a model.
//!
//! # Recording
//!
//! With the feature `trace`, a [`RecordedHub`](crate::trace::RecordedHub) takes the place of the hub in a host: it has the same
//! typed methods, and writes a log of the run, or keeps its last part in a fixed amount of memory. In a test the log
//! [replays](crate::trace::replay) to the same actions, wherever it was recorded. Two programs of the repository read such
//! files: `throng-replay` lists events, shows the state of the hub at any of them, and finds the first that breaks an invariant;
//! `throng-simulate` makes runs of a whole host with faults, each from a seed (`CONTRIBUTING.md` shows how to call them).
//!
//! [`Connected`]: crate::hub::Action::Connected
//! [`Left`]: crate::hub::Action::Left
//! [`RoomClosed`]: crate::hub::Action::RoomClosed
//! [`Disconnected`]: crate::hub::Action::Disconnected
//! [`Dropped`]: crate::hub::Action::Dropped
//! [`OverRate`]: crate::hub::Action::OverRate
//! [`OutboxLow`]: crate::hub::Action::OutboxLow
//! [`Resume`]: crate::hub::Action::Resume
//! [`Abort`]: crate::hub::Action::Abort
//! [`Stopped`]: crate::hub::Action::Stopped
//! [`Policy`]: crate::hub::Policy
//! [`Policy::Wait`]: crate::hub::Policy::Wait
//! [`Progress::Part`]: crate::hub::Progress::Part
//! [`Transport::Blocked`]: crate::hub::Transport::Blocked
//! [`Verdict::Pause`]: crate::hub::Verdict::Pause
//! [`Event::Close`]: crate::hub::Event::Close
//! [`Event::Gone`]: crate::hub::Event::Gone
//! [`Event::Timeout`]: crate::hub::Event::Timeout
//! [`Event::Writable`]: crate::hub::Event::Writable
//! [`Transmit`]: crate::hub::Event::Transmit
//! [`TransmitReady`]: crate::hub::Event::TransmitReady
//! [`poll_ready`]: crate::Hub::poll_ready
//! [`poll_timeout`]: crate::Hub::poll_timeout
//! [`has_ready`]: crate::Hub::has_ready
//! [`Batch`]: crate::outbox::Batch
//! [`Batch::clear`]: crate::outbox::Batch::clear
//! [`Frame`]: crate::Frame
//! [`Handshake`]: crate::websocket::Handshake
//! [`Decoder`]: crate::websocket::Decoder
//! [`encode`]: crate::websocket::encode
//! [`Flat`]: crate::websocket::Flat
//! [`Item::event`]: crate::websocket::Item::event
//! [`ProtocolError::event`]: crate::websocket::ProtocolError::event
//! [`ends_sending`]: crate::websocket::Unwritten::ends_sending

#[cfg(test)]
mod tests;
