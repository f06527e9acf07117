//! The task of one open connection.

use crate::connection::answer;
use crate::connection::rare_state::RareState;
use crate::connection::serves::Serves;
use crate::connection::waiting_hook::WaitingHook;
use crate::handles::client::Client;
use crate::handshake::span::ConnectionSpan;
use crate::host::Report;
use crate::host::scratch::Scratch;
use crate::host::transport::Reader;
use crate::measure::What;
use crate::notice::hook::ClientError;
use crate::state::connection::{ConnectionShared, Ending};
use crate::state::last_input::LastInput;
use crate::state::member::Member;
use alloc::boxed::Box;
use alloc::sync::Arc;
use core::sync::atomic::Ordering;
use core::task::{Context, Poll, Waker, ready};
use std::io;
use throng_core::hub::{Event, Flush, Outcome, Verdict};
use throng_core::websocket::{Decoder, Item, Message, ProtocolError};
use throng_core::{CloseFrame, Instant, MessageKind};

/// Reads that fill the buffer before the task yields.
const FULL_READS: u32 = 4;

/// Bytes of a peer that are read after a write to it has failed, or as many as one message may have. No system holds more for a
/// socket, unless it is told to; a peer that sends more has not gone, but only broken its other direction.
const LAST_BYTES: u64 = 16 << 20;

/// Reads from one transport, decodes, asks the hub, and calls the application's hooks one after another.
pub(crate) struct Driver<R> {
    pub(crate) connection: Arc<ConnectionShared>,
    /// The client that the connection serves.
    pub(crate) client: Client,
    /// `None` once the transport has ended.
    pub(crate) reader: Option<R>,
    /// Kept while a message or a frame's head is incomplete.
    pub(crate) decoder: Option<Box<Decoder>>,
    /// Bytes that were read and cannot be handled yet.
    pub(crate) rest: Option<Box<Undecoded>>,
    /// The hook that waits.
    pub(crate) hook: Option<Box<WaitingHook>>,
    pub(crate) rare: Option<Box<RareState>>,
    /// Messages received, and their bytes.
    pub(crate) received: u64,
    pub(crate) received_bytes: u64,
    /// The waker that is registered with the hub's state.
    waker: Option<Waker>,
    pub(crate) phase: Phase,
    /// Whose hooks the task calls.
    pub(crate) serves: Serves,
    /// The hub's last notices, once the transport has ended.
    pub(crate) ending: Option<Box<Ending>>,
    is_paused: bool,
    /// Whether this task may write messages that its hooks send to their own client.
    answers: bool,
    /// Whether the hub was told that a hook runs.
    is_working: bool,
    pub(crate) has_mail: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    Open,
    /// The client is being closed. Only the peer's close frame still matters.
    Closing,
    /// The peer has sent its close frame or broken the protocol. Further input is read and discarded, so that our close
    /// frame arrives.
    Discarding,
    /// The peer has ended its sending direction. Queued messages are still written, until the hub asks for the end.
    Finished,
    /// The transport has ended; the client is away.
    Away,
    /// The transport has ended; the last notices remain.
    Ended,
}

/// Bytes that were read; those from `at` on are not decoded.
pub(crate) struct Undecoded {
    bytes: Box<[u8]>,
    at: usize,
}

impl<R: Reader> Driver<R> {
    /// The driver of a client that has just opened, or that continues on this connection. `decoder` has read what came before `rest`.
    pub(crate) fn new(
        connection: Arc<ConnectionShared>,
        client: Client,
        reader: R,
        rest: &[u8],
        decoder: Option<Box<Decoder>>,
        rare: Option<Box<RareState>>,
        serves: Serves,
    ) -> Self {
        let answers = !connection.shared.settings.batching.is_on();
        let mut driver = Self::attending(connection, client);
        (driver.reader, driver.decoder, driver.rest) = (Some(reader), decoder, Undecoded::of(rest));
        (driver.rare, driver.serves, driver.answers) = (rare, serves, answers);
        driver.phase = Phase::Open;
        driver
    }

    /// The driver of a client that is away since this connection has ended. It gets the client's service from the task of the connection.
    pub(crate) fn attending(connection: Arc<ConnectionShared>, client: Client) -> Self {
        Self {
            connection,
            client,
            reader: None,
            decoder: None,
            rest: None,
            hook: None,
            rare: None,
            received: 0,
            received_bytes: 0,
            waker: None,
            phase: Phase::Away,
            serves: Serves::Later,
            ending: None,
            is_paused: false,
            answers: false,
            is_working: false,
            has_mail: true,
        }
    }

