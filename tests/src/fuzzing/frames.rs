//! Finds the frames in a stream of bytes, without using the core.

/// The position of a frame whose whole head is in the stream.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    pub(super) at: usize,
    pub(super) head: usize,
    pub(super) payload: u64,
}

impl Frame {
    /// The position behind its last byte. The stream may end before.
    pub(super) fn end(self) -> u64 {
        self.payload.saturating_add((self.at + self.head) as u64)
    }

    /// Whether the head encodes the length in more bytes than it needs, which RFC 6455 section 5.2 forbids.
    pub(super) fn is_wasteful(self) -> bool {
        match self.head {
            4 | 8 => self.payload < 126,
            10 | 14 => self.payload <= u16::MAX.into(),
            _ => false,
        }
    }

    /// The frame that begins at `at`, if its whole head is in the stream.
    fn find(stream: &[u8], at: usize) -> Option<Self> {
        let second = *stream.get(at + 1)?;
        let (payload, len) = match second & 0x7f {
            126 => (u64::from(u16::from_be_bytes(*stream.get(at + 2..)?.first_chunk()?)), 4),
            127 => (u64::from_be_bytes(*stream.get(at + 2..)?.first_chunk()?), 10),
            short => (u64::from(short), 2),
        };
        let head = len + if second & 0x80 == 0 { 0 } else { 4 };
        stream.get(at..at + head)?;
        Some(Self { at, head, payload })
    }
}

/// All frames whose whole heads are in the stream.
pub(super) fn frames(stream: &[u8]) -> impl Iterator<Item = Frame> {
    let mut at = Some(0);
    core::iter::from_fn(move || {
        let frame = Frame::find(stream, at?)?;
        at = usize::try_from(frame.end()).ok().filter(|&end| end <= stream.len());
        Some(frame)
    })
}

/// Bytes that complete the last frame of the stream: the rest of its head, as short as possible, and a payload of zeros. The
/// payload is left out if it would be longer than `longest`.
pub(super) fn missing(stream: &[u8], longest: u64) -> Vec<u8> {
    let end = frames(stream).last().map_or(0, Frame::end);
    let Ok(end) = usize::try_from(end) else { return Vec::new() };
    let mut whole = stream.to_vec();
    if end < stream.len() {
        if whole.len() == end + 1 {
            whole.push(0x80);
        }
        while Frame::find(&whole, end).is_none() {
            whole.push(0);
        }
    }
    if let Some(frame) = frames(&whole).last()
        && frame.payload <= longest
        && frame.end() > whole.len() as u64
    {
        whole.resize(frame.end() as usize, 0);
    }
    whole.split_off(stream.len())
}
