//! Lets a simulated peer offer compression and inflate compressed messages (permessage-deflate, RFC 7692).

use http::{HeaderMap, HeaderValue, header};
use throng_core::MessageKind;
use throng_core::websocket::deflate::{Agreement, Context, Inflater};
use throng_core::websocket::{Decoder, Limits, Message, ReservedBits};

/// The offer of every peer that asks for compression. It limits neither side: the hub's config decides what is agreed on.
const OFFER: HeaderValue = HeaderValue::from_static("permessage-deflate; client_max_window_bits");

/// Adds the offer to the headers of a request.
pub(crate) fn offer(headers: &mut HeaderMap) {
    headers.insert(header::SEC_WEBSOCKET_EXTENSIONS, OFFER);
}

/// The hub's answer to the offer: an inflater for its messages, or `None` if it does not compress.
pub(crate) fn agreed(answer: &HeaderMap) -> Result<Option<Box<Inflater>>, String> {
    let agreement = Agreement::of_response(&OFFER, answer).map_err(|error| error.to_string())?;
    Ok(agreement.map(|agreement| {
        Box::new(match agreement.server.context {
            Context::Kept => Inflater::keeping(agreement.server.bits()),
            Context::Dropped => Inflater::new(),
        })
    }))
}

/// A decoder for a connection on which compression was agreed on.
pub(crate) fn decoder() -> Decoder {
    Decoder::client(Limits::default()).allow(ReservedBits::COMPRESSED)
}

/// A message that the hub has compressed.
pub(crate) fn inflate(inflater: &mut Inflater, kind: MessageKind, payload: &[u8]) -> Result<Message, String> {
    inflater.inflate(kind, payload, Limits::default().max_message).map_err(|error| error.to_string())
}