    /// Checks whether the mailbox has something new, and whether the hub wants the transport ended or read again.
    fn check_mailbox(&mut self) {
        let connection = &self.connection;
        if !connection.has_notices.swap(false, Ordering::AcqRel) || self.reader.is_none() {
            return;
        }
        connection.has_urgent_notice.store(false, Ordering::Relaxed);
        self.has_mail = true;
        self.is_paused &= !connection.take_resumed();
        if connection.is_replaced() && self.serves == Serves::Client {
            self.serves = Serves::Lost;
        }
        if connection.is_aborted() {
            self.end();
        }
    }

    /// Tells the hub that a hook now prevents reading, or no longer does.
    pub(crate) fn work(&mut self, event: Event<'_>, is_working: bool) {
        if self.is_working != is_working && self.phase == Phase::Open {
            self.is_working = is_working;
            // The client may be closing already; then this does not matter.
            let _ = self.connection.shared.handle(event);
        }
    }

    /// Ends the transport. A hook that runs is dropped if its client ends with it.
    pub(crate) fn end(&mut self) {
        if matches!(self.phase, Phase::Away | Phase::Ended) {
            return;
        }
        self.end_connection();
        self.abandon_hook();
    }

    /// Decodes input as far as it can be handled now.
    fn decode_input(&mut self, input: &mut &mut [u8], cx: &mut Context<'_>) {
        // Everything from one read counts as arrived at the same time.
        let now = self.connection.shared.now();
        let mut decoder = match self.decoder.take() {
            Some(decoder) => *decoder,
            None => self.connection.decoder(),
        };
        self.decode(&mut decoder, input, now, cx);
        if matches!(self.phase, Phase::Open | Phase::Closing) {
            if !decoder.is_fresh() {
                self.decoder = Some(Box::new(decoder));
            }
        } else {
            *input = &mut [];
        }
    }

    fn decode(&mut self, decoder: &mut Decoder, input: &mut &mut [u8], now: Instant, cx: &mut Context<'_>) {
        let mut is_heard = false;
        while self.may_decode() {
            match decoder.decode(input) {
                Ok(Some(item)) => self.take_item(item, now, cx),
                Ok(None) if is_heard => return,
                Ok(None) => return self.heard(now),
                Err(error) => self.misbehaved(error),
            }
            is_heard = true;
        }
    }

    fn may_decode(&self) -> bool {
        if self.connection.is_urgent_notice_waiting()
            || self.hook.is_some()
            || self.rare.as_ref().is_some_and(|rare| rare.has_due() || rare.last.is_some())
        {
            return false;
        }
        match self.phase {
            Phase::Open => !self.is_paused && !self.connection.shared.snapshot.is_pressed(),
            Phase::Closing => true,
            Phase::Discarding | Phase::Finished | Phase::Away | Phase::Ended => false,
        }
    }

    /// Tells the hub that a part of a message has arrived, so that the peer counts as alive.
    fn heard(&mut self, now: Instant) {
        if self.phase == Phase::Open {
            let event = Event::Heard { connection: self.connection.id };
            let result = self.connection.shared.handle_at(now, event);
            if result.is_err() {
                self.begin_closing();
            }
        }
    }

    fn take_item(&mut self, item: Item, now: Instant, cx: &mut Context<'_>) {
        let is_open = self.phase == Phase::Open;
        let message = match item {
            Item::Message(message) if is_open => message,
            Item::Compressed { kind, payload } if is_open => match self.inflate(kind, &payload) {
                Ok(message) => message,
                Err(error) => return self.misbehaved(error),
            },
            control => return self.take_control(control, now),
        };
        self.take_message(message, now, cx);
    }

    fn take_control(&mut self, item: Item, now: Instant) {
        let (shared, connection) = (&self.connection.shared, self.connection.id);
        let is_open = self.phase == Phase::Open;
        let result = match item {
            Item::Close { code, reason } => return self.take_last(LastInput::Close { code, reason }),
            Item::Ping(payload) if is_open => {
                shared.handle_at(now, Event::Ping { connection, payload: &payload })
            }
            Item::Pong(_) if is_open => shared.handle_at(now, Event::Pong { connection }),
            _ => return,
        };
        if result.is_err() {
            self.begin_closing();
        }
    }

