//! The table `closes` of a config in a file: each cause is a field by its name.

use super::Closes;
use crate::cause::Cause;
use crate::setting::{At, KeyOf, Setting, Written, read_part, unknown_field};
use core::cell::Cell;
use core::fmt;
use serde::de::{Error, MapAccess, Visitor};
use serde::ser::SerializeStruct;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

impl Serialize for Closes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut table = serializer.serialize_struct("Closes", Cause::COUNT)?;
        for (cause, farewell) in self.iter() {
            table.serialize_field(cause.name(), &Written(farewell))?;
        }
        table.end()
    }
}

impl<'de> Deserialize<'de> for Closes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let is_told = Cell::new(false);
        deserializer.deserialize_struct("Closes", Cause::NAMES, Table(At::whole(&is_told)))
    }
}

struct Table<'a>(At<'a>);

impl<'de> Visitor<'de> for Table<'_> {
    type Value = Closes;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the table `closes`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Closes, A::Error> {
        let (mut closes, mut seen) = (Closes::default(), [false; Cause::COUNT]);
        let known = KeyOf::section(self.0, "closes.", Cause::NAMES);
        while let Some(key) = map.next_key_seed(known)? {
            let named = Cause::ALL.iter().find(|cause| cause.name() == key);
            let cause = *named.ok_or_else(|| unknown_field("closes.", key, Cause::NAMES))?;
            let [field, _] = cause.fields();
            if core::mem::replace(&mut seen[cause as usize], true) {
                return Err(A::Error::duplicate_field(field));
            }
            closes[cause] = read_part(&mut map, self.0.field(field))?;
        }
        Ok(closes)
    }
}

impl Setting for Closes {
    const NAMES_ITSELF: bool = true;

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.serialize(serializer)
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D, _: At<'_>) -> Result<Self, D::Error> {
        Self::deserialize(deserializer)
    }
}
