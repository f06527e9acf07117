//! A peer of bytes: it says whatever a test wants, right or wrong.

use std::io::{self, Cursor, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, SocketAddrV4, TcpStream};
use std::time::Duration;

use socket2::{Domain, Socket, Type};
use tungstenite::protocol::frame::FrameHeader;

use crate::http::{Response, upgrade};
use crate::wait::PATIENCE;

/// First byte of a whole text frame.
pub const TEXT: u8 = 0x81;
/// First byte of a whole binary frame.
pub const BINARY: u8 = 0x82;
/// First byte of a close frame.
pub const CLOSE: u8 = 0x88;
/// First byte of a ping.
pub const PING: u8 = 0x89;
/// First byte of a pong.
pub const PONG: u8 = 0x8a;

const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// A socket and what was read from it. Every read and write fails after [`PATIENCE`].
#[derive(Debug)]
pub struct Raw {
    stream: TcpStream,
    held: Vec<u8>,
}

/// A frame that the server sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// FIN, the reserved bits and the opcode.
    pub first: u8,
    /// The payload.
    pub payload: Vec<u8>,
}

/// A close frame that the server sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closed {
    /// 1005 if there was none.
    pub code: u16,
    /// Empty if there was none.
    pub reason: String,
}

/// A masked frame.
#[must_use]
pub fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    /// So many at a time, or large messages take long in an unoptimised build.
    const AT_A_TIME: usize = 8;
    let mut bytes = head(first, payload.len() as u64);
    let begin = bytes.len();
    bytes.extend_from_slice(payload);
    let [a, b, c, d] = MASK;
    let mask = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let (chunks, rest) = bytes[begin..].as_chunks_mut::<AT_A_TIME>();
    for chunk in chunks {
        *chunk = (u64::from_ne_bytes(*chunk) ^ mask).to_ne_bytes();
    }
    rest.iter_mut().zip(MASK.into_iter().cycle()).for_each(|(byte, mask)| *byte ^= mask);
    bytes
}

/// The head of a masked frame that says it is so long, in as few bytes as that needs.
#[must_use]
pub fn head(first: u8, length: u64) -> Vec<u8> {
    let mut bytes = vec![first];
    match length {
        0..=125 => bytes.push(0x80 | length as u8),
        126..=0xffff => {
            bytes.push(0x80 | 126);
            bytes.extend_from_slice(&(length as u16).to_be_bytes());
        }
        _ => {
            bytes.push(0x80 | 127);
            bytes.extend_from_slice(&length.to_be_bytes());
        }
    }
    bytes.extend_from_slice(&MASK);
    bytes
}

/// The masked body of a close frame.
#[must_use]
pub fn close(code: u16, reason: &str) -> Vec<u8> {
    let mut body = code.to_be_bytes().to_vec();
    body.extend_from_slice(reason.as_bytes());
    frame(CLOSE, &body)
}

/// How a connection is made.
#[derive(Clone, Copy, Debug, Default)]
pub struct Connect {
    /// From which address; 127.0.0.1 if none is given.
    pub from: Option<Ipv4Addr>,
    /// Bytes that the system may hold for the reader.
    pub receive_buffer: Option<usize>,
    /// The extensions that are asked for.
    pub offer: Option<&'static str>,
}

impl Connect {
    /// Connects.
    ///
    /// # Panics
    /// It cannot.
    #[must_use]
    pub fn to(self, address: SocketAddr) -> Raw {
        let connected = (|| {
            let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
            if let Some(bytes) = self.receive_buffer {
                socket.set_recv_buffer_size(bytes)?;
            }
            if let Some(from) = self.from {
                socket.bind(&SocketAddrV4::new(from, 0).into())?;
            }
            socket.connect(&address.into())?;
            Ok::<_, io::Error>(TcpStream::from(socket))
        })();
        Raw::new(connected.expect("the server takes the connection"))
    }

    /// Connects, and asks for a WebSocket.
    ///
    /// # Panics
    /// The server does not give one.
    #[must_use]
    pub fn open(self, address: SocketAddr, path: &str) -> Raw {
        let mut raw = self.to(address);
        let mut request = upgrade(path);
        if let Some(offer) = self.offer {
            request.truncate(request.len() - 2);
            request += &format!("Sec-WebSocket-Extensions: {offer}\r\n\r\n");
        }
        raw.send(request.as_bytes());
        let response = raw.response();
        assert_eq!(response.status, 101, "{response:?}");
        let is_agreed = response.header("sec-websocket-extensions").is_some();
        assert_eq!(is_agreed, self.offer.is_some(), "{response:?}");
        raw
    }
}

impl Raw {
    fn new(stream: TcpStream) -> Self {
        stream.set_nodelay(true).expect("a socket");
        stream.set_read_timeout(Some(PATIENCE)).expect("a socket");
        stream.set_write_timeout(Some(PATIENCE)).expect("a socket");
        Self { stream, held: Vec::new() }
    }

    /// [`Connect::to`], plainly.
    #[must_use]
    pub fn connect(address: SocketAddr) -> Self {
        Connect::default().to(address)
    }

    /// [`Connect::open`], plainly.
    #[must_use]
    pub fn open(address: SocketAddr, path: &str) -> Self {
        Connect::default().open(address, path)
    }

    /// The same socket, to write to from another thread.
    ///
    /// # Panics
    /// There are no file descriptors left.
    #[must_use]
    pub fn writer(&self) -> TcpStream {
        self.stream.try_clone().expect("a file descriptor")
    }

