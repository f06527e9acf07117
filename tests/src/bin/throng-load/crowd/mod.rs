//! Many client connections on one thread and one epoll.
//!
//! Cheap per delivery: one shared receive buffer, one read per readiness, frames walked in place; a connection
//! owns memory only for a frame cut by a read, for unsent bytes, and for a fragmented message.

mod connection;
mod handshake;
mod limits;

use std::net::{Ipv4Addr, SocketAddr};
use std::os::fd::OwnedFd;
use std::time::Duration;

use rustix::event::Timespec;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::io::Errno;

use self::connection::{Connection, Stage};
use self::handshake::Request;
use crate::clock::Clock;
use crate::inflating::Inflating;

/// Why a connection is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// Could not connect, or the socket failed.
    Failed(Errno),
    /// The server answered the handshake with this HTTP status, or 0 for what is not HTTP.
    Refused(u16),
    /// A close frame; 1005 when it named no code (RFC 6455, section 7.1.5).
    Closed(u16),
    /// End of stream without a close frame.
    Vanished,
    /// The server broke the protocol.
    Protocol(&'static str),
}

impl std::fmt::Display for End {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Failed(error) => write!(f, "socket error: {error}"),
            Self::Refused(0) => f.write_str("handshake answered with something that is not HTTP"),
            Self::Refused(status) => write!(f, "handshake refused with status {status}"),
            Self::Closed(code) => write!(f, "closed by the server with code {code}"),
            Self::Vanished => f.write_str("ended by the server without a close frame"),
            Self::Protocol(what) => write!(f, "protocol error of the server: {what}"),
        }
    }
}

/// What a scenario hears about its crowd. Answers are queued and sent between turns.
pub(crate) trait Listener {
    /// The handshake is complete.
    fn opened(&mut self, index: usize, now: u64);
    fn message(&mut self, index: usize, payload: &[u8], now: u64);
    fn ended(&mut self, index: usize, end: End);
}

pub(crate) struct Crowd {
    pub(crate) clock: Clock,
    epoll: OwnedFd,
    target: SocketAddr,
    request: Request,
    connections: Vec<Connection>,
    /// Loopback addresses to connect from; more than one when one has too few ports.
    sources: u32,
    /// If compression is asked for.
    inflating: Option<Inflating>,
    buffer: Vec<u8>,
    events: Vec<Event>,
    keys: Keys,
    messages: Messages,
}

/// What of a frame is a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Messages {
    PerFrame,
    /// The server joins several by newlines.
    PerLine,
}

/// What is asked for in each handshake. The server must agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extensions {
    None,
    /// permessage-deflate, as browsers do.
    Deflate,
}

/// How a member of the crowd behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    Always,
    /// Stops reading once it has joined, with a small receive buffer.
    Stalls,
}

const BUFFER: usize = 512 << 10;
const EVENTS: usize = 1024;
/// Well below the 28,232 ephemeral ports that Linux has by default.
const CONNECTIONS_PER_SOURCE: usize = 20_000;

impl Crowd {
    /// An error says what to raise when `connections` exceeds what the process may open.
    pub(crate) fn new(
        target: SocketAddr,
        origin: Option<&str>,
        connections: usize,
        sources: Option<u32>,
        (messages, extensions): (Messages, Extensions),
    ) -> Result<Self, String> {
        limits::raise_open_files(connections)?;
        let needed = connections.div_ceil(CONNECTIONS_PER_SOURCE).max(1) as u32;
        let sources = sources.unwrap_or(needed);
        if sources > 1 && !(target.ip().is_loopback() && target.is_ipv4()) {
            return Err("several source addresses are for an IPv4 loopback target only".to_owned());
        }
        let epoll = epoll::create(CreateFlags::CLOEXEC).map_err(|error| format!("epoll: {error}"))?;
        let clock = Clock::start();
        Ok(Self {
            clock,
            epoll,
            target,
            request: Request::new(target, origin, extensions),
            connections: Vec::with_capacity(connections),
            sources,
            inflating: (extensions == Extensions::Deflate).then(Inflating::default),
            buffer: vec![0; BUFFER],
            events: Vec::with_capacity(EVENTS),
            keys: Keys::new(),
            messages,
        })
    }

    /// Adds a member that is not connected yet.
    pub(crate) fn add(&mut self, path: String, reading: Reading) -> usize {
        self.connections.push(Connection::new(path, reading));
        self.connections.len() - 1
    }

    pub(crate) fn len(&self) -> usize {
        self.connections.len()
    }

