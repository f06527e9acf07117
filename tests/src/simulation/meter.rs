//! How many messages the hub hands to a wire, and whether that is within a rate.
//!
//! This is where it can be said exactly: what is on its way to a peer may bunch. A message counts at the moment at which the
//! last of its bytes is taken.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use throng_core::Rate;
use throng_runtime::simulation::engine::network::wires::Tap;

use super::lock;

/// A rate, as it can be calculated with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// So many messages,
    pub units: u32,
    /// in so many nanoseconds,
    pub period: u64,
    /// and so many at once.
    pub burst: u32,
}

/// What is asked of every wire.
#[derive(Debug)]
pub(super) struct Metering {
    pace: Option<Pace>,
    /// Nanoseconds by which the hub may take it for later than it is.
    behind: u64,
    /// One for each wire.
    meters: Vec<Arc<Mutex<Meter>>>,
}

impl Metering {
    pub(super) fn new(pace: Option<Pace>, behind: u64) -> Self {
        Self { pace, behind, meters: Vec::new() }
    }

    /// What looks at another wire.
    pub(super) fn begin(&mut self) -> Tap {
        let mut meter = Meter::new();
        meter.set_pace(self.pace, 0, self.behind);
        let meter = Arc::new(Mutex::new(meter));
        self.meters.push(Arc::clone(&meter));
        let wrong = || "more messages than the rate allows".to_owned();
        Box::new(move |bytes, now| (!lock(&meter).wrote(bytes, now)).then(wrong))
    }

    /// The hub writes at another pace from now on.
    pub(super) fn set_pace(&mut self, pace: Option<Pace>) {
        let last = std::mem::replace(&mut self.pace, pace);
        // What was leased before is still to be written.
        let besides = last.map_or(0, |last| last.burst);
        for meter in &self.meters {
            lock(meter).set_pace(pace, besides, self.behind);
        }
    }
}

/// What is looked at of one wire.
#[derive(Debug)]
pub(super) struct Meter {
    within: Within,
    allowed: Option<Allowed>,
    /// What is written is deflated on its way, so that as much as one lease may be under way when the hub takes it for written.
    is_layered: bool,
}

/// Where in the stream.
#[derive(Debug)]
enum Within {
    /// The answer to the request.
    Answer(Vec<u8>),
    /// No WebSocket follows.
    Refusal,
    Head(Vec<u8>),
    /// Of a message, if that counts, so many bytes.
    Payload(Kind, u64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Message,
    Control,
}

/// A bucket that is emptied by messages and fills as time passes; all in units times nanoseconds.
#[derive(Debug)]
struct Allowed {
    pace: Pace,
    full_at: u128,
    /// Beyond the burst.
    besides: u128,
}

impl Pace {
    pub(super) const fn rate(self) -> Rate {
        Rate::per(self.units, Duration::from_nanos(self.period)).burst(self.burst)
    }
}

impl Allowed {
    /// `besides`: messages; `behind`: nanoseconds by which the hub may take it for later than it is.
    fn new(pace: Pace, besides: u32, behind: u64) -> Self {
        let besides =
            u128::from(besides) * u128::from(pace.period) + u128::from(behind) * u128::from(pace.units);
        Self { pace, full_at: 0, besides }
    }

    /// One more message; whether it may be.
    fn take(&mut self, now: u64) -> bool {
        let now = u128::from(now) * u128::from(self.pace.units);
        self.full_at = self.full_at.max(now) + u128::from(self.pace.period);
        self.full_at - now <= u128::from(self.pace.burst) * u128::from(self.pace.period) + self.besides
    }
}

impl Meter {
    pub(super) fn new() -> Self {
        Self { within: Within::Answer(Vec::new()), allowed: None, is_layered: false }
    }

    /// This is the rate from now on. What is under way may be as much as `besides` messages.
    pub(super) fn set_pace(&mut self, pace: Option<Pace>, besides: u32, behind: u64) {
        self.allowed = pace.map(|pace| {
            let layered = if self.is_layered { pace.burst } else { 0 };
            Allowed::new(pace, besides + layered, behind)
        });
    }

