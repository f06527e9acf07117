//! The yardstick: a WebSocket server that only does the sends.
//!
//! One thread, one epoll, one room (`/ws`), and `/echo`. There are no limits, no timers, no API and no second
//! room, so what it reaches is what the kernel lets any server of its shape reach. It answers two questions:
//! what one send per message and recipient costs (`--mode per-message`), and what is left to gain when a whole
//! wake-up is handled first and each recipient gets one send of one shared buffer (`--mode batched`).
//!
//! It is not a server to run elsewhere: it trusts its peers, refuses fragmented messages, and drops a connection
//! whose backlog passes [`MAX_UNSENT`].

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::OwnedFd;

use clap::{Parser, ValueEnum};
use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags, SocketFlags, accept_with, recv, send};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tungstenite::handshake::derive_accept_key;

/// The shared receive buffer: the largest message plus what one wake-up of a fast publisher brings.
const BUFFER: usize = 1 << 20;
/// A batch is flushed early beyond this many bytes, so that it stays within the processor's caches.
const MAX_BATCH: usize = 256 << 10;
const MAX_UNSENT: usize = 64 << 20;
const MAX_HEAD: usize = 8 << 10;
/// Connections taken per wake-up, so that a storm of them does not starve the room.
const ACCEPTS: usize = 256;
/// Edge-triggered: level would poll every socket once more per wake-up, to see that it is drained.
const READING: EventFlags = EventFlags::IN.union(EventFlags::RDHUP).union(EventFlags::ET);
const LISTENER: u64 = u64::MAX;

/// A WebSocket server that only does the sends.
#[derive(Parser)]
struct Options {
    /// Where to listen, for example 127.0.0.1:0.
    address: SocketAddr,
    #[arg(long, value_enum, default_value_t = Mode::Batched)]
    mode: Mode,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Mode {
    /// One send per message and recipient.
    PerMessage,
    /// All reads of a wake-up, then one send of one shared buffer per recipient.
    Batched,
}

fn main() -> io::Result<()> {
    let options = Options::parse();
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum })?;
    Server::bind(&options)?.run()
}

struct Server {
    epoll: OwnedFd,
    listener: TcpListener,
    mode: Mode,
    connections: Vec<Option<Connection>>,
    free: Vec<usize>,
    /// Where every read lands. Frames are unmasked and re-headed in place.
    buffer: Vec<u8>,
    /// The server frames of this wake-up for the room, contiguous.
    batch: Vec<u8>,
    /// The server frames of this read for its own connection.
    echoes: Vec<u8>,
}

/// 16 bytes while idle: what is incomplete lives in a box that exists only meanwhile.
struct Connection {
    socket: OwnedFd,
    stage: Stage,
    held: Option<Box<Held>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Head,
    Room,
    Echo,
}

#[derive(Default)]
struct Held {
    input: Vec<u8>,
    unsent: Vec<u8>,
}

/// What a read took of what there was.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Read {
    Nothing,
    All,
    /// The buffer was too small to tell.
    Some,
}

/// The connection is over: the peer is gone or broke the protocol.
struct Gone;

impl Server {
    fn bind(options: &Options) -> io::Result<Self> {
        let listener = socket2::Socket::new(
            socket2::Domain::for_address(options.address),
            socket2::Type::STREAM.nonblocking(),
            None,
        )?;
        listener.set_reuse_address(true)?;
        // Accepted sockets inherit it, which saves a call per connection.
        listener.set_tcp_nodelay(true)?;
        listener.bind(&options.address.into())?;
        listener.listen(4096)?;
        let listener = TcpListener::from(listener);
        announce(&listener)?;
        let epoll = epoll::create(CreateFlags::CLOEXEC)?;
        epoll::add(&epoll, &listener, EventData::new_u64(LISTENER), EventFlags::IN)?;
        Ok(Self {
            epoll,
            listener,
            mode: options.mode,
            connections: Vec::new(),
            free: Vec::new(),
            buffer: vec![0; BUFFER],
            batch: Vec::new(),
            echoes: Vec::new(),
        })
    }