    /// Sends bytes.
    ///
    /// # Panics
    /// The server takes no more.
    pub fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).expect("the server takes it");
    }

    /// Sends bytes to a server that may have hung up.
    ///
    /// # Errors
    /// It has, or takes nothing for too long.
    pub fn try_send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)
    }

    /// Sends a whole text message.
    pub fn say(&mut self, text: &str) {
        self.send(&frame(TEXT, text.as_bytes()));
    }

    /// Ends the sending direction.
    pub fn end_sending(&self) {
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    /// Lets the system answer with a reset from here on, as after a crash: whatever arrives is not wanted.
    pub fn reset(self) {
        let _ = Socket::from(self.stream).set_linger(Some(Duration::ZERO));
    }

    /// How long a read may take.
    pub fn patience(&self, time: Duration) {
        self.stream.set_read_timeout(Some(time)).expect("a socket");
    }

    /// Reads more; zero bytes are the end.
    ///
    /// # Errors
    /// The connection is broken, or nothing came in time.
    pub fn read_more(&mut self) -> io::Result<usize> {
        let mut buffer = [0; 16 << 10];
        let count = self.stream.read(&mut buffer)?;
        self.held.extend_from_slice(&buffer[..count]);
        Ok(count)
    }

    /// The response to the request.
    ///
    /// # Panics
    /// There is none.
    pub fn response(&mut self) -> Response {
        loop {
            if let Some((response, length)) = Response::parse(&self.held) {
                self.held.drain(..length);
                return response;
            }
            let count = self.read_more().expect("the response arrives");
            assert!(
                count > 0,
                "an end instead of a response, after {:?}",
                String::from_utf8_lossy(&self.held)
            );
        }
    }

    /// The response to the request, without its body; none if the server hangs up, or answers something else.
    ///
    /// # Panics
    /// It does neither.
    pub fn response_head(&mut self) -> Option<Response> {
        const BEGIN: &[u8] = b"HTTP/1.";
        loop {
            let have = self.held.len().min(BEGIN.len());
            if !BEGIN.starts_with(&self.held[..have]) {
                return None;
            }
            if let Some((response, length)) = Response::parse_head(&self.held) {
                self.held.drain(..length);
                return Some(response);
            }
            match self.read_more() {
                Ok(0) => return None,
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::ConnectionReset => return None,
                Err(error) => panic!("neither an answer nor an end: {error}"),
            }
        }
    }

    /// The next frame; `None` at the end of the connection.
    ///
    /// # Errors
    /// The connection is broken, or nothing came in time.
    pub fn frame(&mut self) -> io::Result<Option<Frame>> {
        loop {
            if let Some(frame) = self.take_frame() {
                return Ok(Some(frame));
            }
            if self.read_more()? == 0 {
                return Ok(None);
            }
        }
    }

    /// By a decoder that is not ours.
    fn take_frame(&mut self) -> Option<Frame> {
        let mut cursor = Cursor::new(&self.held);
        let (header, length) = FrameHeader::parse(&mut cursor).expect("a frame's head")?;
        let begin = cursor.position() as usize;
        assert!(header.mask.is_none(), "a server masks nothing");
        assert_eq!(begin, header.len(length), "a length of {length} in more bytes than it needs");
        let end = begin + usize::try_from(length).expect("it fits into memory");
        let (first, payload) = (self.held[0], self.held.get(begin..end)?.to_vec());
        self.held.drain(..end);
        Some(Frame { first, payload })
    }

    /// The next message, past control frames.
    ///
    /// # Panics
    /// None arrives.
    pub fn message(&mut self) -> Vec<u8> {
        loop {
            let frame = self.frame().expect("a message arrives").expect("a message, not the end");
            match frame.first {
                TEXT | BINARY => return frame.payload,
                PING | PONG => {}
                other => panic!("frame {other:#x} {:?}", String::from_utf8_lossy(&frame.payload)),
            }
        }
    }

    /// The close frame, past everything before it.
    ///
    /// # Panics
    /// None arrives.
    pub fn closed(&mut self) -> Closed {
        self.closing().expect("a close frame arrives").expect("a close frame, not the end")
    }

    /// The close frame, past everything before it; `None` at the end of the connection.
    ///
    /// # Errors
    /// The connection is broken, or nothing came in time.
    pub fn closing(&mut self) -> io::Result<Option<Closed>> {
        while let Some(frame) = self.frame()? {
            if frame.first == CLOSE {
                let (code, reason) = frame.payload.split_first_chunk().unwrap_or((&[3, 0xed], &[]));
                let reason = String::from_utf8_lossy(reason).into_owned();
                return Ok(Some(Closed { code: u16::from_be_bytes(*code), reason }));
            }
        }
        Ok(None)
    }

    /// What still comes until the connection ends, in whatever way.
    ///
    /// # Panics
    /// It does not.
    #[must_use]
    pub fn rest(&mut self) -> Vec<u8> {
        let mut rest = std::mem::take(&mut self.held);
        loop {
            match self.read_more() {
                Ok(0) => return rest,
                Ok(_) => rest.append(&mut self.held),
                Err(error) if error.kind() == io::ErrorKind::ConnectionReset => return rest,
                Err(error) => panic!("the connection does not end: {error}"),
            }
        }
    }

    /// Reads until the connection ends, in whatever way.
    ///
    /// # Panics
    /// It does not.
    pub fn ended(&mut self) {
        loop {
            self.held.clear();
            match self.read_more() {
                Ok(0) => return,
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::ConnectionReset => return,
                Err(error) => panic!("the connection does not end: {error}"),
            }
        }
    }
}
