//! A client of the protocol: its conversation, and the task that keeps its times.

use crate::hooks::{Meta, Who};
use crate::server::Shared;
use http::HeaderMap;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use throng_tokio::core::Instant;
use throng_tokio::core::protocol::{
    self, ClientInfo, Conversation, Data, Disconnect, ErrorCode, Failure, Options, Output, UnsubscribeCode,
};
use throng_tokio::hub::DropReason;
use throng_tokio::{Client, CloseFrame};
use tokio::sync::Notify;

/// A client of the protocol.
#[derive(Debug)]
pub(crate) struct Peer {
    pub(super) server: Shared,
    /// The moment that is zero for the conversation.
    began: tokio::time::Instant,
    state: Mutex<State>,
    /// The task is to look again at what is due.
    wake: Notify,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) conversation: Conversation,
    /// The user and the info of the connection.
    pub(super) user: String,
    pub(super) info: Option<Data>,
    /// What the back end gave with the client.
    pub(super) meta: Option<Meta>,
    /// Headers of the client's request for the back end, until it is asked.
    pub(super) headers: HeaderMap,
    /// A task carries out the commands, as one of them may have to wait for the back end.
    pub(super) is_busy: bool,
    /// What keeps the times that the back end gave: of the connection (`None`) and of its subscriptions.
    pub(super) renewals: BTreeMap<Option<String>, Task>,
    /// What other clients see of this one, for channels whose subscribers are told who comes and goes.
    pub(super) told: BTreeMap<String, ClientInfo>,
    /// Channels in which the client could not recover although it seemed so: it is told when it subscribes again.
    pub(super) lost: BTreeSet<String>,
    /// What the task waits for.
    next: Option<Instant>,
}

impl Peer {
    /// `headers`: those of its request that the back end gets if it is asked about the client.
    pub(crate) fn new(server: Shared, options: Options, headers: HeaderMap) -> Arc<Self> {
        let conversation = Conversation::new(options, Instant::ORIGIN);
        let next = conversation.poll_timeout();
        let state = State {
            conversation,
            user: String::new(),
            info: None,
            meta: None,
            headers,
            is_busy: false,
            renewals: BTreeMap::new(),
            told: BTreeMap::new(),
            lost: BTreeSet::new(),
            next,
        };
        let (began, wake) = (tokio::time::Instant::now(), Notify::new());
        Arc::new(Self { server, began, state: Mutex::new(state), wake })
    }

    /// The client as one of the protocol; `None` if it speaks none.
    pub(crate) fn of(client: &Client) -> Option<Arc<Self>> {
        client.get()
    }

    /// The client is open.
    pub(crate) fn opened(self: Arc<Self>, client: &Client) {
        let client = client.clone();
        tokio::spawn(async move { self.keep_time(&client).await });
    }

