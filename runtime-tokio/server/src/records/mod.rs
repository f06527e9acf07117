//! What an operator wants to see of the past: the numbers of the last hour, and the last refusals and drops. Both are bounded.
//!
//! | file | what |
//! | --- | --- |
//! | `samples` | a sample of the hub's numbers each 5 s |
//! | `events` | the last refusals, drops and ends of clients |
//! | `causes` | the counters whose growth is an event |

mod causes;
mod events;
mod samples;
#[cfg(test)]
mod tests;

pub(crate) use events::{Event, Events};
pub(crate) use samples::{EVERY, Samples, fields};

use causes::Counted;
use samples::Sample;
use std::sync::Arc;
use std::time::SystemTime;
use throng_tokio::Hub;

/// The records of this run.
#[derive(Debug, Default)]
pub(crate) struct Records {
    pub(crate) samples: Samples,
    pub(crate) events: Events,
}

impl Records {
    /// A client was not let in.
    pub(crate) fn refused(&self, reason: &'static str, what: &str) {
        metrics::counter!("throng_server_clients_refused_total", "reason" => reason).increment(1);
        self.events.refused(what);
    }
}

/// Samples the hub, for ever.
pub(crate) async fn keep(records: Arc<Records>, hub: Hub) {
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut before = (hub.numbers(), records.events.refusals());
    // The first tick is at once.
    ticks.tick().await;
    loop {
        let begun = tokio::time::Instant::now();
        ticks.tick().await;
        let (numbers, now) = ((hub.numbers(), records.events.refusals()), SystemTime::now());
        records.samples.push(Sample::between(&before, &numbers, begun.elapsed(), now));
        for (kind, what, count) in Counted::of(&numbers.0).more_than(&Counted::of(&before.0)) {
            records.events.push(Event::counted(kind, &what, count, now));
        }
        before = numbers;
    }
}
