//! Limits from a fuzzer's bytes, and clients and connections to which something happens; operations derive it.

use super::{
    EndedBy, Every, Histories, Limits, On, Op, OverRate, PerUser, Policy, Presences, Returned,
    SecondConnection, Through, Who, Wrote,
};
use arbitrary::{Arbitrary, Result, Unstructured};

impl<'a> Arbitrary<'a> for Limits {
    fn arbitrary(bytes: &mut Unstructured<'a>) -> Result<Self> {
        let all = Self::default();
        let limits = Self {
            connections: maybe(bytes, 12)?,
            handshakes: maybe(bytes, 4)?,
            per_address: maybe(bytes, 3)?,
            connect_rate: maybe_every(bytes, 100, 4)?,
            per_user: match bytes.int_in_range(0..=3)? {
                0 => PerUser::RefuseNewest(bytes.int_in_range(1..=3)?),
                1 => PerUser::EvictOldest(bytes.int_in_range(1..=3)?),
                _ => PerUser::Unlimited,
            },
            rooms_of_client: maybe(bytes, 3)?,
            members: maybe(bytes, 4)?,
            rooms: maybe(bytes, 3)?,
            messages: bytes.int_in_range(1..=8)?,
            bytes: bytes.int_in_range(114..=600)?,
            policy: match bytes.int_in_range(0..=4)? {
                0 => Policy::DropOldest,
                1 => Policy::Conflate(1),
                2 => Policy::Disconnect,
                _ => Policy::DropNewest,
            },
            hub_bytes: if bytes.ratio(1, 4)? { bytes.int_in_range(114..=2_000)? } else { all.hub_bytes },
            client_messages: maybe_every(bytes, 100, 5)?,
            client_bytes: maybe_every(bytes, 2, 500)?,
            user_messages: maybe_every(bytes, 100, 5)?,
            user_bytes: maybe_every(bytes, 2, 500)?,
            control: maybe_every(bytes, 100, 20)?,
            over_rate: match bytes.int_in_range(0..=2)? {
                0 => OverRate::Drop,
                1 => OverRate::Pause,
                _ => OverRate::Close,
            },
            handshake: bytes.int_in_range(1..=1_000)?,
            ping: maybe(bytes, 500)?,
            pong: maybe(bytes, 1_000)?,
            write: bytes.int_in_range(1..=500)?,
            close: bytes.int_in_range(1..=500)?,
            idle: maybe(bytes, 1_000)?,
            lanes: bytes.int_in_range(1..=3)?,
            seed: bytes.arbitrary()?,
            written_messages: maybe_every(bytes, 100, 4)?,
            write_rate: maybe(bytes, 400)?,
            idle_inbound: maybe(bytes, 1_000)?,
            codes: if bytes.ratio(1, 2)? { bytes.arbitrary()? } else { 0 },
            standstill: if bytes.ratio(1, 2)? { bytes.int_in_range(1..=500)? } else { all.standstill },
            ..all
        };
        // Of the seed, so that inputs which are older than slices mean what they did.
        let slices = [limits.slice, 1, 20, 60];
        let limits = Self { slice: slices[limits.seed as usize % slices.len()], ..limits };
        Ok(with_sessions(&limits))
    }
}

/// These with sessions, histories and presence, which their seed decides, so that older inputs stay what they are.
fn with_sessions(limits: &Limits) -> Limits {
    // Sessions in every other input, and histories in every eighth.
    let bits = limits.seed.rotate_left(17);
    let few = |shift: u32, most: u32| {
        let number = (bits >> shift) as u32 % (3 * most);
        (1..=most).contains(&number).then_some(number)
    };
    // And presence in every fourth.
    let more = limits.seed.rotate_left(43);
    let presence =
        Presences { users: more as u32 >> 2 & 3, info_bytes: 1, tick: 1 + (more as u32 >> 4 & 63) };
    Limits {
        presence: (more & 3 == 3).then_some(presence),
        history: (limits.seed >> 2 & 7 == 7).then(|| history(limits.seed >> 5)),
        named: bits & 1 == 1,
        grace: (bits & 6 != 0).then_some(1 + (bits >> 3) as u32 % 400),
        away_messages: 1 + (bits >> 12) as u32 % 7,
        away_bytes: 1 + (bits >> 15) as u32 % 300,
        away: few(24, 4),
        away_of_user: few(28, 3),
        away_of_address: few(32, 3),
        ended_by: [EndedBy::AnyClose, EndedBy::NormalClose, EndedBy::NoClose][(bits >> 36) as usize % 3],
        second: if bits >> 40 & 3 == 0 { SecondConnection::Refused } else { SecondConnection::TakesOver },
        ..limits.clone()
    }
}

/// Histories of all sorts.
fn history(seed: u64) -> Histories {
    let number = |shift: u32, most: u64| (seed >> shift) as u32 % most as u32 + 1;
    Histories {
        messages: number(0, 7),
        bytes: 100 * number(4, 8),
        age: 40 * number(8, 12),
        meta_age: 100 * number(12, 12),
        idle_rooms: number(16, 3),
        recover_messages: number(20, 7),
        recover_bytes: 80 * number(24, 8),
        keys: number(28, 4),
        key_age: 60 * number(32, 8),
    }
}