    async fn keep_time(&self, client: &Client) {
        loop {
            let next = self.state().next;
            let sleep = async {
                match next {
                    Some(at) => tokio::time::sleep_until(self.began + at.since(Instant::ORIGIN)).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = client.ended() => return,
                () = self.wake.notified() => {}
                () = sleep => self.with(client, |state, now| state.conversation.handle_timeout(now)),
            }
        }
    }

    /// Messages for the client were dropped. If that is because it is slow, it is closed, connects again, and recovers; otherwise it has ended.
    pub(crate) fn dropped(&self, client: &Client, reason: DropReason) {
        if reason != DropReason::Closed {
            self.close(client, Disconnect::Slow.close());
        }
    }

    /// The client has ended.
    pub(crate) fn ended(&self, client: &Client) {
        let (told, _renewals) = {
            let mut state = self.state();
            (std::mem::take(&mut state.told), std::mem::take(&mut state.renewals))
        };
        for (channel, info) in told {
            // An error means that nobody is left.
            let _ = client.hub().send_to_watchers(&channel, protocol::leave(&channel, &info));
        }
    }

    /// Changes something, does what follows from it, and returns the result.
    pub(super) fn with<R>(&self, client: &Client, change: impl FnOnce(&mut State, Instant) -> R) -> R {
        let now = Instant::ORIGIN + self.began.elapsed();
        let mut state = self.state();
        let result = change(&mut state, now);
        let mut left = Vec::new();
        while let Some(output) = state.conversation.poll_output() {
            match output {
                Output::Send(text) => Self::send(client, text),
                Output::Error(code, text) => {
                    metrics::counter!("throng_protocol_errors_total", "code" => label(code)).increment(1);
                    Self::send(client, text);
                }
                Output::Leave(channel) => left.push(channel),
                Output::Close(close) => Self::end(client, &close),
            }
        }
        let next = state.conversation.poll_timeout();
        let is_changed = std::mem::replace(&mut state.next, next) != next;
        drop(state);
        for channel in left {
            self.leave(client, &channel);
        }
        if is_changed {
            self.wake.notify_one();
        }
        result
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends a text. One that cannot be sent would be missed for ever: the client connects again.
    fn send(client: &Client, text: String) {
        if let Err(error) = client.send(text)
            && client.is_open()
        {
            tracing::debug!(client = %client.id(), %error, "a client is closed: a message to it cannot be sent");
            Self::end(client, &Disconnect::Slow.close());
        }
    }

    fn end(client: &Client, close: &CloseFrame) {
        metrics::counter!("throng_protocol_closes_total", "code" => close.code.0.to_string()).increment(1);
        // An error means that it closes already.
        let _ = client.close(close.code, &close.reason);
    }

    pub(super) fn close(&self, client: &Client, close: CloseFrame) {
        self.with(client, |state, _| state.conversation.close(close));
    }

    pub(super) fn refuse(&self, client: &Client, id: u32, failure: &Failure) {
        self.with(client, |state, _| state.conversation.refuse(id, failure));
    }

    /// Takes the client out of the room of a channel, and tells those who are told.
    pub(super) fn leave(&self, client: &Client, channel: &str) {
        let hub = client.hub();
        // An error means that it is in the room no more.
        let _ = hub.leave(client.id(), channel);
        let (told, _renewal) = {
            let mut state = self.state();
            (state.told.remove(channel), state.renewals.remove(&Some(channel.to_owned())))
        };
        if let Some(info) = told {
            let _ = hub.send_to_watchers(channel, protocol::leave(channel, &info));
        }
    }

    /// Ends a subscription. `None` for all of them.
    pub(crate) fn unsubscribe(&self, client: &Client, channel: Option<&str>, code: UnsubscribeCode) {
        let channels = match channel {
            Some(channel) => vec![channel.to_owned()],
            None => self.state().conversation.channels().map(str::to_owned).collect(),
        };
        for channel in channels {
            // Before it is told: what comes after that would be ignored, and is not for it.
            self.leave(client, &channel);
            self.with(client, |state, _| state.conversation.unsubscribe(&channel, code));
        }
    }

    /// The client, as the back end is told of it.
    pub(super) fn who(&self, client: &Client) -> Who {
        let state = self.state();
        Who::of_protocol(client.id(), state.user.clone(), state.meta.clone())
    }

    /// The connection is valid for so long from now on.
    pub(crate) fn set_ttl(&self, client: &Client, ttl: Option<Duration>) {
        self.with(client, |state, now| state.conversation.set_ttl(now, ttl));
    }
}

/// A task that ends with this value.
#[derive(Debug)]
pub(super) struct Task(pub(super) tokio::task::AbortHandle);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// The label of an error in metrics. Those of applications are one, as they may have any number.
fn label(code: u32) -> String {
    match code {
        100..200 => code.to_string(),
        _ => "application".into(),
    }
}

/// Why the hub did not do something, in the protocol's codes.
pub(super) fn failure(error: throng_tokio::hub::Error) -> Failure {
    use throng_tokio::hub::Refusal;
    let code = match error.refusal() {
        Some(
            Refusal::EmptyName
            | Refusal::NameTooLong { .. }
            | Refusal::MessageTooBig { .. }
            | Refusal::InfoTooLong { .. },
        ) => ErrorCode::BadRequest,
        Some(Refusal::NoHistory | Refusal::NoPresence) => ErrorCode::NotAvailable,
        Some(_) => ErrorCode::LimitExceeded,
        None => ErrorCode::Internal,
    };
    Failure::new(code, error.to_string())
}
