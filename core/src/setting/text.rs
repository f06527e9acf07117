//! Names and close codes in a config file.

use super::{At, Setting, by_itself};
use crate::close::CloseCode;
use crate::id::Name;
use core::fmt;
use serde::de::{Error, Visitor};
use serde::{Deserializer, Serializer};

by_itself!(CloseCode);

impl Setting for CloseCode {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.write(serializer)
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D, at: At<'_>) -> Result<Self, D::Error> {
        u16::read(deserializer, at).map(Self)
    }
}

struct Text;

impl Visitor<'_> for Text {
    type Value = Name;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Name, E> {
        Ok(text.into())
    }
}

impl Setting for Name {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self)
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D, _: At<'_>) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Text)
    }
}
