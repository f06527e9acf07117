//! The questions whether a client of the protocol may stay, and may keep a subscription: asked when the time that the back end gave is over.

use super::ask::Hooks;
use super::attempts::attempts;
use super::commands::left;
use super::content::data;
use super::question::{Answer, Question, Refresh, Refreshed, Who};
use super::turns::Turns;
use crate::config::Config;
use crate::config::hooks::{Fail, Question as Settings};
use serde::Serialize;
use std::time::{Duration, Instant};
use throng_tokio::CloseFrame;
use throng_tokio::core::protocol::Data;
use tokio::sync::Semaphore;

/// How much longer it is if there is no valid answer and the question fails open.
const MORE: Duration = Duration::from_secs(60);

/// What becomes of a connection or subscription whose time is over.
#[derive(Debug)]
pub(crate) enum Renewal {
    /// It goes on for so long; `None`: for ever. With what is shown of the client from now on, if that changes.
    For(Option<Duration>, Option<Data>),
    Ended,
    Close(CloseFrame),
}

/// May this client keep its subscription?
#[derive(Debug, Serialize)]
struct SubRefresh<'a> {
    #[serde(flatten)]
    who: Who,
    channel: &'a str,
}

impl Question for SubRefresh<'_> {
    const NAME: &'static str = "sub_refresh";
    type Result = Refreshed;

    fn settings(config: &Config) -> &Settings {
        &config.hooks.sub_refresh
    }

    fn turns(turns: &Turns) -> &Semaphore {
        &turns.sub_refresh
    }
}

impl Hooks {
    /// Asks about a connection, or about its subscription to a channel, again and again within a time. `None`: there was no valid answer.
    pub(crate) async fn renew(
        &self,
        who: impl Fn() -> Who,
        channel: Option<&str>,
        within: Duration,
    ) -> Option<Renewal> {
        match channel {
            None => self.renewal(|| Refresh { who: who() }, within).await,
            Some(channel) => self.renewal(|| SubRefresh { who: who(), channel }, within).await,
        }
    }

    async fn renewal<Q: Question<Result = Refreshed>>(
        &self,
        question: impl Fn() -> Q,
        within: Duration,
    ) -> Option<Renewal> {
        // Turned off: nobody can be asked.
        Q::settings(&self.live.config()).url.as_ref()?;
        let end = Instant::now() + within;
        let left = || end.saturating_duration_since(Instant::now());
        let attempt = || {
            let question = question();
            async move { self.renew_once(&question).await }
        };
        let renewal = attempts(left, attempt).await;
        let is_open = || Q::settings(&self.live.config()).fail == Fail::Open;
        renewal.or_else(|| is_open().then_some(Renewal::For(Some(MORE), None)))
    }

    async fn renew_once<Q: Question<Result = Refreshed>>(&self, question: &Q) -> Option<Renewal> {
        match self.ask(question, http::HeaderMap::new()).await {
            Ok(Answer::Result(refreshed)) => {
                renewal(refreshed).map_err(|why| self.complain_of::<Q>(why)).ok()
            }
            Ok(Answer::Disconnect(close)) => Some(Renewal::Close(close)),
            // Centrifugo's back ends say so of a client that they do not know for now.
            Ok(Answer::Error(_)) | Err(_) => None,
        }
    }
}

fn renewal(refreshed: Refreshed) -> Result<Renewal, String> {
    let Refreshed { expired, expire_at, info, b64info } = refreshed;
    let info = data("info", info, b64info)?;
    match expire_at {
        _ if expired => Ok(Renewal::Ended),
        Some(at) => Ok(Renewal::For(left(at), info)),
        None => Err("the result has neither expired nor expire_at".into()),
    }
}
