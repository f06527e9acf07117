//! A link: commands to Redis, and what Redis pushes.

use super::options::Options;
use super::resp::{Parsed, Value, command, parse};
use super::slots::slot;
use crate::broker::address::Address;
use crate::broker::socket::{Reader, Stream, Writer};
use bytes::{Buf, Bytes};
use core::fmt;
use core::future::poll_fn;
use core::task::{Context, Poll};
use core::time::Duration;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use throng_runtime::cluster::{BrokerError, Command, Delivery, Receiver, Sender, Subject};
use tokio::time::Instant;

/// What one receive hands in at most.
const BATCH: usize = 256;
/// How often a server is asked for a sign of life.
const ASKED_EVERY: Duration = Duration::from_secs(1);

/// A connection that is logged in.
pub(super) struct Node {
    address: String,
    stream: Stream,
}

impl Node {
    pub(super) fn new(address: &Address, stream: Stream) -> Self {
        Self { address: address.to_string(), stream }
    }
}

/// What both halves know.
struct Shared {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    broken: Option<BrokerError>,
    /// Messages that were too long to be sent.
    dropped: u64,
    /// Subjects of which an end of the subscription is asked for and not confirmed yet. One that comes unasked breaks the link.
    leaving: HashMap<Subject, u32>,
    /// For each node since when a sign of life is awaited.
    awaited: Vec<Option<Instant>>,
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

/// The half of a link to Redis that sends. A batch is sent when it was handed to the system; that Redis has refused it is learned by
/// the half that receives.
pub struct RedisSender {
    shared: Arc<Shared>,
    writers: Vec<(String, Writer)>,
    /// Of a cluster.
    slots: Option<Box<[u16]>>,
    asked: Instant,
    message_bytes: usize,
    reply_time: Duration,
}

/// The half of a link to Redis that receives. One receive hands in at most 256 deliveries.
pub struct RedisReceiver {
    shared: Arc<Shared>,
    readers: Vec<Source>,
    next: usize,
    message_bytes: usize,
}

struct Source {
    address: String,
    reader: Reader,
    /// How long the buffer must be for the next value.
    needed: usize,
    /// Of a sentinel: the name of the master whose failovers it tells.
    watched: Option<String>,
}

/// The halves of a link over connections that are logged in: one, or those to the masters of a cluster.
pub(super) fn link(
    nodes: Vec<Node>,
    slots: Option<Box<[u16]>>,
    watch: Option<(Node, String)>,
    options: &Options,
) -> (RedisSender, RedisReceiver) {
    let awaited = vec![None; nodes.len()];
    let shared = Arc::new(Shared { state: Mutex::new(State { awaited, ..State::default() }) });
    let (mut writers, mut readers) = (Vec::new(), Vec::new());
    for Node { address, stream } in nodes {
        writers.push((address.clone(), stream.writer));
        readers.push(Source { address, reader: stream.reader, needed: 0, watched: None });
    }
    if let Some((Node { address, stream }, master)) = watch {
        // Nothing is sent any more. The half that writes is kept, as dropping it ends the connection.
        writers.push((address.clone(), stream.writer));
        readers.push(Source { address, reader: stream.reader, needed: 0, watched: Some(master) });
    }
    let Options { message_bytes, reply_time, .. } = *options;
    let asked = Instant::now();
    let sender =
        RedisSender { shared: Arc::clone(&shared), writers, slots, asked, message_bytes, reply_time };
    (sender, RedisReceiver { shared, readers, next: 0, message_bytes })
}

impl Sender for RedisSender {
    async fn send(&mut self, commands: &mut Vec<Command>) -> Result<(), BrokerError> {
        self.check()?;
        for command in commands.drain(..) {
            self.write(&command);
        }
        self.ask_for_signs_of_life();
        poll_fn(|cx| self.poll_flush(cx)).await.map_err(|why| self.shared.fail(why))
    }
}

impl RedisSender {
    /// Whether the link is broken, and whether all servers have answered in time.
    fn check(&self) -> Result<(), BrokerError> {
        let mut state = self.shared.state();
        if let Some(why) = &state.broken {
            return Err(why.clone());
        }
        let silent = |since: &Option<Instant>| since.is_some_and(|since| since.elapsed() > self.reply_time);
        let Some(place) = state.awaited.iter().position(silent) else { return Ok(()) };
        let (address, time) = (&self.writers[place].0, self.reply_time);
        let why = BrokerError::new(format_args!("Redis at {address} has not answered for {time:?}"));
        Err(state.broken.get_or_insert(why).clone())
    }

