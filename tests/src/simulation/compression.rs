//! Compression (RFC 7692), as a run allows it, as peers ask for it, and as they speak it once it is agreed on.
//!
//! What comes is inflated by another's code. What goes is deflated by the core's own part, which its inflater knows nothing
//! of.

use std::cell::RefCell;

use fastrand::Rng;
use http::{HeaderMap, HeaderValue};
use throng_core::MessageKind;
use throng_core::websocket::deflate::{Agreement, Compression, Compressor, Context, Direction, Takeover};
use throng_core::websocket::{Decoder, Limits, Message, ReservedBits};

use super::chance;
use crate::inflate::{Inflate, Way};

/// In so many of a thousand runs that compress, the hub knows nothing of it.
const DEAF: u32 = 100;
/// A context that is kept costs the host some hundred KiB, and a run its time.
const MOST_KEEPERS: u32 = 6;
/// No compressor of ours has so small a window: its owner sends what is no longer than that, and refers to nothing before.
const SMALLEST: u8 = 8;

/// What peers offer.
const OFFERS: [Offer; 12] = [
    Offer("permessage-deflate"),
    Offer("permessage-deflate; client_max_window_bits"),
    Offer("permessage-deflate; client_no_context_takeover"),
    Offer("permessage-deflate; server_no_context_takeover; client_max_window_bits"),
    Offer("permessage-deflate; server_no_context_takeover; client_no_context_takeover"),
    Offer("permessage-deflate; server_max_window_bits=8"),
    Offer("permessage-deflate; server_max_window_bits=9; client_max_window_bits=8"),
    Offer("permessage-deflate; server_max_window_bits=10; client_max_window_bits=9"),
    Offer("permessage-deflate; server_max_window_bits=12; server_no_context_takeover"),
    Offer("permessage-deflate; server_max_window_bits=7, permessage-deflate; server_max_window_bits=15"),
    Offer("permessage-deflate; client_max_window_bits=10, permessage-deflate"),
    NONSENSE,
];
/// It is to be declined.
const NONSENSE: Offer = Offer("permessage-deflate; unheard_of, permessage-bzip2");

/// The value of a header that asks for compression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Offer(&'static str);

/// How a run compresses.
#[derive(Clone, Debug)]
pub struct Compressing {
    /// What the hub agrees to.
    pub hub: Option<Compression>,
    /// Of 1,000 peers, how many ask for it.
    pub(super) offers: u32,
    /// Of 1,000 messages of those with whom it is agreed on, how many they deflate.
    pub(super) deflates: u32,
}

impl Compressing {
    pub(super) fn of(rng: &mut Rng) -> Self {
        let hub = (!chance(rng, DEAF)).then(|| {
            let mut compression = Compression::default();
            compression.level = rng.u8(1..=9);
            compression.min_bytes = [0, 1, 40, 256][rng.usize(..4)];
            compression.takeover = chance(rng, 500).then(|| {
                let mut takeover = Takeover::default();
                takeover.connections = rng.u32(1..=MOST_KEEPERS);
                takeover.window_bits = rng.u8(9..=15);
                takeover
            });
            compression
        });
        Self { hub, offers: rng.u32(300..=900), deflates: rng.u32(200..=1000) }
    }

    /// How many may keep a context.
    pub(super) fn most_keepers(&self) -> u32 {
        self.hub.and_then(|hub| hub.takeover).map_or(0, |takeover| takeover.connections)
    }

    /// What somebody who connects asks for.
    pub(super) fn offer(&self, rng: &mut Rng) -> Option<Offer> {
        chance(rng, self.offers).then(|| OFFERS[rng.usize(..OFFERS.len())])
    }
}

impl Offer {
    pub(super) fn header(self) -> HeaderValue {
        HeaderValue::from_static(self.0)
    }

    /// What has been agreed on, as the answer has it.
    ///
    /// # Errors
    /// It is no answer to this offer, or should have been another one.
    pub(super) fn answered(
        self,
        answer: &HeaderMap,
        compressing: &Compressing,
    ) -> Result<Option<Codec>, String> {
        let agreement = Agreement::of_response(&self.header(), answer).map_err(|error| error.to_string())?;
        match (agreement, compressing.hub.filter(|_| self != NONSENSE)) {
            (Some(agreement), Some(hub)) => Ok(Some(Codec::new(&agreement, hub))),
            (None, None) => Ok(None),
            (agreement, _) => Err(format!("{self:?} came to {agreement:?}")),
        }
    }
}

/// A peer's end of what was agreed on.
pub(super) struct Codec {
    inflate: Inflate,
    /// Whether the hub's messages refer to those before them: then each client's are deflated for itself.
    pub(super) is_kept: bool,
    client: Direction,
    hub: Compression,
    /// For messages that refer back.
    keeping: Option<Compressor>,
}

impl Codec {
    fn new(agreement: &Agreement, hub: Compression) -> Self {
        let Agreement { server, client } = *agreement;
        let keeps = client.context == Context::Kept && client.bits() > SMALLEST;
        let keeping = keeps.then(|| Compressor::keeping(hub.level, client.bits()));
        let server = Way { is_kept: server.context == Context::Kept, bits: server.bits() };
        Self { inflate: Inflate::new(server), is_kept: server.is_kept, client, hub, keeping }
    }

    /// What reads from the hub.
    pub(super) fn decoder() -> Decoder {
        Decoder::client(Limits::default()).allow(ReservedBits::COMPRESSED)
    }

    /// The payload of a message as the peer sends it; `None`: as it is. Who drops its context borrows a compressor.
    pub(super) fn deflate(
        &mut self,
        payload: &[u8],
        shared: &RefCell<Option<Compressor>>,
    ) -> Option<Vec<u8>> {
        if let Some(keeping) = &mut self.keeping {
            return keeping.compress(payload).map(<[u8]>::to_vec);
        }
        if payload.len() > 1 << self.client.bits() {
            return None;
        }
        let mut shared = shared.borrow_mut();
        let one = shared.get_or_insert_with(|| Compressor::new(self.hub.level));
        one.compress(payload).map(<[u8]>::to_vec)
    }

    /// The message that came deflated.
    ///
    /// # Errors
    /// It is not what was agreed on.
    pub(super) fn inflate(&mut self, kind: MessageKind, payload: &[u8]) -> Result<Message, String> {
        let bytes = self.inflate.inflate(payload)?;
        let len = bytes.len();
        if len < self.hub.min_bytes as usize {
            return Err(format!("{len} bytes are deflated"));
        }
        match kind {
            MessageKind::Binary => Ok(Message::Binary(bytes.into())),
            MessageKind::Text => match String::from_utf8(bytes) {
                Ok(text) => Ok(Message::Text(text.into())),
                Err(error) => Err(error.to_string()),
            },
        }
    }

    /// Whether a message of so many bytes, which gets shorter, has to come deflated.
    pub(super) fn must_deflate(&self, bytes: usize) -> bool {
        bytes >= self.hub.min_bytes as usize && self.inflate.is_in_reach(bytes)
    }
}
