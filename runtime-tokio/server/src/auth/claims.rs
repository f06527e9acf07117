//! What a token says.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};

/// What a token says. The names are those of Centrifugo's connection tokens; other claims are ignored.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Claims {
    /// The user; empty for a client of nobody.
    pub(crate) sub: String,
    /// When the authorisation ends, in seconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "seconds")]
    pub(crate) exp: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) aud: Option<serde_json::Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) iss: Option<String>,
    /// The rooms that the client is in from its beginning.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) channels: Vec<String>,
}

/// Reads a time of RFC 7519, section 2 (`NumericDate`), which may have a fraction of a second.
pub(crate) fn seconds<'de, D: Deserializer<'de>>(claim: D) -> Result<Option<u64>, D::Error> {
    let claim = Option::<serde_json::Number>::deserialize(claim)?;
    let whole = |number: serde_json::Number| {
        let rounded = number.as_f64().filter(|seconds| *seconds >= 0.0).map(|seconds| seconds as u64);
        number
            .as_u64()
            .or(rounded)
            .ok_or_else(|| D::Error::custom(format_args!("{number} is no time since 1970")))
    };
    claim.map(whole).transpose()
}
