//! With what clients are closed, by cause.

use crate::cause::Cause;
use crate::close::CloseCode;
use crate::id::Name;
use core::ops::{Index, IndexMut};

/// With what clients are closed, by [`Cause`]. Each code may be any that may stand in a close frame
/// ([`CloseCode::may_be_sent`]), 3000 to 4999 for one's own among them; what the hub [counts](crate::hub::Stats) goes by the
/// cause, whatever the code. In a config file each cause is a field by its [name](Cause::name).
///
/// ```
/// use throng_core::CloseCode;
/// use throng_core::hub::{Cause, Config, Farewell};
///
/// let mut config = Config::default();
/// config.closes[Cause::Idle] = Farewell::new(CloseCode(4408), "still there?");
/// assert_eq!(config.validate(), Ok(()));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closes([Farewell; Cause::COUNT]);

/// The code and reason of a close frame.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Farewell {
    /// The code of the close frame.
    pub code: CloseCode,
    /// The reason in the close frame, cut off after 123 bytes.
    pub reason: Name,
}

impl Farewell {
    /// Makes a close of this code and reason.
    #[must_use]
    pub fn new(code: CloseCode, reason: impl Into<Name>) -> Self {
        Self { code, reason: reason.into() }
    }
}

/// What it is closed with by default.
impl From<Cause> for Farewell {
    fn from(cause: Cause) -> Self {
        let (code, reason) = cause.by_default();
        Self::new(code, reason)
    }
}

impl Closes {
    /// For each cause what a function says.
    #[must_use]
    pub fn from_fn(mut farewell: impl FnMut(Cause) -> Farewell) -> Self {
        Self(core::array::from_fn(|at| farewell(Cause::ALL[at])))
    }

    /// Each cause with its code and reason, in the order of [`Cause::ALL`].
    pub fn iter(&self) -> impl Iterator<Item = (Cause, &Farewell)> {
        Cause::ALL.iter().copied().zip(&self.0)
    }
}

impl Default for Closes {
    fn default() -> Self {
        Self::from_fn(Farewell::from)
    }
}

impl Index<Cause> for Closes {
    type Output = Farewell;

    fn index(&self, cause: Cause) -> &Farewell {
        &self.0[cause as usize]
    }
}

impl IndexMut<Cause> for Closes {
    fn index_mut(&mut self, cause: Cause) -> &mut Farewell {
        &mut self.0[cause as usize]
    }
}
