//! Message types that a closure finds.

use super::codec::{Codec, Decoded};
use super::error::RouteError;
use super::json::{JsonCodec, misread};
use crate::middleware::RequestId;
use crate::notice::message::SendError;
use alloc::borrow::Cow;
use serde::Serialize;
use serde::de::DeserializeOwned;
use throng_core::Frame;
use throng_core::websocket::Message;

/// The codec of [`Router::by`](super::Router::by): a closure finds the type, and the body is JSON.
#[derive(Clone, Debug)]
pub struct Extract<F> {
    pub(super) find: F,
    pub(super) json: JsonCodec,
}

impl<F> Codec for Extract<F>
where
    F: for<'a> Fn(&'a Message) -> Option<(&'a str, &'a [u8])> + Send + Sync + 'static,
{
    type Body<'a> = &'a [u8];

    fn decode<'a>(&self, message: &'a Message) -> Result<Option<Decoded<'a, &'a [u8]>>, RouteError> {
        let (kind, body) = (self.find)(message).ok_or(RouteError::NoType)?;
        Ok(Some(Decoded { kind: Cow::Borrowed(kind), body }))
    }

    fn read<T: DeserializeOwned>(&self, body: &[u8]) -> Result<T, RouteError> {
        serde_json::from_slice(body).map_err(|error| misread(&error))
    }

    fn encode<T: Serialize>(
        &self,
        kind: Option<&str>,
        request: Option<&RequestId>,
        value: &T,
    ) -> Result<Frame, SendError> {
        self.json.encode(kind, request, value)
    }
}
