//! Asks the back end: waits for its turn, limits the time, counts the outcome.

use super::failure::{Complaints, Failure};
use super::question::{Answer, Question, read};
use super::sign::sign;
use super::transport::Transport;
use super::turns::{InFlight, Turns};
use crate::config::Config;
use crate::live::Live;
use bytes::Bytes;
use http::HeaderMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// What the back end is asked.
#[derive(Debug)]
pub(crate) struct Hooks {
    pub(super) live: Arc<Live>,
    pub(super) complaints: Complaints,
    transport: Transport,
    turns: Turns,
}

impl Hooks {
    pub(crate) fn new(live: Arc<Live>) -> Self {
        let config = live.config();
        let most = usize::try_from(config.hooks.concurrency.0).unwrap_or(Semaphore::MAX_PERMITS);
        Self {
            live,
            complaints: Complaints::default(),
            transport: Transport::new(&config, most),
            turns: Turns::new(most),
        }
    }

    /// Asks the back end. A failure is counted and logged here; what follows from it is the caller's.
    pub(super) async fn ask<Q: Question>(
        &self,
        question: &Q,
        headers: HeaderMap,
    ) -> Result<Answer<Q::Result>, Failure> {
        let (config, begun) = (self.live.config(), Instant::now());
        let answer = self.within_time(&config, question, headers).await;
        let outcome = match &answer {
            Ok(Answer::Result(_)) => "result",
            Ok(Answer::Error(_)) => "error",
            Ok(Answer::Disconnect(_)) => "disconnect",
            Err(failure) => failure.name(),
        };
        metrics::counter!("throng_hooks_questions_total", "hook" => Q::NAME, "outcome" => outcome)
            .increment(1);
        metrics::histogram!("throng_hooks_question_seconds", "hook" => Q::NAME).record(begun.elapsed());
        match &answer {
            Ok(_) => self.complaints.answered(Q::NAME),
            Err(failure) => self.complaints.log(Q::NAME, failure),
        }
        answer
    }

    async fn within_time<Q: Question>(
        &self,
        config: &Config,
        question: &Q,
        headers: HeaderMap,
    ) -> Result<Answer<Q::Result>, Failure> {
        let limit = config.hooks.timeout.0;
        let turn = timeout(limit, Q::turns(&self.turns).acquire());
        let begun = Instant::now();
        // The semaphores are never closed.
        let Ok(Ok(_turn)) = turn.await else { return Err(Failure::Busy(limit)) };
        let left = limit.saturating_sub(begun.elapsed()).max(Duration::from_millis(1));
        let answer = timeout(left, self.post(config, question, headers)).await;
        answer.unwrap_or(Err(Failure::TimedOut(limit, "hooks.timeout")))
    }

    async fn post<Q: Question>(
        &self,
        config: &Config,
        question: &Q,
        mut headers: HeaderMap,
    ) -> Result<Answer<Q::Result>, Failure> {
        // A reload may have turned the question off meanwhile.
        let Some(url) = &Q::settings(config).url else {
            return Err(Failure::Unreachable("the question is turned off".into()));
        };
        let body = serde_json::to_vec(question)
            .map_err(|error| Failure::Malformed(format!("the question cannot be written: {error}")))?;
        sign(&mut headers, &config.hooks.secrets, &format!("q_{:032x}", fastrand::u128(..)), &body);
        let _in_flight = InFlight::new(Q::NAME);
        let reply = self.transport.post(url, headers, Bytes::from(body), config.hooks.answer_bytes.0).await?;
        match reply.status {
            200 => read(&reply.body?),
            status => Err(Failure::Status(status)),
        }
    }
}
