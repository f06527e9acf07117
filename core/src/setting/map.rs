//! Tables of a config file whose keys are names of the user's.

use super::{At, Setting, Written, read_part};
use alloc::collections::BTreeMap;
use alloc::string::String;
use core::fmt;
use core::marker::PhantomData;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserializer, Serializer};

struct Table<'a, T>(At<'a>, PhantomData<T>);

impl<'de, T: Setting> Visitor<'de> for Table<'_, T> {
    type Value = BTreeMap<String, T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut table = BTreeMap::new();
        while let Some(key) = map.next_key::<String>()? {
            let value = read_part(&mut map, self.0)?;
            if table.contains_key(&key) {
                return Err(self.0.named(A::Error::custom(format_args!("{key:?} stands there twice"))));
            }
            table.insert(key, value);
        }
        Ok(table)
    }
}

impl<T: Setting> Setting for BTreeMap<String, T> {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter().map(|(key, value)| (key, Written(value))))
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D, at: At<'_>) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Table(at, PhantomData))
    }
}