    /// Bytes were written; whether as many messages may have been.
    pub(super) fn wrote(&mut self, mut bytes: &[u8], now: u64) -> bool {
        let mut is_within = true;
        while let Some((first, rest)) = bytes.split_first() {
            bytes = rest;
            match &mut self.within {
                Within::Refusal => return is_within,
                Within::Answer(answer) => {
                    answer.push(*first);
                    if answer.ends_with(b"\r\n\r\n") {
                        let answer = String::from_utf8_lossy(answer).into_owned();
                        self.answered(&answer);
                    }
                }
                Within::Head(head) => {
                    head.push(*first);
                    let Some(length) = payload(head) else { continue };
                    let kind = if head[0] & 0x08 == 0 { Kind::Message } else { Kind::Control };
                    self.within = Within::Payload(kind, length);
                }
                Within::Payload(_, left) => {
                    *left -= 1;
                    let at_once = bytes.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                    *left -= at_once as u64;
                    bytes = &bytes[at_once..];
                }
            }
            if let Within::Payload(kind, 0) = self.within {
                self.within = Within::Head(Vec::new());
                let allowed = self.allowed.as_mut().filter(|_| kind == Kind::Message);
                is_within &= allowed.is_none_or(|allowed| allowed.take(now));
            }
        }
        is_within
    }

    fn answered(&mut self, answer: &str) {
        self.within =
            if answer.starts_with("HTTP/1.1 101") { Within::Head(Vec::new()) } else { Within::Refusal };
        self.is_layered =
            answer.contains("permessage-deflate") && !answer.contains("server_no_context_takeover");
        if let (true, Some(allowed)) = (self.is_layered, &mut self.allowed) {
            allowed.besides += u128::from(allowed.pace.burst) * u128::from(allowed.pace.period);
        }
    }
}

/// How long the payload is, if this is the whole head of a server's frame.
fn payload(head: &[u8]) -> Option<u64> {
    match (*head.get(1)?, &head[2..]) {
        (126, rest) => Some(u16::from_be_bytes(*rest.first_chunk()?).into()),
        (127, rest) => Some(u64::from_be_bytes(*rest.first_chunk()?)),
        (length, _) => Some(length.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;
    const PACE: Pace = Pace { units: 2, period: SECOND, burst: 3 };

    /// Of a client that was let in.
    fn meter(pace: Pace) -> Meter {
        let mut meter = Meter::new();
        meter.set_pace(Some(pace), 0, 0);
        assert!(meter.wrote(b"HTTP/1.1 101 Switching Protocols\r\n\r\n", 0));
        meter
    }

    #[test]
    fn a_burst_may_pass_and_then_no_more_than_the_rate() {
        let mut meter = meter(PACE);
        let message = [0x82, 1, 0];
        assert!(meter.wrote(&[message, message, message].concat(), SECOND));
        assert!(!meter.wrote(&message, SECOND));
        // That one took its place all the same.
        assert!(meter.wrote(&message, 2 * SECOND));
        assert!(!meter.wrote(&message, 2 * SECOND));
    }

    #[test]
    fn control_frames_are_not_counted_and_nothing_depends_on_how_bytes_are_cut() {
        let mut meter = meter(Pace { burst: 1, ..PACE });
        let long = [&[0xc1, 126, 0, 200][..], &[0; 200], &[0x89, 0, 0x8a, 2, 0, 0]].concat();
        for piece in long.chunks(7) {
            assert!(meter.wrote(piece, 0));
        }
        assert!(!meter.wrote(&[0x81, 0], 0));
    }

    #[test]
    fn what_is_no_websocket_has_no_messages() {
        let mut meter = Meter::new();
        meter.set_pace(Some(Pace { burst: 1, ..PACE }), 0, 0);
        assert!(meter.wrote(b"HTTP/1.1 403 Forbidden\r\n\r\n\x81\x00\x81\x00\x81\x00", 0));
    }
}
