//! Whole numbers in a config file.

use super::{At, Setting};
use core::fmt;
use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserializer, Serializer};

/// Accepts any whole number that is not negative.
struct Whole;

impl Visitor<'_> for Whole {
    type Value = u64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number")
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<u64, E> {
        Ok(number)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<u64, E> {
        u64::try_from(number).map_err(|_| E::invalid_value(Unexpected::Signed(number), &"zero or more"))
    }
}

/// The largest number that a type can hold, for an error.
struct AtMost(u64);

impl serde::de::Expected for AtMost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at most {}", self.0)
    }
}

macro_rules! numbers {
    ($($type:ty),+) => {$(
        impl Setting for $type {
            fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_u64(u64::from(*self))
            }
            fn read<'de, D: Deserializer<'de>>(deserializer: D, _: At<'_>) -> Result<Self, D::Error> {
                let number = deserializer.deserialize_u64(Whole)?;
                let most = AtMost(u64::from(Self::MAX));
                Self::try_from(number)
                    .map_err(|_| D::Error::invalid_value(Unexpected::Unsigned(number), &most))
            }
        }
    )+};
}

numbers!(u16, u32, u64);
