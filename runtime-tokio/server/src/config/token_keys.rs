//! The settings of keys that check tokens.

use super::value::Setting;
use crate::files::content;
use crate::keys::{JwksUrl, Key, KeySet};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A longer file has no keys.
const MOST_BYTES: u64 = 256 << 10;

/// A public key: in PEM, or the path of a file with it.
#[derive(Clone, Debug)]
pub(crate) struct PublicKey {
    given: String,
    key: Arc<Key>,
}

impl PublicKey {
    pub(crate) fn key(&self) -> &Key {
        &self.key
    }
}

/// The same setting. A file may have another key than before.
impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.given == other.given
    }
}

impl Setting for PublicKey {
    fn read(value: &Value) -> Result<Self, String> {
        const ALLOWED: &str = "must be a public key in PEM, or the path of a file with one";
        let given = value.as_str().filter(|given| !given.is_empty()).ok_or(ALLOWED)?;
        if given.contains("-----BEGIN") {
            let key = Key::of_pem(given).map_err(|why| format!("{ALLOWED}: it {why}"))?;
            return Ok(Self { given: given.into(), key: Arc::new(key) });
        }
        let pem = content(Path::new(given), MOST_BYTES).map_err(|why| format!("{ALLOWED}: {why}"))?;
        let pem = String::from_utf8_lossy(&pem);
        let key = Key::of_pem(&pem).map_err(|why| format!("{ALLOWED}: the file {why}"))?;
        Ok(Self { given: given.into(), key: Arc::new(key) })
    }

    fn write(&self) -> Value {
        self.given.as_str().into()
    }
}

/// Where a JWK set is.
#[derive(Clone, Debug)]
pub(crate) enum JwksSource {
    Url(JwksUrl),
    File(JwksFile),
}

/// A file with a JWK set, as it was when the config was read.
#[derive(Clone, Debug)]
pub(crate) struct JwksFile {
    path: PathBuf,
    set: Arc<KeySet>,
}

impl JwksFile {
    pub(crate) fn keys(&self) -> &[Key] {
        &self.set.keys
    }

    /// Which of its keys are not used, and why.
    pub(crate) fn left_out(&self) -> &[String] {
        &self.set.left_out
    }
}

/// The same setting. The keys of a file may have changed.
impl PartialEq for JwksSource {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Url(one), Self::Url(other)) => one == other,
            (Self::File(one), Self::File(other)) => one.path == other.path,
            _ => false,
        }
    }
}

impl Setting for JwksSource {
    fn read(value: &Value) -> Result<Self, String> {
        const ALLOWED: &str =
            "must be a URL, as \"https://id.example.com/jwks.json\", or the path of a file with a JWK set";
        let given = value.as_str().filter(|given| !given.is_empty()).ok_or(ALLOWED)?;
        if given.contains("://") {
            let url = JwksUrl::new(given);
            return url
                .map(Self::Url)
                .ok_or_else(|| format!("{ALLOWED}: this is no URL of http or https without a user"));
        }
        let path = PathBuf::from(given);
        let bytes = content(&path, MOST_BYTES).map_err(|why| format!("{ALLOWED}: {why}"))?;
        let set = KeySet::read(&bytes).map_err(|why| format!("{ALLOWED}: the file {why}"))?;
        Ok(Self::File(JwksFile { path, set: Arc::new(set) }))
    }

    fn write(&self) -> Value {
        match self {
            Self::Url(url) => url.to_string().into(),
            Self::File(file) => file.path.display().to_string().into(),
        }
    }
}

impl Setting for PathBuf {
    fn read(value: &Value) -> Result<Self, String> {
        let path = value.as_str().filter(|path| !path.is_empty());
        path.map(Self::from).ok_or_else(|| "must be the path of a file".into())
    }

    fn write(&self) -> Value {
        self.display().to_string().into()
    }
}
