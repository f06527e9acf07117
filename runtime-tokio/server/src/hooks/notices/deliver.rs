//! Delivers the notices: one request after the other, each tried again until the back end takes it, refuses it, or it is too late.

use super::Notices;
use super::queue::Batch;
use crate::hooks::failure::Failure;
use crate::hooks::sign::sign;
use bytes::Bytes;
use http::HeaderMap;
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// The waits between two attempts are random, up to this bound, which doubles.
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(10));
/// The longest wait for which a back end can ask.
const LONGEST: Duration = Duration::from_secs(30);
/// Answers that say that no attempt of this delivery will be taken.
const REFUSED: [u16; 3] = [400, 413, 422];

/// What has become of an attempt.
enum Attempt {
    Taken,
    Refused(u16),
    Failed(Failure, Option<Duration>),
}

impl Notices {
    /// Delivers what is noted, for ever.
    pub(crate) async fn deliver(&self) {
        loop {
            let batch = self.queue.oldest().await;
            self.deliver_batch(&batch).await;
        }
    }

    async fn deliver_batch(&self, batch: &Batch) {
        // The same in each attempt, so that a back end that has taken it knows it again.
        let id = format!("d_{:032x}", fastrand::u128(..));
        let body = body(&id, &self.node, batch);
        let mut most = BACK_OFF.0;
        loop {
            let (outcome, pause) = match self.attempt(&id, body.clone()).await {
                Attempt::Taken => {
                    self.complaints.answered("notices");
                    count("delivered");
                    return self.queue.delivered(batch);
                }
                Attempt::Refused(status) => {
                    count("refused");
                    let count = batch.notices.len();
                    let why =
                        format!("a delivery of {count} notices was refused with {status}: they are dropped");
                    return self.give_up(batch, "refused", &why);
                }
                Attempt::Failed(failure, pause) => {
                    self.complaints.log("notices", &failure);
                    (failure.name(), pause)
                }
            };
            count(outcome);
            let keep = self.live.config().hooks.notices.keep.0;
            if batch.noted.elapsed() >= keep {
                let why = format!(
                    "{} notices could not be delivered for {keep:?}: they are dropped",
                    batch.notices.len()
                );
                return self.give_up(batch, "expired", &why);
            }
            let pause = pause.map_or_else(|| most.mul_f64(fastrand::f64()), |asked| asked.min(LONGEST));
            sleep(pause.min(keep)).await;
            most = (most * 2).min(BACK_OFF.1);
        }
    }

    fn give_up(&self, batch: &Batch, reason: &'static str, why: &str) {
        let lost = batch.notices.len() as u64;
        metrics::counter!("throng_hooks_notices_lost_total", "reason" => reason).increment(lost);
        self.complaints.log("notices", &why);
        self.queue.give_up(batch);
    }

    async fn attempt(&self, id: &str, body: Bytes) -> Attempt {
        let config = self.live.config();
        // The key cannot change while the program runs.
        let Some(url) = &config.hooks.notices.url else { return Attempt::Taken };
        let mut headers = HeaderMap::new();
        sign(&mut headers, &config.hooks.secrets, id, &body);
        let limit = config.hooks.notices.timeout.0;
        let posted = self.transport.post(url, headers, body, config.hooks.answer_bytes.0);
        match timeout(limit, posted).await {
            Err(_) => Attempt::Failed(Failure::TimedOut(limit, "hooks.notices.timeout"), None),
            // What the body says, and whether it can be read, is nothing to the program.
            Ok(Ok(reply)) if (200..300).contains(&reply.status) => Attempt::Taken,
            Ok(Ok(reply)) if REFUSED.contains(&reply.status) => Attempt::Refused(reply.status),
            Ok(Ok(reply)) => Attempt::Failed(Failure::Status(reply.status), reply.retry_after),
            Ok(Err(failure)) => Attempt::Failed(failure, None),
        }
    }
}

fn count(outcome: &'static str) {
    metrics::counter!("throng_hooks_deliveries_total", "outcome" => outcome).increment(1);
}

/// The body of a delivery. The notices are JSON already.
fn body(id: &str, node: &str, batch: &Batch) -> Bytes {
    let lost = batch.lost;
    let mut body = format!(r#"{{"id":"{id}","node":"{node}","lost":{lost},"notices":["#).into_bytes();
    for (at, notice) in batch.notices.iter().enumerate() {
        if at > 0 {
            body.push(b',');
        }
        body.extend_from_slice(notice);
    }
    body.extend_from_slice(b"]}");
    body.into()
}
