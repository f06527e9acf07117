//! The id that a client gives to a request, which the answer repeats.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::fmt;
use throng_core::Name;
use throng_core::websocket::Message;

/// The id of a request: a whole number or a string that the client chose, and the name of its field.
///
/// [`Builder::request_id`](crate::Builder::request_id) says which field of a message is the id. Replies of a
/// [`router`](crate::router) and error answers repeat it. A service or a layer reads it from
/// [`Incoming::request_id`](crate::middleware::Incoming::request_id). Cloning costs a reference count.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RequestId(Arc<Parts>);

#[derive(Debug, PartialEq, Eq, Hash)]
struct Parts {
    field: Name,
    value: Value,
}

#[derive(Debug, PartialEq, Eq, Hash)]
enum Value {
    Number(u64),
    Negative(i64),
    Text(Name),
}

/// Finds the id of a message.
pub(crate) type FindRequestId = Box<dyn Fn(&Message) -> Option<RequestId> + Send + Sync>;

impl RequestId {
    /// The longest string, in bytes, that is accepted as an id in JSON; a peer cannot have more repeated to it.
    pub const LENGTH: usize = 64;

    /// An id that is this number.
    #[must_use]
    pub fn number(field: &str, number: u64) -> Self {
        Self::new(field.into(), Value::Number(number))
    }

    /// An id that is this string.
    #[must_use]
    pub fn text(field: &str, text: &str) -> Self {
        Self::new(field.into(), Value::Text(text.into()))
    }

    /// An id that is this number, which may be negative.
    #[must_use]
    pub fn signed(field: &str, number: i64) -> Self {
        Self::new(field.into(), u64::try_from(number).map_or(Value::Negative(number), Value::Number))
    }

    fn new(field: Name, value: Value) -> Self {
        Self(Arc::new(Parts { field, value }))
    }

    /// The name of the field that carried the id; the answer uses the same field.
    #[must_use]
    pub fn field(&self) -> &str {
        &self.0.field
    }

    /// The id, if it is a number and not negative.
    #[must_use]
    pub fn as_u64(&self) -> Option<u64> {
        if let Value::Number(number) = self.0.value { Some(number) } else { None }
    }

    /// The id, if it is a string.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        if let Value::Text(text) = &self.0.value { Some(text) } else { None }
    }
}

/// The id without quotes.
impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.value {
            Value::Number(number) => write!(f, "{number}"),
            Value::Negative(number) => write!(f, "{number}"),
            Value::Text(text) => f.write_str(text),
        }
    }
}

/// The id alone, a number or a string, for a codec that writes it into the field [`RequestId::field`].
#[cfg(feature = "json")]
impl serde::Serialize for RequestId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0.value {
            Value::Number(number) => serializer.serialize_u64(*number),
            Value::Negative(number) => serializer.serialize_i64(*number),
            Value::Text(text) => serializer.serialize_str(text),
        }
    }
}
