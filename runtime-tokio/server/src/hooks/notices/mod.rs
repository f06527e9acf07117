//! What the back end is told: that clients have ended, left rooms, are away or back, and which rooms are occupied.
//!
//! A node delivers its notices in the order in which they were noted, one request after the other. The notices of one client are noted in
//! the order in which they happened, and those of one room too. A notice is dropped and counted if the queue has no room for it, if it
//! could not be delivered for `hooks.notices.keep`, or if the back end refuses its delivery with 400, 413 or 422. A delivery whose answer was
//! not heard is sent again with the same id, so the back end may get it twice.
//!
//! | file | what |
//! | --- | --- |
//! | `notice` | a notice as JSON |
//! | `queue` | the notices that wait, and how many were lost |
//! | `deliver` | requests, attempts, and waits between them |

mod deliver;
mod notice;
mod queue;

use super::failure::Complaints;
use super::question::Meta;
use super::transport::Transport;
use crate::config::hooks::NoticeEvent;
use crate::live::Live;
use notice::{Notice, Subject, millis};
use queue::Queue;
use std::sync::Arc;
use std::time::Duration;
use throng_tokio::{Away, Builder, Client, Disconnected, Occupancy, Resumed};

/// How long the hub's own task may take to tell which rooms were vacated last.
const LAST_ROOMS: Duration = Duration::from_millis(50);

/// What the back end is told.
#[derive(Debug)]
pub(crate) struct Notices {
    live: Arc<Live>,
    /// The name of this run, as in the API's `info`.
    node: String,
    queue: Queue,
    transport: Transport,
    complaints: Complaints,
}

impl Notices {
    /// `None` if the config has no back end to tell.
    pub(crate) fn of(live: &Arc<Live>, node: &str) -> Option<Arc<Self>> {
        let config = live.config();
        config.hooks.notices.url.as_ref()?;
        Some(Arc::new(Self {
            live: Arc::clone(live),
            node: node.into(),
            queue: Queue::default(),
            transport: Transport::new(&config, 1),
            complaints: Complaints::default(),
        }))
    }

    /// Has the hub tell what the config asks for and the program's handler has no hook for. What is not asked for costs nothing.
    pub(crate) fn hear(self: &Arc<Self>, mut builder: Builder) -> Builder {
        let asked = |event| self.is_asked(event).then(|| Arc::clone(self));
        if let Some(notices) = asked(NoticeEvent::Unsubscribe) {
            builder = builder.on_leave(move |client, channel, left| {
                notices.note(&Notice::Unsubscribe { who: subject(client), channel, why: notice::why(left) });
            });
        }
        let (occupied, vacated) = (asked(NoticeEvent::Occupied), asked(NoticeEvent::Vacated));
        if occupied.is_some() || vacated.is_some() {
            builder = builder.on_occupancy_change(move |_, channel, occupancy| {
                match (occupancy, &occupied, &vacated) {
                    (Occupancy::Occupied, Some(notices), _) => notices.note(&Notice::Occupied { channel }),
                    (Occupancy::Vacated, _, Some(notices)) => notices.note(&Notice::Vacated { channel }),
                    _ => {}
                }
            });
        }
        builder
    }

    /// A client has ended.
    pub(crate) fn disconnected(&self, client: &Client, end: &Disconnected) {
        if self.is_asked(NoticeEvent::Disconnect) {
            let reason = end.reason.as_deref().unwrap_or_default();
            let (code, by, open_ms) = (end.code.0, end.by.name(), millis(end.duration));
            self.note(&Notice::Disconnect { who: subject(client), code, reason, by, open_ms });
        }
    }

    /// A client with a session has lost its connection.
    pub(crate) fn away(&self, client: &Client, away: &Away) {
        if self.is_asked(NoticeEvent::Away) {
            let reason = away.reason.as_deref().unwrap_or_default();
            let (code, by) = (away.code.0, away.by.name());
            self.note(&Notice::Away { who: subject(client), code, reason, by });
        }
    }

    /// A client with a session has another connection.
    pub(crate) fn resumed(&self, client: &Client, resumed: &Resumed) {
        if self.is_asked(NoticeEvent::Resumed) {
            self.note(&Notice::Resumed { who: subject(client), away_ms: resumed.away.map(millis) });
        }
    }

    fn is_asked(&self, event: NoticeEvent) -> bool {
        self.live.config().hooks.notices.events.contains(&event)
    }

    fn note(&self, notice: &Notice<'_>) {
        let event = notice.event();
        let most = self.live.config().hooks.notices.queue_bytes.0;
        if self.queue.push(notice.to_json(), most) {
            metrics::counter!("throng_hooks_notices_total", "event" => event).increment(1);
        } else {
            metrics::counter!("throng_hooks_notices_lost_total", "reason" => "queue_full").increment(1);
            self.complaints
                .log("notices", &"a notice was dropped: the queue is full, `hooks.notices.queue_bytes`");
        }
    }

    /// Waits until all notices are delivered, but no longer than this; returns the number of those that are not.
    pub(crate) async fn flush(&self, limit: Duration) -> usize {
        tokio::time::sleep(LAST_ROOMS).await;
        let _ = tokio::time::timeout(limit, self.queue.emptied()).await;
        let left = self.queue.len();
        metrics::counter!("throng_hooks_notices_lost_total", "reason" => "stopped").increment(left as u64);
        left
    }
}

fn subject(client: &Client) -> Subject {
    let user = client.user().map(|user| user.to_string()).unwrap_or_default();
    Subject { client: client.id().to_string(), user, meta: client.get::<Meta>() }
}
