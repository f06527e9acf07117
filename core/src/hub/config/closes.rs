//! With what clients are closed, by cause.

use crate::cause::Cause;
#[cfg(doc)]
use crate::close::CloseCode;
use crate::close::CloseFrame;
use core::ops::{Index, IndexMut};

/// With what clients are closed, by [`Cause`]. Each code may be any that may stand in a close frame
/// ([`CloseCode::may_be_sent`]), 3000 to 4999 for one's own among them; what the hub [counts](crate::hub::Stats) goes by the
/// cause, whatever the code. In a config file each cause is a field by its [name](Cause::name).
///
/// ```
/// use throng_core::{CloseCode, CloseFrame};
/// use throng_core::hub::{Cause, Config};
///
/// let mut config = Config::default();
/// config.closes[Cause::Idle] = CloseFrame::new(CloseCode(4408), "still there?");
/// assert_eq!(config.validate(), Ok(()));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closes([CloseFrame; Cause::COUNT]);

impl Closes {
    /// For each cause what a function says.
    #[must_use]
    pub fn from_fn(mut close: impl FnMut(Cause) -> CloseFrame) -> Self {
        Self(core::array::from_fn(|at| close(Cause::ALL[at])))
    }

    /// Each cause with its code and reason, in the order of [`Cause::ALL`].
    pub fn iter(&self) -> impl Iterator<Item = (Cause, &CloseFrame)> {
        Cause::ALL.iter().copied().zip(&self.0)
    }
}

impl Default for Closes {
    fn default() -> Self {
        Self::from_fn(CloseFrame::from)
    }
}

impl Index<Cause> for Closes {
    type Output = CloseFrame;

    fn index(&self, cause: Cause) -> &CloseFrame {
        &self.0[cause as usize]
    }
}

impl IndexMut<Cause> for Closes {
    fn index_mut(&mut self, cause: Cause) -> &mut CloseFrame {
        &mut self.0[cause as usize]
    }
}
