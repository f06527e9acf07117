//! What each message carries so that its deliveries can be accounted for: stream, sequence number, send time.
//!
//! Text, because servers may check it, and cheap to read, because the generator reads millions a second: each
//! nibble is one character from `0` to `?`, so four shifts turn eight characters into 32 bits.

#[cfg(test)]
mod tests;

/// The front of every message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    /// Who sends to whom: a publisher's messages to one group of receivers.
    pub(crate) stream: u32,
    pub(crate) sequence: u32,
    /// Nanoseconds of the generator's clock.
    pub(crate) sent: u64,
}

impl Stamp {
    pub(crate) const LENGTH: usize = 32;

    #[inline]
    pub(crate) fn read(payload: &[u8]) -> Option<Self> {
        let (words, _) = payload.get(..Self::LENGTH)?.as_chunks::<8>();
        let &[stream, sequence, high, low] = words else { return None };
        let sent = u64::from(unpack(high)?) << 32 | u64::from(unpack(low)?);
        Some(Self { stream: unpack(stream)?, sequence: unpack(sequence)?, sent })
    }

    pub(crate) fn write(self) -> [u8; Self::LENGTH] {
        let mut bytes = [0; Self::LENGTH];
        let words = [self.stream, self.sequence, (self.sent >> 32) as u32, self.sent as u32];
        for (chunk, word) in bytes.as_chunks_mut::<8>().0.iter_mut().zip(words) {
            *chunk = pack(word);
        }
        bytes
    }
}

fn pack(word: u32) -> [u8; 8] {
    let mut wide = u64::from(word);
    wide = (wide | wide << 16) & 0x0000_ffff_0000_ffff;
    wide = (wide | wide << 8) & 0x00ff_00ff_00ff_00ff;
    wide = (wide | wide << 4) & 0x0f0f_0f0f_0f0f_0f0f;
    (wide | 0x3030_3030_3030_3030).to_be_bytes()
}

#[inline]
fn unpack(bytes: [u8; 8]) -> Option<u32> {
    let mut wide = u64::from_be_bytes(bytes);
    if wide & 0xf0f0_f0f0_f0f0_f0f0 != 0x3030_3030_3030_3030 {
        return None;
    }
    wide &= 0x0f0f_0f0f_0f0f_0f0f;
    wide = (wide | wide >> 4) & 0x00ff_00ff_00ff_00ff;
    wide = (wide | wide >> 8) & 0x0000_ffff_0000_ffff;
    Some((wide | wide >> 16) as u32)
}
