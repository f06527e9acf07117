//! The counters whose growth is an event, by kind and cause.

use std::collections::BTreeMap;
use throng_tokio::observe::Numbers;

/// Counts by kind and cause. The causes are the program's own names, never a peer's.
#[derive(Debug, Default)]
pub(super) struct Counted(BTreeMap<(&'static str, String), u64>);

impl Counted {
    pub(super) fn of(numbers: &Numbers) -> Self {
        let stats = &numbers.stats;
        let mut counted = Self::default();
        for (reason, count) in &numbers.refused_requests {
            counted.add("refused", format!("requests: {reason}"), *count);
        }
        for (reason, count) in stats.refusals.iter() {
            counted.add("refused", format!("by the hub: {reason}"), count);
        }
        counted.add("refused", "authentications".into(), numbers.rejections);
        for (kind, count) in &numbers.bad_input {
            counted.add("bad_input", format!("peers that broke the protocol: {kind}"), *count);
        }
        for (reason, count) in [
            ("outbox_full", stats.dropped_outbox_full),
            ("conflated", stats.dropped_conflated),
            ("hub_full", stats.dropped_hub_full),
            ("closed", stats.dropped_closed),
        ] {
            counted.add("dropped", format!("messages to all clients: {reason}"), count);
        }
        for (what, tally) in [("panicked", &numbers.hooks_panicked), ("late", &numbers.hooks_late)] {
            for (hook, count) in tally {
                counted.add("failed", format!("the hook {hook}: {what}"), *count);
            }
        }
        counted.add("failed", "accepts of the listener".into(), numbers.accepts_failed);
        counted
    }

    fn add(&mut self, kind: &'static str, what: String, count: u64) {
        self.0.insert((kind, what), count);
    }

    /// What has grown since then, and by how much.
    pub(super) fn more_than(self, before: &Self) -> Vec<(&'static str, String, u64)> {
        let grown = self.0.into_iter().filter_map(|(cause, count)| {
            let more = count.saturating_sub(before.0.get(&cause).copied().unwrap_or_default());
            (more > 0).then_some((cause.0, cause.1, more))
        });
        grown.collect()
    }
}
