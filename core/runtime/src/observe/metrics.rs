//! The hub's numbers, for the `metrics` facade.

use super::numbers::Numbers;
use crate::handles::hub::Hub;
use crate::measure::observer::Observer;
use crate::state::refused::RefusedNow;
use ::metrics::{
    Histogram, Label, Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram,
};
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::future::Future;
use core::time::Duration;
use throng_core::ClosedBy;
use throng_core::hub::{State, Unrecoverable};
use throng_core::websocket::ProtocolError;

/// Reports a hub's numbers to the recorder of the `metrics` facade on demand. The table of metrics is in the [module's
/// docs](super).
///
/// Install the recorder before you make this; numbers counted earlier are reported as well.
#[derive(Clone)]
pub struct Meters {
    hub: Hub,
    labels: Vec<Label>,
}

/// A metric that is read: name, unit, description.
pub(super) type Read = (&'static str, Unit, &'static str);

const GAUGES: [Read; 19] = [
    ("throng_ready", Unit::Count, "1 while newcomers are taken"),
    ("throng_uptime_seconds", Unit::Seconds, "Time since the hub got its host"),
    ("throng_connections", Unit::Count, "Connections, by phase"),
    ("throng_refused_connections", Unit::Count, "Refused connections that are still open, by phase"),
    ("throng_asks", Unit::Count, "Questions to peers that wait for a reply"),
    ("throng_away_clients", Unit::Count, "Clients that have lost their connection and may return"),
    ("throng_users", Unit::Count, "Users with a client"),
    ("throng_rooms", Unit::Count, "Rooms"),
    ("throng_histories", Unit::Count, "Rooms with a history"),
    ("throng_idle_rooms", Unit::Count, "Rooms without members that their history keeps"),
    ("throng_history_messages", Unit::Count, "Messages in histories"),
    ("throng_present", Unit::Count, "Memberships in rooms with presence"),
    ("throng_watchers", Unit::Count, "Members that watch the presence of a room"),
    ("throng_memberships", Unit::Count, "Memberships: clients, once per room"),
    ("throng_messages_pending", Unit::Count, "Messages waiting to be written, once per recipient"),
    ("throng_queued_frames", Unit::Count, "Frames waiting to be written, each counted once"),
    ("throng_queued_bytes", Unit::Bytes, "Bytes of frames and outboxes that wait"),
    ("throng_ready_clients", Unit::Count, "Clients waiting for their writer"),
    ("throng_blocked_clients", Unit::Count, "Clients whose transport takes no more bytes"),
];

