//! A peer at the other end of a wire: it speaks RFC 6455, until it does not.

use std::collections::VecDeque;

use fastrand::Rng;
use http::HeaderMap;
use throng_core::websocket::encode::{
    encode_client_close, encode_client_fragments, encode_client_message, encode_client_ping,
    encode_client_pong,
};
use throng_core::websocket::handshake::{ClientHandshake, ClientHandshakeError};
use throng_core::websocket::{ControlPayload, Decoder, Item, Limits, Message};
use throng_core::{CloseCode, MessageKind};
use throng_runtime::simulation::engine::executor::TaskId;
use throng_runtime::simulation::engine::network::pipe::End;

use super::chance;
use super::compression::{Codec, Offer};
use super::plan::{Act, MILLI, ROOMS, USERS};
use super::scene::{Due, Scene};
use super::speech::{self, Command, Verb};
use super::violation::Violation;

/// A peer with more than so many unsent bytes says nothing more.
const BACKLOG: usize = 16 << 10;
/// So often a peer keeps a hook busy, each time for less than so many milliseconds.
const HANGS: u32 = 3;
const HANG: u64 = 4_000;
/// Bytes of a frame that several messages share.
const MOST_SHARED: usize = 4 << 10;
/// In the first byte of a message that is deflated (RFC 7692 section 6).
const RSV1: u8 = 0x40;

pub(super) struct Peer {
    pub(super) serial: usize,
    pub(super) wire: usize,
    pub(super) task: TaskId,
    pub(super) stage: Stage,
    /// What did not fit into the wire.
    pub(super) out: VecDeque<u8>,
    decoder: Decoder,
    pub(super) offer: Option<Offer>,
    /// What compression was agreed on.
    codec: Option<Box<Codec>>,
    /// Messages said so far.
    pub(super) said: u64,
    hangs: u32,
    pub(super) pings: u64,
    pub(super) last_pong: u64,
    /// The hub's close frame.
    pub(super) closed: Option<Option<CloseCode>>,
    pub(super) sent_close: bool,
    /// It has ended or reset its direction.
    pub(super) has_ended: bool,
    /// How it ends its direction, when all that it said is on its way.
    pub(super) last: Option<End>,
    /// It says nothing more and reads on.
    pub(super) has_finished: bool,
    /// When it ended its direction so, and when it saw the end of the other one.
    finished_at: Option<u64>,
    over_at: Option<u64>,
    /// It is gone as soon as it has said all, and reads nothing any more.
    pub(super) is_leaving: bool,
    pub(super) has_vanished: bool,
    /// It reads nothing for a while.
    pub(super) is_stalled: bool,
    /// It answers nothing any more.
    pub(super) is_mute: bool,
    /// It broke the protocol.
    has_violated: bool,
    /// It reads so many bytes, every so many nanoseconds.
    pub(super) pace: Option<(usize, u64)>,
    /// Since when something waits for it in the hub, if it is a trickler.
    pub(super) behind_since: Option<u64>,
    reads_later: bool,
}

/// How a message came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Variant {
    Plain,
    Deflated,
}

pub(super) enum Stage {
    /// What it sends is no request that can ever be granted.
    Hopeless,
    Asking(ClientHandshake),
    Open,
    /// Answered with this HTTP status.
    Refused(u16),
    /// The wire has ended.
    Over,
}

impl Peer {
    pub(super) fn new(serial: usize, wire: usize, task: TaskId, stage: Stage, out: Vec<u8>) -> Self {
        Self {
            serial,
            wire,
            task,
            stage,
            out: out.into(),
            decoder: Decoder::client(Limits::default()),
            offer: None,
            codec: None,
            said: 0,
            hangs: 0,
            pings: 0,
            last_pong: 0,
            closed: None,
            sent_close: false,
            has_ended: false,
            last: None,
            has_finished: false,
            finished_at: None,
            over_at: None,
            is_leaving: false,
            has_vanished: false,
            is_stalled: false,
            is_mute: false,
            has_violated: false,
            pace: None,
            behind_since: None,
            reads_later: false,
        }
    }

    /// As far as it knows it is a client, and it does what a client should.
    pub(super) fn is_live(&self) -> bool {
        matches!(self.stage, Stage::Open)
            && self.closed.is_none()
            && !(self.sent_close
                || self.has_finished
                || self.has_ended
                || self.has_vanished
                || self.is_mute
                || self.has_violated)
    }

