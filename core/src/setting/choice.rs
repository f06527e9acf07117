//! Enums in a config file: a word, or a table of one word and its value.

/// The words of an enum's variants. A variant that is missing here does not compile.
macro_rules! choice {
    ($type:ident { $($word:literal => $variant:ident $(($item:ident))?),+ $(,)? }) => {
        impl $crate::setting::Setting for $type {
            fn write<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self {
                    $(Self::$variant $(($item))? => $crate::setting::choice!(@write serializer, $word $(, $item)?),)+
                }
            }

            fn read<'de, D: serde::Deserializer<'de>>(
                deserializer: D,
                at: $crate::setting::At<'_>,
            ) -> Result<Self, D::Error> {
                struct Words<'a>($crate::setting::At<'a>);

                const WORDS: &[&str] = &[$($word),+];

                impl<'de> serde::de::Visitor<'de> for Words<'_> {
                    type Value = $type;

                    fn expecting(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                        f.write_str("one of")?;
                        let mut comma = "";
                        $($crate::setting::choice!(@expect f, comma, $word $(, $item)?);)+
                        let _ = comma;
                        Ok(())
                    }

                    fn visit_str<E: serde::de::Error>(self, word: &str) -> Result<$type, E> {
                        match word {
                            $($word => $crate::setting::choice!(@plain E, self, $type::$variant, word $(, $item)?),)+
                            other => Err(E::invalid_value(serde::de::Unexpected::Str(other), &self)),
                        }
                    }

                    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<$type, A::Error> {
                        use serde::de::Error;
                        let word = map.next_key_seed($crate::setting::KeyOf::variant(self.0, WORDS))?;
                        let chosen = self.read_table(word, &mut map)?;
                        match map.next_key::<serde::de::IgnoredAny>()? {
                            Some(_) => Err(A::Error::invalid_length(2, &self)),
                            None => Ok(chosen),
                        }
                    }
                }

                impl Words<'_> {
                    #[allow(unused_variables, reason = "where nothing goes with any word")]
                    fn read_table<'de, A: serde::de::MapAccess<'de>>(
                        &self,
                        word: Option<&str>,
                        map: &mut A,
                    ) -> Result<$type, A::Error> {
                        use serde::de::Error;
                        match word {
                            $($(Some($word) => {
                                let $item = $crate::setting::read_part(map, self.0.part($word))?;
                                Ok($type::$variant($item))
                            })?)+
                            Some(other) => Err(A::Error::unknown_variant(other, WORDS)),
                            None => Err(A::Error::invalid_length(0, self)),
                        }
                    }
                }

                deserializer.deserialize_any(Words(at))
            }
        }
    };
    (@write $serializer:ident, $word:literal) => { $serializer.serialize_str($word) };
    (@write $serializer:ident, $word:literal, $item:ident) => {{
        use serde::ser::SerializeMap;
        let mut map = $serializer.serialize_map(Some(1))?;
        map.serialize_entry($word, &$crate::setting::Written($item))?;
        map.end()
    }};
    (@expect $f:ident, $comma:ident, $word:literal) => {
        write!($f, "{} \"{}\"", $comma, $word)?;
        $comma = ",";
    };
    (@expect $f:ident, $comma:ident, $word:literal, $item:ident) => {
        write!($f, "{} {{ {} = 1 }}", $comma, $word)?;
        $comma = ",";
    };
    (@plain $error:ident, $self:ident, $variant:path, $text:ident) => { Ok($variant) };
    (@plain $error:ident, $self:ident, $variant:path, $text:ident, $item:ident) => {
        Err($error::invalid_value(serde::de::Unexpected::Str($text), &$self))
    };
}

pub(crate) use choice;
