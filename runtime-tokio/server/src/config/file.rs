//! Files: YAML, TOML or JSON by their extension, read as one kind of tree.

use crate::files::open;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use std::fmt;
use std::io::Read;
use std::path::Path;

/// A longer file is no config.
const MOST_BYTES: u64 = 1 << 20;

/// The extensions of files, and how each is read.
const FORMATS: [(&str, Parse); 4] = [("yaml", yaml), ("yml", yaml), ("toml", toml), ("json", json)];

type Parse = fn(&str) -> Result<Tree, String>;

/// The extensions of files that can be a config.
pub(super) fn extensions() -> impl Iterator<Item = &'static str> {
    FORMATS.iter().map(|(extension, _)| *extension)
}

/// Reads a file. The error does not name it.
pub(super) fn read(path: &Path) -> Result<Value, String> {
    let extension = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    let format = FORMATS.iter().find(|(known, _)| *known == extension);
    let Some((_, parse)) = format else {
        return Err(format!(
            "the extension {extension:?} is not allowed: a config ends with .yaml, .yml, .toml or .json"
        ));
    };
    let mut text = Vec::new();
    let file = open(path)?;
    file.take(MOST_BYTES + 1).read_to_end(&mut text).map_err(|error| format!("cannot be read: {error}"))?;
    if text.len() as u64 > MOST_BYTES {
        return Err("is longer than 1 MiB, the most that a config may have".into());
    }
    let text = String::from_utf8(text)
        .map_err(|error| format!("is not UTF-8 from byte {} on", error.utf8_error().valid_up_to()))?;
    parse(&text).map(|Tree(value)| value)
}

/// Reads a value of the environment or a flag that is more than a text: a number, a list, a table.
pub(super) fn inline(text: &str) -> Option<Value> {
    yaml(text).ok().map(|Tree(value)| value)
}

fn yaml(text: &str) -> Result<Tree, String> {
    if text.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#')) {
        return Ok(Tree(Value::Null));
    }
    serde_saphyr::from_str(text).map_err(|error| {
        // What the library advises is for programmers.
        let told = error.to_string().replace(", set DuplicateKeyPolicy in Options if acceptable", "");
        told.replace("use from_str_multiple or from_str_multiple_with_options", "a config is one document")
    })
}

fn toml(text: &str) -> Result<Tree, String> {
    toml::from_str(text).map_err(|error: toml::de::Error| error.to_string())
}

fn json(text: &str) -> Result<Tree, String> {
    serde_json::from_str(text).map_err(|error| error.to_string())
}

/// A tree of values in which no key stands twice.
struct Tree(Value);

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue).map(Self)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table, a list, a text, a number, true or false")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(Self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Tree(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut table = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            let Tree(value) = entries.next_value()?;
            if table.contains_key(&key) {
                return Err(A::Error::custom(format_args!("the key {key:?} stands there twice")));
            }
            table.insert(key, value);
        }
        Ok(Value::Object(table))
    }
}
