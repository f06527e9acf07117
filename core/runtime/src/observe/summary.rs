//! A summary of a hub's work, for people.

use super::numbers::Numbers;
use crate::handles::hub::Hub;
use crate::measure::distribution::{AtomicHistogram, Distribution};
use crate::measure::observer::Observer;
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;
use std::sync::{Mutex, PoisonError};
use throng_core::hub::Unrecoverable;

/// Sums up a hub's measurements since the last reset: averages, medians, maxima. Needs no other library, and about 12
/// KiB.
///
/// ```
/// use throng_runtime::Hub;
/// use throng_runtime::observe::Summary;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let summary = Summary::new();
/// let hub = Hub::builder().observe(summary.clone()).build()?;
/// // Later, when somebody asks for it:
/// println!("{}", summary.read(&hub));
/// summary.reset(&hub);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Default)]
pub struct Summary {
    measured: Arc<Measured>,
}

#[derive(Default)]
struct Measured {
    held: AtomicHistogram,
    publishing: AtomicHistogram,
    written: AtomicHistogram,
    flushed: AtomicHistogram,
    received_bytes: AtomicHistogram,
    published_bytes: AtomicHistogram,
    /// The numbers at the last reset.
    before: Mutex<Option<Box<Numbers>>>,
}

impl Summary {
    /// An empty summary.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The summary since the last reset, or since the hub began. `hub` must be the observed hub.
    #[must_use]
    pub fn read(&self, hub: &Hub) -> Reading {
        let measured = &*self.measured;
        let before = measured.before.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Reading {
            numbers: hub.numbers(),
            before: before.map(|before| *before),
            held: measured.held.read(),
            publishing: measured.publishing.read(),
            written: measured.written.read(),
            flushed: measured.flushed.read(),
            received_bytes: measured.received_bytes.read(),
            published_bytes: measured.published_bytes.read(),
        }
    }

    /// Starts the summary over.
    pub fn reset(&self, hub: &Hub) {
        let Measured { held, publishing, written, flushed, received_bytes, published_bytes, before } =
            &*self.measured;
        for spreading in [held, publishing, written, flushed, received_bytes, published_bytes] {
            spreading.reset();
        }
        let numbers = Box::new(hub.numbers());
        let old = before.lock().unwrap_or_else(PoisonError::into_inner).replace(numbers);
        drop(old);
    }
}

impl fmt::Debug for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Summary").finish_non_exhaustive()
    }
}

impl Observer for Summary {
    fn held(&self, time: Duration) {
        self.measured.held.add(nanos(time), 1);
    }

    fn published(&self, bytes: usize, _: u32, time: Duration) {
        self.measured.publishing.add(nanos(time), 1);
        self.measured.published_bytes.add(bytes as u64, 1);
    }

    fn written(&self, clients: u32, after: Duration) {
        self.measured.written.add(nanos(after), clients.into());
    }

    fn flushed(&self, clients: u32) {
        self.measured.flushed.add(clients.into(), 1);
    }

    fn received(&self, bytes: usize) {
        self.measured.received_bytes.add(bytes as u64, 1);
    }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// The content of a [`Summary`] at one moment. Its `Display` is a page of text; the wording may change with any
/// release.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reading {
    /// The hub's numbers now.
    pub numbers: Numbers,
    /// The hub's numbers at the last reset, if there was one.
    pub before: Option<Numbers>,
    /// How long the hub's lock was held, in nanoseconds.
    pub held: Distribution,
    /// Time to queue a message for all its recipients, in nanoseconds.
    pub publishing: Distribution,
    /// Time from a publish until a transport took the message, in nanoseconds, for each recipient.
    pub written: Distribution,
    /// Clients that a lane wrote to in one flush.
    pub flushed: Distribution,
    /// Sizes of received messages, in bytes.
    pub received_bytes: Distribution,
    /// Sizes of published messages, in bytes, once for all recipients.
    pub published_bytes: Distribution,
}

