//! Compression, as the connections of a hub share it.
//!
//! The publisher deflates a message before the lock is taken, and only while a connected client accepts deflated
//! frames. Between messages only the pools occupy memory; a connection has memory of its own only if it [keeps](kept_context) a
//! context.

mod kept_context;
mod numbers;
mod place;
pub(crate) mod pool;

pub(crate) use kept_context::KeptContext;
pub use numbers::CompressionStats;

use crate::compression::pool::Pool;
use alloc::boxed::Box;
use alloc::sync::Arc;
use core::fmt;
use core::sync::atomic::{AtomicU32, Ordering};
use numbers::Numbers;
use place::Place;
use throng_core::websocket::deflate::{Agreement, Compression, Compressor, Context, Inflater, Room};
use throng_core::websocket::handshake::Upgrade;
use throng_core::websocket::{Message, ProtocolError};
use throng_core::{Frame, MessageKind, Window};

/// Unused compressors, and unused inflaters, that are kept at most.
const SPARE: usize = 8;

/// Compression state that a hub's connections share.
pub(crate) struct Deflating {
    compression: Option<Compression>,
    /// The longest message allowed, in bytes.
    most: AtomicU32,
    /// Open clients that accept shared deflated frames.
    takers: AtomicU32,
    /// Connections that keep a context.
    keepers: Arc<AtomicU32>,
    compressors: Pool<Compressor>,
    inflaters: Pool<Inflater>,
    numbers: Numbers,
}

/// Compression as agreed with a client that is not open yet.
pub(crate) struct Negotiated {
    agreement: Agreement,
    /// The slot of a connection that keeps a context.
    place: Option<Place>,
}

impl Deflating {
    pub(crate) fn new(compression: Option<Compression>, most: u32) -> Self {
        Self {
            compression,
            most: AtomicU32::new(most),
            takers: AtomicU32::new(0),
            keepers: Arc::default(),
            compressors: Pool::new(SPARE),
            inflaters: Pool::new(SPARE),
            numbers: Numbers::default(),
        }
    }

    /// Sets the longest message allowed.
    pub(crate) fn set_most(&self, bytes: u32) {
        self.most.store(bytes, Ordering::Relaxed);
    }

    /// Prepares a frame for a publish: adds its deflated variant if any client may take it.
    #[inline]
    pub(crate) fn publish(&self, frame: Frame) -> Frame {
        match &self.compression {
            Some(compression) if self.takers.load(Ordering::Relaxed) > 0 => self.deflate(compression, frame),
            _ => frame,
        }
    }

    /// Prepares a frame for one client.
    #[inline]
    pub(crate) fn send(&self, window: Window, frame: Frame) -> Frame {
        match &self.compression {
            Some(compression) if window.holds(frame.payload().len()) => self.deflate(compression, frame),
            _ => frame,
        }
    }

    fn deflate(&self, compression: &Compression, frame: Frame) -> Frame {
        let len = frame.payload().len();
        let is_wanted = (compression.min_bytes as usize..=self.most.load(Ordering::Relaxed) as usize)
            .contains(&len)
            && frame.deflated().is_none()
            && frame.kind().is_some();
        if !is_wanted {
            return frame;
        }
        let make = || Compressor::new(compression.level);
        let deflated = self.compressors.with(make, |compressor| compressor.compress_frame(&frame));
        let frame = match frame.bare().cloned() {
            Some(bare) => frame.with_bare(self.deflate(compression, bare)),
            None => frame,
        };
        self.numbers.count_deflated(len, deflated.as_ref().map(|deflated| deflated.payload().len()));
        match deflated {
            Some(deflated) => frame.with_deflated(deflated),
            None => frame,
        }
    }

    /// Inflates a message of a client that keeps no context.
    pub(crate) fn inflate(
        &self,
        kind: MessageKind,
        payload: &[u8],
        limit: u32,
    ) -> Result<Message, ProtocolError> {
        let inflated = self.inflaters.with(Inflater::new, |inflater| inflater.inflate(kind, payload, limit));
        self.numbers.count_inflated(payload.len(), &inflated);
        inflated
    }

    /// Counts a client that has opened and accepts shared deflated frames.
    pub(crate) fn opened(&self, window: Window) {
        if window.bits() > 0 {
            self.takers.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Uncounts a client that has ended.
    pub(crate) fn ended(&self, window: Window) {
        if window.bits() > 0 {
            self.takers.fetch_sub(1, Ordering::Relaxed);
        }
    }

    pub(crate) fn stats(&self) -> CompressionStats {
        let mut stats = self.numbers.stats();
        stats.takers = self.takers.load(Ordering::Relaxed);
        stats.keepers = self.keepers.load(Ordering::Relaxed);
        stats
    }
}

impl Negotiated {
    /// Agrees to an offer of the client; `None` if there is none to accept.
    pub(crate) fn new(deflating: &Deflating, upgrade: &Upgrade) -> Option<Box<Self>> {
        let compression = deflating.compression.as_ref()?;
        let place =
            compression.takeover.and_then(|takeover| Place::take(&deflating.keepers, takeover.connections));
        let room = if place.is_some() { Room::Left } else { Room::UsedUp };
        let agreement = compression.negotiate(upgrade.offered_extensions(), room)?;
        let keeps = [agreement.server, agreement.client].iter().any(|way| way.context == Context::Kept);
        Some(Box::new(Self { agreement, place: place.filter(|_| keeps) }))
    }

    /// Writes the agreement into the answer.
    pub(crate) fn answer(&self, upgrade: &mut Upgrade) {
        upgrade.accept_extension(self.agreement.answer());
    }

    /// The deflated frames that the client accepts.
    pub(crate) fn window(&self) -> Window {
        self.agreement.window()
    }

    /// Whether messages to the client may refer back to earlier ones.
    pub(crate) fn keeps_context(&self) -> bool {
        self.agreement.server.context == Context::Kept
    }

    /// The connection's own state, if it keeps a context.
    pub(crate) fn begin(self, deflating: &Deflating) -> Option<Box<KeptContext>> {
        let Self { agreement, place } = self;
        let compression = deflating.compression?;
        place.map(|place| Box::new(KeptContext::new(&agreement, &compression, place)))
    }
}

impl fmt::Debug for Negotiated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.agreement.fmt(f)
    }
}