    /// Starts a handshake; its outcome comes through the listener.
    pub(crate) fn connect(&mut self, index: usize) -> Result<(), End> {
        let source = (self.sources > 1)
            .then(|| Ipv4Addr::from(Ipv4Addr::LOCALHOST.to_bits() + index as u32 % self.sources));
        let connection = &mut self.connections[index];
        connection.connect(self.target, source, &self.request).map_err(End::Failed)?;
        let interest = connection.interest();
        if let Some(socket) = connection.socket() {
            epoll::add(&self.epoll, socket, EventData::new_u64(index as u64), interest)
                .map_err(End::Failed)?;
        }
        Ok(())
    }

    /// Ends a connection at once, by reset, so that thousands leave no ports waiting.
    pub(crate) fn reset(&mut self, index: usize) {
        self.connections[index].reset();
    }

    /// Sends complete frames; what the socket does not take waits for it.
    pub(crate) fn send(&mut self, index: usize, frames: &[u8]) {
        let connection = &mut self.connections[index];
        let waited = connection.interest();
        connection.send(frames);
        if connection.interest() != waited {
            rearm(&self.epoll, connection, index);
        }
    }

    /// A masking key for the next frame.
    pub(crate) fn key(&mut self) -> u32 {
        self.keys.next()
    }

    /// Waits for readiness, at most `timeout`, and handles one wake-up; answers how many sockets were ready.
    pub(crate) fn turn(&mut self, timeout: Duration, listener: &mut impl Listener) -> Result<usize, String> {
        let mut events = std::mem::take(&mut self.events);
        events.clear();
        let timeout =
            Timespec { tv_sec: timeout.as_secs() as i64, tv_nsec: i64::from(timeout.subsec_nanos()) };
        match epoll::wait(&self.epoll, rustix::buffer::spare_capacity(&mut events), Some(&timeout)) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(format!("epoll: {error}")),
        }
        for event in &events {
            let (flags, index) = (event.flags, event.data.u64() as usize);
            if let Err(end) = self.serve(index, flags, listener) {
                self.connections[index].reset();
                listener.ended(index, end);
            }
        }
        let ready = events.len();
        self.events = events;
        Ok(ready)
    }

    #[inline]
    fn serve(&mut self, index: usize, flags: EventFlags, listener: &mut impl Listener) -> Result<(), End> {
        let connection = &mut self.connections[index];
        if flags.contains(EventFlags::OUT) {
            let waited = connection.interest();
            connection.writable(&self.request)?;
            if connection.interest() != waited {
                rearm(&self.epoll, connection, index);
            }
        }
        if !flags.intersects(EventFlags::IN | EventFlags::HUP | EventFlags::ERR) {
            return Ok(());
        }
        let waited = connection.interest();
        // Edge-triggered: level would poll every socket once more per wake-up to see that it is drained. A read
        // that fills less than the buffer drained it too; only an end of stream has to be read for.
        let ending = flags.intersects(EventFlags::RDHUP | EventFlags::HUP | EventFlags::ERR);
        while let Some(filled) = connection.read(&mut self.buffer)? {
            let now = self.clock.now();
            let mut used = 0;
            if connection.stage() == Stage::Upgrading {
                match self.request.accepted(&self.buffer[..filled])? {
                    Some(length) => used = length,
                    None => {
                        connection.keep(&self.buffer[..filled]);
                        continue;
                    }
                }
                connection.open();
                listener.opened(index, now);
            }
            let messages = self.messages;
            used += connection.walk(
                &self.buffer[used..filled],
                self.keys.next(),
                &mut self.inflating,
                |payload| match messages {
                    Messages::PerFrame => listener.message(index, payload, now),
                    Messages::PerLine => payload
                        .split(|byte| *byte == b'\n')
                        .for_each(|line| listener.message(index, line, now)),
                },
            )?;
            if used < filled {
                connection.keep(&self.buffer[used..filled]);
            }
            if filled < self.buffer.len() && !ending {
                break;
            }
        }
        if connection.interest() != waited {
            rearm(&self.epoll, connection, index);
        }
        Ok(())
    }
}

fn rearm(epoll: &OwnedFd, connection: &Connection, index: usize) {
    if let Some(socket) = connection.socket() {
        // Fails only for a socket that is gone, and then its end is on its way.
        let _ = epoll::modify(epoll, socket, EventData::new_u64(index as u64), connection.interest());
    }
}

/// Masking keys that differ, which is all a load needs of them (xorshift).
struct Keys(u32);

impl Keys {
    fn new() -> Self {
        Self(0x9e37_79b9)
    }

    fn next(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0
    }
}
