//! Latency in HDR histograms.

use hdrhistogram::Histogram;
use serde::Serialize;

/// Latencies of one class of messages, from the stamp to the read that brought them.
///
/// At a fixed rate the stamp is the *intended* send time, so a generator or server that fell behind is charged
/// for the wait (no coordinated omission). In a closed loop there is no intended time: the stamp is the send.
pub(crate) struct Latency {
    histogram: Histogram<u64>,
    /// A run of equal latencies not yet in the histogram: what came in one read was often sent in one write.
    run: (u64, u64),
    from: u64,
}

/// Microseconds, except the counts.
#[derive(Clone, Serialize)]
pub(crate) struct LatencySummary {
    pub(crate) name: &'static str,
    pub(crate) measured_from: &'static str,
    pub(crate) count: u64,
    pub(crate) mean: f64,
    pub(crate) p50: f64,
    pub(crate) p90: f64,
    pub(crate) p99: f64,
    pub(crate) p999: f64,
    pub(crate) max: f64,
}

const LONGEST: u64 = 600_000_000_000;

impl Latency {
    pub(crate) fn new() -> Self {
        let histogram = Histogram::new_with_bounds(1, LONGEST, 3).expect("the bounds are constants");
        Self { histogram, run: (0, 0), from: u64::MAX }
    }

    /// Messages stamped earlier are not recorded.
    pub(crate) fn start(&mut self, from: u64) {
        self.from = from;
    }

    #[inline]
    pub(crate) fn record(&mut self, stamp: u64, now: u64) {
        if stamp < self.from {
            return;
        }
        let latency = now.saturating_sub(stamp);
        if latency == self.run.0 {
            self.run.1 += 1;
        } else {
            self.settle();
            self.run = (latency, 1);
        }
    }

    pub(crate) fn summary(&mut self, name: &'static str, measured_from: &'static str) -> LatencySummary {
        self.settle();
        let quantile = |quantile| self.histogram.value_at_quantile(quantile) as f64 / 1e3;
        LatencySummary {
            name,
            measured_from,
            count: self.histogram.len(),
            mean: self.histogram.mean() / 1e3,
            p50: quantile(0.5),
            p90: quantile(0.9),
            p99: quantile(0.99),
            p999: quantile(0.999),
            max: self.histogram.max() as f64 / 1e3,
        }
    }

    fn settle(&mut self) {
        let (latency, count) = std::mem::take(&mut self.run);
        if count > 0 {
            self.histogram.saturating_record_n(latency, count);
        }
    }
}
