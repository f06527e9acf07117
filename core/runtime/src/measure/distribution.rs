//! The distribution of numbers, in a fixed amount of memory.
//!
//! The histogram of `hdrhistogram` is changed by one thread at a time, under a lock or by a recorder for each thread. Many threads
//! change this one by four atomic additions, in 2 KiB.

use core::sync::atomic::{AtomicU64, Ordering};

/// Four buckets per power of two.
const BUCKETS: usize = 256;

/// A distribution to which many threads add.
#[derive(Debug)]
pub(crate) struct AtomicHistogram {
    count: AtomicU64,
    sum: AtomicU64,
    most: AtomicU64,
    buckets: [AtomicU64; BUCKETS],
}

impl Default for AtomicHistogram {
    fn default() -> Self {
        Self {
            count: AtomicU64::new(0),
            sum: AtomicU64::new(0),
            most: AtomicU64::new(0),
            buckets: [const { AtomicU64::new(0) }; BUCKETS],
        }
    }
}

impl AtomicHistogram {
    /// Adds `number`, `times` times.
    pub(crate) fn add(&self, number: u64, times: u64) {
        self.count.fetch_add(times, Ordering::Relaxed);
        self.sum.fetch_add(number.saturating_mul(times), Ordering::Relaxed);
        self.most.fetch_max(number, Ordering::Relaxed);
        self.buckets[bucket(number)].fetch_add(times, Ordering::Relaxed);
    }

    /// Reads the distribution. A number that another thread adds meanwhile may be missing, or counted in some of the
    /// fields.
    pub(crate) fn read(&self) -> Distribution {
        let [count, sum, most] = [&self.count, &self.sum, &self.most].map(|at| at.load(Ordering::Relaxed));
        let buckets = core::array::from_fn::<_, BUCKETS, _>(|at| self.buckets[at].load(Ordering::Relaxed));
        let quantile = |share| quantile(&buckets, share).min(most);
        Distribution { count, sum, max: most, median: quantile(0.5), p99: quantile(0.99) }
    }

    pub(crate) fn reset(&self) {
        for place in [&self.count, &self.sum, &self.most].into_iter().chain(&self.buckets) {
            place.store(0, Ordering::Relaxed);
        }
    }
}

/// The distribution of some numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Distribution {
    /// How many numbers there were.
    pub count: u64,
    /// Their sum.
    pub sum: u64,
    /// The largest.
    pub max: u64,
    /// Half of the numbers were at most this, which is too large by a quarter at most.
    pub median: u64,
    /// 99 of 100 numbers were at most this, which is too large by a quarter at most.
    pub p99: u64,
}

impl Distribution {
    /// The average; 0 if there were no numbers.
    #[must_use]
    pub const fn average(&self) -> u64 {
        match self.sum.checked_div(self.count) {
            Some(average) => average,
            None => 0,
        }
    }
}

/// The bucket of a number: its power of two and the two bits below.
const fn bucket(number: u64) -> usize {
    if number < 4 {
        return number as usize;
    }
    let power = number.ilog2();
    (power as usize) << 2 | (number >> (power - 2) & 3) as usize
}

/// The largest number of a bucket.
const fn most_of(bucket: usize) -> u64 {
    if bucket < 8 {
        return if bucket < 4 { bucket as u64 } else { 3 };
    }
    let (power, quarter) = (bucket as u32 >> 2, bucket as u64 & 3);
    let width = 1 << (power - 2);
    (1 << power) + quarter * width + (width - 1)
}

fn quantile(buckets: &[u64; BUCKETS], share: f64) -> u64 {
    let all: u64 = buckets.iter().sum();
    let wanted = (all as f64 * share).ceil() as u64;
    let mut passed = 0;
    let found = buckets.iter().position(|count| {
        passed += count;
        passed >= wanted.max(1)
    });
    found.map_or(0, most_of)
}
