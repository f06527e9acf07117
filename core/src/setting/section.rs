//! A section of a config: a table, whose fields errors name in full.

use super::{At, Setting};
use core::fmt::{self, Display};
use core::marker::PhantomData;
use serde::de::{DeserializeSeed, Error, MapAccess, Visitor};
use serde::{Deserializer, Serialize, Serializer};

/// Implements serde's traits for a section. Full names begin with the prefix. A field that is missing here keeps its
/// default.
macro_rules! section {
    ($type:ident, $what:literal, $prefix:literal, { $($field:ident),+ $(,)? }) => {
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                use serde::ser::SerializeStruct;
                let mut table = serializer.serialize_struct(stringify!($type), [$(stringify!($field)),+].len())?;
                $(table.serialize_field(stringify!($field), &$crate::setting::Written(&self.$field))?;)+
                table.end()
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Table<'a>($crate::setting::At<'a>);

                const FIELDS: &[&str] = &[$(stringify!($field)),+];

                impl<'de> serde::de::Visitor<'de> for Table<'_> {
                    type Value = $type;

                    fn expecting(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                        f.write_str($what)
                    }

                    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<$type, A::Error> {
                        use serde::de::Error;
                        $(let mut $field = None;)+
                        let known = $crate::setting::KeyOf::section(self.0, $prefix, FIELDS);
                        while let Some(key) = map.next_key_seed(known)? {
                            match key {
                                $(stringify!($field) if $field.is_none() => {
                                    let name = concat!($prefix, stringify!($field));
                                    $field = Some($crate::setting::read_part(&mut map, self.0.field(name))?);
                                })+
                                $(stringify!($field) => {
                                    return Err(A::Error::duplicate_field(concat!($prefix, stringify!($field))));
                                })+
                                other => return Err($crate::setting::unknown_field($prefix, other, FIELDS)),
                            }
                        }
                        let mut section = $type::default();
                        $(section.$field = $field.unwrap_or(section.$field);)+
                        Ok(section)
                    }
                }

                let is_told = core::cell::Cell::new(false);
                let table = Table($crate::setting::At::whole(&is_told));
                deserializer.deserialize_struct(stringify!($type), FIELDS, table)
            }
        }

        impl $crate::setting::Setting for $type {
            const NAMES_ITSELF: bool = true;

            fn write<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serde::Serialize::serialize(self, serializer)
            }
            fn read<'de, D: serde::Deserializer<'de>>(
                deserializer: D,
                _: $crate::setting::At<'_>,
            ) -> Result<Self, D::Error> {
                serde::Deserialize::deserialize(deserializer)
            }
        }
    };
}

pub(crate) use section;

/// Serializes a setting by [`Setting::write`].
pub(crate) struct Written<'a, T>(pub(crate) &'a T);

impl<T: Setting> Serialize for Written<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.write(serializer)
    }
}

/// Reads a field or a part of a value, which is named in the error.
pub(crate) fn read_part<'de, A: MapAccess<'de>, T: Setting>(map: &mut A, at: At<'_>) -> Result<T, A::Error> {
    map.next_value_seed(Part(at, PhantomData))
}

/// Reads a part of a value; a repeated part is an error.
pub(crate) fn read_once<'de, A: MapAccess<'de>, T: Setting>(
    map: &mut A,
    place: &mut Option<T>,
    at: At<'_>,
) -> Result<(), A::Error> {
    if place.is_some() {
        return Err(A::Error::duplicate_field(at.name()));
    }
    *place = Some(read_part(map, at)?);
    Ok(())
}

struct Part<'a, T>(At<'a>, PhantomData<T>);

impl<'de, T: Setting> DeserializeSeed<'de> for Part<'_, T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        T::read(deserializer, self.0)
            .map_err(|error| if T::NAMES_ITSELF { error } else { self.0.named(error) })
    }
}

/// A key of a table: one of those there are, or an error where the key stands.
#[derive(Clone, Copy)]
pub(crate) struct KeyOf<'a> {
    at: At<'a>,
    known: &'static [&'static str],
    kind: Kind,
}

#[derive(Clone, Copy)]
enum Kind {
    /// Of a value that is a table.
    Part,
    /// Of an enum's table.
    Variant,
    /// Of a section, whose fields' full names begin with this.
    Section(&'static str),
}

impl<'a> KeyOf<'a> {
    pub(crate) const fn part(at: At<'a>, known: &'static [&'static str]) -> Self {
        Self { at, known, kind: Kind::Part }
    }

    pub(crate) const fn variant(at: At<'a>, known: &'static [&'static str]) -> Self {
        Self { at, known, kind: Kind::Variant }
    }

    pub(crate) const fn section(at: At<'a>, prefix: &'static str, known: &'static [&'static str]) -> Self {
        Self { at, known, kind: Kind::Section(prefix) }
    }
}

impl<'de> DeserializeSeed<'de> for KeyOf<'_> {
    type Value = &'static str;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<&'static str, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for KeyOf<'_> {
    type Value = &'static str;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a field")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<&'static str, E> {
        let known = self.known.iter().copied().find(|known| *known == key);
        known.ok_or_else(|| match self.kind {
            Kind::Part => self.at.named(E::unknown_field(key, self.known)),
            Kind::Variant => self.at.named(E::unknown_variant(key, self.known)),
            Kind::Section(prefix) => unknown_field(prefix, key, self.known),
        })
    }
}

/// The error for an unknown field, which lists the known ones.
pub(crate) fn unknown_field<E: Error>(prefix: &str, field: impl Display, fields: &[&str]) -> E {
    struct OneOf<'a>(&'a [&'a str]);

    impl Display for OneOf<'_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            let mut comma = "";
            for field in self.0 {
                write!(f, "{comma}`{field}`")?;
                comma = ", ";
            }
            Ok(())
        }
    }

    E::custom(format_args!(
        "there is no config field `{prefix}{field}`: the fields here are {}",
        OneOf(fields)
    ))
}
