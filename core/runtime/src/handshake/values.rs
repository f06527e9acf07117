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

/// What is kept by key, as one of the values that are kept by type: who keeps nothing so has none.
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

/// Values by key, in the form that JSON gives them: for what has no type of its own, or comes from elsewhere. Feature `json`.
///
/// ```
/// use throng_runtime::Hub;
///
/// let builder = Hub::builder()
///     .before_connect(|connecting| {
///         let language = connecting.request().query("lang").unwrap_or("en".into());
///         connecting.set_value("language", language).map_err(|_| throng_core::websocket::Refusal::NotFound)
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
    /// Keeps a value under a key, in place of one that was there.
    ///
    /// # Errors
    /// [`SendError::NotJson`]: the value has no JSON form.
    pub fn set_value(&self, key: impl Into<String>, value: impl Serialize) -> Result<(), SendError> {
        let (key, value) = (key.into(), json(value)?);
        let old = self.member.details().metadata.change(|values| values.insert(key, value));
        drop(old);
        Ok(())
    }

    /// The value under a key; `None` if there is none, or none of this type.
    #[must_use]
    pub fn value<T: DeserializeOwned>(&self, key: &str) -> Option<T> {
        self.member.details().metadata.value(key)
    }

    /// Takes the value under a key away.
    pub fn remove_value(&self, key: &str) -> Option<Value> {
        self.member.details().metadata.change(|values| values.remove(key))
    }

    /// All keys and their values.
    #[must_use]
    pub fn values(&self) -> BTreeMap<String, Value> {
        self.member.details().metadata.get::<Keyed>().map(|keyed| keyed.0.clone()).unwrap_or_default()
    }
}

/// Values by key, of which there are those of [`Client`] as soon as it is one. Feature `json`.
impl Connecting {
    /// Keeps a value with the client under a key.
    ///
    /// # Errors
    /// [`SendError::NotJson`]: the value has no JSON form.
    pub fn set_value(&mut self, key: impl Into<String>, value: impl Serialize) -> Result<(), SendError> {
        let (key, value) = (key.into(), json(value)?);
        self.metadata.change(|values| values.insert(key, value));
        Ok(())
    }

    /// A value that was kept before; `None` if there is none, or none of this type.
    #[must_use]
    pub fn value<T: DeserializeOwned>(&self, key: &str) -> Option<T> {
        self.metadata.value(key)
    }
}

/// Values by key. Feature `json`.
impl Authenticating<'_> {
    /// Keeps a value with the client under a key.
    ///
    /// # Errors
    /// [`SendError::NotJson`]: the value has no JSON form.
    pub fn set_value(&mut self, key: impl Into<String>, value: impl Serialize) -> Result<(), SendError> {
        self.connecting.set_value(key, value)
    }

    /// A value that was kept before; `None` if there is none, or none of this type.
    #[must_use]
    pub fn value<T: DeserializeOwned>(&self, key: &str) -> Option<T> {
        self.connecting.value(key)
    }
}
