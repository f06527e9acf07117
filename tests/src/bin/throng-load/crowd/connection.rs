//! One client connection.

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::os::fd::OwnedFd;
use std::time::Duration;

use rustix::event::epoll::EventFlags;
use rustix::io::Errno;
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, ipproto, sockopt};

use super::handshake::Request;
use super::{End, Reading};
use crate::frame::{self, CLOSE, Frames, Kind, PING, PONG};
use crate::inflating::Inflating;

pub(super) struct Connection {
    socket: Option<OwnedFd>,
    stage: Stage,
    reading: Reading,
    /// The front of a frame, or of a response head, whose rest is still to come.
    cut: Vec<u8>,
    unsent: Vec<u8>,
    /// The fragments of a message so far.
    fragments: Vec<u8>,
    path: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Idle,
    /// The TCP connection is not established, or the request not sent.
    Connecting,
    /// Waiting for the 101.
    Upgrading,
    Open,
}

/// Small enough that a stalled reader is felt by the server soon, and not only by the kernel.
const STALLED_RECEIVE_BUFFER: usize = 4096;

impl Connection {
    pub(super) fn new(path: String, reading: Reading) -> Self {
        Self {
            socket: None,
            stage: Stage::Idle,
            reading,
            cut: Vec::new(),
            unsent: Vec::new(),
            fragments: Vec::new(),
            path,
        }
    }

    pub(super) fn connect(
        &mut self,
        target: SocketAddr,
        source: Option<Ipv4Addr>,
        request: &Request,
    ) -> Result<(), Errno> {
        let family = if target.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        let socket = rustix::net::socket_with(family, SocketType::STREAM, flags, Some(ipproto::TCP))?;
        sockopt::set_tcp_nodelay(&socket, true)?;
        // Closing resets: a run of many thousand connections must not leave its ports waiting for a minute.
        sockopt::set_socket_linger(&socket, Some(Duration::ZERO))?;
        if self.reading == Reading::Stalls {
            sockopt::set_socket_recv_buffer_size(&socket, STALLED_RECEIVE_BUFFER)?;
        }
        if let Some(source) = source {
            rustix::net::bind(&socket, &SocketAddrV4::new(source, 0))?;
        }
        match rustix::net::connect(&socket, &target) {
            Ok(()) | Err(Errno::INPROGRESS) => {}
            Err(error) => return Err(error),
        }
        self.socket = Some(socket);
        self.stage = Stage::Connecting;
        self.cut.clear();
        self.fragments.clear();
        self.unsent.clear();
        // Over loopback the connection is usually established by now.
        self.request(request).or_else(|error| if error == Errno::AGAIN { Ok(()) } else { Err(error) })
    }

    /// Sends the request once the TCP connection is established.
    fn request(&mut self, request: &Request) -> Result<(), Errno> {
        let Some(socket) = &self.socket else { return Ok(()) };
        let head = request.head(&self.path);
        let sent = rustix::net::send(socket, head.as_bytes(), SendFlags::NOSIGNAL)?;
        self.unsent.extend_from_slice(&head.as_bytes()[sent..]);
        self.stage = Stage::Upgrading;
        Ok(())
    }

    pub(super) fn socket(&self) -> Option<&OwnedFd> {
        self.socket.as_ref()
    }

    pub(super) fn stage(&self) -> Stage {
        self.stage
    }

    /// The handshake is complete.
    pub(super) fn open(&mut self) {
        self.stage = Stage::Open;
    }

    pub(super) fn reset(&mut self) {
        self.socket = None;
        self.stage = Stage::Idle;
    }

    /// What epoll is to announce.
    pub(super) fn interest(&self) -> EventFlags {
        let mut flags = EventFlags::ET;
        if self.reading == Reading::Always || self.stage != Stage::Open {
            flags |= EventFlags::IN | EventFlags::RDHUP;
        }
        if self.stage == Stage::Connecting || !self.unsent.is_empty() {
            flags |= EventFlags::OUT;
        }
        flags
    }

