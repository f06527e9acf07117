//! The keys of the HTTP API, and what each of them may do.

use super::value::{Secret, Setting};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::ops::Deref;

/// The methods of the API that a key can be for: all but `batch`, whose commands are checked one by one. A test compares them with the
/// API's own table.
pub(crate) const METHODS: [&str; 20] = [
    "publish",
    "broadcast",
    "send",
    "subscribe",
    "unsubscribe",
    "disconnect",
    "refresh",
    "presence",
    "presence_stats",
    "history",
    "history_remove",
    "channels",
    "info",
    "drain",
    "clients",
    "users",
    "rooms",
    "stats",
    "events",
    "config",
];

/// A key of the API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ApiKey {
    pub(crate) key: Secret,
    /// The methods that the key may call. `None`: all of them, or, if `channels` is set, those that name a channel.
    pub(crate) methods: Option<Vec<String>>,
    /// Patterns of the channels that the key may name. `None`: all channels.
    pub(crate) channels: Option<Vec<String>>,
}

/// All keys of the API.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ApiKeys(Vec<ApiKey>);

impl Deref for ApiKeys {
    type Target = [ApiKey];

    fn deref(&self) -> &[ApiKey] {
        &self.0
    }
}

impl Setting for ApiKeys {
    fn read(value: &Value) -> Result<Self, String> {
        let items = value.as_array().ok_or("must be a list")?;
        let mut keys: Vec<ApiKey> = Vec::with_capacity(items.len());
        for (at, item) in (1..).zip(items) {
            // The item is not shown: it has the key.
            let key = ApiKey::read(item).map_err(|why| format!("item {at} of the list {why}"))?;
            if keys.iter().any(|known| known.key == key.key) {
                return Err(format!("item {at} of the list must not have the key of an item before it"));
            }
            keys.push(key);
        }
        Ok(Self(keys))
    }

    fn write(&self) -> Value {
        self.0.iter().map(Setting::write).collect()
    }
}

impl Setting for ApiKey {
    fn read(value: &Value) -> Result<Self, String> {
        const ALLOWED: &str =
            "must be a text, or a table as { key: KEY, methods: [publish], channels: [\"news*\"] }";
        let fields = match value {
            Value::String(_) => {
                return Ok(Self { key: Secret::read(value)?, methods: None, channels: None });
            }
            Value::Object(fields) => fields,
            _ => return Err(ALLOWED.into()),
        };
        if let Some(unknown) = fields.keys().find(|name| !["key", "methods", "channels"].contains(&&***name))
        {
            return Err(format!("{ALLOWED}: there is no {unknown:?}"));
        }
        let key = fields.get("key").ok_or_else(|| format!("{ALLOWED}: `key` is missing"))?;
        let key = Secret::read(key).map_err(|why| format!("has a `key` that {why}"))?;
        let methods = list_of(fields, "methods")?;
        let unknown = methods.iter().flatten().find(|name| !METHODS.contains(&name.as_str()));
        if let Some(unknown) = unknown {
            return Err(format!("has the method {unknown:?}: must be some of {}", METHODS.join(", ")));
        }
        Ok(Self { key, methods, channels: list_of(fields, "channels")? })
    }

    fn write(&self) -> Value {
        if self.methods.is_none() && self.channels.is_none() {
            return self.key.write();
        }
        let mut fields = Map::new();
        fields.insert("key".into(), self.key.write());
        for (name, list) in [("methods", &self.methods), ("channels", &self.channels)] {
            if let Some(list) = list {
                fields.insert(name.into(), json!(list));
            }
        }
        Value::Object(fields)
    }
}

/// A list of texts, each once. A list without entries would allow nothing, which nobody means.
fn list_of(fields: &Map<String, Value>, name: &str) -> Result<Option<Vec<String>>, String> {
    let Some(value) = fields.get(name).filter(|value| !value.is_null()) else { return Ok(None) };
    let list =
        Vec::<String>::read(value).map_err(|_| format!("has `{name}` that must be a list of texts"))?;
    let is_clean = list.iter().collect::<BTreeSet<_>>().len() == list.len();
    match !list.is_empty() && is_clean && list.iter().all(|entry| !entry.is_empty()) {
        true => Ok(Some(list)),
        false => Err(format!("has `{name}` that must have at least one entry, each once and none empty")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_a_text_or_a_table_with_rights() {
        let read = ApiKeys::read(&json!([
            "hunter1",
            { "key": "hunter2", "methods": ["publish", "history"] },
            { "key": "hunter3", "channels": ["news*"] },
        ]));
        let keys = read.unwrap_or_else(|why| panic!("{why}"));
        assert_eq!(keys.len(), 3);
        assert_eq!(keys[1].methods.as_deref(), Some(&["publish".to_owned(), "history".into()][..]));
        assert_eq!(keys[2].channels.as_deref(), Some(&["news*".to_owned()][..]));
        let shown = json!(["***", {"key": "***", "methods": ["publish", "history"]}, {"key": "***", "channels": ["news*"]}]);
        assert_eq!(keys.write(), shown);
        assert!(!format!("{keys:?}").contains("hunter"));
    }

    #[test]
    fn wrong_keys_are_refused_and_never_shown() {
        for (bad, part) in [
            (json!("hunter"), "must be a list"),
            (json!([1]), "item 1 of the list must be a text, or a table"),
            (json!(["hunter", ""]), "item 2 of the list must not be empty"),
            (
                json!(["hunter", { "key": "hunter" }]),
                "item 2 of the list must not have the key of an item before it",
            ),
            (json!([{ "methods": ["publish"] }]), "`key` is missing"),
            (json!([{ "key": "hunter", "method": ["publish"] }]), "there is no \"method\""),
            (
                json!([{ "key": "hunter", "methods": ["publsh"] }]),
                "the method \"publsh\": must be some of publish",
            ),
            (json!([{ "key": "hunter", "methods": [] }]), "`methods` that must have at least one entry"),
            (json!([{ "key": "hunter", "channels": [""] }]), "`channels` that must have at least one entry"),
            (json!([{ "key": "hunter", "channels": "news" }]), "`channels` that must be a list of texts"),
        ] {
            let why = ApiKeys::read(&bad).expect_err("it is refused");
            assert!(why.contains(part) && !why.contains("hunter"), "{bad}: {why}");
        }
    }
}
