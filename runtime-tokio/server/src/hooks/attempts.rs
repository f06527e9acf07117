//! Questions that are asked again until there is an answer.

use std::time::Duration;
use tokio::time::sleep;

/// The waits between two attempts are random, up to this bound, which doubles.
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(5));
/// So long before the end there is no further attempt.
const LAST: Duration = Duration::from_millis(200);

/// Tries until an attempt returns `Some`, or too little time is left.
pub(super) async fn attempts<R, F: Future<Output = Option<R>>>(
    left: impl Fn() -> Duration,
    attempt: impl Fn() -> F,
) -> Option<R> {
    let mut most = BACK_OFF.0;
    loop {
        if let Some(result) = attempt().await {
            return Some(result);
        }
        let left = left().saturating_sub(LAST);
        if left.is_zero() {
            return None;
        }
        sleep(most.mul_f64(fastrand::f64()).min(left)).await;
        most = (most * 2).min(BACK_OFF.1);
    }
}
