//! Playing a case against a server, and judging what came back.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use throng_tests::http::upgrade;
use throng_tests::raw::{CLOSE, Frame, PING, PONG, Raw, close, frame};
use throng_tests::wait::PATIENCE;

use crate::case::{
    BINARY_BEGINS, Case, Chop, ENDS, End, GOES_ON, NO_CODE, Need, Offer, Part, Said, TEXT_BEGINS,
    in_fragments,
};
use crate::deflate::Codec;

#[cfg(test)]
mod tests;

/// Set in the first byte of a compressed message.
const RSV1: u8 = 0x40;
/// A shorter message need not be deflated.
const SHORT: usize = 256;
/// How long a server must keep quiet.
const QUIET: Duration = Duration::from_millis(20);

/// What came of a case.
#[derive(Default)]
pub(crate) struct Outcome {
    said: Vec<Said>,
    /// So many things may be said.
    most: usize,
    /// The code of the server's close frame.
    closed: Option<u16>,
    /// The transport has ended.
    is_over: bool,
    /// It went wrong in a way that no case allows.
    broken: Option<String>,
    /// It failed the connection, but only once it had been sent more than was needed.
    is_late: bool,
    /// A message of which not all has come: how its first frame began, and what came of it.
    partial: Option<(u8, Vec<u8>)>,
    /// If compression was agreed on.
    codec: Option<Codec>,
    /// Something was not deflated that gets shorter so.
    is_long: bool,
    /// What comes gets shorter if it is deflated.
    shrinks: bool,
}

/// What an outcome is worth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Grade {
    /// What the RFC asks for, where it says "should", too.
    Best,
    /// Something else that the RFC allows.
    Legal,
    Wrong(String),
}

/// Plays a case. `late` is how long a server may take to fail a connection that it can already see to be wrong.
pub(crate) fn play(case: &Case, chop: Chop, address: SocketAddr, path: &str, late: Duration) -> Outcome {
    let mut outcome = Outcome { most: case.said.len(), shrinks: case.shrinks, ..Outcome::default() };
    let mut raw = match &case.offer {
        Some(offer) => outcome.open(offer, address, path),
        None => Raw::open(address, path),
    };
    if outcome.is_broken() {
        return outcome;
    }
    for part in &case.parts {
        match part {
            // A server that has failed the connection takes no more.
            Part::Send(bytes) if send(&mut raw, bytes, chop, &case.id).is_err() => break,
            Part::Send(_) => {}
            Part::Deflated { first, payload, fragment } => {
                let bytes = outcome.deflated(*first, payload, *fragment);
                if send(&mut raw, &bytes, chop, &case.id).is_err() {
                    break;
                }
            }
            Part::Hear(count) => {
                outcome.hear_until(&mut raw, PATIENCE, |outcome| outcome.said.len() >= *count);
            }
            Part::Quiet => outcome.hear_nothing(&mut raw),
            Part::FailsFast => {
                if outcome.ends(&mut raw, late) {
                    break;
                }
                outcome.is_late = true;
            }
        }
    }
    if case.end == End::ByClient {
        outcome.hear_until(&mut raw, PATIENCE, |outcome| outcome.said.len() >= case.said.len());
        let _ = raw.try_send(&close(1000, ""));
    }
    if !outcome.ends(&mut raw, PATIENCE) {
        outcome.breaks("it does not end");
    }
    if let (Some(code), End::Failed(_)) = (outcome.closed, case.end) {
        // A close frame is answered, and the server ends the transport (section 7.1.1).
        let _ = raw.try_send(&frame(CLOSE, &code.to_be_bytes()));
    }
    if !outcome.is_over {
        outcome.hear_until(&mut raw, PATIENCE, |_| false);
    }
    outcome
}