    fn write(&mut self, command: &Command) {
        let (Command::Subscribe(subject) | Command::Unsubscribe(subject) | Command::Publish { subject, .. }) =
            command;
        let place = self.slots.as_ref().map_or(0, |slots| usize::from(slots[slot(subject)]));
        let out = &mut self.writers[place].1.out;
        let is_cluster = self.slots.is_some();
        let channel = subject.as_str().as_bytes();
        match command {
            Command::Subscribe(_) => {
                let name: &[u8] = if is_cluster { b"SSUBSCRIBE" } else { b"SUBSCRIBE" };
                self::command(out, &[name, channel]);
            }
            Command::Unsubscribe(_) => {
                let name: &[u8] = if is_cluster { b"SUNSUBSCRIBE" } else { b"UNSUBSCRIBE" };
                *self.shared.state().leaving.entry(subject.clone()).or_default() += 1;
                self::command(out, &[name, channel]);
            }
            Command::Publish { payload, .. } if payload.len() > self.message_bytes => {
                self.shared.state().dropped += 1;
            }
            Command::Publish { payload, .. } => {
                let name: &[u8] = if is_cluster { b"SPUBLISH" } else { b"PUBLISH" };
                self::command(out, &[name, channel, payload]);
            }
        }
    }

    /// ECHO, because Redis 7.0 answers even PING with an error while its disk is full.
    fn ask_for_signs_of_life(&mut self) {
        if self.asked.elapsed() < ASKED_EVERY {
            return;
        }
        self.asked = Instant::now();
        let mut state = self.shared.state();
        for (awaited, (_, writer)) in state.awaited.iter_mut().zip(&mut self.writers) {
            if awaited.is_none() {
                *awaited = Some(self.asked);
                command(&mut writer.out, &[b"ECHO", b"throng"]);
            }
        }
    }

    /// Writes to all servers at once. One that takes nothing does not hold up the others.
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BrokerError>> {
        let mut flushed = Poll::Ready(Ok(()));
        for (address, writer) in &mut self.writers {
            match writer.poll_flush(cx) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(error)) => {
                    let why = BrokerError::new(format_args!("write to Redis at {address}: {error}"));
                    return Poll::Ready(Err(why));
                }
                Poll::Pending => flushed = Poll::Pending,
            }
        }
        flushed
    }
}

impl Drop for RedisSender {
    fn drop(&mut self) {
        // The half that receives is woken by the end of the connection.
        self.shared.fail(BrokerError::new("the sending half of the link was dropped"));
    }
}

impl fmt::Debug for RedisSender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisSender").field("servers", &self.writers.len()).finish_non_exhaustive()
    }
}

impl Receiver for RedisReceiver {
    async fn receive(&mut self, into: &mut Vec<Delivery>) -> Result<(), BrokerError> {
        poll_fn(|cx| self.poll_receive(cx, into)).await.map_err(|why| self.shared.fail(why))
    }
}

impl RedisReceiver {
    fn poll_receive(
        &mut self,
        cx: &mut Context<'_>,
        into: &mut Vec<Delivery>,
    ) -> Poll<Result<(), BrokerError>> {
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
        }
        // Another one first each time, so that a busy server does not silence the others.
        self.next = (self.next + 1) % self.readers.len();
        for n in 0..self.readers.len() {
            let place = (self.next + n) % self.readers.len();
            let source = &mut self.readers[place];
            loop {
                source.take(&self.shared, place, self.message_bytes, before + BATCH, into)?;
                if into.len() >= before + BATCH {
                    return Poll::Ready(Ok(()));
                }
                match source.reader.poll_fill(cx, source.needed) {
                    Poll::Pending => break,
                    Poll::Ready(Ok(())) => {}
                    Poll::Ready(Err(error)) => {
                        let address = &source.address;
                        return Poll::Ready(Err(BrokerError::new(format_args!(
                            "read from Redis at {address}: {error}"
                        ))));
                    }
                }
            }
        }
        if into.len() > before { Poll::Ready(Ok(())) } else { Poll::Pending }
    }
}

