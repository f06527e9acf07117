//! Frames as a client sees them: walking what a server sent without copying, and writing masked ones.

#[cfg(test)]
mod tests;

pub(crate) const CONTINUATION: u8 = 0;
pub(crate) const TEXT: u8 = 1;
pub(crate) const BINARY: u8 = 2;
pub(crate) const CLOSE: u8 = 8;
pub(crate) const PING: u8 = 9;
pub(crate) const PONG: u8 = 10;

/// One complete frame from a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Frame<'a> {
    pub(crate) opcode: u8,
    pub(crate) last: bool,
    /// RSV1: its payload is deflated (RFC 7692).
    pub(crate) compressed: bool,
    pub(crate) payload: &'a [u8],
}

/// What a server must not send (RFC 6455, section 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FrameError {
    Masked,
    ReservedBits,
    UnknownOpcode,
    TooLong,
}

/// The complete frames at the front of what was read.
pub(crate) struct Frames<'a> {
    bytes: &'a [u8],
    used: usize,
    /// Reserved bits that mean nothing.
    reserved: u8,
}

/// What a frame may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Plain,
    /// Compression was agreed on.
    MaybeCompressed,
}

/// Longer claims are taken for a broken server.
const MAX_PAYLOAD: u64 = 1 << 30;

impl<'a> Frames<'a> {
    pub(crate) fn new(bytes: &'a [u8], kind: Kind) -> Self {
        let reserved = match kind {
            Kind::Plain => 0x70,
            Kind::MaybeCompressed => 0x30,
        };
        Self { bytes, used: 0, reserved }
    }

    /// The next complete frame; nothing when more bytes are needed.
    #[inline]
    pub(crate) fn next(&mut self) -> Result<Option<Frame<'a>>, FrameError> {
        let rest = &self.bytes[self.used..];
        let &[first, second, ..] = rest else { return Ok(None) };
        if first & self.reserved != 0 {
            return Err(FrameError::ReservedBits);
        }
        if second & 0x80 != 0 {
            return Err(FrameError::Masked);
        }
        if !matches!(first & 0x0f, CONTINUATION..=BINARY | CLOSE..=PONG) {
            return Err(FrameError::UnknownOpcode);
        }
        let (head, length) = match second {
            126 => match rest {
                &[_, _, a, b, ..] => (4, usize::from(u16::from_be_bytes([a, b]))),
                _ => return Ok(None),
            },
            127 => match rest {
                &[_, _, a, b, c, d, e, f, g, h, ..] => {
                    let length = u64::from_be_bytes([a, b, c, d, e, f, g, h]);
                    if length > MAX_PAYLOAD {
                        return Err(FrameError::TooLong);
                    }
                    (10, length as usize)
                }
                _ => return Ok(None),
            },
            length => (2, usize::from(length)),
        };
        let Some(payload) = rest.get(head..head + length) else { return Ok(None) };
        self.used += head + length;
        let (last, compressed) = (first & 0x80 != 0, first & 0x40 != 0);
        Ok(Some(Frame { opcode: first & 0x0f, last, compressed, payload }))
    }

    /// How many bytes the frames so far took.
    pub(crate) fn used(&self) -> usize {
        self.used
    }
}

/// Appends a masked client frame whose payload is the given parts, one after the other.
pub(crate) fn write_masked(wire: &mut Vec<u8>, opcode: u8, key: u32, parts: &[&[u8]]) {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    wire.push(0x80 | opcode);
    match length {
        0..=125 => wire.push(0x80 | length as u8),
        126..=0xffff => {
            wire.push(0x80 | 126);
            wire.extend_from_slice(&(length as u16).to_be_bytes());
        }
        _ => {
            wire.push(0x80 | 127);
            wire.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
    let key = key.to_ne_bytes();
    wire.extend_from_slice(&key);
    let start = wire.len();
    for part in parts {
        wire.extend_from_slice(part);
    }
    mask(&mut wire[start..], key);
}

fn mask(payload: &mut [u8], key: [u8; 4]) {
    let [a, b, c, d] = key;
    let wide = [a, b, c, d, a, b, c, d];
    let (chunks, rest) = payload.as_chunks_mut::<8>();
    for chunk in chunks {
        *chunk = (u64::from_ne_bytes(*chunk) ^ u64::from_ne_bytes(wide)).to_ne_bytes();
    }
    for (byte, key) in rest.iter_mut().zip(wide) {
        *byte ^= key;
    }
}