const COUNTERS: [Read; 45] = [
    ("throng_connections_total", Unit::Count, "Connections accepted"),
    ("throng_clients_total", Unit::Count, "Clients opened"),
    ("throng_clients_ended_total", Unit::Count, "Clients ended, by initiator and class of close code"),
    ("throng_joins_total", Unit::Count, "Joins"),
    ("throng_leaves_total", Unit::Count, "Leaves"),
    ("throng_messages_received_total", Unit::Count, "Messages received"),
    ("throng_received_bytes_total", Unit::Bytes, "Payload bytes received"),
    ("throng_controls_received_total", Unit::Count, "Pings and pongs received"),
    ("throng_messages_over_rate_total", Unit::Count, "Messages received over a rate"),
    ("throng_messages_published_total", Unit::Count, "Publishes"),
    ("throng_messages_queued_total", Unit::Count, "Messages for a client, once per recipient"),
    ("throng_messages_sent_total", Unit::Count, "Messages written completely"),
    ("throng_messages_dropped_total", Unit::Count, "Messages dropped, by reason"),
    ("throng_messages_missed_total", Unit::Count, "Messages of a history dropped, once per recipient"),
    ("throng_history_published_total", Unit::Count, "Messages that got an offset"),
    ("throng_history_ignored_total", Unit::Count, "Publishes to a history that were ignored, by reason"),
    ("throng_history_discarded_total", Unit::Count, "Messages that left a history, by reason"),
    ("throng_idle_rooms_evicted_total", Unit::Count, "Idle rooms that ended because there were too many"),
    ("throng_recovered_total", Unit::Count, "Messages that clients got because they had missed them"),
    ("throng_recoveries_total", Unit::Count, "Joins from a position, by outcome"),
    (
        "throng_presence_changes_total",
        Unit::Count,
        "Joins, leaves and changes of users in rooms with presence",
    ),
    ("throng_presence_told_total", Unit::Count, "Changes of presence that were told, once a room and tick"),
    (
        "throng_presence_cancelled_total",
        Unit::Count,
        "Changes of presence that were taken back within a tick",
    ),
    ("throng_sent_bytes_total", Unit::Bytes, "Bytes that transports took"),
    ("throng_refusals_total", Unit::Count, "Refusals by the hub, by reason"),
    ("throng_requests_refused_total", Unit::Count, "Requests refused by an HTTP answer, by reason"),
    ("throng_refused_early_total", Unit::Count, "Refused connections cut short to make room, by how"),
    ("throng_rejections_total", Unit::Count, "Connections that failed authentication"),
    (
        "throng_handshakes_abandoned_total",
        Unit::Count,
        "Peers that left while the application was asked about them",
    ),
    ("throng_evictions_total", Unit::Count, "Clients ended for a newer client of their user"),
    ("throng_away_total", Unit::Count, "Clients that lost their connection and stayed"),
    ("throng_resumed_total", Unit::Count, "Clients that got another connection"),
    ("throng_replaced_total", Unit::Count, "Connections whose client another one took over"),
    ("throng_not_returned_total", Unit::Count, "Clients that did not return in time"),
    ("throng_away_refused_total", Unit::Count, "Clients that ended because too many were away"),
    ("throng_asks_total", Unit::Count, "Questions to peers"),
    ("throng_asks_ended_total", Unit::Count, "Ends of questions to peers"),
    ("throng_asked_again_total", Unit::Count, "Questions due again on another connection"),
    ("throng_expired_total", Unit::Count, "Clients whose authorisation expired"),
    ("throng_expiry_notices_total", Unit::Count, "Notices that an authorisation ends soon"),
    ("throng_bad_input_total", Unit::Count, "Peers that broke the protocol, by kind"),
    ("throng_hooks_failed_total", Unit::Count, "Hooks that exceeded their time limit or panicked"),
    ("throng_errors_total", Unit::Count, "Errors, by type"),
    ("throng_standstills_total", Unit::Count, "Standstills of the process"),
    ("throng_stood_still_seconds_total", Unit::Seconds, "Duration of all standstills, in whole seconds"),
];

impl Meters {
    /// The metrics of a hub. Describes them to the recorder.
    #[must_use]
    pub fn new(hub: &Hub) -> Self {
        for (name, unit, text) in GAUGES {
            describe_gauge!(name, unit, text);
        }
        for (name, unit, text) in COUNTERS {
            describe_counter!(name, unit, text);
        }
        Self::describe_cluster();
        Self { hub: hub.clone(), labels: Vec::new() }
    }

    /// Adds a label to all metrics, to tell several hubs of a process apart.
    #[must_use]
    pub fn label(mut self, key: &'static str, value: impl Into<String>) -> Self {
        self.labels.push(Label::new(key, value.into()));
        self
    }

    /// Reports the present numbers. Call it before each scrape, or every few seconds. O(lanes + series).
    pub fn publish(&self) {
        let numbers = self.hub.numbers();
        self.connections(&numbers);
        self.messages(&numbers);
        self.outboxes(&numbers);
        self.histories(&numbers);
        self.presence(&numbers);
        self.refusals(&numbers);
        self.errors(&numbers);
        if let Some(node) = self.hub.cluster() {
            self.cluster(&node);
        }
    }