    pub(super) fn send(&mut self, bytes: &[u8]) {
        let Some(socket) = &self.socket else { return };
        let mut sent = 0;
        if self.unsent.is_empty() {
            match rustix::net::send(socket, bytes, SendFlags::NOSIGNAL) {
                Ok(length) => sent = length,
                Err(Errno::AGAIN | Errno::INTR) => {}
                // The read that follows tells the reason.
                Err(_) => return,
            }
        }
        self.unsent.extend_from_slice(&bytes[sent..]);
    }

    pub(super) fn writable(&mut self, request: &Request) -> Result<(), End> {
        let Some(socket) = &self.socket else { return Ok(()) };
        if self.stage == Stage::Connecting {
            sockopt::socket_error(socket).and_then(|error| error).map_err(End::Failed)?;
            return match self.request(request) {
                Ok(()) | Err(Errno::AGAIN) => Ok(()),
                Err(error) => Err(End::Failed(error)),
            };
        }
        match rustix::net::send(socket, &self.unsent, SendFlags::NOSIGNAL) {
            Ok(sent) => drop(self.unsent.drain(..sent)),
            Err(Errno::AGAIN | Errno::INTR) => {}
            Err(error) => return Err(End::Failed(error)),
        }
        Ok(())
    }

    /// One read, after what an earlier one left; answers how much of the buffer is filled, or that there was
    /// nothing to read.
    #[inline]
    pub(super) fn read(&mut self, buffer: &mut Vec<u8>) -> Result<Option<usize>, End> {
        let Some(socket) = &self.socket else { return Ok(None) };
        let held = self.cut.len();
        if held > 0 {
            if held > buffer.len() / 2 {
                buffer.resize(buffer.len() * 2, 0);
            }
            buffer[..held].copy_from_slice(&self.cut);
        }
        match rustix::net::recv(socket, &mut buffer[held..], RecvFlags::empty()) {
            Ok((0, _)) => Err(End::Vanished),
            Ok((read, _)) => {
                self.cut.clear();
                Ok(Some(held + read))
            }
            Err(Errno::AGAIN | Errno::INTR) => Ok(None),
            Err(error) => Err(End::Failed(error)),
        }
    }

    /// Keeps what is incomplete for the next read.
    pub(super) fn keep(&mut self, rest: &[u8]) {
        self.cut.extend_from_slice(rest);
    }

    /// Hands on the messages of the complete frames; answers how many bytes these took. Pings are answered here.
    #[inline]
    pub(super) fn walk(
        &mut self,
        bytes: &[u8],
        key: u32,
        inflating: &mut Option<Inflating>,
        mut message: impl FnMut(&[u8]),
    ) -> Result<usize, End> {
        let kind = if inflating.is_some() { Kind::MaybeCompressed } else { Kind::Plain };
        let mut frames = Frames::new(bytes, kind);
        loop {
            let frame = match frames.next() {
                Ok(Some(frame)) => frame,
                Ok(None) => return Ok(frames.used()),
                Err(_) => return Err(End::Protocol("a frame that a server must not send")),
            };
            if frame.last && matches!(frame.opcode, frame::TEXT | frame::BINARY) {
                let inflating = inflating.as_mut().filter(|_| frame.compressed);
                match inflating.map(|inflating| inflating.inflate(frame.payload)) {
                    None => message(frame.payload),
                    Some(Some(inflated)) => message(inflated),
                    Some(None) => return Err(End::Protocol("what is not deflated data")),
                }
            } else {
                self.unusual(frame, key, &mut message)?;
            }
        }
    }

    /// Control frames and fragments.
    #[cold]
    fn unusual(
        &mut self,
        frame: frame::Frame<'_>,
        key: u32,
        message: &mut impl FnMut(&[u8]),
    ) -> Result<(), End> {
        match frame.opcode {
            PING => {
                let mut pong = Vec::new();
                frame::write_masked(&mut pong, PONG, key, &[frame.payload]);
                self.send(&pong);
            }
            PONG => {}
            CLOSE => {
                let code = frame.payload.first_chunk().map_or(1005, |&code| u16::from_be_bytes(code));
                return Err(End::Closed(code));
            }
            _ => {
                self.fragments.extend_from_slice(frame.payload);
                if frame.last {
                    message(&self.fragments);
                    self.fragments.clear();
                }
            }
        }
        Ok(())
    }
}
