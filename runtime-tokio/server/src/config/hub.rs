//! The section `hub`: the config of [`throng_tokio`], key by key, so that every wrong key is named and not only the first.

use super::nearest::nearest;
use serde_json::{Map, Value};
use std::sync::OnceLock;
use throng_tokio::hub::Config;

/// The default config, as it is written to a file.
pub(super) fn defaults() -> &'static Map<String, Value> {
    static DEFAULTS: OnceLock<Map<String, Value>> = OnceLock::new();
    DEFAULTS.get_or_init(|| match serde_json::to_value(Config::default()) {
        Ok(Value::Object(sections)) => sections,
        _ => Map::new(),
    })
}

/// The names of a section's keys; `None` if there is no such section.
fn keys_of(section: &str) -> Option<impl Iterator<Item = &'static str> + Clone> {
    Some(defaults().get(section)?.as_object()?.keys().map(String::as_str))
}

/// Checks a value of `hub.section.key`. The error says what is wrong with it.
pub(super) fn check(section: &str, key: &str, value: &Value) -> Result<(), String> {
    let Some(known) = keys_of(section) else {
        return Err(unknown("hub.", section, defaults().keys().map(String::as_str)));
    };
    if !known.clone().any(|known| known == key) {
        return Err(unknown(&format!("hub.{section}."), key, known));
    }
    let field: Map<_, _> = [(key.to_owned(), value.clone())].into_iter().collect();
    let tree: Map<_, _> = [(section.to_owned(), Value::Object(field))].into_iter().collect();
    match serde_json::from_value::<Config>(Value::Object(tree)) {
        Ok(_) => Ok(()),
        Err(error) => {
            let text = error.to_string();
            // The error names the field, and so does what it becomes a part of.
            let rest = text.strip_prefix("config field `").and_then(|rest| rest.split_once("`: "));
            Err(rest.map_or(text.clone(), |(_, why)| why.to_owned()))
        }
    }
}

/// The sections together. Each value was checked.
pub(super) fn assemble(sections: Map<String, Value>) -> Result<Config, String> {
    serde_json::from_value(Value::Object(sections)).map_err(|error| error.to_string())
}

/// Checks the config as a whole.
pub(super) fn validate(config: &Config) -> Result<(), String> {
    let mut config = config.clone();
    // The hub draws a random one when it is built.
    config.host.epoch_seed = 1;
    config.validate().map_err(|error| error.to_string().replacen("config field `", "`hub.", 1))
}

/// The error about a key that there is not.
pub(super) fn unknown<'a>(prefix: &str, key: &str, known: impl Iterator<Item = &'a str> + Clone) -> String {
    match nearest(key, known.clone()) {
        Some(near) => format!("unknown key; the nearest is {prefix}{near}"),
        None => format!(
            "unknown key; there are {prefix}{}",
            known.collect::<Vec<_>>().join(&format!(", {prefix}"))
        ),
    }
}
