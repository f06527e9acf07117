//! Groups that came before their client: kept for a short time.

use bytes::Bytes;
use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

/// How long groups are kept for a client that is not there.
pub(super) const KEPT: Duration = Duration::from_secs(10);

/// What an entry costs beside its bytes.
const OVERHEAD: usize = 128;

/// Groups by the key of a client that is not there, bounded in bytes.
#[derive(Debug, Default)]
pub(super) struct Pending {
    /// The lists of groups, in the order in which they came, each with the number under which it expires.
    lists: BTreeMap<String, VecDeque<(u64, Bytes)>>,
    /// When each was kept, the oldest first. An entry whose list was claimed means nothing.
    kept: VecDeque<(Instant, u64, String)>,
    bytes: usize,
    next: u64,
}

impl Pending {
    /// Keeps a list of groups. An empty list, which removes the client, takes back those before it.
    pub(super) fn keep(&mut self, key: &str, groups: &[u8], now: Instant, most: u64) {
        self.expire(now);
        if groups.is_empty() {
            self.take(key);
            return;
        }
        let size = size(key, groups);
        if (self.bytes + size) as u64 > most {
            metrics::counter!("throng_wshub_pending_total", "end" => "no_room").increment(1);
            return;
        }
        self.bytes += size;
        self.next += 1;
        // So that a key of a long message does not keep all of the message.
        self.lists.entry(key.into()).or_default().push_back((self.next, Bytes::copy_from_slice(groups)));
        self.kept.push_back((now, self.next, key.into()));
    }

    /// The groups of a client that has come, in order.
    pub(super) fn claim(&mut self, key: &str, now: Instant) -> Vec<Bytes> {
        self.expire(now);
        let claimed = self.take(key);
        metrics::counter!("throng_wshub_pending_total", "end" => "claimed").increment(claimed.len() as u64);
        claimed
    }

    fn take(&mut self, key: &str) -> Vec<Bytes> {
        let lists = self.lists.remove(key).unwrap_or_default();
        self.bytes -= lists.iter().map(|(_, groups)| size(key, groups)).sum::<usize>();
        // `kept` has them still. Were that many, they would be memory that nothing bounds.
        let known = self.lists.values().map(VecDeque::len).sum::<usize>();
        if self.kept.len() > 64 && self.kept.len() > 2 * known {
            let is_known = |lists: &VecDeque<(u64, Bytes)>, number| {
                lists.binary_search_by_key(&number, |(n, _)| *n).is_ok()
            };
            let lists = &self.lists;
            self.kept.retain(|(_, number, key)| lists.get(key).is_some_and(|lists| is_known(lists, *number)));
        }
        lists.into_iter().map(|(_, groups)| groups).collect()
    }

    fn expire(&mut self, now: Instant) {
        while let Some((_, number, key)) = self.kept.pop_front_if(|(at, ..)| now.duration_since(*at) >= KEPT)
        {
            let Some(lists) = self.lists.get_mut(&key) else { continue };
            // The oldest of its key, unless it was claimed.
            let Some((_, groups)) = lists.pop_front_if(|(kept, _)| *kept == number) else { continue };
            self.bytes -= size(&key, &groups);
            metrics::counter!("throng_wshub_pending_total", "end" => "expired").increment(1);
            if lists.is_empty() {
                self.lists.remove(&key);
            }
        }
    }

    #[cfg(test)]
    pub(super) fn bounds(&self) -> (usize, usize) {
        (self.bytes, self.kept.len())
    }
}

fn size(key: &str, groups: &[u8]) -> usize {
    2 * key.len() + groups.len() + OVERHEAD
}