    /// Nothing more will come of it.
    pub(super) fn is_over(&self) -> bool {
        self.has_vanished || matches!(self.stage, Stage::Over | Stage::Refused(_))
    }

    /// Whether it ended its direction, and the other one ended within such a time without a close frame.
    pub(super) fn is_cut_off_within(&self, nanos: u64) -> bool {
        let is_over = self.finished_at.zip(self.over_at).is_some_and(|(from, to)| to < from + nanos);
        is_over && self.closed.is_none()
    }

    pub(super) fn flush(&mut self, scene: &Scene) {
        if !(self.has_vanished || self.has_ended) {
            scene.network.send(self.wire, &mut self.out);
            if let Some(end) = self.last.take_if(|_| self.out.is_empty()) {
                self.finish(scene, end);
                self.has_vanished = end == End::Gone;
                self.finished_at = (end == End::Finished).then(|| scene.clock.now());
            }
        }
    }

    /// Something arrived.
    pub(super) fn read(&mut self, scene: &mut Scene) {
        if self.has_vanished || self.is_stalled || self.is_leaving {
            return;
        }
        let Some((bytes, every)) = self.pace else { return self.read_some(scene, usize::MAX) };
        if !std::mem::replace(&mut self.reads_later, true) {
            self.read_some(scene, bytes);
            scene.network.put(scene.clock.now() + every, Due::Read(self.wire));
        }
    }

    pub(super) fn read_later(&mut self, scene: &mut Scene) {
        self.reads_later = false;
        if scene.network.unread_by_peer(self.wire) > 0 {
            self.read(scene);
        }
    }

    /// It does not stall any more.
    pub(super) fn resume(&mut self, scene: &mut Scene) {
        self.is_stalled = false;
        self.read(scene);
    }

    /// It reads as fast as it can from now on.
    pub(super) fn calm_down(&mut self, scene: &mut Scene) {
        self.pace = None;
        self.resume(scene);
    }

    fn read_some(&mut self, scene: &mut Scene, most: usize) {
        let (mut bytes, end) = scene.network.read(self.wire, most);
        let mut input = &mut bytes[..];
        while !input.is_empty() {
            match &mut self.stage {
                Stage::Hopeless => input = &mut [],
                Stage::Asking(handshake) => match handshake.receive(&mut input) {
                    Ok(None) => {}
                    Ok(Some(response)) => self.open(response.headers(), scene),
                    Err(ClientHandshakeError::Refused(status)) => {
                        self.stage = Stage::Refused(status.as_u16());
                        scene.ledger().see("refused", self.serial, status.as_u16());
                        input = &mut [];
                    }
                    Err(error) => {
                        scene.ledger().violation(format!("peer {}: {error}", self.serial));
                        return;
                    }
                },
                Stage::Open if self.closed.is_some() => {
                    let what = format!("peer {}: {} bytes after the close frame", self.serial, input.len());
                    scene.ledger().violation(what);
                    return;
                }
                Stage::Open => match self.decoder.decode(&mut input) {
                    Ok(Some(item)) => self.take(item, scene),
                    Ok(None) => {}
                    Err(error) => {
                        scene.ledger().violation(format!("peer {}: the hub sends: {error}", self.serial));
                        return;
                    }
                },
                Stage::Refused(_) | Stage::Over => input = &mut [],
            }
        }
        if let Some(end) = end {
            self.ended(end, scene);
        }
        self.flush(scene);
    }

    fn open(&mut self, headers: &HeaderMap, scene: &Scene) {
        self.stage = Stage::Open;
        let Some((offer, compressing)) = self.offer.zip(scene.plan.compressing.as_ref()) else { return };
        match offer.answered(headers, compressing) {
            Ok(None) => {}
            Ok(Some(codec)) => {
                self.decoder = Codec::decoder();
                self.codec = Some(Box::new(codec));
            }
            Err(wrong) => scene.ledger().violation(format!("peer {}: {wrong}", self.serial)),
        }
    }

    fn ended(&mut self, end: End, scene: &mut Scene) {
        scene.ledger().see("end", self.serial, end == End::Reset);
        self.over_at = Some(scene.clock.now());
        if !matches!(self.stage, Stage::Refused(_)) {
            self.stage = Stage::Over;
        }
        self.out.clear();
        if end == End::Finished {
            self.finish(scene, End::Finished);
        }
        self.has_ended = true;
    }

    pub(super) fn finish(&mut self, scene: &Scene, end: End) {
        if !std::mem::replace(&mut self.has_ended, true) {
            scene.network.end(self.wire, end);
        }
    }