/// The number of kinds of operations, of those that were there when most of the corpus was found, and of those after which the kinds
/// about histories, then those about expiries and questions, and then those about presence, came.
const KINDS: u64 = 52;
const OLD_KINDS: u64 = 36;
const KINDS_BEFORE_HISTORIES: u64 = 40;
const KINDS_BEFORE_ASKS: u64 = 44;
const KINDS_BEFORE_PRESENCE: u64 = 48;

impl Op {
    /// An operation from a fuzzer's bytes: what is derived, but for the choice of the kind, which leaves the meaning of inputs that are
    /// older than the last kinds as it was. Those kinds are chosen by the low byte, on which the choice of another hardly depends.
    ///
    /// # Errors
    /// If there are too few bytes.
    pub fn from_bytes(bytes: &mut Unstructured<'_>) -> Result<Self> {
        let choice = u32::arbitrary(bytes)?;
        let kind = match choice.to_le_bytes() {
            [0xa5, new, ..] => OLD_KINDS + u64::from(new) % (KINDS_BEFORE_HISTORIES - OLD_KINDS),
            [0xa6, new, ..] => {
                KINDS_BEFORE_HISTORIES + u64::from(new) % (KINDS_BEFORE_ASKS - KINDS_BEFORE_HISTORIES)
            }
            [0xa7, new, ..] => {
                KINDS_BEFORE_ASKS + u64::from(new) % (KINDS_BEFORE_PRESENCE - KINDS_BEFORE_ASKS)
            }
            [0xa8, new, ..] => KINDS_BEFORE_PRESENCE + u64::from(new) % (KINDS - KINDS_BEFORE_PRESENCE),
            _ => (u64::from(choice) * OLD_KINDS) >> 32,
        };
        // The number that the derived code takes for this kind.
        let choice = (kind << 32).div_ceil(KINDS) as u32;
        let rest = bytes.peek_bytes(bytes.len()).unwrap_or_default();
        let derived = [&choice.to_le_bytes(), rest].concat();
        let mut derived = Unstructured::new(&derived);
        let op = Self::arbitrary(&mut derived)?;
        bytes.bytes(rest.len().saturating_sub(derived.len()))?;
        Ok(op)
    }
}

/// Mostly somebody who is there: evenly among all kinds, hardly anything would take place.
impl<'a> Arbitrary<'a> for Who {
    fn arbitrary(bytes: &mut Unstructured<'a>) -> Result<Self> {
        let kind = match bytes.int_in_range(0..=15)? {
            0 => Self::AsConnection,
            1 => Self::Reserved,
            2 | 7 => Self::Closing,
            3..=5 => Self::Leased,
            6 => Self::Blocked,
            8 => Self::Anybody,
            9 => Self::Stale,
            10 => Self::Failed,
            11 => Self::Away,
            _ => Self::Client,
        };
        Ok(kind(bytes.arbitrary()?))
    }
}

/// Mostly the connection of somebody who is there.
impl<'a> Arbitrary<'a> for On {
    fn arbitrary(bytes: &mut Unstructured<'a>) -> Result<Self> {
        let (kind, n): (u8, u8) = (bytes.int_in_range(0..=15)?, bytes.arbitrary()?);
        Ok(match kind {
            0 => Self::Handshake(n),
            1 => Self::Of(Who::Reserved(n)),
            2 => Self::Of(Who::Closing(n)),
            3..=5 => Self::Of(Who::Leased(n)),
            6 => Self::Of(Who::Blocked(n)),
            7 => Self::Aborted(n),
            8 => Self::Any(n),
            9 if n < 128 => Self::Ended(n),
            9 if n < 192 => Self::AsClient(n),
            9 => Self::Of(Who::Stale(n)),
            10 => Self::Of(Who::Failed(n)),
            _ => Self::Of(Who::Client(n)),
        })
    }
}

/// Half of them whole, an eighth with more begun than is written.
impl<'a> Arbitrary<'a> for Wrote {
    fn arbitrary(bytes: &mut Unstructured<'a>) -> Result<Self> {
        Ok(match u32::arbitrary(bytes)? >> 29 {
            0..4 => Self::Whole,
            4..7 => Self::Part(bytes.arbitrary()?, bytes.arbitrary()?),
            _ => Self::Begun(bytes.arbitrary()?, bytes.arbitrary()?, bytes.arbitrary()?),
        })
    }
}

/// Mostly from where it belongs.
impl<'a> Arbitrary<'a> for Returned {
    fn arbitrary(bytes: &mut Unstructured<'a>) -> Result<Self> {
        let (who, wrote, then) = (bytes.arbitrary()?, bytes.arbitrary()?, bytes.arbitrary()?);
        let through = match who {
            Who::Leased(n @ 224..) => Through::Anothers(n),
            Who::Leased(n @ 192..) => Through::Former(n),
            _ => Through::Its,
        };
        Ok(Self { who, through, wrote, then })
    }
}

fn maybe(bytes: &mut Unstructured<'_>, most: u32) -> Result<Option<u32>> {
    if bytes.ratio(1, 3)? { bytes.int_in_range(1..=most).map(Some) } else { Ok(None) }
}

fn maybe_every(bytes: &mut Unstructured<'_>, millis: u32, burst: u32) -> Result<Option<Every>> {
    let Some(millis) = maybe(bytes, millis)? else { return Ok(None) };
    Ok(Some(Every { millis, burst: bytes.int_in_range(1..=burst)? }))
}
