//! The config in force, as a list for people. Secrets are not shown.

use super::Config;
use super::hub::defaults;
use super::hub_keys::HUB_KEYS;
use super::keys::{Change, KEYS};
use serde_json::{Map, Value, json};

/// Every key with its value, its default and its meaning.
pub(crate) fn listed(config: &Config) -> Vec<Value> {
    let default = Config::default();
    let own = KEYS.iter().map(|key| {
        let is_default = (key.is_same)(config, &default);
        let restart = key.change == Change::Restart;
        entry(key.path, &(key.get)(config), &(key.get)(&default), is_default, restart, key.meaning)
    });
    // As it is applied: with what WS-HUB mode and the demo set.
    let hub = match serde_json::to_value(config.hub()) {
        Ok(Value::Object(sections)) => sections,
        _ => Map::new(),
    };
    let of_hub = HUB_KEYS.iter().map(|(path, meaning)| {
        let (value, default) = (at(&hub, path), at(defaults(), path));
        entry(path, value, default, value == default, false, meaning)
    });
    own.chain(of_hub).collect()
}

fn entry(key: &str, value: &Value, default: &Value, is_default: bool, restart: bool, meaning: &str) -> Value {
    json!({
        "key": key, "value": value, "default": default, "is_default": is_default, "restart": restart, "meaning": meaning
    })
}

fn at<'a>(sections: &'a Map<String, Value>, path: &str) -> &'a Value {
    let in_section = || {
        let (section, key) = path.strip_prefix("hub.")?.split_once('.')?;
        sections.get(section)?.get(key)
    };
    in_section().unwrap_or(&Value::Null)
}