    fn run(mut self) -> io::Result<()> {
        let mut events = Vec::with_capacity(1024);
        loop {
            events.clear();
            match epoll::wait(&self.epoll, rustix::buffer::spare_capacity(&mut events), None) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
            for event in &events {
                let (flags, token) = (event.flags, event.data.u64());
                if token == LISTENER {
                    self.accept();
                } else if self.serve(token as usize, flags).is_err() {
                    self.remove(token as usize);
                }
            }
            self.flush_batch();
        }
    }

    fn accept(&mut self) {
        for _ in 0..ACCEPTS {
            let Ok(socket) = accept_with(&self.listener, SocketFlags::NONBLOCK | SocketFlags::CLOEXEC) else {
                return;
            };
            let index = self.free.pop().unwrap_or_else(|| {
                self.connections.push(None);
                self.connections.len() - 1
            });
            let data = EventData::new_u64(index as u64);
            if epoll::add(&self.epoll, &socket, data, READING).is_ok() {
                self.connections[index] = Some(Connection { socket, stage: Stage::Head, held: None });
            } else {
                self.free.push(index);
            }
        }
    }

    fn remove(&mut self, index: usize) {
        if self.connections[index].take().is_some() {
            self.free.push(index);
        }
    }

    fn serve(&mut self, index: usize, flags: EventFlags) -> Result<(), Gone> {
        // An event for a slot that this same wake-up emptied.
        let Some(connection) = &mut self.connections[index] else { return Ok(()) };
        if flags.contains(EventFlags::OUT) {
            connection.resume(&self.epoll, index)?;
        }
        if !flags.intersects(EventFlags::IN | EventFlags::HUP | EventFlags::ERR) {
            return Ok(());
        }
        // One read per readiness: it is announced at its edges, and a read that leaves room in the buffer has
        // taken all there is. Only an end of stream has to be read for.
        let ending = flags.intersects(EventFlags::RDHUP | EventFlags::HUP | EventFlags::ERR);
        loop {
            match self.read(index)? {
                Read::Nothing => return Ok(()),
                Read::All if !ending => return Ok(()),
                Read::All | Read::Some => {}
            }
        }
    }

    fn read(&mut self, index: usize) -> Result<Read, Gone> {
        let Some(connection) = &mut self.connections[index] else { return Err(Gone) };
        let held = connection.take_input(&mut self.buffer);
        let (read, fill) = match recv(&connection.socket, &mut self.buffer[held..], RecvFlags::empty()) {
            Ok((0, _)) => return Err(Gone),
            Ok((read, _)) if held + read == self.buffer.len() => (read, Read::Some),
            Ok((read, _)) => (read, Read::All),
            Err(Errno::AGAIN) => (0, Read::Nothing),
            Err(_) => return Err(Gone),
        };
        let filled = held + read;
        let used = match connection.stage {
            Stage::Head => connection.upgrade(&self.buffer[..filled], &self.epoll, index)?,
            stage => self.relay(index, stage, filled)?,
        };
        if used < filled
            && let Some(connection) = &mut self.connections[index]
        {
            connection.held.get_or_insert_default().input.extend_from_slice(&self.buffer[used..filled]);
        }
        Ok(fill)
    }

    /// Handles the complete frames at the front of the buffer; answers how many bytes they took.
    fn relay(&mut self, index: usize, stage: Stage, filled: usize) -> Result<usize, Gone> {
        let mut buffer = std::mem::take(&mut self.buffer);
        let mut used = 0;
        let outcome = loop {
            match server_frame(&mut buffer[used..filled]) {
                Ok(Some(found)) => {
                    let frame = &buffer[used + found.start..used + found.end];
                    used += found.end;
                    if let Err(gone) = self.forward(index, stage, found.opcode, frame) {
                        break Err(gone);
                    }
                }
                Ok(None) => break Ok(used),
                Err(gone) => break Err(gone),
            }
        };
        self.buffer = buffer;
        if !self.echoes.is_empty() {
            let echoes = std::mem::take(&mut self.echoes);
            let sent = self.send_to(index, &echoes);
            self.echoes = echoes;
            self.echoes.clear();
            sent?;
        }
        outcome
    }