fn send(raw: &mut Raw, bytes: &[u8], chop: Chop, seed: &str) -> std::io::Result<()> {
    match chop {
        Chop::Whole => raw.try_send(bytes),
        Chop::Frames => {
            let mut rest = bytes;
            while !rest.is_empty() {
                let (frame, after) = rest.split_at(frame_len(rest).min(rest.len()));
                raw.try_send(frame)?;
                rest = after;
            }
            Ok(())
        }
        Chop::Every(octets) => bytes.chunks(octets).try_for_each(|piece| raw.try_send(piece)),
        Chop::Random => {
            // The same cuts in each run.
            let mut state = seed.bytes().fold(0x9e37_79b9_7f4a_7c15_u64, |state, byte| {
                (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
            });
            let mut rest = bytes;
            while !rest.is_empty() {
                state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
                let most = rest.len().min(3 + bytes.len() / 4) as u64;
                let (piece, after) = rest.split_at(1 + ((state >> 33) % most) as usize);
                raw.try_send(piece)?;
                rest = after;
            }
            Ok(())
        }
    }
}

/// Bytes of the frame that comes first; all there are if its head is cut off.
fn frame_len(bytes: &[u8]) -> usize {
    let long = |count: usize| {
        let len = bytes.get(2..2 + count)?;
        Some((len.iter().fold(0, |len, byte| len << 8 | usize::from(*byte)), 2 + count))
    };
    let head = bytes.get(1).and_then(|second| {
        let (payload, head) = match second & 0x7f {
            126 => long(2)?,
            127 => long(8)?,
            short => (usize::from(short), 2),
        };
        let mask = if second & 0x80 == 0 { 0 } else { 4 };
        Some(payload.saturating_add(head + mask))
    });
    head.unwrap_or(bytes.len())
}

impl Outcome {
    /// Opens a WebSocket with an offer, to which the server agrees or not.
    fn open(&mut self, offer: &Offer, address: SocketAddr, path: &str) -> Raw {
        let mut raw = Raw::connect(address);
        let end = format!("\r\nSec-WebSocket-Extensions: {}\r\n\r\n", offer.extensions);
        raw.send(upgrade(path).replacen("\r\n\r\n", &end, 1).as_bytes());
        let Some(response) = raw.response_head().filter(|response| response.status == 101) else {
            self.breaks("it opens no WebSocket");
            return raw;
        };
        let answers: Vec<_> = response
            .headers
            .iter()
            .filter(|(name, _)| name == "sec-websocket-extensions")
            .map(|(_, value)| value.as_str())
            .collect();
        match Codec::agreed(&offer.extensions, &answers) {
            Ok(codec) if codec.is_some() == offer.is_taken => self.codec = codec,
            Ok(_) => self.breaks(&format!("it answers {answers:?}")),
            Err(why) => self.breaks(&format!("{why}: {answers:?}")),
        }
        raw
    }

    /// A message as frames, as it was agreed.
    fn deflated(&mut self, first: u8, payload: &[u8], fragment: usize) -> Vec<u8> {
        match &mut self.codec {
            Some(codec) => in_fragments(first | RSV1, codec.deflate.deflate(payload).chunks(fragment)),
            None => frame(first, payload),
        }
    }

    /// Whether the server ends it, by a close frame or without.
    fn ends(&mut self, raw: &mut Raw, time: Duration) -> bool {
        self.listen(raw, time, |outcome| outcome.closed.is_some() || outcome.is_over)
    }

    fn hear_until(&mut self, raw: &mut Raw, time: Duration, is_enough: impl Fn(&Self) -> bool) {
        // A server that has ended it says no more.
        if !self.listen(raw, time, |outcome| outcome.is_over || is_enough(outcome)) {
            self.breaks("it says no more, and does not end");
        }
    }

    fn hear_nothing(&mut self, raw: &mut Raw) {
        let before = self.said.len();
        if self.ends(raw, QUIET) || self.said.len() > before {
            self.breaks("it speaks too early");
        }
    }

    /// Listens until it is enough; says whether it was in time.
    fn listen(&mut self, raw: &mut Raw, time: Duration, is_enough: impl Fn(&Self) -> bool) -> bool {
        let end = Instant::now() + time;
        while !is_enough(self) && !self.is_broken() {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            raw.patience(left);
            match raw.frame() {
                Ok(Some(frame)) => self.take(frame),
                Ok(None) => self.is_over = true,
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                Err(_) => self.is_over = true,
            }
        }
        true
    }

    fn take(&mut self, Frame { first, payload }: Frame) {
        if self.closed.is_some() {
            return self.breaks("it says something after its close frame");
        }
        if first & 0x08 != 0 && payload.len() > 125 {
            return self.breaks("a control frame is too long");
        }
        match first {
            CLOSE => self.closed = Some(self.code_of(&payload)),
            PONG => self.said.push(Said::Pong(payload)),
            PING => {}
            _ => self.fragment(first, payload),
        }
        if self.said.len() > self.most {
            self.breaks("it says too much");
        }
    }

    fn fragment(&mut self, first: u8, payload: Vec<u8>) {
        let all = match (self.partial.take(), first & !ENDS) {
            (None, begins @ (TEXT_BEGINS | BINARY_BEGINS)) => (begins, payload),
            // Only the first frame of a message says that it is deflated (RFC 7692 section 6).
            (None, begins)
                if self.codec.is_some() && matches!(begins ^ RSV1, TEXT_BEGINS | BINARY_BEGINS) =>
            {
                (begins, payload)
            }
            (None, GOES_ON) => return self.breaks("it continues nothing"),
            (Some((begun, mut all)), GOES_ON) => {
                all.extend_from_slice(&payload);
                (begun, all)
            }
            _ => return self.breaks("a frame makes no sense"),
        };
        if first & ENDS == 0 {
            self.partial = Some(all);
            return;
        }
        match (all, &mut self.codec) {
            ((begun, payload), Some(codec)) if begun & RSV1 != 0 => match codec.inflate.inflate(&payload) {
                Ok(message) => self.message(begun & !RSV1, message),
                Err(why) => self.breaks(&format!("it sends what was not agreed: {why}")),
            },
            ((begun, payload), codec) => {
                let can_deflate =
                    codec.as_ref().is_some_and(|codec| codec.inflate.is_in_reach(payload.len()));
                self.is_long |= self.shrinks && can_deflate && payload.len() >= SHORT;
                self.message(begun, payload);
            }
        }
    }

    fn is_broken(&self) -> bool {
        self.broken.is_some()
    }

    fn message(&mut self, kind: u8, payload: Vec<u8>) {
        if kind == BINARY_BEGINS {
            return self.said.push(Said::Binary(payload));
        }
        if str::from_utf8(&payload).is_err() {
            self.breaks("a text is not UTF-8");
        }
        self.said.push(Said::Text(payload));
    }

    fn code_of(&mut self, body: &[u8]) -> u16 {
        let Some((code, reason)) = body.split_first_chunk() else {
            if !body.is_empty() {
                self.breaks("a close frame has a body of one byte");
            }
            return NO_CODE;
        };
        if str::from_utf8(reason).is_err() {
            self.breaks("a reason is not UTF-8");
        }
        u16::from_be_bytes(*code)
    }

    fn breaks(&mut self, what: &str) {
        self.broken.get_or_insert_with(|| what.to_owned());
    }

    /// What it is worth.
    pub(crate) fn grade(&self, case: &Case) -> Grade {
        let wrong = |what: &str| {
            Grade::Wrong(format!(
                "{what}: {:?}, then {}",
                self.said,
                match self.closed {
                    Some(code) => format!("a close frame with {code}"),
                    None => "an end without a close frame".to_owned(),
                }
            ))
        };
        if let Some(broken) = &self.broken {
            return wrong(broken);
        }
        let is_all = self.said == case.said || case.need == Need::AllOrNothing && self.said.is_empty();
        let is_first = |codes: &[u16]| self.closed == codes.first().copied();
        let is_any = |codes: &[u16]| self.closed.is_some_and(|code| codes.contains(&code));
        match case.end {
            End::ByClient if !is_all => wrong("not what was expected"),
            End::ByClient if is_first(&[1000]) && self.is_long => Grade::Legal,
            End::ByClient if is_first(&[1000]) => Grade::Best,
            End::Answered(_) if !is_all => wrong("not what was expected"),
            End::Answered(codes) if is_first(codes) => Grade::Best,
            End::Answered(codes) if is_any(codes) => Grade::Legal,
            End::Failed(codes) if is_all && is_first(codes) && !self.is_late => Grade::Best,
            // Whoever drops the connection may take with it what has not arrived yet.
            End::Failed(codes)
                if case.said.starts_with(&self.said) && (self.closed.is_none() || is_any(codes)) =>
            {
                Grade::Legal
            }
            _ => wrong("not how it should end"),
        }
    }
}
