//! Sessions, for hosts and applications: this module is a chapter, without code.
//!
//! Without sessions a client ends with its connection. A client that has a *session*, which is a name, can outlive it: in a hub with
//! [`sessions.grace`](crate::hub::Sessions::grace) the client goes *away* when its connection is lost, and a connection that comes with
//! the same session in time continues it. The application is told [`Away`] and [`Resumed`], not [`Left`] and [`Connected`].
//!
//! ```
//! use core::time::Duration;
//! use throng_core::hub::{Action, Config, Hub, Sessions, Target};
//! use throng_core::{Frame, Instant};
//!
//! let mut config = Config::default();
//! config.sessions = Sessions { grace: Some(Duration::from_secs(30)), ..Sessions::default() };
//! let (mut hub, now) = (Hub::new(config)?, Instant::ORIGIN);
//! let mut come = |hub: &mut Hub| {
//!     let connection = hub.accept(now, None, 0)?;
//!     let reserved = hub.reserve_session(now, connection, Some("ada"), Some("8d1f0c"), &[])?;
//!     hub.open(now, connection)?;
//!     Ok::<_, throng_core::hub::Error>((connection, reserved.resumes))
//! };
//! let (first, resumes) = come(&mut hub)?;
//! assert_eq!(resumes, None);
//! let ada = hub.client_of(first).expect("it is open");
//! hub.join(now, ada, "lobby")?;
//! hub.gone(now, first)?; // the network is gone
//! assert!(hub.is_away(ada) && hub.in_room(ada, "lobby"));
//! hub.publish(now, &[Target::Room("lobby")], &[], &Frame::raw("news".into()), None)?; // waits
//! let (second, resumes) = come(&mut hub)?;
//! assert_eq!((resumes, hub.client_of(second), hub.outbox_of(ada)), (Some(ada), Some(ada), Some((1, 4))));
//! let told: Vec<Action> = core::iter::from_fn(|| hub.poll_action()).collect();
//! assert!(matches!(told[..], [Action::Connected { .. }, Action::Away { .. }, Action::Resumed { .. }]));
//! # Ok::<(), Box<dyn core::error::Error>>(())
//! ```
//!
//! # Names
//!
//! The host passes the session with [`Reserve`](crate::hub::Event::Reserve), before the 101, or with
//! [`Identify`](crate::hub::Event::Identify), if it authenticates after it. [`Reserved::resumes`](crate::hub::Reserved::resumes) says
//! which client the connection will continue. What counts is the moment of [`Open`](crate::hub::Event::Open): if that client has ended by
//! then, the reserved client opens as a new one. After `Open`, [`client_of`](crate::Hub::client_of) returns the client of the connection.
//! When a client was continued, the id of the reservation is stale, and the client is in its rooms already.
//!
//! A session belongs to the user of its client. A connection of another user, or of no user, is refused with
//! [`SessionOfAnotherUser`](crate::hub::Refusal::SessionOfAnotherUser), which is counted. If clients have no user, the name is all that
//! protects them: whoever knows it becomes that client, reads all that waits for it, and closes the connection of the one who had it. So
//! make names that nobody can guess, and do not log them. [`dump`](crate::Hub::dump) shows a number instead; a recorded trace has the names.
//!
//! # Two connections with one session
//!
//! A peer often returns before the hub knows that its old connection is dead. By default
//! ([`SecondConnection::TakesOver`](crate::hub::SecondConnection::TakesOver)) the newer connection gets the client at once. [`Replaced`]
//! names the old one, which finishes the frame that it has begun and is closed with [`Cause::Replaced`](crate::hub::Cause::Replaced), so that
//! an old page knows not to connect again. No event about the old connection changes the client after that. The same holds for
//! [`CloseConnection`](crate::hub::Event::CloseConnection), by which a host ends a client for broken protocol on its connection.
//! Of two reservations of one session the newer one stays, and the host is asked to end the connection of the older one.
//!
//! # What leads to a grace, and what ends a client at once
//!
//! | the client goes away | the client ends at once |
//! | --- | --- |
//! | The transport ends or fails. | The application closes it. |
//! | The peer misses the write or the pong deadline. | It breaks the protocol, or a limit or an idle deadline closes it. |
//! | The peer ends its direction without a close frame. | Its handler does not answer, or its user's newer client evicts it. |
//! | The peer closes with 1001, as a browser does when its page is reloaded. ([`ended_by`](crate::hub::Sessions::ended_by) decides.) | The peer closes with 1000, without a code or with 3000 to 4999. (`ended_by` decides.) |
//! | | Its [authorisation](crate::hub::Event::SetExpiry) ends, also while it is away. |
//! | | The hub drains or shuts down: away clients end, and no client goes away. |
//! | | As many clients are away as the config allows. Counted in [`away_refused`](crate::hub::Stats::away_refused). |
//!
//! When the grace is over, the client leaves its rooms and ends with the reason "did not return in time". What happens first in the tick in which
//! the grace is over decides: an `Open` that comes before the `Timeout` finds the client.
//!
//! A connection that is reserved with an expiry of its own gives it to the client that it continues; else the client keeps the one that it has.
//! Questions that wait for a reply ([`Event::Ask`](crate::hub::Event::Ask)) are asked again on the new connection, or end, as each says.
//!
//! # What is lost and what is repeated
//!
//! An away client stays in its rooms and counts as a client of its user, not as a connection. Its outbox goes on under the same policy, within
//! [`sessions.messages`](crate::hub::Sessions::messages) and [`sessions.bytes`](crate::hub::Sessions::bytes). Its rates are not reset by a
//! return. What waits is written to the new connection first, in order, then what comes later. Precisely:
//!
//! - A message that was never leased, or that came back from a lease unwritten, is written exactly once, unless the policy drops it.
//! - A message that the transport took whole may be **lost**: it may have been in a buffer of the system when the connection died.
//! - A message that was on lease when the connection was lost, or of which only a part was written, is written whole to the new connection.
//!   If the peer had got it from the old one, it gets it **twice**. Such messages are consecutive, and they are the first that the new
//!   connection gets.
//! - Pings, pongs and close frames belong to a connection, and so do its deadlines. None of them waits for the next one.
//!
//! An application that needs each message exactly once numbers its messages and lets the peer ask for what is missing.
//!
//! When a connection is separated from its client while it can still be written to (a takeover, a close frame of the peer), the messages that
//! it has on lease or has begun count as queued once more in [`Stats::queued`](crate::hub::Stats::queued), since they are in two places.
//!
//! [`Away`]: crate::hub::Action::Away
//! [`Resumed`]: crate::hub::Action::Resumed
//! [`Replaced`]: crate::hub::Action::Replaced
//! [`Left`]: crate::hub::Action::Left
//! [`Connected`]: crate::hub::Action::Connected