    fn forward(&mut self, index: usize, stage: Stage, opcode: u8, frame: &[u8]) -> Result<(), Gone> {
        match (opcode, stage) {
            (TEXT | BINARY, Stage::Room) => match self.mode {
                Mode::PerMessage => self.send_to_all(frame),
                Mode::Batched => {
                    self.batch.extend_from_slice(frame);
                    if self.batch.len() >= MAX_BATCH {
                        self.flush_batch();
                    }
                }
            },
            (TEXT | BINARY, _) => match self.mode {
                Mode::PerMessage => self.send_to(index, frame)?,
                Mode::Batched => self.echoes.extend_from_slice(frame),
            },
            (PING, _) => {
                let mut pong = frame.to_vec();
                pong[0] = 0x80 | PONG;
                self.send_to(index, &pong)?;
            }
            (PONG, _) => {}
            (CLOSE, _) => {
                let _ = self.send_to(index, frame);
                return Err(Gone);
            }
            _ => return Err(Gone),
        }
        Ok(())
    }

    fn flush_batch(&mut self) {
        if !self.batch.is_empty() {
            let batch = std::mem::take(&mut self.batch);
            self.send_to_all(&batch);
            self.batch = batch;
            self.batch.clear();
        }
    }

    fn send_to_all(&mut self, frames: &[u8]) {
        for index in 0..self.connections.len() {
            let Some(connection) = &mut self.connections[index] else { continue };
            if connection.stage == Stage::Room && connection.send(frames, &self.epoll, index).is_err() {
                self.remove(index);
            }
        }
    }

    fn send_to(&mut self, index: usize, frames: &[u8]) -> Result<(), Gone> {
        match &mut self.connections[index] {
            Some(connection) => connection.send(frames, &self.epoll, index),
            None => Err(Gone),
        }
    }
}

impl Connection {
    /// Puts what an earlier read left incomplete at the front of the buffer; answers its length.
    fn take_input(&mut self, buffer: &mut Vec<u8>) -> usize {
        let Some(held) = &mut self.held else { return 0 };
        let length = held.input.len();
        if length + BUFFER / 2 > buffer.len() {
            buffer.resize(length + BUFFER, 0);
        }
        buffer[..length].copy_from_slice(&held.input);
        held.input.clear();
        if held.unsent.is_empty() {
            self.held = None;
        }
        length
    }

    fn upgrade(&mut self, head: &[u8], epoll: &OwnedFd, index: usize) -> Result<usize, Gone> {
        let Some(length) = head.windows(4).position(|end| end == b"\r\n\r\n").map(|at| at + 4) else {
            return if head.len() > MAX_HEAD { Err(Gone) } else { Ok(0) };
        };
        let (stage, response) = answer(&head[..length]).ok_or(Gone)?;
        self.send(response.as_bytes(), epoll, index)?;
        self.stage = stage;
        // A client may not send frames before it has seen the 101, so nothing follows the head.
        Ok(length)
    }

    fn send(&mut self, frames: &[u8], epoll: &OwnedFd, index: usize) -> Result<(), Gone> {
        let sent = match &mut self.held {
            Some(held) if !held.unsent.is_empty() => 0,
            _ => match send(&self.socket, frames, SendFlags::NOSIGNAL) {
                Ok(sent) if sent == frames.len() => return Ok(()),
                Ok(sent) => sent,
                Err(Errno::AGAIN | Errno::INTR) => 0,
                Err(_) => return Err(Gone),
            },
        };
        let unsent = &mut self.held.get_or_insert_default().unsent;
        if unsent.is_empty() {
            want(epoll, &self.socket, index, READING | EventFlags::OUT)?;
        }
        unsent.extend_from_slice(&frames[sent..]);
        if unsent.len() > MAX_UNSENT { Err(Gone) } else { Ok(()) }
    }