    /// Reports the numbers repeatedly until the hub has stopped; `pause` is the application's timer. Cancel-safe: if
    /// the future is dropped, the metrics keep their last values.
    ///
    /// ```no_run
    /// # async fn sleep(_: std::time::Duration) {}
    /// # fn spawn(_: impl Future<Output = ()>) {}
    /// # use throng_runtime::{Hub, observe::Meters};
    /// # fn run(hub: Hub) {
    /// spawn(Meters::new(&hub).publish_every(|| sleep(std::time::Duration::from_secs(5))));
    /// # }
    /// ```
    pub async fn publish_every<F: Future>(self, mut pause: impl FnMut() -> F) {
        loop {
            let has_stopped = self.hub.state() == State::Stopped;
            self.publish();
            if has_stopped {
                return;
            }
            pause().await;
        }
    }

    fn connections(&self, Numbers { health, stats, .. }: &Numbers) {
        self.gauge("throng_ready", &[], u8::from(health.is_ready).into());
        self.gauge("throng_uptime_seconds", &[], health.uptime.as_secs_f64());
        let phases = [
            ("handshake", stats.handshakes),
            ("reserved", stats.reserved),
            ("open", stats.clients - stats.away),
            ("closing", stats.closing),
        ];
        for (phase, count) in phases {
            self.gauge("throng_connections", &[("phase", phase)], count.into());
        }
        self.counter("throng_connections_total", &[], stats.accepted);
        self.counter("throng_clients_total", &[], stats.opened);
        for (by, code, count) in stats.ends.iter() {
            let labels = [("by", by.name()), ("code", code.name())];
            self.counter("throng_clients_ended_total", &labels, count);
        }
        self.counter("throng_evictions_total", &[], stats.evicted);
        self.gauge("throng_away_clients", &[], stats.away.into());
        self.counter("throng_away_total", &[], stats.went_away);
        self.counter("throng_resumed_total", &[], stats.resumed);
        self.counter("throng_replaced_total", &[], stats.replaced);
        self.counter("throng_not_returned_total", &[], stats.not_returned);
        self.counter("throng_away_refused_total", &[], stats.away_refused);
        self.gauge("throng_asks", &[], stats.asks.into());
        self.counter("throng_asks_total", &[], stats.asked);
        for (how, count) in [
            ("answered", stats.answered),
            ("late", stats.asks_late),
            ("cancelled", stats.asks_cancelled),
            ("resumed", stats.asks_not_resumed),
            ("client_ended", stats.asks_ended),
        ] {
            self.counter("throng_asks_ended_total", &[("how", how)], count);
        }
        self.counter("throng_asked_again_total", &[], stats.asked_again);
        self.counter("throng_expired_total", &[], stats.expired);
        self.counter("throng_expiry_notices_total", &[], stats.expiry_notices);
        self.gauge("throng_users", &[], stats.users.into());
        self.gauge("throng_rooms", &[], stats.rooms.into());
        self.gauge("throng_memberships", &[], stats.memberships as f64);
        self.counter("throng_joins_total", &[], stats.joins);
        self.counter("throng_leaves_total", &[], stats.leaves);
    }

    fn messages(&self, Numbers { stats, sent_bytes, .. }: &Numbers) {
        self.counter("throng_messages_received_total", &[], stats.received);
        self.counter("throng_received_bytes_total", &[], stats.received_bytes);
        self.counter("throng_controls_received_total", &[], stats.controls);
        self.counter("throng_messages_over_rate_total", &[], stats.over_rate);
        self.counter("throng_messages_published_total", &[], stats.published);
        self.counter("throng_messages_queued_total", &[], stats.queued);
        self.counter("throng_messages_sent_total", &[], stats.written);
        self.counter("throng_sent_bytes_total", &[], *sent_bytes);
        let dropped = [
            ("outbox_full", stats.dropped_outbox_full),
            ("conflated", stats.dropped_conflated),
            ("hub_full", stats.dropped_hub_full),
            ("closed", stats.dropped_closed),
        ];
        for (reason, count) in dropped {
            self.counter("throng_messages_dropped_total", &[("reason", reason)], count);
        }
    }

    fn outboxes(&self, Numbers { stats, .. }: &Numbers) {
        self.gauge("throng_messages_pending", &[], stats.pending() as f64);
        self.gauge("throng_queued_frames", &[], stats.frames.into());
        self.gauge("throng_queued_bytes", &[], stats.queued_bytes as f64);
        self.gauge("throng_ready_clients", &[], stats.ready.into());
        self.gauge("throng_blocked_clients", &[], stats.blocked.into());
    }