    fn inflate(&mut self, kind: MessageKind, payload: &[u8]) -> Result<Message, ProtocolError> {
        let shared = &self.connection.shared;
        let limit = shared.settings.config.decoder().max_message;
        let kept = self.rare.as_mut().and_then(|rare| rare.inflate(kind, payload, limit));
        kept.unwrap_or_else(|| shared.deflating.inflate(kind, payload, limit))
    }

    fn take_message(&mut self, message: Message, now: Instant, cx: &mut Context<'_>) {
        let (shared, connection) = (&self.connection.shared, self.connection.id);
        // A message is at most as long as the decoder's limit, a u32.
        let bytes = message.len() as u32;
        let kind = message.kind();
        // The event is made where it is handed over: made before, it is copied there field by field.
        let received = match shared.settings.events {
            None => shared.handle_at(now, Event::Received { connection, kind, bytes }),
            Some(_) => {
                let client = self.client.id();
                let event = Event::Received { connection, kind, bytes };
                shared.with_turn(None, now, |inner, now| inner.receive(now, client, event))
            }
        };
        let verdict = match received {
            Ok(Outcome::Verdict(verdict)) => verdict,
            // The client was closed meanwhile.
            _ => return self.begin_closing(),
        };
        self.received += 1;
        self.received_bytes += u64::from(bytes);
        if let Some(observing) = self.connection.shared.measuring(What::Message) {
            observing.tell(|observer| observer.received(bytes as usize));
        }
        match verdict {
            Verdict::Accept => {}
            Verdict::Pause { .. } => self.is_paused = true,
            Verdict::Drop => return,
            Verdict::Close => return self.begin_closing(),
            // The core adds no verdict without a change here.
            _ => debug_assert!(false, "{verdict:?}"),
        }
        // Most hooks finish at once; then the next message of the same read follows.
        self.handle(message, cx);
    }

    fn misbehaved(&mut self, error: ProtocolError) {
        if self.phase != Phase::Open {
            return self.discard();
        }
        let code = error.close_code();
        // The peer's earlier messages were valid, and their answers are queued: they are flushed first, so that their
        // arrival does not depend on how the bytes were cut.
        self.close_by_hub(&CloseFrame::new(code, error.name()), Flush::First);
        self.discard();
        self.note_error(ClientError::Protocol(error));
        self.connection.shared.counts.bad_input(error);
        self.connection.shared.report(Report::Misbehaved { client: self.client.id(), code: code.0 });
    }

