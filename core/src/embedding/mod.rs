//! A hub in an event loop of your own: a chapter, not code.
//!
//! The core decides what happens, and performs no I/O. The *host* performs it: `throng-tokio`, `throng-async-std`, or a loop
//! over mio, io_uring, a game's ticks or a simulator. This chapter explains how to write a host. Two examples in the repository
//! are complete hosts:
//!
//! - `core/examples/mio_chat.rs`: a WebSocket chat over nonblocking sockets, on one thread, in 370 lines. It
//!   passes the part of the conformance suite that shows on the wire: every case of RFC 6455 and of compression, rooms, ends.
//! - `core/examples/turn_based_game.rs`: a game with deadlines and spectators, without sockets, on a virtual clock.
//!
//! The core does not answer plain HTTP: `/healthz` and `/readyz`, and what is done about connections that the hub refuses, are a
//! host's own. [`Hub::newcomer_refusal`](crate::Hub::newcomer_refusal) says whether newcomers would be refused, and why.
//!
//! # The loop in ten lines
//!
//! ```
//! use throng_core::hub::{Action, Config, Error, Event, Hub, Written};
//! use throng_core::outbox::Batch;
//! use throng_core::Instant;
//!
//! /// What the host brings: sockets, a clock, an application.
//! trait World {
//!     /// Waits until a socket has something, or until this moment. `None`: there is no deadline.
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
//! Actions wait until the host polls them: after each event, or once a turn. The actions about one client come in order. After
//! `Disconnected` at most one `Abort` follows. A handshake that fails leads to at most one `Abort` and to no other
//! action. After [`Event::Gone`] no event leads to an action about that id. Actions that were waiting then are still polled; an
//! `Abort` among them can be ignored, because the socket has been closed.
//!
//! | action | what the host does | what the application may do |
//! | --- | --- | --- |
//! | [`Connected`] | | greets the client |
//! | [`Left`] | | tells the room |
//! | [`RoomClosed`] | | tells the client |
//! | [`Disconnected`] | drops what it holds back for the client, and reads on, for the peer's close frame | forgets the client |
//! | [`Dropped`] | | tells the client that it missed something |
//! | [`OverRate`] | | tells the client to send more slowly |
//! | [`OutboxLow`] | publishes again what [`Policy::Wait`] refused | |
//! | [`Resume`] | reads again from a client for which the answer was [`Verdict::Pause`] | |
//! | [`Abort`] | closes the socket, whatever is unread or unwritten, and says [`Event::Gone`] | |
//! | [`Stopped`] | may end: nobody is left | |
//! | [`StoodStill`] | logs it: its own loop was stopped, starved, or blocked by somebody | |
//!
//! # Who owns the bytes
//!
//! *Bytes that are read* belong to the host, which needs one buffer for all its sockets. A [`Handshake`] and a [`Decoder`] take
//! what they need and keep at most an incomplete head or frame. When reading has to stop in the middle of a buffer (a pause, a
//! full outbox), the host copies the rest and keeps it with the connection: no more than one read.
//!
//! *Messages* belong to the application, by reference count. It encodes a message once into a [`Frame`], with [`encode`] or
//! `Frame::try_from(message)`, before it takes any lock. The hub holds the frame until it is written to, or dropped for, the last
//! recipient. A host that makes the bytes itself, instead of by [`Flat`], writes [`Frame::parts`] or calls [`Frame::append_to`]:
//! head and payload alone would lack the offset of a [sealed](Frame::sealed) frame.
//!
//! *Bytes that are written* belong to the [`Batch`] that the host passes to each transmit: it holds the frames of its leases. [`Flat`] makes bytes
//! of them for sockets that say at once how much they took. If a write completes later, keep the frames of the lease until it does,
//! and return the lease then: a client has at most one lease at a time. [`Batch::clear`] drops the frames; a transmit into a batch
//! that was not cleared adds to it.
//!
//! # When to write
//!
//! Write after everything that has arrived was handled. Then whatever one wake-up brings, on any number of sockets, leaves in one
//! write per recipient, and recipients of the same frames share one buffer ([`Flat`] sees to that). A single message is not
//! delayed, because the loop writes right after it.
//!
//! Write in slices of some hundred clients: [`TransmitReady`] serves its lane in fair order. While [`has_ready`] says that more is
//! left, the loop looks at its sockets without waiting.
//!
//! [`poll_ready`] and [`Transmit`] serve single clients instead, for a host that writes when a socket asks for it.
//!
//! # Time
//!
//! One timer, set to [`poll_timeout`] whenever the loop waits; O(1). It may be early, when what was due has been put off,
//! and is never late. When it comes, [`Event::Timeout`] does whatever is due: pings, deadlines of handshakes, pongs, writes and
//! closings, pauses that are over, a slice of a drain. A host's own deadlines, those of a game's turns, say, are beside it:
//! it waits for the earliest of all.
//!
//! `now` is any number of nanoseconds that does not go back; one look at the clock a turn is enough.
//!
//! **Read first, then say [`Event::Timeout`].** An answer that lies in a socket when its deadline comes has arrived. The loop
//! above reads all its sockets before `hub.timeout(now)`; a host whose timer and readers are tasks lets the readers have
//! their turn when its timer is late.
//!
//! A host may stand still: the process is stopped, the machine is suspended, another process has the processor, or a function
//! blocks the loop. Then an event comes later than `poll_timeout` asked for one, by more than
//! [`deadlines.standstill`](crate::hub::Deadlines::standstill) (1 s by default). The hub does not count that time: pings,
//! deadlines and the moments of a drain go on where they were, so that nobody is closed for what it could not do, and
//! no crowd is closed or pinged at once. The rates of what peers send do count it: what a peer sent meanwhile, within its rate,
//! is read all at once afterwards and passes. It says so by [`StoodStill`]. A host has to do nothing for that but to give each event
//! the time at which it comes, and to be there when `poll_timeout` is due: a loop that looks at its timer only every other
//! second stands still in the eyes of the hub, and needs a longer `deadlines.standstill`.
//!
//! # When a socket is full
//!
//! A write that would block is returned as [`Progress::Part`] with [`Transport::Blocked`], and [`Event::Writable`] says when
//! the socket takes bytes again. In between the client has no lease, its messages wait in its outbox, and when the outbox is
//! full its [`Policy`] decides: only this client loses messages, or is closed. A client that takes nothing for
//! [`deadlines.write`](crate::hub::Deadlines::write) is aborted. The host need not do anything for that, and must not buffer:
//! the hub cannot limit bytes in a queue of the host's own.
//!
//! In the other direction a host stops reading, and TCP slows down the peer: on [`Verdict::Pause`] until `Resume`, and on a message
//! whose answer finds the outbox full until `OutboxLow`.
//!
//! # How a connection ends
//!
//! If a host writes a close frame and then closes a socket that still has unread bytes, the close frame may never arrive: the
//! system sends a reset, which overtakes it. So:
//!
//! | what ends it | the hub is told | then |
//! | --- | --- | --- |
//! | the peer's close frame | [`Item::event`], after the messages before it are handled | leases with what is queued and the answer, and [`Abort`] once they are written |
//! | the end of what the peer sends (a read of zero bytes) | [`Event::HalfClosed`], after the messages before it are handled | the same: the peer may still read |
//! | a protocol error | [`ProtocolError::event`] | a lease with the close frame; what comes is read and forgotten until [`Abort`] |
//! | the application, a limit, a deadline, a drain | [`Event::Close`], or nothing | a lease with the close frame; reading goes on for the peer's, until [`Abort`] |
//! | an error of a read | [`Event::Gone`] | |
//! | an error of a write | [`Transport::Failed`] | nothing more is written; reading goes on, for what the peer sent before it went away: messages, its close frame, the end. [`Abort`] comes once the hub is told one of these, or after the close deadline |
//! | a refused handshake | nothing | the answer is written and the sending direction ended; what comes is read and forgotten until the peer goes, or the deadline of the handshake brings [`Abort`] |
//!
//! When a lease with a close frame is written ([`ends_sending`], [`Then::EndSending`](crate::outbox::Then)), the host ends the
//! sending direction of the socket and reads on, until a read returns zero bytes. It never waits for long: [`deadlines.close`](crate::hub::Deadlines::close)
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
//! use throng_core::Instant;
//! use throng_core::outbox::Batch;
//! use throng_core::websocket::encode::encode_text;
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
//!                     // One visit: what was written is handed in, what is next is taken.
//!                     let mut hub = hub.lock().expect("nobody panics");
//!                     let _ = hub.transmitted(now, &results);
//!                     let _ = hub.transmit_ready(now, lane, 256, 64 << 10, &mut batch);
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
//! (The crate `throng-runtime` does this with tasks in place of threads. Rooms that have no member in common can also be in
//! different hubs, with a thread for each and without a lock.)
//!
//! # Testing with a virtual clock
//!
//! To the hub time is a number, so a test can choose it: [`poll_timeout`] says which moment to go to next, and a day is over in
//! milliseconds.
//!
//! ```
//! use throng_core::hub::{Action, Config, Hub, Progress, Transport, Written};
//! use throng_core::outbox::Batch;
//! use throng_core::{CloseCode, Instant};
//!
//! let mut hub = Hub::new(Config::default())?;
//! let silent = hub.admit(Instant::ORIGIN, None)?; // answers no ping
//! let mut ended = None;
//! while ended.is_none()
//!     && let Some(now) = hub.poll_timeout()
//! {
//!     hub.timeout(now)?;
//!     // A peer is late with an answer only if it was asked: a ping has to be written.
//!     if hub.transmit_ready(now, 0, 256, 64 << 10, &mut Batch::default())? > 0 {
//!         let (progress, transport) = (Progress::All, Transport::Ready);
//!         hub.transmitted(now, &[Written { client: silent, progress, transport }])?;
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
//! [`StoodStill`]: crate::hub::Action::StoodStill
//! [`Policy`]: crate::hub::Policy
//! [`Policy::Wait`]: crate::hub::Policy::Wait
//! [`Progress::Part`]: crate::hub::Progress::Part
//! [`Transport::Blocked`]: crate::hub::Transport::Blocked
//! [`Verdict::Pause`]: crate::hub::Verdict::Pause
//! [`Event::Close`]: crate::hub::Event::Close
//! [`Event::Gone`]: crate::hub::Event::Gone
//! [`Event::HalfClosed`]: crate::hub::Event::HalfClosed
//! [`Transport::Failed`]: crate::hub::Transport::Failed
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