impl Source {
    /// Takes values out of the buffer, until it has no whole one, or enough was handed in.
    fn take(
        &mut self,
        shared: &Shared,
        place: usize,
        limit: usize,
        enough: usize,
        into: &mut Vec<Delivery>,
    ) -> Result<(), BrokerError> {
        while into.len() < enough {
            let (value, length) = match parse(&self.reader.buffer, limit) {
                Ok(Parsed::Whole(value, length)) => (value, length),
                Ok(Parsed::Needs(needed)) => {
                    self.needed = needed;
                    return Ok(());
                }
                Err(bad) => {
                    let address = &self.address;
                    return Err(BrokerError::new(format_args!("Redis at {address} has sent {}", bad.0)));
                }
            };
            self.see(&value, shared, place, into)?;
            self.reader.buffer.advance(length);
        }
        Ok(())
    }

    fn see(
        &self,
        value: &Value<'_>,
        shared: &Shared,
        place: usize,
        into: &mut Vec<Delivery>,
    ) -> Result<(), BrokerError> {
        match value {
            Value::Push(words) => self.see_push(words, shared, into),
            Value::Error(text) => {
                let (address, text) = (&self.address, String::from_utf8_lossy(text));
                Err(BrokerError::new(format_args!("Redis at {address} refuses: {text}")))
            }
            // The reply to ECHO.
            Value::Text(_) => {
                if let Some(awaited) = shared.state().awaited.get_mut(place) {
                    *awaited = None;
                }
                Ok(())
            }
            // How many have received a message.
            _ => Ok(()),
        }
    }

    fn see_push(
        &self,
        words: &[Value<'_>],
        shared: &Shared,
        into: &mut Vec<Delivery>,
    ) -> Result<(), BrokerError> {
        let (kind, channel, rest) = match words {
            [Value::Text(kind), Value::Text(channel), rest @ ..] => (*kind, *channel, rest),
            // A kind that a later Redis has.
            _ => return Ok(()),
        };
        if let Some(master) = &self.watched {
            return self.see_failover(master, rest);
        }
        let subject = || {
            let text = core::str::from_utf8(channel).ok();
            text.and_then(|text| Subject::new(text).ok()).ok_or_else(|| {
                let (address, channel) = (&self.address, String::from_utf8_lossy(channel));
                BrokerError::new(format_args!(
                    "Redis at {address} names a channel {channel:?} that was not asked for"
                ))
            })
        };
        match (kind, rest) {
            (b"message" | b"smessage", [Value::Text(payload), ..]) => {
                // A copy: the buffer is used again, and a short message must not keep all of it.
                into.push(Delivery::Message {
                    subject: subject()?,
                    payload: Bytes::copy_from_slice(payload),
                });
            }
            (b"subscribe" | b"ssubscribe", _) => into.push(Delivery::Subscribed(subject()?)),
            (b"unsubscribe" | b"sunsubscribe", _) => {
                let subject = subject()?;
                let mut state = shared.state();
                match state.leaving.get_mut(&subject) {
                    Some(1) => _ = state.leaving.remove(&subject),
                    Some(asked) => *asked -= 1,
                    None => {
                        let address = &self.address;
                        return Err(BrokerError::new(format_args!(
                            "Redis at {address} has ended the subscription to {subject}: its slot has moved"
                        )));
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// `+switch-master NAME OLD-HOST OLD-PORT NEW-HOST NEW-PORT`.
    fn see_failover(&self, master: &str, rest: &[Value<'_>]) -> Result<(), BrokerError> {
        let Some(Value::Text(text)) = rest.first() else { return Ok(()) };
        let text = String::from_utf8_lossy(text);
        let mut words = text.split(' ');
        if words.next() != Some(master) {
            return Ok(());
        }
        let address = words.skip(2).collect::<Vec<_>>().join(":");
        Err(BrokerError::new(format_args!(
            "the sentinel {} has made {address} the master {master:?}",
            self.address
        )))
    }
}

impl Drop for RedisReceiver {
    fn drop(&mut self) {
        self.shared.fail(BrokerError::new("the receiving half of the link was dropped"));
    }
}

impl fmt::Debug for RedisReceiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisReceiver").field("servers", &self.readers.len()).finish_non_exhaustive()
    }
}