    fn histories(&self, Numbers { stats, .. }: &Numbers) {
        self.gauge("throng_histories", &[], stats.histories.into());
        self.gauge("throng_idle_rooms", &[], stats.idle_rooms.into());
        self.gauge("throng_history_messages", &[], stats.history_messages as f64);
        self.counter("throng_messages_missed_total", &[], stats.dropped_of_history);
        self.counter("throng_history_published_total", &[], stats.history_published);
        for (reason, count) in [("repeated", stats.history_repeated), ("outdated", stats.history_outdated)] {
            self.counter("throng_history_ignored_total", &[("reason", reason)], count);
        }
        let discarded = [
            ("trimmed", stats.history_trimmed),
            ("expired", stats.history_expired),
            ("evicted", stats.history_evicted),
        ];
        for (reason, count) in discarded {
            self.counter("throng_history_discarded_total", &[("reason", reason)], count);
        }
        self.counter("throng_idle_rooms_evicted_total", &[], stats.idle_rooms_evicted);
        self.counter("throng_recovered_total", &[], stats.recovered_messages);
        self.counter("throng_recoveries_total", &[("outcome", "recovered")], stats.recovered);
        for reason in Unrecoverable::ALL {
            let count = stats.unrecovered_for(*reason);
            self.counter("throng_recoveries_total", &[("outcome", reason.name())], count);
        }
    }

    fn presence(&self, Numbers { stats, .. }: &Numbers) {
        self.gauge("throng_present", &[], stats.present as f64);
        self.gauge("throng_watchers", &[], stats.watchers as f64);
        self.counter("throng_presence_changes_total", &[], stats.presence_changes);
        let counts = stats.presence_counts_only;
        for (what, count) in [("users", stats.presence_told - counts), ("counts", counts)] {
            self.counter("throng_presence_told_total", &[("what", what)], count);
        }
        self.counter("throng_presence_cancelled_total", &[], stats.presence_cancelled);
    }

    fn refusals(&self, numbers: &Numbers) {
        for (reason, count) in numbers.stats.refusals.iter() {
            self.counter("throng_refusals_total", &[("reason", reason)], count);
        }
        for (reason, count) in &numbers.refused_requests {
            self.counter("throng_requests_refused_total", &[("reason", reason)], *count);
        }
        let RefusedNow { reading, lingering, unread, cut } = numbers.refused_connections;
        for (phase, count) in [("reading", reading), ("lingering", lingering)] {
            self.gauge("throng_refused_connections", &[("phase", phase)], count.into());
        }
        for (how, count) in [("unread", unread), ("cut", cut)] {
            self.counter("throng_refused_early_total", &[("how", how)], count);
        }
        self.counter("throng_rejections_total", &[], numbers.rejections);
        self.counter("throng_handshakes_abandoned_total", &[], numbers.abandoned);
    }

    fn errors(&self, numbers: &Numbers) {
        for kind in ProtocolError::ALL.iter().map(|error| error.name()) {
            let count = numbers.bad_input.get(kind).copied().unwrap_or_default();
            self.counter("throng_bad_input_total", &[("kind", kind)], count);
        }
        for (how, hooks) in [("late", &numbers.hooks_late), ("panicked", &numbers.hooks_panicked)] {
            for (hook, count) in hooks {
                self.counter("throng_hooks_failed_total", &[("hook", hook), ("how", how)], *count);
            }
        }
        let stats = &numbers.stats;
        let types = [
            ("bad_input", numbers.bad_input.values().sum()),
            ("hook_late", numbers.hooks_late.values().sum()),
            ("hook_panicked", numbers.hooks_panicked.values().sum()),
            ("handler_panicked", numbers.handlers_caught),
            ("handshake_timeout", stats.handshake_timeouts),
            ("write_timeout", stats.write_timeouts),
            ("pong_timeout", stats.pong_timeouts),
            ("idle_timeout", stats.idle_timeouts),
            ("idle_inbound_timeout", stats.idle_inbound_timeouts),
            ("ended_for_budget", stats.ended_for_budget),
            ("too_slow", stats.too_slow),
            ("transport", stats.ends.by(ClosedBy::Transport)),
            ("accept", numbers.accepts_failed),
        ];
        for (kind, count) in types {
            self.counter("throng_errors_total", &[("type", kind)], count);
        }
        self.counter("throng_standstills_total", &[], stats.standstills);
        self.counter("throng_stood_still_seconds_total", &[], stats.stood_still.as_secs());
    }

