//! A link: commands to NATS, and what NATS sends.

use super::info::Info;
use super::protocol::{Operation, Parsed, parse};
use crate::broker::address::Address;
use crate::broker::socket::{Reader, Stream, Writer};
use bytes::{Buf, BufMut, Bytes, BytesMut};
use core::fmt;
use core::future::poll_fn;
use core::task::{Context, Poll, Waker};
use std::collections::{HashMap, VecDeque};
use std::io::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use throng_runtime::cluster::{BrokerError, Command, Delivery, Receiver, Sender, Subject};

/// What one receive hands in at most.
const BATCH: usize = 256;
/// How many answers to PING may wait to be written.
const ANSWERS: usize = 1_000;

/// What both halves use.
struct Shared {
    state: Mutex<State>,
}

/// The half that receives writes, too: it answers the server's PING. The lock is held while polling, not while waiting.
struct State {
    writer: Writer,
    /// Whether a send waits until all is written. Then it writes whatever comes after it, too.
    is_sending: bool,
    broken: Option<BrokerError>,
    /// Of the half that receives: the connection does not end with the half that sends.
    waker: Option<Waker>,
    /// Messages that were too long to be sent.
    dropped: u64,
    max_payload: usize,
    /// Answers to PING that are not written yet.
    answers: usize,
    /// The subscriptions that each PONG to come confirms.
    pings: VecDeque<Vec<Subject>>,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The first reason stays.
    fn fail(&self, why: BrokerError) -> BrokerError {
        self.state().broken.get_or_insert(why).clone()
    }
}

/// The half of a link to NATS that sends. A batch is sent when it was handed to the system; that the server has refused it is learned
/// by the half that receives.
pub struct NatsSender {
    shared: Arc<Shared>,
    address: String,
    /// The number of each subscription.
    numbers: HashMap<Subject, u64>,
    next: u64,
}

/// The half of a link to NATS that receives. One receive hands in at most about 256 deliveries.
pub struct NatsReceiver {
    shared: Arc<Shared>,
    address: String,
    reader: Reader,
    message_bytes: usize,
    needed: usize,
    /// Confirmed subscriptions that did not fit into a batch.
    confirmed: VecDeque<Subject>,
}

/// The halves of a link over a connection that is logged in.
pub(super) fn link(
    address: &Address,
    stream: Stream,
    max_payload: usize,
    message_bytes: usize,
) -> (NatsSender, NatsReceiver) {
    let Stream { reader, writer } = stream;
    let state = State {
        writer,
        is_sending: false,
        broken: None,
        waker: None,
        dropped: 0,
        max_payload,
        answers: 0,
        pings: VecDeque::new(),
    };
    let (shared, address) = (Arc::new(Shared { state: Mutex::new(state) }), address.to_string());
    let sender = NatsSender {
        shared: Arc::clone(&shared),
        address: address.clone(),
        numbers: HashMap::new(),
        next: 1,
    };
    let receiver =
        NatsReceiver { shared, address, reader, message_bytes, needed: 0, confirmed: VecDeque::new() };
    (sender, receiver)
}

impl Sender for NatsSender {
    async fn send(&mut self, commands: &mut Vec<Command>) -> Result<(), BrokerError> {
        self.write(commands)?;
        let shared = Arc::clone(&self.shared);
        let flushed = poll_fn(|cx| {
            let mut state = shared.state();
            let flushed = state.writer.poll_flush(cx);
            state.is_sending = flushed.is_pending();
            if flushed.is_ready() {
                state.answers = 0;
            }
            flushed
        });
        flushed.await.map_err(|error| {
            let address = &self.address;
            self.shared.fail(BrokerError::new(format_args!("write to NATS at {address}: {error}")))
        })
    }
}

impl NatsSender {
    fn write(&mut self, commands: &mut Vec<Command>) -> Result<(), BrokerError> {
        let mut state = self.shared.state();
        if let Some(why) = &state.broken {
            return Err(why.clone());
        }
        let State { writer, max_payload, dropped, pings, .. } = &mut *state;
        let mut subscribed = Vec::new();
        for command in commands.drain(..) {
            match command {
                Command::Subscribe(subject) => {
                    // A second subscription would have NATS send each message twice.
                    if !self.numbers.contains_key(&subject) {
                        line(&mut writer.out, format_args!("SUB {subject} {}\r\n", self.next));
                        self.numbers.insert(subject.clone(), self.next);
                        self.next += 1;
                    }
                    subscribed.push(subject);
                }
                Command::Unsubscribe(subject) => {
                    if let Some(number) = self.numbers.remove(&subject) {
                        line(&mut writer.out, format_args!("UNSUB {number}\r\n"));
                    }
                }
                Command::Publish { payload, .. } if payload.len() > *max_payload => *dropped += 1,
                Command::Publish { subject, payload } => {
                    line(&mut writer.out, format_args!("PUB {subject} {}\r\n", payload.len()));
                    writer.out.put_slice(&payload);
                    writer.out.put_slice(b"\r\n");
                }
            }
        }
        if !subscribed.is_empty() {
            writer.out.put_slice(b"PING\r\n");
            pings.push_back(subscribed);
        }
        state.is_sending = true;
        Ok(())
    }
}

fn line(out: &mut BytesMut, line: fmt::Arguments<'_>) {
    // A buffer takes all there is.
    let _ = out.writer().write_fmt(line);
}