    fn take(&mut self, item: Item, scene: &mut Scene) {
        let serial = self.serial;
        match item {
            Item::Message(message) => self.hear_frame(&message, Variant::Plain, scene),
            Item::Compressed { kind, payload } => {
                let inflated = self.codec.as_mut().map(|codec| codec.inflate(kind, &payload));
                match inflated {
                    Some(Ok(message)) => self.hear_frame(&message, Variant::Deflated, scene),
                    wrong => scene.ledger().violation(format!("peer {serial} received {wrong:?}")),
                }
            }
            Item::Ping(payload) if !(self.is_mute || self.has_violated || self.sent_close) => {
                self.pong(&payload, scene);
            }
            Item::Pong(payload) => {
                let number = std::str::from_utf8(&payload).ok().and_then(|text| text.parse().ok());
                let number = number.unwrap_or_default();
                scene.ledger().require(number > self.last_pong && number <= self.pings, || {
                    format!("peer {serial}: pong {number} after {}", self.last_pong)
                });
                self.last_pong = number;
            }
            Item::Close { code, .. } => {
                scene.ledger().see("closed", serial, code);
                self.closed = Some(code);
                if !(self.sent_close || self.is_mute || self.has_violated) {
                    self.say_close(code, scene);
                }
            }
            _ => {}
        }
    }

    /// A frame is a message, or several lines of which each is one.
    fn hear_frame(&self, frame: &Message, variant: Variant, scene: &Scene) {
        let is_kept = self.codec.as_ref().is_some_and(|codec| codec.is_kept);
        // What is deflated for all is deflated by itself.
        let may_share = scene.plan.coalesces && (variant == Variant::Plain || is_kept);
        match frame {
            Message::Text(text) if may_share && speech::id_of(frame).is_none() => {
                let lines = text.split('\n').map(|line| Message::Text(line.into()));
                let count = lines.map(|line| self.hear(&line, variant, !is_kept, scene)).count() as u64;
                let mut ledger = scene.ledger();
                ledger.accounts[self.serial].joined += count;
                let len = text.len();
                ledger.require(len <= MOST_SHARED, || format!("{count} messages share {len} bytes"));
            }
            _ => self.hear(frame, variant, true, scene),
        }
    }

    /// `is_itself`: whether it was deflated, or not, for itself.
    fn hear(&self, message: &Message, variant: Variant, is_itself: bool, scene: &Scene) {
        let (serial, mut ledger) = (self.serial, scene.ledger());
        let Some(id) = speech::id_of(message) else {
            return ledger.violation(format!("peer {serial} received a damaged {message:?}"));
        };
        ledger.received(serial, id);
        ledger.accounts[serial].deflated += u64::from(variant == Variant::Deflated);
        let must_deflate =
            |codec: &Codec| speech::is_redundant(id, message.len()) && codec.must_deflate(message.len());
        let is_right =
            variant == Variant::Deflated || !is_itself || !self.codec.as_deref().is_some_and(must_deflate);
        ledger.require(is_right, || format!("peer {serial} received message {id} as it is"));
    }

    fn write(&mut self, encode: impl FnOnce([u8; 4], &mut Vec<u8>), rng: &mut Rng) {
        let mut bytes = Vec::new();
        encode(rng.u32(..).to_be_bytes(), &mut bytes);
        self.out.extend(bytes);
    }

    pub(super) fn say_close(&mut self, code: Option<CloseCode>, scene: &mut Scene) {
        self.sent_close = true;
        self.write(|key, out| encode_client_close(code, "bye", key, out), &mut scene.rng);
    }

    pub(super) fn pong(&mut self, payload: &ControlPayload, scene: &mut Scene) {
        scene.ledger().accounts[self.serial].controls += 1;
        self.write(|key, out| encode_client_pong(payload, key, out), &mut scene.rng);
    }

    pub(super) fn ping(&mut self, scene: &mut Scene) {
        self.pings += 1;
        scene.ledger().accounts[self.serial].controls += 1;
        let payload = ControlPayload::new(self.pings.to_string().into_bytes()).unwrap_or_default();
        self.write(|key, out| encode_client_ping(&payload, key, out), &mut scene.rng);
    }

