//! Rates in a config file: `{ units = 30, per = "1m", burst = 50 }`.

use super::{At, KeyOf, Setting, Written, by_itself, read_once};
use crate::rate::Rate;
use core::fmt;
use core::time::Duration;
use serde::de::{Error, MapAccess, Visitor};
use serde::ser::SerializeStruct;
use serde::{Deserializer, Serializer};

const FIELDS: [&str; 3] = ["units", "per", "burst"];

by_itself!(Rate);

impl Setting for Rate {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (units, period, burst) = self.parts();
        let mut table = serializer.serialize_struct("Rate", FIELDS.len())?;
        table.serialize_field("units", &units)?;
        table.serialize_field("per", &Written(&Duration::from_nanos(period)))?;
        table.serialize_field("burst", &burst)?;
        table.end()
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D, at: At<'_>) -> Result<Self, D::Error> {
        deserializer.deserialize_struct("Rate", &FIELDS, Table(at))
    }
}

struct Table<'a>(At<'a>);

impl<'de> Visitor<'de> for Table<'_> {
    type Value = Rate;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a rate as { units = 30, per = \"1m\", burst = 50 }")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Rate, A::Error> {
        let (mut units, mut per, mut burst) = (None, None, None);
        while let Some(key) = map.next_key_seed(KeyOf::part(self.0, &FIELDS))? {
            match key {
                "units" => read_once(&mut map, &mut units, self.0.part("units"))?,
                "per" => read_once(&mut map, &mut per, self.0.part("per"))?,
                "burst" => read_once(&mut map, &mut burst, self.0.part("burst"))?,
                other => return Err(A::Error::unknown_field(other, &FIELDS)),
            }
        }
        let units: u32 = units.ok_or_else(|| A::Error::missing_field("units"))?;
        Ok(Rate::per(units, per.unwrap_or(Duration::from_secs(1))).burst(burst.unwrap_or(units)))
    }
}
