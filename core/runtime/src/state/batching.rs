//! How messages to one client are joined before they are written.

use core::time::Duration;
use throng_core::hub::{ConfigError, Must};

/// Settings beyond the default, which writes everything queued for a client at once.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Batching {
    pub(crate) coalesce: Coalesce,
    pub(crate) delay: Option<Duration>,
}

impl Batching {
    /// Whether lanes write everything, including answers to a client's own messages.
    pub(crate) const fn is_on(&self) -> bool {
        matches!(self.coalesce, Coalesce::Newlines) || self.delay.is_some()
    }
}

/// Whether several messages may share a frame: [`Builder::coalesce`](crate::Builder::coalesce).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Coalesce {
    /// One frame per message.
    #[default]
    Nothing,
    /// Consecutive texts for one client are joined by newlines in one text frame of at most 4 KiB. Texts that contain a
    /// newline, binary messages, and messages with a shared deflated variant keep their own frames. For a client that
    /// keeps a compression context, the joined frame is compressed as one message.
    Newlines,
}

/// The longest delay: more would interfere with deadlines.
const LONGEST: Duration = Duration::from_secs(1);

impl Batching {
    /// Refuses a delay that is too long.
    pub(crate) fn validate(&self) -> Result<(), ConfigError> {
        match self.delay {
            Some(delay) if delay > LONGEST => Err(ConfigError {
                field: "write_delay",
                value: nanos(delay),
                must: Must::BeNoLongerThan(nanos(LONGEST)),
            }),
            _ => Ok(()),
        }
    }
}

fn nanos(duration: Duration) -> u64 {
    duration.as_nanos().try_into().unwrap_or(u64::MAX)
}
