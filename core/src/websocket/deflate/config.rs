//! The settings of compression.

use crate::hub::{ConfigError, Must};

/// The largest window of RFC 7692, as a power of two; `LEAST_BITS` is the smallest.
pub(super) const MOST_BITS: u8 = 15;
pub(super) const LEAST_BITS: u8 = 8;
/// The smallest window of flate2's compressor, as a power of two.
const LEAST_COMPRESSOR_BITS: u8 = 9;
const MOST_LEVEL: u8 = 9;

/// How a server compresses for clients that offer permessage-deflate. The [module](super) tells what it costs.
///
/// ```
/// use throng_core::websocket::deflate::Compression;
///
/// let mut compression = Compression::default();
/// compression.min_bytes = 1_024;
/// assert!(compression.validate().is_ok());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Compression {
    /// The compression level, 1 to 9: a higher level takes longer and makes fewer bytes. Default: 6.
    pub level: u8,
    /// The shortest payload to compress, in bytes. Shorter ones gain too little for the processor time of both
    /// sides. Default: 256.
    pub min_bytes: u32,
    /// Which connections keep their context, so that messages refer to earlier ones. Default: `None`, no connection.
    pub takeover: Option<Takeover>,
}

/// Context takeover (RFC 7692 section 7.1.1): each message may refer to earlier ones, which makes small, similar
/// messages much smaller. Each of these connections holds memory as long as it lives, and each message is compressed
/// once for each recipient instead of once for all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Takeover {
    /// The most connections at a time that keep their context; any more drop theirs. Default: 100.
    pub connections: u32,
    /// The window in which a message may refer to earlier bytes, as a power of two, 9 to 15. Default: 12, which is 4 KiB.
    pub window_bits: u8,
}

impl Default for Compression {
    fn default() -> Self {
        Self { level: 6, min_bytes: 256, takeover: None }
    }
}

impl Default for Takeover {
    fn default() -> Self {
        Self { connections: 100, window_bits: 12 }
    }
}

impl Compression {
    /// Checks every field.
    ///
    /// # Errors
    /// [`ConfigError`] names the first invalid field and its value.
    pub fn validate(&self) -> Result<(), ConfigError> {
        within("compression.level", self.level, 1, MOST_LEVEL)?;
        match self.takeover {
            Some(Takeover { connections: 0, .. }) => Err(ConfigError {
                field: "compression.takeover.connections",
                value: 0,
                must: Must::BePositive,
            }),
            Some(Takeover { window_bits, .. }) => {
                within("compression.takeover.window_bits", window_bits, LEAST_COMPRESSOR_BITS, MOST_BITS)
            }
            None => Ok(()),
        }
    }
}

fn within(field: &'static str, value: u8, least: u8, most: u8) -> Result<(), ConfigError> {
    let must = match value {
        _ if value < least => Must::BeAtLeast(least.into()),
        _ if value > most => Must::BeAtMost(most.into()),
        _ => return Ok(()),
    };
    Err(ConfigError { field, value: value.into(), must })
}
