//! The last refusals, drops and ends of clients.

use serde::Serialize;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};
use throng_tokio::hub::DropReason;
use throng_tokio::{Client, Disconnected, DropNotice};

/// The most events.
const MOST: usize = 200;
/// The longest text of an event, in bytes. A peer may have chosen it.
const TEXT: usize = 200;
/// How far back an event is looked for that is the same again.
const NEAR: usize = 16;

/// Something that was refused or lost.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Event {
    /// When it was seen last, in seconds since 1970.
    time: f64,
    /// `refused`, `dropped`, `bad_input`, `closed`, `failed`.
    kind: &'static str,
    what: String,
    /// How often.
    count: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    client: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<String>,
}

impl Event {
    pub(super) fn counted(kind: &'static str, what: &str, count: u64, now: SystemTime) -> Self {
        let time = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
        Self { time, kind, what: cut(what), count, client: None, user: None }
    }

    fn of(client: &Client, kind: &'static str, what: &str, count: u64) -> Self {
        Self {
            client: Some(client.id().to_string()),
            user: client.user().map(|user| cut(&user)),
            ..Self::counted(kind, what, count, SystemTime::now())
        }
    }

    fn is_same(&self, other: &Self) -> bool {
        (self.kind, &self.what, &self.client) == (other.kind, &other.what, &other.client)
    }
}

/// The names are those of the metric `throng_messages_dropped_total`.
const fn name_of(reason: DropReason) -> &'static str {
    match reason {
        DropReason::OutboxFull => "outbox_full",
        DropReason::Conflated => "conflated",
        DropReason::HubFull => "hub_full",
        DropReason::Closed => "closed",
        _ => "other",
    }
}

fn cut(text: &str) -> String {
    match text.len() > TEXT {
        true => format!("{}…", &text[..text.floor_char_boundary(TEXT)]),
        false => text.into(),
    }
}

/// The last events, the newest at the end.
#[derive(Debug, Default)]
pub(crate) struct Events {
    events: Mutex<VecDeque<Event>>,
    /// How often the program refused somebody itself: the hub does not count that.
    refused: AtomicU64,
}

impl Events {
    /// Adds an event. One that is the same as one shortly before is added to its count.
    pub(super) fn push(&self, mut event: Event) {
        let mut events = self.events();
        let far = events.len().saturating_sub(NEAR);
        if let Some(at) = (far..events.len()).rev().find(|at| events[*at].is_same(&event))
            && let Some(same) = events.remove(at)
        {
            event.count = event.count.saturating_add(same.count);
        }
        if events.len() == MOST {
            events.pop_front();
        }
        events.push_back(event);
    }

    /// The program refused a client or a request, before the hub was asked.
    pub(crate) fn refused(&self, what: &str) {
        self.refused.fetch_add(1, Ordering::Relaxed);
        self.push(Event::counted("refused", what.trim(), 1, SystemTime::now()));
    }

    pub(super) fn refusals(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// Messages to a client were dropped.
    pub(crate) fn dropped(&self, client: &Client, dropped: &DropNotice) {
        let what = format!("messages to a client: {}", name_of(dropped.reason));
        self.push(Event::of(client, "dropped", &what, dropped.frames.into()));
    }

    /// A client ended. The end is an event if it was the hub that ended it.
    pub(crate) fn disconnected(&self, client: &Client, end: &Disconnected) {
        if end.by != throng_tokio::ClosedBy::Hub {
            return;
        }
        let reason = end.reason.as_deref().unwrap_or_default();
        self.push(Event::of(client, "closed", &format!("{} {reason}", end.code.0), 1));
    }

    /// All of them, the newest first.
    pub(crate) fn newest_first(&self) -> Vec<Event> {
        self.events().iter().rev().cloned().collect()
    }

    fn events(&self) -> MutexGuard<'_, VecDeque<Event>> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