impl Reading {
    /// The time that the summary covers.
    #[must_use]
    pub fn span(&self) -> Duration {
        let since = self.before.as_ref().map_or(Duration::ZERO, |before| before.health.uptime);
        self.numbers.health.uptime.saturating_sub(since)
    }

    /// The increase of a counter since the last reset.
    #[must_use]
    pub fn more(&self, count: impl Fn(&Numbers) -> u64) -> u64 {
        count(&self.numbers) - self.before.as_ref().map_or(0, count)
    }

    fn counted(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        type Count = (&'static str, fn(&Numbers) -> u64);
        const COUNTS: [Count; 15] = [
            ("connections accepted", |n| n.stats.accepted),
            ("clients opened", |n| n.stats.opened),
            ("messages received", |n| n.stats.received),
            ("bytes received", |n| n.stats.received_bytes),
            ("messages published", |n| n.stats.published),
            ("messages queued", |n| n.stats.queued),
            ("messages sent", |n| n.stats.written),
            ("messages dropped", |n| n.stats.dropped()),
            ("bytes sent", |n| n.sent_bytes),
            ("joins", |n| n.stats.joins),
            ("leaves", |n| n.stats.leaves),
            ("clients gone away", |n| n.stats.went_away),
            ("clients resumed", |n| n.stats.resumed),
            ("clients recovered", |n| n.stats.recovered),
            ("messages recovered", |n| n.stats.recovered_messages),
        ];
        let seconds = self.span().as_secs_f64();
        writeln!(f, "{:<24}{:>16}{:>16}", "", "count", "per second")?;
        for (name, count) in COUNTS {
            let more = self.more(count);
            let rate = if seconds > 0.0 { more as f64 / seconds } else { 0.0 };
            writeln!(f, "{name:<24}{more:>16}{rate:>16.1}")?;
        }
        Ok(())
    }

    fn measured(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        type Row<'a> = (&'static str, &'a Distribution, fn(u64) -> String);
        let time: fn(u64) -> String = |nanos| format!("{:.1?}", Duration::from_nanos(nanos));
        let plain: fn(u64) -> String = |number| format!("{number}");
        let rows: [Row<'_>; 6] = [
            ("lock held", &self.held, time),
            ("publishing", &self.publishing, time),
            ("publish to written", &self.written, time),
            ("clients per flush", &self.flushed, plain),
            ("received, bytes", &self.received_bytes, plain),
            ("published, bytes", &self.published_bytes, plain),
        ];
        let heads = ["measured", "average", "median", "p99", "maximum"];
        write!(f, "{:<24}", "")?;
        writeln!(f, "{:>12}{:>12}{:>12}{:>12}{:>12}", heads[0], heads[1], heads[2], heads[3], heads[4])?;
        for (name, spread, show) in rows {
            let [average, median, nearly, most] =
                [spread.average(), spread.median, spread.p99, spread.max].map(show);
            writeln!(f, "{name:<24}{:>12}{average:>12}{median:>12}{nearly:>12}{most:>12}", spread.count)?;
        }
        Ok(())
    }

    /// Lists the errors that occurred.
    fn wrong(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let refusals = |numbers: &Numbers| numbers.stats.refusals.iter().collect();
        let dropped = |numbers: &Numbers| {
            let stats = &numbers.stats;
            [
                ("outbox full", stats.dropped_outbox_full),
                ("conflated", stats.dropped_conflated),
                ("hub full", stats.dropped_hub_full),
                ("closed", stats.dropped_closed),
            ]
            .into()
        };
        let timeouts = |numbers: &Numbers| {
            let stats = &numbers.stats;
            [
                ("handshake", stats.handshake_timeouts),
                ("write", stats.write_timeouts),
                ("pong", stats.pong_timeouts),
                ("idle", stats.idle_timeouts),
                ("idle inbound", stats.idle_inbound_timeouts),
            ]
            .into()
        };
        let unrecovered = |numbers: &Numbers| {
            let count = |reason: &Unrecoverable| (reason.name(), numbers.stats.unrecovered_for(*reason));
            Unrecoverable::ALL.iter().map(count).collect()
        };
        let others = |numbers: &Numbers| {
            let refused = numbers.refused_connections;
            [
                ("not authenticated", numbers.rejections),
                ("left before they were answered", numbers.abandoned),
                ("refused unread", refused.unread),
                ("refused and cut", refused.cut),
                ("over rate", numbers.stats.over_rate),
                ("evicted", numbers.stats.evicted),
                ("did not return", numbers.stats.not_returned),
                ("messages missed", numbers.stats.dropped_of_history),
                ("histories evicted, messages", numbers.stats.history_evicted),
                ("idle rooms evicted", numbers.stats.idle_rooms_evicted),
                ("too many away", numbers.stats.away_refused),
                ("authorisation expired", numbers.stats.expired),
                ("ended for the hub's budget", numbers.stats.ended_for_budget),
                ("handlers caught", numbers.handlers_caught),
                ("accepts failed", numbers.accepts_failed),
                ("standstills of the process", numbers.stats.standstills),
            ]
            .into()
        };
        self.wrongs(f, "refused", refusals)?;
        self.wrongs(f, "requests refused", |numbers| listed(&numbers.refused_requests))?;
        self.wrongs(f, "bad input", |numbers| listed(&numbers.bad_input))?;
        self.wrongs(f, "dropped", dropped)?;
        self.wrongs(f, "unrecovered", unrecovered)?;
        self.wrongs(f, "timed out", timeouts)?;
        self.wrongs(f, "hooks panicked", |numbers| listed(&numbers.hooks_panicked))?;
        self.wrongs(f, "hooks late", |numbers| listed(&numbers.hooks_late))?;
        self.wrongs(f, "besides", others)
    }

    fn wrongs(
        &self,
        f: &mut fmt::Formatter<'_>,
        what: &str,
        counts: impl Fn(&Numbers) -> Vec<(&'static str, u64)>,
    ) -> fmt::Result {
        let before = self.before.as_ref().map(&counts).unwrap_or_default();
        let was = |name| before.iter().find(|(known, _)| *known == name).map_or(0, |(_, count)| *count);
        let mut is_first = true;
        for (name, count) in counts(&self.numbers) {
            let more = count - was(name);
            if more > 0 {
                let begins = if is_first { format!("{what}: ") } else { ", ".into() };
                write!(f, "{begins}{name} {more}")?;
                is_first = false;
            }
        }
        if is_first { Ok(()) } else { writeln!(f) }
    }
}

fn listed(tally: &super::Tally) -> Vec<(&'static str, u64)> {
    tally.iter().map(|(name, count)| (*name, *count)).collect()
}

impl fmt::Display for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Numbers { health, stats, .. } = &self.numbers;
        let since = if self.before.is_some() { "the last reset" } else { "the start" };
        writeln!(f, "{} for {:.1?}; {:.1?} since {since}", health.state_name(), health.uptime, self.span())?;
        writeln!(
            f,
            "{} connections: {} clients, {} in handshake, {} reserved, {} closing; {} clients away; {} users, {} rooms, {} memberships",
            health.connections,
            stats.clients - stats.away,
            stats.handshakes,
            stats.reserved,
            stats.closing,
            stats.away,
            stats.users,
            stats.rooms,
            stats.memberships,
        )?;
        writeln!(
            f,
            "{} messages wait, in {} frames and {} bytes; {} clients are ready to be written to, {} are blocked",
            stats.pending(),
            stats.frames,
            stats.queued_bytes,
            stats.ready,
            stats.blocked,
        )?;
        if stats.histories > 0 {
            let (histories, idle, messages) = (stats.histories, stats.idle_rooms, stats.history_messages);
            writeln!(f, "{histories} histories, {idle} of rooms without members, have {messages} messages")?;
        }
        if stats.present > 0 {
            let (present, watchers, told) = (stats.present, stats.watchers, stats.presence_told);
            writeln!(
                f,
                "{present} members are present, {watchers} of them watch; changes were told {told} times"
            )?;
        }
        self.counted(f)?;
        self.measured(f)?;
        self.wrong(f)
    }
}
