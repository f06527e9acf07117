//! The commented file that `throng config` prints: every key with its default and its meaning.

use super::Config;
use super::hub::defaults;
use super::hub_keys::{CLOSES, HUB_KEYS};
use super::keys::{Change, KEYS};
use serde_json::Value;

const WIDTH: usize = 110;

const HEAD: &str = "Every key of throng with its default. A file needs only the keys that it changes. In TOML and JSON the keys are the \
    same. A variable of the environment overrides the file: THRONG_LISTEN, THRONG_API__KEYS (two underscores for a dot); a flag overrides \
    both: --set api.body_bytes=65536. On SIGHUP the file is read again; keys marked (restart) need a restart.";

/// All keys as YAML, with comments.
pub(crate) fn commented() -> String {
    let mut out = String::new();
    comment(&mut out, "", HEAD);
    let config = Config::default();
    let mut open: Vec<&str> = Vec::new();
    for key in KEYS {
        let mark = match key.change {
            Change::Restart => " (restart)",
            Change::Live | Change::NoEffect => "",
        };
        line(&mut out, &mut open, key.path, &format!("{}{mark}", key.meaning), &(key.get)(&config));
    }
    for (path, meaning) in HUB_KEYS {
        let value = default_of(path).unwrap_or(&Value::Null);
        line(&mut out, &mut open, path, meaning, value);
    }
    comment(&mut out, "  ", CLOSES);
    out.push_str("  closes:\n");
    for (cause, close) in defaults().get("closes").and_then(Value::as_object).into_iter().flatten() {
        out.push_str(&format!("    {cause}: {close}\n"));
    }
    out
}

fn default_of(path: &str) -> Option<&'static Value> {
    let (section, key) = path.strip_prefix("hub.")?.split_once('.')?;
    defaults().get(section)?.get(key)
}

/// A key, and before it the sections that it is the first of.
fn line<'a>(out: &mut String, open: &mut Vec<&'a str>, path: &'a str, meaning: &str, value: &Value) {
    let mut parts: Vec<&str> = path.split('.').collect();
    let key = parts.pop().unwrap_or_default();
    let same = open.iter().zip(&parts).take_while(|(a, b)| a == b).count();
    open.truncate(same);
    for (depth, part) in parts.iter().enumerate().skip(same) {
        if depth == 0 {
            out.push('\n');
        }
        out.push_str(&format!("{}{part}:\n", "  ".repeat(depth)));
        open.push(part);
    }
    let indent = "  ".repeat(parts.len());
    comment(out, &indent, meaning);
    // JSON is YAML.
    out.push_str(&format!("{indent}{key}: {value}\n"));
}

fn comment(out: &mut String, indent: &str, text: &str) {
    let mut line = String::new();
    for word in text.split_whitespace() {
        if indent.len() + line.len() + word.len() + 3 > WIDTH && !line.is_empty() {
            out.push_str(&format!("{indent}#{line}\n"));
            line.clear();
        }
        line.push(' ');
        line.push_str(word);
    }
    out.push_str(&format!("{indent}#{line}\n"));
}