impl Drop for NatsSender {
    fn drop(&mut self) {
        self.shared.fail(BrokerError::new("the sending half of the link was dropped"));
        let waker = self.shared.state().waker.take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl fmt::Debug for NatsSender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NatsSender").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Receiver for NatsReceiver {
    async fn receive(&mut self, into: &mut Vec<Delivery>) -> Result<(), BrokerError> {
        poll_fn(|cx| self.poll_receive(cx, into)).await.map_err(|why| self.shared.fail(why))
    }
}

impl NatsReceiver {
    fn poll_receive(
        &mut self,
        cx: &mut Context<'_>,
        into: &mut Vec<Delivery>,
    ) -> Poll<Result<(), BrokerError>> {
        let enough = into.len() + BATCH;
        let before = into.len();
        {
            let mut state = self.shared.state();
            if let Some(why) = &state.broken {
                return Poll::Ready(Err(why.clone()));
            }
            match core::mem::take(&mut state.dropped) {
                0 => {}
                messages => into.push(Delivery::Dropped { messages }),
            }
            if !state.waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
                state.waker = Some(cx.waker().clone());
            }
        }
        loop {
            self.take(enough, into)?;
            if into.len() >= enough {
                return Poll::Ready(Ok(()));
            }
            match self.reader.poll_fill(cx, self.needed) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(error)) => {
                    let address = &self.address;
                    return Poll::Ready(Err(BrokerError::new(format_args!(
                        "read from NATS at {address}: {error}"
                    ))));
                }
                Poll::Pending => break,
            }
        }
        self.poll_answer(cx)?;
        if into.len() > before { Poll::Ready(Ok(())) } else { Poll::Pending }
    }

    /// Writes the answers to PING, unless a send does.
    fn poll_answer(&self, cx: &mut Context<'_>) -> Result<(), BrokerError> {
        let mut state = self.shared.state();
        if state.is_sending || state.writer.out.is_empty() {
            return Ok(());
        }
        match state.writer.poll_flush(cx) {
            Poll::Ready(Err(error)) => {
                let address = &self.address;
                Err(BrokerError::new(format_args!("write to NATS at {address}: {error}")))
            }
            Poll::Ready(Ok(())) => {
                state.answers = 0;
                Ok(())
            }
            // What is left is written with the next batch, or when there is place.
            Poll::Pending => Ok(()),
        }
    }

    /// Takes operations out of the buffer, until it has no whole one, or enough was handed in.
    fn take(&mut self, enough: usize, into: &mut Vec<Delivery>) -> Result<(), BrokerError> {
        while into.len() < enough {
            if let Some(subject) = self.confirmed.pop_front() {
                into.push(Delivery::Subscribed(subject));
                continue;
            }
            let (operation, length) = match parse(&self.reader.buffer, self.message_bytes) {
                Ok(Parsed::Whole(operation, length)) => (operation, length),
                Ok(Parsed::Needs(needed)) => {
                    self.needed = needed;
                    return Ok(());
                }
                Err(bad) => {
                    let address = &self.address;
                    return Err(BrokerError::new(format_args!("NATS at {address} has sent {}", bad.0)));
                }
            };
            see(&operation, &self.address, &self.shared, &mut self.confirmed, into)?;
            self.reader.buffer.advance(length);
        }
        Ok(())
    }
}

fn see(
    operation: &Operation<'_>,
    address: &str,
    shared: &Shared,
    confirmed: &mut VecDeque<Subject>,
    into: &mut Vec<Delivery>,
) -> Result<(), BrokerError> {
    match operation {
        Operation::Message { subject, payload } => {
            let text = core::str::from_utf8(subject).ok();
            let known = text.and_then(|text| Subject::new(text).ok()).ok_or_else(|| {
                let subject = String::from_utf8_lossy(subject);
                BrokerError::new(format_args!(
                    "NATS at {address} names a subject {subject:?} that was not asked for"
                ))
            })?;
            // A copy: the buffer is used again, and a short message must not keep all of it.
            into.push(Delivery::Message { subject: known, payload: Bytes::copy_from_slice(payload) });
        }
        Operation::Ping => {
            let mut state = shared.state();
            state.answers += 1;
            if state.answers > ANSWERS {
                return Err(BrokerError::new(format_args!(
                    "NATS at {address} has sent {ANSWERS} PINGs and takes no answers"
                )));
            }
            state.writer.out.put_slice(b"PONG\r\n");
        }
        Operation::Pong => confirmed.extend(shared.state().pings.pop_front().unwrap_or_default()),
        Operation::Error(text) => {
            let text = String::from_utf8_lossy(text);
            return Err(BrokerError::new(format_args!("NATS at {address} refuses: {text}")));
        }
        Operation::Info(json) => {
            let Some(info) = Info::read(json) else { return Ok(()) };
            if info.is_leaving {
                return Err(BrokerError::new(format_args!(
                    "NATS at {address} is about to end (lame duck mode)"
                )));
            }
            shared.state().max_payload = info.max_payload;
        }
        Operation::Ok => {}
    }
    Ok(())
}

impl Drop for NatsReceiver {
    fn drop(&mut self) {
        self.shared.fail(BrokerError::new("the receiving half of the link was dropped"));
    }
}

impl fmt::Debug for NatsReceiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NatsReceiver").field("address", &self.address).finish_non_exhaustive()
    }
}
