//! A crowd that has joined, and playing a plan on it.

use super::joining::join;
use crate::crowd::{Crowd, Reading};
use crate::latency::Latency;
use crate::options::Options;
use crate::report::Report;
use crate::traffic::{Outcome, Plan, Traffic};
use crate::usage::Watched;

pub(super) struct Stage {
    pub(super) crowd: Crowd,
    pub(super) watched: Option<Watched>,
    /// Resident bytes of the server before the first connection.
    empty: Option<u64>,
}

impl Stage {
    /// Connects everybody.
    pub(super) fn join(
        options: &Options,
        members: impl ExactSizeIterator<Item = (String, Reading)>,
    ) -> Result<Self, String> {
        let count = members.len();
        if count == 0 {
            return Err("a load needs at least one connection".to_owned());
        }
        let watched = options.watched()?;
        let mut crowd = options.crowd(count)?;
        for (path, reading) in members {
            crowd.add(path, reading);
        }
        let empty = watched.and_then(Watched::resident);
        join(&mut crowd, 0..count, options.concurrency, &mut Latency::new())?;
        Ok(Self { crowd, watched, empty })
    }

    /// Waits until everybody hears its room, runs the plan and reports.
    pub(super) fn play(&mut self, options: &Options, plan: Plan) -> Result<Report, String> {
        let mut traffic = Traffic::new(plan, options.message_bytes);
        traffic.settle(&mut self.crowd)?;
        let outcome = traffic.run(&mut self.crowd, &options.course(self.watched))?;
        let mut report = report(options, self.crowd.len(), outcome);
        self.memory(&mut report);
        Ok(report)
    }

    /// Resident memory of the server, now and before the first connection.
    pub(super) fn memory(&self, report: &mut Report) {
        let Some((empty, now)) = self.empty.zip(self.watched.and_then(Watched::resident)) else { return };
        report.figure("server_rss_before_bytes", empty as f64);
        report.figure("server_rss_after_bytes", now as f64);
        let per_connection = (now as f64 - empty as f64) / self.crowd.len() as f64;
        report.figure("server_rss_bytes_per_connection", per_connection);
    }
}

fn report(options: &Options, connections: usize, outcome: Outcome) -> Report {
    let window = &outcome.window;
    let mut report = Report::new(options, connections, window);
    report.figure("message_bytes", options.message_bytes as f64);
    report.figure("messages_per_s", outcome.published as f64 / window.wall);
    report.figure("deliveries_per_s", outcome.delivered as f64 / window.wall);
    report.server(window);
    if let Some(cpu) = window.server {
        report.figure("thousand_deliveries_per_server_cpu_s", outcome.delivered as f64 / cpu.total / 1e3);
    }
    if outcome.bystanders_ended > 0 {
        report.figure("stalled_connections_ended", outcome.bystanders_ended as f64);
    }
    report.latency_us = outcome.latency;
    report.accounting = Some(outcome.accounting);
    report
}
