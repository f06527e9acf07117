//! Why a back end gave no valid answer: a count, and a line of the log, though not one for each.

use std::collections::BTreeMap;
use std::fmt::{self, Display};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Of one hook at most one line in this time.
const QUIET: Duration = Duration::from_secs(10);

/// Why there is no valid answer.
#[derive(Debug)]
pub(crate) enum Failure {
    /// `hooks.concurrency` requests were on their way all the time.
    Busy(Duration),
    /// The limit, and its key.
    TimedOut(Duration, &'static str),
    /// There is no connection, or it ended.
    Unreachable(String),
    Status(u16),
    TooBig(u64),
    Malformed(String),
}

impl Failure {
    /// The outcome in metrics.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Busy(_) => "busy",
            Self::TimedOut(..) => "timed_out",
            Self::Unreachable(_) => "unreachable",
            Self::Status(_) => "status",
            Self::TooBig(_) => "too_big",
            Self::Malformed(_) => "malformed",
        }
    }
}

impl Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Busy(limit) => {
                write!(
                    f,
                    "all of `hooks.concurrency` requests are on their way for {limit:?}, `hooks.timeout`"
                )
            }
            Self::TimedOut(limit, key) => write!(f, "no answer within {limit:?}, `{key}`"),
            Self::Unreachable(why) => f.write_str(why),
            Self::Status(status) => write!(f, "the answer has the status {status}"),
            Self::TooBig(most) => {
                write!(f, "the answer has more than {most} bytes, `hooks.answer_bytes`")
            }
            Self::Malformed(why) => write!(f, "the answer is not valid: {why}"),
        }
    }
}

/// The log of failures: at most one line for each hook in ten seconds, with the number of those that were left out, and one when the
/// back end answers again.
#[derive(Debug, Default)]
pub(crate) struct Complaints(Mutex<BTreeMap<&'static str, Line>>);

/// The last line about a hook.
#[derive(Debug)]
struct Line {
    at: Instant,
    /// Failures since then.
    left_out: u64,
    /// Whether there was no valid answer since then.
    is_last_word: bool,
}

impl Complaints {
    fn lines(&self) -> MutexGuard<'_, BTreeMap<&'static str, Line>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Logs what went wrong, unless there was a line of this hook just now.
    pub(crate) fn log(&self, hook: &'static str, why: &dyn Display) {
        if let Some(left_out) = self.may_log(hook, Instant::now()) {
            tracing::warn!(hook, left_out, "the back end of hooks.{hook}: {why}");
        }
    }

    /// There was a valid answer.
    pub(crate) fn answered(&self, hook: &'static str) {
        if self.is_news(hook) {
            tracing::info!(hook, "the back end of hooks.{hook} answers again");
        }
    }

    fn may_log(&self, hook: &'static str, now: Instant) -> Option<u64> {
        let mut lines = self.lines();
        match lines.get_mut(hook) {
            Some(line) if now.duration_since(line.at) < QUIET => {
                line.left_out += 1;
                None
            }
            _ => {
                let line = Line { at: now, left_out: 0, is_last_word: true };
                Some(lines.insert(hook, line).map_or(0, |before| before.left_out))
            }
        }
    }

    fn is_news(&self, hook: &'static str) -> bool {
        self.lines().get_mut(hook).is_some_and(|line| std::mem::take(&mut line.is_last_word))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hook_has_one_line_in_ten_seconds_with_the_number_left_out() {
        let (complaints, start) = (Complaints::default(), Instant::now());
        let at = |hook, seconds| complaints.may_log(hook, start + Duration::from_secs(seconds));
        assert_eq!(at("connect", 0), Some(0));
        assert_eq!(at("connect", 1), None);
        assert_eq!(at("message", 1), Some(0), "another hook has lines of its own");
        assert_eq!(at("connect", 9), None);
        assert_eq!(at("connect", 10), Some(2));
        assert_eq!(at("connect", 25), Some(0));
    }

    #[test]
    fn that_a_back_end_answers_again_is_logged_once_after_a_line_about_its_failure() {
        let (complaints, start) = (Complaints::default(), Instant::now());
        assert!(!complaints.is_news("connect"), "it has always answered");
        complaints.may_log("connect", start);
        assert!(!complaints.is_news("message"), "another hook");
        assert!(complaints.is_news("connect"));
        assert!(!complaints.is_news("connect"));
        // A back end that answers now and then does not fill the log.
        complaints.may_log("connect", start + Duration::from_secs(1));
        assert!(!complaints.is_news("connect"));
    }
}
