//! Samples of the hub's numbers: one each 5 s, for an hour.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use throng_tokio::observe::Numbers;

/// The time between two samples.
pub(crate) const EVERY: Duration = Duration::from_secs(5);
/// The samples of an hour.
const MOST: usize = 720;

macro_rules! sample {
    ($($(#[doc = $doc:literal])+ $field:ident,)+) => {
        /// Numbers at one moment; rates are averages since the sample before.
        #[derive(Clone, Copy, Debug, Default, PartialEq)]
        pub(crate) struct Sample {
            $($(#[doc = $doc])+ pub(super) $field: f64,)+
        }

        /// The fields by their names, in the order of [`Sample`].
        #[must_use]
        pub(crate) fn fields() -> Vec<(&'static str, fn(&Sample) -> f64)> {
            vec![$((stringify!($field), |sample| sample.$field)),+]
        }
    };
}

sample! {
    /// Seconds since 1970.
    time,
    /// Clients, away ones included.
    clients,
    /// Clients that have lost their connection and may return.
    away,
    /// Users with a client.
    users,
    /// Rooms.
    rooms,
    /// Connections accepted per second.
    accepted,
    /// Messages from clients per second.
    received,
    /// Messages written to clients per second.
    sent,
    /// Bytes that transports took per second.
    sent_bytes,
    /// Messages dropped per second.
    dropped,
    /// Requests and events refused per second.
    refused,
    /// Bytes that wait for clients or are kept in histories.
    queued_bytes,
}

impl Sample {
    /// The numbers are those of the hub, and how often the program refused somebody itself.
    pub(super) fn between(
        before: &(Numbers, u64),
        after: &(Numbers, u64),
        time: Duration,
        now: SystemTime,
    ) -> Self {
        let seconds = time.as_secs_f64().max(0.001);
        let ((before, refused_before), (after, refused_after)) = (before, after);
        let per_second = |after: u64, before: u64| after.saturating_sub(before) as f64 / seconds;
        let rate = |of: fn(&Numbers) -> u64| per_second(of(after), of(before));
        let stats = &after.stats;
        Self {
            time: now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64(),
            clients: stats.clients.into(),
            away: stats.away.into(),
            users: stats.users.into(),
            rooms: stats.rooms.into(),
            accepted: rate(|numbers| numbers.stats.accepted),
            received: rate(|numbers| numbers.stats.received),
            sent: rate(|numbers| numbers.stats.written),
            sent_bytes: rate(|numbers| numbers.sent_bytes),
            dropped: rate(dropped),
            refused: rate(refused) + per_second(*refused_after, *refused_before),
            queued_bytes: stats.queued_bytes as f64,
        }
    }
}

fn dropped(numbers: &Numbers) -> u64 {
    let stats = &numbers.stats;
    stats.dropped_outbox_full + stats.dropped_conflated + stats.dropped_hub_full + stats.dropped_closed
}

fn refused(numbers: &Numbers) -> u64 {
    numbers.stats.refused + numbers.refused_requests.values().sum::<u64>() + numbers.rejections
}

/// The samples of the last hour.
#[derive(Debug, Default)]
pub(crate) struct Samples(Mutex<Ring>);

#[derive(Debug, Default)]
struct Ring {
    /// How many there were before the first of these.
    before: u64,
    samples: VecDeque<Sample>,
}

impl Samples {
    pub(super) fn push(&self, sample: Sample) {
        let mut ring = self.ring();
        if ring.samples.len() == MOST {
            ring.samples.pop_front();
            ring.before += 1;
        }
        ring.samples.push_back(sample);
    }

    /// The samples from this number on, and the number of the next one.
    pub(crate) fn since(&self, from: u64) -> (Vec<Sample>, u64) {
        let ring = self.ring();
        let skipped = usize::try_from(from.saturating_sub(ring.before)).unwrap_or(usize::MAX);
        let next = ring.before + ring.samples.len() as u64;
        (ring.samples.iter().skip(skipped).copied().collect(), next)
    }

    fn ring(&self) -> MutexGuard<'_, Ring> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