    fn resume(&mut self, epoll: &OwnedFd, index: usize) -> Result<(), Gone> {
        let Some(held) = &mut self.held else { return Ok(()) };
        match send(&self.socket, &held.unsent, SendFlags::NOSIGNAL) {
            Ok(sent) => drop(held.unsent.drain(..sent)),
            Err(Errno::AGAIN | Errno::INTR) => {}
            Err(_) => return Err(Gone),
        }
        if held.unsent.is_empty() {
            if held.input.is_empty() {
                self.held = None;
            }
            want(epoll, &self.socket, index, READING)?;
        }
        Ok(())
    }
}

fn want(epoll: &OwnedFd, socket: &OwnedFd, index: usize, flags: EventFlags) -> Result<(), Gone> {
    epoll::modify(epoll, socket, EventData::new_u64(index as u64), flags).map_err(|_| Gone)
}

const TEXT: u8 = 1;
const BINARY: u8 = 2;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;

struct Found {
    opcode: u8,
    /// Where the server frame lies in what was given: the masked header it replaces is four bytes longer.
    start: usize,
    end: usize,
}

/// Turns the masked client frame at the front of `bytes` into a server frame, in place.
fn server_frame(bytes: &mut [u8]) -> Result<Option<Found>, Gone> {
    let &[first, second, ..] = &*bytes else { return Ok(None) };
    let extended = match second & 0x7f {
        126 => 2,
        127 => 8,
        _ => 0,
    };
    let (head, body) = (2 + extended, 2 + extended + 4);
    if first & 0xf0 != 0x80 || second & 0x80 == 0 {
        return Err(Gone);
    }
    if bytes.len() < body {
        return Ok(None);
    }
    let length = match extended {
        0 => u64::from(second & 0x7f),
        _ => bytes[2..head].iter().fold(0, |length, &byte| length << 8 | u64::from(byte)),
    };
    if length > MAX_UNSENT as u64 {
        return Err(Gone);
    }
    let end = body + length as usize;
    if bytes.len() < end {
        return Ok(None);
    }
    let key = [bytes[head], bytes[head + 1], bytes[head + 2], bytes[head + 3]];
    unmask(&mut bytes[body..end], key);
    bytes.copy_within(..head, 4);
    bytes[5] &= 0x7f;
    Ok(Some(Found { opcode: first & 0x0f, start: 4, end }))
}

fn unmask(payload: &mut [u8], key: [u8; 4]) {
    let [a, b, c, d] = key;
    let wide = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let (chunks, rest) = payload.as_chunks_mut::<8>();
    for chunk in chunks {
        *chunk = (u64::from_ne_bytes(*chunk) ^ wide).to_ne_bytes();
    }
    for (byte, key) in rest.iter_mut().zip(wide.to_ne_bytes()) {
        *byte ^= key;
    }
}

fn answer(head: &[u8]) -> Option<(Stage, String)> {
    let head = std::str::from_utf8(head).ok()?;
    let mut lines = head.split("\r\n");
    let stage = match lines.next()?.split(' ').nth(1)? {
        "/ws" => Stage::Room,
        "/echo" => Stage::Echo,
        _ => return None,
    };
    let key = lines
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("sec-websocket-key"))?
        .1;
    let accept = derive_accept_key(key.trim().as_bytes());
    Some((
        stage,
        format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: {accept}\r\n\r\n"
        ),
    ))
}

#[expect(clippy::print_stdout, reason = "the ready line is what the caller waits for")]
fn announce(listener: &TcpListener) -> io::Result<()> {
    println!("listening on {}", listener.local_addr()?);
    Ok(())
}
