//! The error for an invalid config.

use core::fmt;
use core::time::Duration;

/// An invalid field of [`Config`](super::Config), or another invalid setting that is named like a field.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ConfigError {
    /// The full name of the field, such as `outbox.bytes`.
    pub field: &'static str,
    /// The field's value, durations in nanoseconds; 0 if the value is not a number.
    pub value: u64,
    /// The rule that the value breaks.
    pub must: Must,
}

/// A rule for a field of [`Config`](super::Config).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Must {
    /// The field must be more than zero.
    BePositive,
    /// The field must be more than zero, or `None` for no limit.
    BePositiveOrNone,
    /// The units, the period and the burst of the rate must be more than zero; or the field must be `None` for no limit.
    BeARateOrNone,
    /// The field must be at least this value.
    BeAtLeast(u64),
    /// The field must be at least this value, so that it holds what the named field allows.
    Hold(&'static str, u64),
    /// The field must be at most this value.
    BeAtMost(u64),
    /// The field must be longer than the named field, which has this value in nanoseconds.
    BeLongerThan(&'static str, u64),
    /// The field must be at least as long as the named field, which has this value in nanoseconds.
    BeAtLeastAsLongAs(&'static str, u64),
    /// The field must be a random number, which differs from process to process, for rooms to have a history.
    BeRandom,
    /// The field must be at most this long, in nanoseconds.
    BeNoLongerThan(u64),
    /// The field must keep this value while the hub runs.
    Stay(u64),
    /// The field must be a code that a close frame may carry (RFC 6455 section 7.4).
    BeACloseCode,
    /// The field must be another policy: `Policy::Wait` is for single publishes, not for a whole hub.
    NotBeWait,
    /// The list must not be empty: with this setting, requests that offer no subprotocol of the list are refused.
    NameASubprotocol,
}

/// How a field that may be absent says that there is no limit: in the program, and in a file.
const OR_NONE: &str = "or `None` for no limit (in a file \"none\")";

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "config field `{}` is ", self.field)?;
        match self.must {
            Must::BeLongerThan(..) | Must::BeAtLeastAsLongAs(..) | Must::BeNoLongerThan(_) => {
                write!(f, "{:?}", Duration::from_nanos(self.value))?;
            }
            Must::BeARateOrNone => f.write_str("a rate with a zero")?,
            Must::NotBeWait => f.write_str("`Wait`")?,
            Must::NameASubprotocol => f.write_str("empty")?,
            _ => write!(f, "{}", self.value)?,
        }
        f.write_str(": it must ")?;
        match self.must {
            Must::BePositive => f.write_str("be more than zero"),
            Must::BePositiveOrNone => write!(f, "be more than zero, {OR_NONE}"),
            Must::BeARateOrNone => {
                write!(f, "have units, a period and a burst of more than zero, {OR_NONE}")
            }
            Must::BeAtLeast(least) => write!(f, "be at least {least}"),
            Must::Hold(other, least) => write!(f, "be at least {least}, to hold what `{other}` allows"),
            Must::BeAtMost(most) => write!(f, "be at most {most}"),
            Must::BeLongerThan(other, nanos) => {
                write!(f, "be longer than `{other}`, which is {:?}", Duration::from_nanos(nanos))
            }
            Must::BeAtLeastAsLongAs(other, nanos) => {
                write!(f, "be at least as long as `{other}`, which is {:?}", Duration::from_nanos(nanos))
            }
            Must::BeRandom => f.write_str(
                "be a random number that differs from process to process, since rooms have a history: otherwise a client that returns \
                 after a restart would not learn that messages are lost",
            ),
            Must::BeNoLongerThan(most) => write!(f, "be at most {:?}", Duration::from_nanos(most)),
            Must::Stay(as_it_is) => write!(f, "stay {as_it_is} while the hub runs"),
            Must::BeACloseCode => {
                f.write_str("be 1000-1003, 1007-1014 or 3000-4999 to be sent in a close frame")
            }
            Must::NotBeWait => f.write_str("be another policy, since `Wait` is for single publishes only"),
            Must::NameASubprotocol => f.write_str(
                "name at least one subprotocol, since requests that offer none of the list are refused",
            ),
        }
    }
}

/// Prints the same sentence as `Display`, since `main` prints the error that it returns by `Debug`.
impl fmt::Debug for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl core::error::Error for ConfigError {}