    pub(super) fn counter(&self, name: &'static str, labels: &[(&'static str, &'static str)], count: u64) {
        counter!(name, self.labels(labels)).absolute(count);
    }

    pub(super) fn gauge(&self, name: &'static str, labels: &[(&'static str, &'static str)], value: f64) {
        gauge!(name, self.labels(labels)).set(value);
    }

    fn labels(&self, more: &[(&'static str, &'static str)]) -> Vec<Label> {
        let more = more.iter().map(|(key, value)| Label::from_static_parts(key, value));
        self.labels.iter().cloned().chain(more).collect()
    }
}

impl fmt::Debug for Meters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Meters").field("labels", &self.labels).finish_non_exhaustive()
    }
}

/// Hands a hub's measurements to the recorder of the `metrics` facade: an [`Observer`]. The table of metrics is in the
/// [module's docs](super).
///
/// Make it after the recorder is installed, because a meter stays with the recorder that was installed when it was
/// made.
#[derive(Clone)]
pub struct Histograms {
    held: Histogram,
    publishing: Histogram,
    written: Histogram,
    flushed: Histogram,
    received: Histogram,
    published: Histogram,
}

/// At most this many values per flush: a recorder stores each value separately, and 1,000 values for a message to 1,000
/// clients would cost more than the message.
const OF_A_FLUSH: u32 = 16;

const HISTOGRAMS: [Read; 6] = [
    ("throng_lock_held_seconds", Unit::Seconds, "How long the hub's lock was held"),
    ("throng_publish_seconds", Unit::Seconds, "Time to queue a message for all its recipients"),
    (
        "throng_publish_to_written_seconds",
        Unit::Seconds,
        "Time from a publish until a transport took the message",
    ),
    ("throng_flush_clients", Unit::Count, "Clients that a lane wrote to in one flush"),
    ("throng_received_message_bytes", Unit::Bytes, "Sizes of messages received"),
    ("throng_published_message_bytes", Unit::Bytes, "Sizes of messages published"),
];

impl Histograms {
    /// The histograms of the installed recorder.
    #[must_use]
    pub fn new() -> Self {
        Self::labelled(Vec::new())
    }

    /// The histograms with a label, to tell several hubs of a process apart.
    #[must_use]
    pub fn with_label(key: &'static str, value: impl Into<String>) -> Self {
        Self::labelled(alloc::vec![Label::new(key, value.into())])
    }

    #[expect(clippy::needless_pass_by_value, reason = "as one asks for a histogram")]
    fn labelled(labels: Vec<Label>) -> Self {
        let [held, publishing, written, flushed, received, published] =
            HISTOGRAMS.map(|(name, unit, text)| {
                describe_histogram!(name, unit, text);
                histogram!(name, labels.clone())
            });
        Self { held, publishing, written, flushed, received, published }
    }
}

impl Default for Histograms {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Histograms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Histograms")
    }
}

impl Observer for Histograms {
    fn held(&self, time: Duration) {
        self.held.record(time.as_secs_f64());
    }

    fn published(&self, bytes: usize, _: u32, time: Duration) {
        self.publishing.record(time.as_secs_f64());
        self.published.record(bytes as f64);
    }

    fn written(&self, clients: u32, after: Duration) {
        self.written.record_many(after.as_secs_f64(), clients.min(OF_A_FLUSH) as usize);
    }

    fn flushed(&self, clients: u32) {
        self.flushed.record(f64::from(clients));
    }

    fn received(&self, bytes: usize) {
        self.received.record(bytes as f64);
    }
}
