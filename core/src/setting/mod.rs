//! Settings as a config file has them, and back, by any format of `serde` that describes itself.
//!
//! Nothing is derived: so an error names the field in full whatever the format, a `None` can be said where a format has no
//! null, and a duration is what people write.

mod choice;
mod duration;
mod number;
mod optional;
mod rate;
mod section;
mod text;

/// A part of a config is read and written by `serde` by itself, too.
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
    /// Its errors name the field already.
    const NAMES_ITSELF: bool = false;

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error>;
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error>;
}
