//! Reads and writes the settings of a config file, in any self-describing format of `serde`.
//!
//! An error tells the reader of a file the full name of the field, the value, what is allowed, and the position in the file. The
//! well-known crates tell less:
//!
//! | crate | why not |
//! | --- | --- |
//! | `serde` with `derive` | Its errors do not name the field. `expected u32` does not say what is allowed, and `invalid type: unit variant, expected newtype variant` does not say what to write instead. TOML has no null for a `None`. |
//! | `serde_path_to_error` | It adds the name outside the whole value, in an error that is made there. Where the config is part of an application's own file, TOML then shows the header of the config's first table instead of the line with the wrong value. |
//! | `humantime-serde` | It needs `std`, which this feature does not. Its error does not show how to write a duration, and it takes a `month` for 30.44 days. |
//!
//! Here each value is read by its field, which adds its name to the error while the format still knows the position. Reading a
//! config is on no hot path.

mod at;
mod choice;
mod duration;
mod map;
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
                let is_told = core::cell::Cell::new(false);
                $crate::setting::Setting::read(deserializer, $crate::setting::At::whole(&is_told))
            }
        }
    )+};
}

pub(crate) use at::At;
pub(crate) use by_itself;
pub(crate) use choice::choice;
pub(crate) use section::{KeyOf, Written, read_once, read_part, section, unknown_field};

#[cfg(test)]
mod tests;

use serde::{Deserializer, Serializer};

/// A value in a config file. `read` takes what `write` wrote; it names the parts of the value in errors about them, its caller the
/// value.
pub(crate) trait Setting: Sized {
    /// Whether the errors of `read` name the field already.
    const NAMES_ITSELF: bool = false;

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error>;
    fn read<'de, D: Deserializer<'de>>(deserializer: D, at: At<'_>) -> Result<Self, D::Error>;
}