    /// Reads once. Ready when input was handled or the transport has ended.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Read> {
        if let Some(mut rest) = self.rest.take() {
            let at = rest.at;
            let mut input = &mut rest.bytes[at..];
            self.decode_input(&mut input, cx);
            let left = input.len();
            rest.at = rest.bytes.len() - left;
            if left > 0 {
                self.rest = Some(rest);
            }
            return Poll::Ready(Read::Short);
        }
        let Some(reader) = &mut self.reader else { return Poll::Ready(Read::Short) };
        let mut scratch = Scratch::take();
        match ready!(reader.poll_read(cx, &mut scratch)) {
            Ok(0) => self.take_last(LastInput::End),
            // TLS reports a missing end of its own as an error, but the peer has only stopped sending.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                self.note_broken(error.kind());
                self.take_last(LastInput::End);
            }
            Err(error) => {
                self.note_broken(error.kind());
                self.break_off();
            }
            Ok(count) => {
                if self.connection.has_failed() && self.reaches_last_bytes(count) {
                    self.note_broken(io::ErrorKind::BrokenPipe);
                    self.end();
                    return Poll::Ready(Read::Short);
                }
                let is_full = count == scratch.len();
                let mut input = &mut scratch[..count];
                self.decode_input(&mut input, cx);
                self.rest = Undecoded::of(input);
                return Poll::Ready(if is_full { Read::Full } else { Read::Short });
            }
        }
        Poll::Ready(Read::Short)
    }

    /// Counts bytes that are read after a write has failed. Whether the limit is reached, so that nothing more is read.
    #[cold]
    fn reaches_last_bytes(&mut self, count: usize) -> bool {
        let message = self.connection.shared.settings.config.decoder().max_message;
        let rare = self.rare.get_or_insert_default();
        rare.last_bytes += count as u64;
        rare.last_bytes > LAST_BYTES.max(message.into())
    }

    fn note_broken(&mut self, kind: io::ErrorKind) {
        if self.phase == Phase::Open {
            self.note_error(ClientError::Transport(kind));
        }
    }

    /// Registers the task to wake when the mailbox has something. A host may poll with a different waker each time, but rarely does.
    fn register(&mut self, waker: &Waker) {
        if self.waker.as_ref().is_some_and(|known| known.will_wake(waker)) {
            return;
        }
        let connection = &self.connection;
        let old = connection.shared.with(|inner, _| inner.connection_state(connection.id)?.set_task(waker));
        drop((old, self.waker.replace(waker.clone())));
    }

    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(span) = self.rare.as_mut().and_then(|rare| rare.span.take()) else {
            return self.poll_turn(cx);
        };
        let polled = span.in_scope(|| self.poll_turn(cx));
        self.set_span(span);
        polled
    }

    /// Runs everything from here on within this span.
    pub(crate) fn set_span(&mut self, mut span: ConnectionSpan) {
        if let Some(span) = span.take() {
            self.rare.get_or_insert_default().span = span;
        }
    }

    fn poll_turn(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.register(cx.waker());
        let writes = self.answers && self.reader.as_ref().is_some_and(Reader::can_write);
        if !writes || self.connection.keeps_context() {
            return self.run_turn(cx);
        }
        // The turn is that of the client, which only the task with its service has.
        if self.serves != Serves::Client {
            return self.run_turn(cx);
        }
        self.member().turn.begin();
        let polled = self.run_turn(cx);
        if self.serves != Serves::Nobody && self.member().turn.end() {
            self.answer();
        }
        polled
    }

    /// Writes the messages that hooks have sent to their own client.
    fn answer(&self) {
        match &self.reader {
            Some(reader) => answer::write(&self.connection, self.member(), reader),
            // Without a transport nothing is written, but other tasks may have to be woken.
            None => self.connection.shared.with(|_, _| ()),
        }
    }

    fn run_turn(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut full_reads = 0;
        loop {
            self.check_mailbox();
            if self.serves != Serves::Client {
                ready!(self.poll_handover(cx));
            }
            ready!(self.poll_hook(cx));
            if self.tell_next(cx) {
                if self.hook.is_some() {
                    return Poll::Pending;
                }
                continue;
            }
            if self.rare.as_ref().is_some_and(|rare| rare.last.is_some()) {
                ready!(self.poll_last(cx));
                continue;
            }
            match self.phase {
                Phase::Ended => return Poll::Ready(()),
                Phase::Finished | Phase::Away => return Poll::Pending,
                Phase::Open | Phase::Closing | Phase::Discarding => {}
            }
            if self.is_paused && self.phase == Phase::Open {
                return Poll::Pending;
            }
            // An outbox is half full: messages published now might be dropped before the lanes have written.
            if self.phase == Phase::Open && self.connection.shared.snapshot.is_pressed() {
                self.yield_now(cx);
                return Poll::Pending;
            }
            if let Read::Full = ready!(self.poll_read(cx)) {
                full_reads += 1;
            }
            if full_reads == FULL_READS {
                self.yield_now(cx);
                return Poll::Pending;
            }
        }
    }

    fn yield_now(&self, cx: &mut Context<'_>) {
        match self.connection.shared.host() {
            Some(host) => host.yield_now(cx),
            None => cx.waker().wake_by_ref(),
        }
    }
}

/// Whether a read filled the buffer.
enum Read {
    Full,
    Short,
}

impl Undecoded {
    fn of(bytes: &[u8]) -> Option<Box<Self>> {
        (!bytes.is_empty()).then(|| Box::new(Self { bytes: bytes.into(), at: 0 }))
    }
}

impl<R> Driver<R> {
    pub(crate) fn member(&self) -> &Arc<Member> {
        &self.client.member
    }

    pub(crate) fn begin_closing(&mut self) {
        if self.phase == Phase::Open {
            self.phase = Phase::Closing;
        }
    }
}

impl<R> Drop for Driver<R> {
    /// A task that its host drops early leaves the hub like any other, but its client's hooks cannot run any more, unless the client is away.
    fn drop(&mut self) {
        self.give_up();
    }
}
