//! The application's values by key.

use crate::handles::client::Client;
use crate::handshake::authenticating::Authenticating;
use crate::handshake::request::Connecting;
use crate::notice::message::SendError;
use crate::state::metadata::Metadata;
use alloc::collections::BTreeMap;
use alloc::string::String;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Values by key, stored together as one of the values by type, so that a client without any has no map.
#[derive(Default)]
struct Keyed(BTreeMap<String, Value>);

impl Metadata {
    fn change<T>(&mut self, act: impl FnOnce(&mut BTreeMap<String, Value>) -> T) -> T {
        let mut keyed: Keyed = self.remove().unwrap_or_default();
        let result = act(&mut keyed.0);
        if !keyed.0.is_empty() {
            self.insert(keyed);
        }
        result
    }

    fn value<T: DeserializeOwned>(&self, key: &str) -> Option<T> {
        T::deserialize(self.get::<Keyed>()?.0.get(key)?).ok()
    }
}

fn json(value: impl Serialize) -> Result<Value, SendError> {
    serde_json::to_value(value).map_err(|_| SendError::NotJson)
}

/// Values by key, stored as JSON: for values without a type of their own, or from elsewhere. Feature `json`.
///
/// ```
/// use throng_core::websocket::Refusal;
/// use throng_runtime::Hub;
///
/// let builder = Hub::builder()
///     .before_connect(|connecting| {
///         let language = connecting.request().query("lang").unwrap_or("en".into());
///         connecting.set_value("language", language).map_err(|error| Refusal::custom(500, error.to_string()))
///     })
///     .on_message(|client, _| {
///         let seen: u64 = client.value("seen").unwrap_or_default();
///         let _ = client.set_value("seen", seen + 1);
///         let language: Option<String> = client.value("language");
///         let _ = client.send(format!("{seen} in {language:?}"));
///     });
/// # builder.build().unwrap();
/// ```
impl Client {
    /// Stores a value under a key, in place of an earlier one.
    ///
    /// # Errors
    /// [`SendError::NotJson`] if the value cannot be serialized as JSON.
    pub fn set_value(&self, key: impl Into<String>, value: impl Serialize) -> Result<(), SendError> {
        let (key, value) = (key.into(), json(value)?);
        let old = self.member.details().metadata.change(|values| values.insert(key, value));
        drop(old);
        Ok(())
    }

    /// The value under a key; `None` if there is none, or if it is not a `T`.
    #[must_use]
    pub fn value<T: DeserializeOwned>(&self, key: &str) -> Option<T> {
        self.member.details().metadata.value(key)
    }

    /// Removes and returns the value under a key.
    pub fn remove_value(&self, key: &str) -> Option<Value> {
        self.member.details().metadata.change(|values| values.remove(key))
    }

    /// All keys and their values.
    #[must_use]
    pub fn values(&self) -> BTreeMap<String, Value> {
        self.member.details().metadata.get::<Keyed>().map(|keyed| keyed.0.clone()).unwrap_or_default()
    }
}

/// Values by key, which [`Client`] has from its first moment. Feature `json`.
impl Connecting {
    /// Stores a value with the client under a key.
    ///
    /// # Errors
    /// [`SendError::NotJson`] if the value cannot be serialized as JSON.
    pub fn set_value(&mut self, key: impl Into<String>, value: impl Serialize) -> Result<(), SendError> {
        let (key, value) = (key.into(), json(value)?);
        self.metadata.change(|values| values.insert(key, value));
        Ok(())
    }

    /// The stored value under a key; `None` if there is none, or if it is not a `T`.
    #[must_use]
    pub fn value<T: DeserializeOwned>(&self, key: &str) -> Option<T> {
        self.metadata.value(key)
    }
}

/// Values by key. Feature `json`.
impl Authenticating<'_> {
    /// Stores a value with the client under a key.
    ///
    /// # Errors
    /// [`SendError::NotJson`] if the value cannot be serialized as JSON.
    pub fn set_value(&mut self, key: impl Into<String>, value: impl Serialize) -> Result<(), SendError> {
        self.connecting.set_value(key, value)
    }

    /// The stored value under a key; `None` if there is none, or if it is not a `T`.
    #[must_use]
    pub fn value<T: DeserializeOwned>(&self, key: &str) -> Option<T> {
        self.connecting.value(key)
    }
}
