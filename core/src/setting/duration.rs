//! Durations in a config file, such as `1m 30s`. Why not `humantime`: see the [module above](super).

use super::{At, Setting};
use core::fmt::{self, Display};
use core::time::Duration;
use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserializer, Serializer};

/// Units and their nanoseconds, the longest first.
const UNITS: [(&str, u64); 7] = [
    ("d", 86_400_000_000_000),
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
];

/// Displays a duration in the format that [`parse`] reads.
struct Words(Duration);

impl Display for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0.as_nanos();
        if rest == 0 {
            return f.write_str("0s");
        }
        let mut space = "";
        for (unit, nanos) in UNITS {
            let (count, left) = (rest / u128::from(nanos), rest % u128::from(nanos));
            if count > 0 {
                write!(f, "{space}{count}{unit}")?;
                space = " ";
            }
            rest = left;
        }
        Ok(())
    }
}

/// Parses a sum of numbers, each with its unit, with or without spaces between them.
fn parse(text: &str) -> Option<Duration> {
    let mut sum: Option<Duration> = None;
    let mut rest = text.trim();
    while !rest.is_empty() {
        let digits = rest.find(|letter: char| !letter.is_ascii_digit())?;
        let (count, behind) = rest.split_at(digits);
        let end = behind.find(|letter: char| !letter.is_ascii_alphabetic()).unwrap_or(behind.len());
        let (unit, behind) = behind.split_at(end);
        let (_, nanos) = UNITS.iter().find(|(name, _)| *name == unit)?;
        let nanos = count.parse::<u128>().ok()?.checked_mul(u128::from(*nanos))?;
        let seconds = u64::try_from(nanos / 1_000_000_000).ok()?;
        let part = Duration::new(seconds, (nanos % 1_000_000_000) as u32);
        sum = Some(sum.unwrap_or_default().checked_add(part)?);
        rest = behind.trim_start();
    }
    sum
}

struct Text;

impl Visitor<'_> for Text {
    type Value = Duration;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a duration as \"10s\", \"1m 30s\" or \"250ms\"")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Duration, E> {
        parse(text).ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
    }
}

impl Setting for Duration {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&Words(*self))
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D, _: At<'_>) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Text)
    }
}
