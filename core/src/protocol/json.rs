//! Values as JSON, and objects out of it.

use alloc::collections::BTreeMap;
use alloc::string::String;
use core::fmt;
use core::marker::PhantomData;
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// The JSON of a value whose keys are texts: nothing else can fail.
pub(super) fn text_of(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_else(|_| "null".into())
}

/// A struct that is read from an object only. Serde would read its fields out of a list, too, by their places.
#[derive(Debug)]
pub(super) struct Object<T>(pub(super) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(value: D) -> Result<Self, D::Error> {
        struct OfMap<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for OfMap<T> {
            type Value = T;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map))
            }
        }

        value.deserialize_map(OfMap(PhantomData)).map(Self)
    }
}

/// Reads a field that is an object, null or missing.
pub(super) fn object<'de, D, T>(field: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Option::deserialize(field).map(|object: Option<Object<T>>| object.map(|Object(value)| value))
}

/// Reads a field that has objects by their names, or is null.
pub(super) fn objects<'de, D, T>(field: D) -> Result<BTreeMap<String, T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    let objects: Option<BTreeMap<String, Object<T>>> = Option::deserialize(field)?;
    Ok(objects.unwrap_or_default().into_iter().map(|(name, Object(value))| (name, value)).collect())
}
