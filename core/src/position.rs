//! Positions in the history of a room, and what becomes of a client that returns with one.

use core::fmt;
use core::num::NonZeroU64;
use core::str::FromStr;

/// The epoch of a history: a number that no other history of this hub has, and no history of a hub with another
/// [seed](crate::hub::Host::epoch_seed).
///
/// A history gets its epoch when it begins. The epoch changes whenever continuity is lost: when the history is
/// [removed](crate::hub::Event::RemoveHistory), when its room ends, and when the process starts again.
///
/// [`Display`](fmt::Display) writes it as 16 hexadecimal digits, which [`FromStr`] reads: JavaScript would round a number of this
/// size.
///
/// ```
/// use throng_core::Epoch;
///
/// let epoch = Epoch::from_u64(0xfeed).expect("it is not zero");
/// assert_eq!(epoch.to_string(), "000000000000feed");
/// assert_eq!("000000000000feed".parse(), Ok(epoch));
/// assert!("".parse::<Epoch>().is_err());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Epoch(NonZeroU64);

/// A text that is no [`Epoch`]: it must be 1 to 16 hexadecimal digits, and not zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BadEpoch;

impl Epoch {
    /// The epoch of this number; `None` for zero.
    #[must_use]
    pub const fn from_u64(number: u64) -> Option<Self> {
        match NonZeroU64::new(number) {
            Some(number) => Some(Self(number)),
            None => None,
        }
    }

    /// The epoch as a number, which is never zero.
    #[must_use]
    pub const fn to_u64(self) -> u64 {
        self.0.get()
    }

    /// The next epoch of a hub with this seed. `made` counts the numbers that were tried; it ends at 2⁶⁴, which nobody reaches.
    ///
    /// The mixing is a permutation of all numbers (SplitMix64), so the epochs of one hub differ. Those of two hubs with random
    /// seeds are equal with a probability of 2⁻⁶⁴ for each pair.
    pub(crate) fn next(seed: u64, made: &mut u64) -> Self {
        loop {
            *made = made.wrapping_add(1);
            let mut mixed = seed.wrapping_add(made.wrapping_mul(0x9e37_79b9_7f4a_7c15));
            mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            if let Some(epoch) = Self::from_u64(mixed ^ (mixed >> 31)) {
                return epoch;
            }
        }
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Debug for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Epoch {
    type Err = BadEpoch;

    fn from_str(text: &str) -> Result<Self, BadEpoch> {
        // `from_str_radix` would accept a sign.
        if text.len() > 16 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(BadEpoch);
        }
        u64::from_str_radix(text, 16).ok().and_then(Self::from_u64).ok_or(BadEpoch)
    }
}

impl fmt::Display for BadEpoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an epoch must be 1 to 16 hexadecimal digits, and not zero")
    }
}

impl core::error::Error for BadEpoch {}

/// A position in the history of a room: all messages up to `offset` are before it.
///
/// The first message of a history has the offset 1, and each later one the next number: there are no gaps. The position with the
/// offset 0 is the beginning.
///
/// [`Display`](fmt::Display) writes it as `epoch.offset`, for example in a query or a cookie, which [`FromStr`] reads. A peer that got the
/// epoch with the answer to its join and an offset with each message makes it of these two.
///
/// ```
/// use throng_core::{Epoch, Position};
///
/// let position = Position { epoch: Epoch::from_u64(0xfeed).expect("it is not zero"), offset: 42 };
/// assert_eq!(position.to_string(), "000000000000feed.42");
/// assert_eq!("000000000000feed.42".parse(), Ok(position));
/// assert!("000000000000feed.-1".parse::<Position>().is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Position {
    /// The epoch of the history.
    pub epoch: Epoch,
    /// The offset of the last message before the position.
    pub offset: u64,
}

/// A text that is no [`Position`]: it must be an [`Epoch`], a dot, and an offset in decimal digits, of at most 64 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BadPosition;

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.epoch, self.offset)
    }
}

impl FromStr for Position {
    type Err = BadPosition;

    fn from_str(text: &str) -> Result<Self, BadPosition> {
        let (epoch, offset) = text.split_once('.').ok_or(BadPosition)?;
        let epoch = epoch.parse().map_err(|BadEpoch| BadPosition)?;
        // `parse` would accept a sign.
        let is_number = offset.bytes().all(|byte| byte.is_ascii_digit());
        let offset = offset.parse().ok().filter(|_| is_number).ok_or(BadPosition)?;
        Ok(Self { epoch, offset })
    }
}

impl fmt::Display for BadPosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a position must be an epoch of 1 to 16 hexadecimal digits, a dot, and an offset of at most 64 bits in decimal digits")
    }
}

impl core::error::Error for BadPosition {}

/// The messages that a client wants when it joins a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Recover {
    /// All messages after this position.
    Since(Position),
    /// The latest message, if there was any: for rooms in which only the last value counts.
    Latest,
}

/// Whether a joining client gets what it asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Recovery {
    /// Every message after the client's position is in its outbox or will be: what it missed first, then each new one. Asked for
    /// the latest message, it is that one and each new one.
    Recovered {
        /// The number of messages that were queued for the client by the join.
        count: u32,
    },
    /// The client gets only new messages. Nothing of what it missed was queued.
    Unrecovered(Unrecovered),
}

/// Why the messages after a position cannot be had, and which there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Unrecovered {
    /// Why they cannot.
    pub reason: Unrecoverable,
    /// The offset of the oldest message that is kept; `top + 1` if none is.
    pub oldest: u64,
    /// The offset of the last message that was published; 0 if there was none.
    pub top: u64,
}

/// A reason for which the messages after a position cannot be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Unrecoverable {
    /// The position is not one of this history: its epoch is another, or its offset is higher than any that was published.
    EpochChanged,
    /// The last of the messages that are missing made way for newer ones, or the hub's memory was short.
    Trimmed,
    /// The last of the messages that are missing became too old.
    Expired,
    /// More messages or bytes than allowed: by [`Histories`](crate::hub::Histories), or by what the client's outbox has room for.
    OverLimit,
    /// The room keeps no history.
    NoneKept,
}

impl Unrecoverable {
    /// Each reason once.
    pub const ALL: &'static [Self] =
        &[Self::EpochChanged, Self::Trimmed, Self::Expired, Self::OverLimit, Self::NoneKept];

    /// A short stable name, for metrics, logs and answers to clients.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::EpochChanged => "epoch_changed",
            Self::Trimmed => "trimmed",
            Self::Expired => "expired",
            Self::OverLimit => "over_limit",
            Self::NoneKept => "none_kept",
        }
    }
}

impl fmt::Display for Unrecovered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { reason, oldest, top } = self;
        match reason {
            Unrecoverable::EpochChanged => f.write_str("the position is not one of this history"),
            Unrecoverable::Trimmed => f.write_str("messages after the position made way for newer ones"),
            Unrecoverable::Expired => f.write_str("messages after the position have expired"),
            Unrecoverable::OverLimit => f.write_str("too many messages or bytes were asked for"),
            Unrecoverable::NoneKept => return f.write_str("the room keeps no history"),
        }?;
        if oldest > top {
            write!(f, ": no message is kept, and the last one had the offset {top}")
        } else {
            write!(f, ": the messages {oldest} to {top} are kept")
        }
    }
}

impl core::error::Error for Unrecovered {}
