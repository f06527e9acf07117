//! One file per scenario, and what they share: joining, and turning an outcome into a report.

mod fanout;
mod joining;

use std::time::Duration;

use crate::crowd::Crowd;
use crate::options::{Options, Scenario};
use crate::report::Report;
use crate::traffic::{Extent, Outcome, Pace};
use crate::usage::Watched;

pub(crate) fn run(options: &Options) -> Result<Report, String> {
    match options.scenario {
        Scenario::Fanout => fanout::run(options),
    }
}

/// Runs end on their own.
const LONGEST_SECONDS: f64 = 600.0;

impl Options {
    fn crowd(&self, connections: usize) -> Result<Crowd, String> {
        Crowd::new(self.address, self.origin.as_deref(), connections, self.sources)
    }

    fn watched(&self) -> Result<Option<Watched>, String> {
        self.pid.map(Watched::new).transpose()
    }

    fn measured(&self) -> Duration {
        Duration::from_secs_f64(self.seconds.clamp(0.01, LONGEST_SECONDS))
    }

    fn extent(&self) -> Extent {
        match self.messages {
            Some(messages) => Extent::Messages(messages),
            None => Extent::Seconds {
                warmup: Duration::from_millis(self.warmup_ms.min(60_000)),
                measured: self.measured(),
            },
        }
    }

    fn pace(&self) -> Result<Pace, String> {
        match self.rate {
            Some(rate) if rate > 0.0 => Ok(Pace::Rate(rate)),
            Some(_) => Err("--rate must be above 0".to_owned()),
            None if self.outstanding > 0 => Ok(Pace::Closed(self.outstanding)),
            None => Err("--outstanding must be above 0".to_owned()),
        }
    }

    fn report(&self, name: &str, connections: usize, outcome: Outcome) -> Report {
        let window = &outcome.window;
        let mut report = Report::new(name, &self.address.to_string(), connections, window);
        report.figure("message_bytes", self.message_bytes as f64);
        if self.rate.is_none() {
            report.figure("outstanding", f64::from(self.outstanding));
        }
        report.figure("messages_per_s", outcome.published as f64 / window.wall);
        report.figure("deliveries_per_s", outcome.delivered as f64 / window.wall);
        report.server(window);
        if let Some(cpu) = window.server {
            report.figure("thousand_deliveries_per_server_cpu_s", outcome.delivered as f64 / cpu.total / 1e3);
        }
        report.latency_us = outcome.latency;
        report.accounting = Some(outcome.accounting);
        report
    }
}
