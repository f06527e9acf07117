//! What is due when: the connect command, pings and pongs, the end of the token.

use super::limits::Options;
use crate::time::Instant;
use core::time::Duration;

/// A timer that comes so much late shows that the process stood still: what the client has sent may not be read yet.
const LATE: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(super) struct Timers {
    /// Set until the client has connected.
    connect: Option<Instant>,
    ping: Option<Instant>,
    /// Set while a ping is not answered.
    pong: Option<Instant>,
    expiry: Option<Instant>,
}

/// What is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    Connect,
    Ping,
    Pong,
    Expiry,
}

impl Timers {
    pub(super) const fn new(connect: Instant) -> Self {
        Self { connect: Some(connect), ping: None, pong: None, expiry: None }
    }

    pub(super) fn open(&mut self, now: Instant, options: &Options, first_ping: Duration) {
        self.connect = None;
        self.ping = (!options.ping.is_zero()).then(|| now + first_ping.min(options.ping));
    }

    pub(super) const fn expire(&mut self, at: Option<Instant>) {
        self.expiry = at;
    }

    /// A pong has arrived. Returns whether one was due.
    pub(super) const fn pong(&mut self) -> bool {
        self.pong.take().is_some()
    }

    pub(super) fn next(&self) -> Option<Instant> {
        [self.connect, self.ping, self.pong, self.expiry].into_iter().flatten().min()
    }

    /// The next of what is due; to be called until there is nothing.
    pub(super) fn due(&mut self, now: Instant, options: &Options) -> Option<Due> {
        for (timer, time, due) in
            [(&mut self.connect, options.connect, Due::Connect), (&mut self.pong, options.pong, Due::Pong)]
        {
            let Some(at) = *timer else { continue };
            if at <= now && now.since(at) > LATE {
                // The client has its time again.
                *timer = Some(now + time);
            } else if at <= now {
                *timer = None;
                return Some(due);
            }
        }
        if self.expiry.is_some_and(|at| at <= now) {
            self.expiry = None;
            return Some(Due::Expiry);
        }
        if self.ping.is_some_and(|at| at <= now) {
            self.ping = Some(now + options.ping);
            // A client that has not answered the last ping has its deadline already.
            self.pong = self.pong.or(Some(now + options.pong));
            return Some(Due::Ping);
        }
        None
    }
}
