//! A section of a config: a table, whose fields errors name in full.

use super::Setting;
use alloc::string::ToString;
use core::fmt::{self, Display};
use core::marker::PhantomData;
use serde::de::{DeserializeSeed, Error, MapAccess};
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
                struct Table;

                const FIELDS: &[&str] = &[$(stringify!($field)),+];

                impl<'de> serde::de::Visitor<'de> for Table {
                    type Value = $type;

                    fn expecting(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                        f.write_str($what)
                    }

                    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<$type, A::Error> {
                        use serde::de::Error;
                        $(let mut $field = None;)+
                        while let Some(key) = map.next_key::<alloc::string::String>()? {
                            match key.as_str() {
                                $(stringify!($field) if $field.is_none() => {
                                    let name = concat!($prefix, stringify!($field));
                                    $field = Some($crate::setting::read_field(&mut map, name)?);
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

                deserializer.deserialize_struct(stringify!($type), FIELDS, Table)
            }
        }

        impl $crate::setting::Setting for $type {
            const NAMES_ITSELF: bool = true;

            fn write<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serde::Serialize::serialize(self, serializer)
            }
            fn read<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
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

/// Reads a part of a value; the error names the part.
pub(crate) fn read_part<'de, A: MapAccess<'de>, T: Setting>(
    map: &mut A,
    name: &'static str,
) -> Result<T, A::Error> {
    map.next_value_seed(Part(name, PhantomData))
}

/// Reads a part of a value; a repeated part is an error.
pub(crate) fn read_once<'de, A: MapAccess<'de>, T: Setting>(
    map: &mut A,
    place: &mut Option<T>,
    field: &'static str,
) -> Result<(), A::Error> {
    if place.is_some() {
        return Err(A::Error::duplicate_field(field));
    }
    *place = Some(read_part(map, field)?);
    Ok(())
}

struct Part<T>(&'static str, PhantomData<T>);

impl<'de, T: Setting> DeserializeSeed<'de> for Part<T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        T::read(deserializer).map_err(|error| named(format_args!("`{}`", self.0), &error))
    }
}

/// Reads the value of a field; the error has the field's full name.
pub(crate) fn read_field<'de, A: MapAccess<'de>, T: Setting>(
    map: &mut A,
    name: &'static str,
) -> Result<T, A::Error> {
    map.next_value_seed(Named(name, PhantomData))
}

struct Named<T>(&'static str, PhantomData<T>);

impl<'de, T: Setting> DeserializeSeed<'de> for Named<T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        T::read(deserializer).map_err(|error| {
            if T::NAMES_ITSELF { error } else { named(format_args!("config field `{}`", self.0), &error) }
        })
    }
}

/// Puts a name before an error. Some formats append lines that show the position; they append them again to this error.
fn named<E: Error>(name: fmt::Arguments<'_>, error: &E) -> E {
    E::custom(format_args!("{name}: {}", error.to_string().lines().next().unwrap_or_default()))
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

    E::custom(format_args!("there is no config field `{prefix}{field}`, but {}", OneOf(fields)))
}
