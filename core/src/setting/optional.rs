//! Optional settings in a config file: `None` is the word "none", or null in a format that has it.

use super::{At, Setting};
use core::fmt;
use core::marker::PhantomData;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, IntoDeserializer, MapAccess, Visitor};
use serde::{Deserializer, Serializer};

const NONE: &str = "none";

impl<T: Setting> Setting for Option<T> {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Some(value) => value.write(serializer),
            None => serializer.serialize_str(NONE),
        }
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D, at: At<'_>) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Maybe(at, PhantomData))
    }
}

struct Maybe<'a, T>(At<'a>, PhantomData<T>);

/// Reads any other type as the value.
macro_rules! as_the_value {
    ($($visit:ident($type:ty)),+) => {$(
        fn $visit<E: Error>(self, value: $type) -> Result<Self::Value, E> {
            T::read(value.into_deserializer(), self.0).map(Some)
        }
    )+};
}

impl<'de, T: Setting> Visitor<'de> for Maybe<'_, T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value, or \"none\"")
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_none<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        Option::<T>::read(deserializer, self.0)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        if text == NONE { Ok(None) } else { T::read(text.into_deserializer(), self.0).map(Some) }
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        T::read(MapAccessDeserializer::new(map), self.0).map(Some)
    }

    as_the_value!(visit_bool(bool), visit_i64(i64), visit_u64(u64), visit_f64(f64));
}
