//! A config that cannot be.

use core::fmt;
use core::time::Duration;

/// A field of [`Config`](super::Config) that cannot stand as it is, or another setting that is named like one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ConfigError {
    /// The field, as in `outbox.bytes`.
    pub field: &'static str,
    /// The value it has, as far as a number can say.
    pub value: u64,
    /// What it must be.
    pub must: Must,
}

/// What a field of [`Config`](super::Config) must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Must {
    /// More than zero (use `None` for "no limit").
    BePositive,
    /// No less than this.
    BeAtLeast(u64),
    /// No more than this.
    BeAtMost(u64),
    /// Longer than this field, which has this value in nanoseconds.
    BeLongerThan(&'static str, u64),
    /// What it is while the hub runs: it cannot change.
    Stay(u64),
    /// A code that may stand in a close frame (RFC 6455 section 7.4).
    BeACloseCode,
    /// Something else: `Wait` as the policy of a whole hub, which is for a publish that says so itself.
    NotBeWait,
    /// Not empty: requests that offer no subprotocol of this list are to be refused, which would be all.
    NameASubprotocol,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "config field `{}` is ", self.field)?;
        match self.must {
            Must::BeLongerThan(..) => write!(f, "{:?}", Duration::from_nanos(self.value))?,
            Must::NotBeWait => f.write_str("`Wait`")?,
            Must::NameASubprotocol => f.write_str("empty")?,
            _ => write!(f, "{}", self.value)?,
        }
        f.write_str(": it must ")?;
        match self.must {
            Must::BePositive => f.write_str("be more than zero (`None` means no limit)"),
            Must::BeAtLeast(least) => write!(f, "be at least {least}"),
            Must::BeAtMost(most) => write!(f, "be at most {most}"),
            Must::BeLongerThan(other, nanos) => {
                write!(f, "be longer than `{other}`, which is {:?}", Duration::from_nanos(nanos))
            }
            Must::Stay(as_it_is) => write!(f, "stay {as_it_is} while the hub runs"),
            Must::BeACloseCode => f.write_str("be a code that may stand in a close frame"),
            Must::NotBeWait => f.write_str("not be, as that is for a publish that says so itself"),
            Must::NameASubprotocol => f.write_str(
                "name a subprotocol, or every request is refused: those that offer none of the list are to be",
            ),
        }
    }
}

/// The same sentence: what `main` returns is printed by `Debug`, and a config that cannot stand mostly ends there.
impl fmt::Debug for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl core::error::Error for ConfigError {}
