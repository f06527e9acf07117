//! Reads and writes the settings of a config file, in any self-describing format of `serde`.
//!
//! The implementations are not derived: so an error has the full name of the field in every format, `None` can be written
//! in formats without null, and durations are written like `1m 30s`.

mod choice;
mod duration;
mod number;
mod optional;
mod rate;
mod section;
mod text;

/// Implements serde's traits for a type with [`Setting`], so that it can be read and written on its own too.
macro_rules! by_itself {
    ($($type:ty),+ $(,)?) => {$(
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                $crate::setting::Setting::write(self, serializer)
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::setting::Setting::read(deserializer)
            }
        }
    )+};
}

pub(crate) use by_itself;
pub(crate) use choice::choice;
pub(crate) use section::{Written, read_field, read_once, read_part, section, unknown_field};

#[cfg(test)]
mod tests;

use serde::{Deserializer, Serializer};

/// A value in a config file. `read` takes what `write` wrote.
pub(crate) trait Setting: Sized {
    /// Whether the errors of `read` name the field already.
    const NAMES_ITSELF: bool = false;

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error>;
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error>;
}
