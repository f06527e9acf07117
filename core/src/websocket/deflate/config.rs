//! How a server compresses.

use crate::hub::{ConfigError, Must};

/// The window that RFC 7692 knows at most and at least, as a power of two.
pub(super) const MOST_BITS: u8 = 15;
pub(super) const LEAST_BITS: u8 = 8;
/// No compressor of ours has a smaller window.
const LEAST_COMPRESSOR_BITS: u8 = 9;
const MOST_LEVEL: u8 = 9;

/// How a server compresses, once its clients ask for it. See the [module](super) for what it costs.
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
    /// How hard to try, 1 to 9: a higher one takes longer and makes less bytes. Default 6.
    pub level: u8,
    /// Payloads that are shorter are sent as they are. Default 256: below that little is won, and nothing of what
    /// the peer's processor pays for it.
    pub min_bytes: u32,
    /// Connections that keep what was sent before, to refer back to it. Default: none.
    pub takeover: Option<Takeover>,
}

/// Context takeover (RFC 7692 section 7.1.1): each message may refer back to those before it, which makes small ones
/// that are alike much smaller. It is paid for with memory that each of these connections holds as long as it lives,
/// and with one compression for each recipient instead of one for all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Takeover {
    /// So many connections at a time at most; those that come when there is no place do without. Default 100.
    pub connections: u32,
    /// How far back a message may refer, as a power of two: 9 to 15. Default 12, that is 4 KiB.
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
    /// The first field that cannot stand, with its name and value.
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
