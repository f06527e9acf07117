//! The id of a request in a JSON object.

use super::scan::{self, Scalar};
use crate::builder::Builder;
use crate::middleware::RequestId;
use throng_core::Name;

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

/// The value of the field, if it is an id. The bytes behind the field are not read.
fn find(json: &[u8], field: &str) -> Option<RequestId> {
    match scan::first(json, field)? {
        Scalar::Number(number) => Some(RequestId::number(field, number)),
        Scalar::Signed(number) => Some(RequestId::signed(field, number)),
        Scalar::Text(text) => (text.len() <= RequestId::LENGTH).then(|| RequestId::text(field, &text)),
        Scalar::Other => None,
    }
}