    /// Asks the application for something.
    pub(super) fn say(&mut self, verb: Verb, whom: u64, size: u64, scene: &mut Scene) {
        self.said += 1;
        let policy = if chance(&mut scene.rng, scene.plan.acts.policies) { scene.rng.u64(1..8) } else { 0 };
        let mut text = Command { number: self.said, verb, whom, size, policy }.to_string();
        let longest = scene.plan.config.outbox.message_bytes as usize;
        // What is short does not get shorter.
        if chance(&mut scene.rng, if self.codec.is_some() { 400 } else { 100 }) {
            let filled = scene.rng.usize(..=longest.min(4_000)).max(text.len());
            text.push(' ');
            speech::fill(&mut text, self.said, 300, filled);
            text.truncate(longest);
        }
        scene.ledger().says(self.serial, text.len());
        let kind = if chance(&mut scene.rng, 200) { MessageKind::Binary } else { MessageKind::Text };
        let deflated = self.deflate(text.as_bytes(), scene);
        let payload = deflated.as_deref().unwrap_or(text.as_bytes());
        let mut bytes = Vec::new();
        if chance(&mut scene.rng, scene.plan.acts.fragments) {
            let piece = scene.rng.usize(1..=payload.len());
            let rng = &mut scene.rng;
            let keys = || rng.u32(..).to_be_bytes();
            encode_client_fragments(kind, payload, piece, keys, &mut bytes);
        } else {
            encode_client_message(kind, payload, scene.rng.u32(..).to_be_bytes(), &mut bytes);
        }
        if deflated.is_some() {
            bytes[0] |= RSV1;
        }
        self.out.extend(bytes);
    }

    /// Now and then, if it is agreed on.
    fn deflate(&mut self, payload: &[u8], scene: &mut Scene) -> Option<Vec<u8>> {
        let codec = self.codec.as_mut()?;
        let share = scene.plan.compressing.as_ref()?.deflates;
        chance(&mut scene.rng, share).then(|| codec.deflate(payload, &scene.compressor))?
    }

    /// One of those that this peer can commit.
    pub(super) fn choose_violation(&self, rng: &mut Rng) -> Violation {
        let all = if self.codec.is_some() { &Violation::COMPRESSED[..] } else { &Violation::ALL };
        all[rng.usize(..all.len())]
    }

    /// Breaks the protocol, and goes on sending nonsense.
    pub(super) fn violate(&mut self, violation: Violation, scene: &mut Scene) {
        self.has_violated = true;
        scene.ledger().violates(self.serial, violation.answer());
        self.out.extend(violation.bytes(scene.plan.config.outbox.message_bytes));
        let nonsense = scene.rng.usize(..2_000);
        self.out.extend((0..nonsense).map(|_| scene.rng.u8(..)));
    }

    /// Does one thing of those that the plan allows. Says whether its task is to be dropped.
    pub(super) fn act(&mut self, scene: &mut Scene) -> bool {
        if !self.is_live() || self.out.len() > BACKLOG {
            return false;
        }
        let act = scene.plan.acts.choose(&mut scene.rng);
        let verb = match act {
            Act::Join => Some(Verb::Join),
            Act::Leave => Some(Verb::Leave),
            Act::LeaveAll => Some(Verb::LeaveAll),
            Act::Say => Some(Verb::Say),
            Act::Two => Some(Verb::Two),
            Act::All => Some(Verb::All),
            Act::User => Some(Verb::User),
            Act::Echo => Some(Verb::Echo),
            Act::Wait => Some(Verb::Wait),
            Act::Rename => Some(Verb::Rename),
            Act::Bye => Some(Verb::Bye),
            Act::Kick => Some(Verb::Kick),
            Act::Hang => Some(Verb::Hang),
            Act::Panic => Some(Verb::Panic),
            _ => None,
        };
        match verb {
            // Else its hooks would keep it alive for long after it has vanished.
            Some(Verb::Hang) if self.hangs == HANGS => {}
            Some(verb) => {
                self.hangs += u32::from(verb == Verb::Hang);
                let whom = match verb {
                    Verb::Kick => scene.rng.usize(..scene.plan.peers) as u64,
                    Verb::User | Verb::Rename => scene.rng.u64(..=USERS),
                    _ => scene.rng.u64(..ROOMS),
                };
                let size = match verb {
                    Verb::Hang => scene.rng.u64(..HANG),
                    _ => scene.rng.u64(scene.plan.acts.message.clone()),
                };
                self.say(verb, whom, size, scene);
            }
            None => self.misbehave(act, scene),
        }
        self.flush(scene);
        act == Act::Cancel
    }

    /// Nanoseconds until its next act.
    pub(super) fn pause(scene: &mut Scene) -> u64 {
        scene.rng.u64(scene.plan.pause.clone()).max(MILLI / 10)
    }
}
