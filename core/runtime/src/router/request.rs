//! The id of a request in a JSON object.

use crate::builder::Builder;
use crate::middleware::RequestId;
use core::fmt;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use throng_core::id::Name;

impl Builder {
    /// Lets clients give an id to a message: a whole number or a string of at most 64 bytes in this field of a JSON
    /// object. The field must differ from those of the type and of the body. Default: no ids.
    ///
    /// Every [`Reply`](super::Reply) of a [`Router`](super::Router) repeats the id in the same field, and so does every
    /// error answer, whether of the router or of [layers](crate::middleware) in front of it. A client can thus match
    /// answers to requests. Other values in the field are no ids and are not repeated.
    ///
    /// ```
    /// use serde::Serialize;
    /// use throng_runtime::Hub;
    /// use throng_runtime::router::{Reply, Router};
    ///
    /// #[derive(Serialize)]
    /// struct Sum {
    ///     sum: i64,
    /// }
    ///
    /// let router = Router::by_envelope("type", "payload")
    ///     .on("add", |(a, b): (i64, i64)| async move { Reply::new("sum", Sum { sum: a + b }) });
    /// // {"type":"add","id":7,"payload":[1,2]} is answered by {"type":"sum","id":7,"payload":{"sum":3}}
    /// let hub = Hub::builder().messages(router).request_id("id").build()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// To find the id, the message is read up to this field before it is handled: O(length), once.
    pub fn request_id(self, field: &str) -> Self {
        let field = Name::from(field);
        self.request_id_by(move |message| find(message.as_bytes(), &field))
    }
}

/// What is in the field, if it is an id. Nothing behind it is looked at.
fn find(json: &[u8], field: &str) -> Option<RequestId> {
    let mut scan = Scan { field, found: None };
    // Once it is found the scan ends where it is, which is an error to the parser.
    let _ = scan.deserialize(&mut serde_json::Deserializer::from_slice(json));
    scan.found
}

struct Scan<'f> {
    field: &'f str,
    found: Option<RequestId>,
}

impl<'a> DeserializeSeed<'a> for &mut Scan<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'a>>(self, input: D) -> Result<(), D::Error> {
        input.deserialize_map(self)
    }
}

impl<'a> Visitor<'a> for &mut Scan<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<M: MapAccess<'a>>(self, mut map: M) -> Result<(), M::Error> {
        while let Some(is_it) = map.next_key_seed(Is(self.field))? {
            if is_it {
                self.found = map.next_value_seed(Id(self.field))?;
                return Ok(());
            }
            map.next_value::<IgnoredAny>()?;
        }
        Ok(())
    }
}

/// Whether a field has this name.
struct Is<'f>(&'f str);

impl<'a> DeserializeSeed<'a> for Is<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'a>>(self, input: D) -> Result<bool, D::Error> {
        input.deserialize_identifier(self)
    }
}

impl Visitor<'_> for Is<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a field")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<bool, E> {
        Ok(name == self.0)
    }
}

/// A whole number or a short text; `None` if it is something else.
struct Id<'f>(&'f str);

impl<'a> DeserializeSeed<'a> for Id<'_> {
    type Value = Option<RequestId>;

    fn deserialize<D: Deserializer<'a>>(self, input: D) -> Result<Self::Value, D::Error> {
        input.deserialize_any(self)
    }
}

impl<'a> Visitor<'a> for Id<'_> {
    type Value = Option<RequestId>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number or a text")
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Some(RequestId::number(self.0, number)))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Some(RequestId::signed(self.0, number)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok((text.len() <= RequestId::LENGTH).then(|| RequestId::text(self.0, text)))
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_seq<S: SeqAccess<'a>>(self, values: S) -> Result<Self::Value, S::Error> {
        IgnoredAny.visit_seq(values).map(|_| None)
    }

    fn visit_map<M: MapAccess<'a>>(self, fields: M) -> Result<Self::Value, M::Error> {
        IgnoredAny.visit_map(fields).map(|_| None)
    }
}
