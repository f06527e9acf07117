//! The question whether a client may stay: asked before its authorisation ends.

use super::ask::Hooks;
use super::attempts::attempts;
use super::question::{Answer, Refresh, Refreshed, Who};
use crate::config::hooks::Fail;
use std::sync::Arc;
use std::time::Duration;
use throng_tokio::{Client, Expiry};

/// How long a client stays whose back end gave no valid answer, if the question fails open.
const MORE: Duration = Duration::from_secs(60);

impl Hooks {
    /// The authorisation of a client ends soon. Its messages do not wait for the answer.
    pub(crate) fn refresh(self: &Arc<Self>, client: &Client) {
        if self.live.config().hooks.refresh.url.is_some() {
            tokio::spawn(Arc::clone(self).refresh_in_time(client.clone()));
        }
    }

    /// Asks until there is an answer, or the authorisation ends.
    async fn refresh_in_time(self: Arc<Self>, client: Client) {
        let left = || if client.is_open() { client.expires_in().unwrap_or_default() } else { Duration::ZERO };
        if attempts(left, || self.refresh_once(&client)).await.is_some() {
            return;
        }
        if self.live.config().hooks.refresh.fail == Fail::Open {
            // An error means that it has ended. The hub tells again before the new end.
            let _ = client.set_expiry(MORE);
        }
    }

    /// `Some` if there was a valid answer, or nobody needs one any more.
    async fn refresh_once(&self, client: &Client) -> Option<()> {
        let question = Refresh { who: Who::new(client.id(), client.user(), client.get()) };
        let before = client.expires_in();
        let answer = self.ask(&question, http::HeaderMap::new()).await;
        // It has ended, or somebody else has given it more time.
        if client.expires_in().is_none_or(|left| before.is_none_or(|before| left > before)) {
            return Some(());
        }
        // An error means that the client has ended meanwhile.
        let _ = match answer {
            Ok(Answer::Result(Refreshed { info, b64info, .. })) if info.is_some() || b64info.is_some() => {
                self.complain_of::<Refresh>("info of a connection is not supported".into());
                return None;
            }
            Ok(Answer::Result(Refreshed { expired: true, .. })) => client.set_expiry(Duration::ZERO),
            Ok(Answer::Result(Refreshed { expire_at: Some(0), .. })) => client.clear_expiry(),
            Ok(Answer::Result(Refreshed { expire_at: Some(at), .. })) => {
                client.set_expiry(Expiry::at_unix_seconds(at))
            }
            Ok(Answer::Result(_)) => {
                self.complain_of::<Refresh>("the result has neither expired nor expire_at".into());
                return None;
            }
            // Centrifugo's back ends say so of a client that they do not know for now.
            Ok(Answer::Error(_)) => return None,
            Ok(Answer::Disconnect(close)) => client.close(close.code, &close.reason),
            Err(_) => return None,
        };
        Some(())
    }
}
