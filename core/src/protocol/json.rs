//! Values as JSON.

use alloc::string::String;
use serde::Serialize;

/// The JSON of a value whose keys are texts: nothing else can fail.
pub(super) fn text_of(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_else(|_| "null".into())
}
