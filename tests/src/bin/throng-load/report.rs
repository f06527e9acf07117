//! What is told: progress while it runs, then a table and JSON.

use std::fmt::Write as _;
use std::path::Path;
use std::{fs, io};

use serde::Serialize;

use crate::clock::seconds;
use crate::latency::LatencySummary;
use crate::options::Options;
use crate::usage::Window;

/// One run.
#[derive(Serialize)]
pub(crate) struct Report {
    pub(crate) scenario: String,
    pub(crate) address: String,
    pub(crate) connections: usize,
    /// What was measured, in the order it is shown. Names end in their unit.
    #[serde(serialize_with = "as_map")]
    pub(crate) figures: Vec<(&'static str, f64)>,
    pub(crate) latency_us: Vec<LatencySummary>,
    pub(crate) accounting: Option<Accounting>,
    /// Of the generator's one core.
    pub(crate) generator_utilisation: f64,
    /// Share of the time in which the generator could have run and another process did.
    pub(crate) generator_waited: f64,
    /// The generator was the bottleneck: the figures are its limits and not the server's.
    pub(crate) generator_saturated: bool,
    pub(crate) warnings: Vec<String>,
}

/// What became of the messages of a run.
#[derive(Clone, Default, Serialize)]
pub(crate) struct Accounting {
    pub(crate) expected: u64,
    pub(crate) delivered: u64,
    pub(crate) missing: u64,
    pub(crate) connections_missing: u64,
    pub(crate) duplicated: u64,
    pub(crate) out_of_order: u64,
    pub(crate) misdelivered: u64,
    pub(crate) damaged: u64,
    /// Messages that are not ours; no fault.
    pub(crate) foreign: u64,
    pub(crate) ended: u64,
    pub(crate) first_end: Option<String>,
}

/// Above this share of its core, the generator limits what it measures.
const SATURATED: f64 = 0.9;
/// Above this share of the time spent waiting for a core, a run says little.
const DISTURBED: f64 = 0.03;

impl Accounting {
    pub(crate) fn is_exact(&self) -> bool {
        let faults = [self.missing, self.duplicated, self.out_of_order, self.misdelivered, self.damaged];
        faults.iter().all(|&fault| fault == 0) && self.ended == 0 && self.delivered == self.expected
    }
}

impl Report {
    pub(crate) fn new(options: &Options, connections: usize, window: &Window) -> Self {
        let share = |part: f64| if window.wall > 0.0 { part / window.wall } else { 0.0 };
        let generator_utilisation = share(window.own);
        let generator_waited = share(window.own_waited);
        let mut report = Self {
            scenario: options.scenario.name(),
            address: options.address.to_string(),
            connections,
            figures: Vec::new(),
            latency_us: Vec::new(),
            accounting: None,
            generator_utilisation,
            generator_waited,
            generator_saturated: generator_utilisation > SATURATED,
            warnings: Vec::new(),
        };
        if report.generator_saturated {
            let percent = generator_utilisation * 100.0;
            report.warnings.push(format!(
                "the generator used {percent:.0} % of its core: it is the bottleneck, and rates and latencies are \
                 its own; figures per server CPU-second still hold"
            ));
        }
        let server_waited = window.server.map_or(0.0, |cpu| share(cpu.waited));
        if generator_waited.max(server_waited) > DISTURBED {
            report.warnings.push(format!(
                "disturbed: other processes held the core of the generator for {:.0} % and that of the server for \
                 {:.0} % of the time they wanted to run",
                generator_waited * 100.0,
                server_waited * 100.0
            ));
        }
        report.figure("measured_s", window.wall);
        report
    }

    pub(crate) fn figure(&mut self, name: &'static str, value: f64) {
        self.figures.push((name, value));
    }

    /// Processor time of the server in the measured stretch, when it was watched.
    pub(crate) fn server(&mut self, window: &Window) {
        let Some(cpu) = window.server else { return };
        self.figure("server_cpu_s", cpu.total);
        self.figure("server_user_s", cpu.user);
        self.figure("server_system_s", cpu.system);
        self.figure("server_utilisation", cpu.total / window.wall);
        self.figure("server_waited", cpu.waited / window.wall);
    }

    pub(crate) fn passed(&self) -> bool {
        self.accounting.as_ref().is_none_or(Accounting::is_exact)
    }

    pub(crate) fn write_json(&self, path: &Path) -> io::Result<()> {
        let mut text = serde_json::to_string_pretty(self)?;
        text.push('\n');
        fs::write(path, text)
    }

    #[expect(clippy::print_stdout, reason = "the report is the command's output")]
    pub(crate) fn print(&self) {
        print!("{}", self.table());
    }

    fn table(&self) -> String {
        let mut table = String::new();
        // Writing to a string does not fail.
        let _ = self.write_table(&mut table);
        table
    }

    fn write_table(&self, out: &mut String) -> std::fmt::Result {
        writeln!(out, "{} at {}, {} connections", self.scenario, self.address, self.connections)?;
        for (name, value) in &self.figures {
            writeln!(out, "  {name:<44} {:>16}", number(*value))?;
        }
        writeln!(out, "  {:<44} {:>16}", "generator_utilisation", number(self.generator_utilisation))?;
        writeln!(out, "  {:<44} {:>16}", "generator_waited", number(self.generator_waited))?;
        for latency in &self.latency_us {
            writeln!(
                out,
                "  latency of {}, from the {}, µs: p50 {} p90 {} p99 {} p99.9 {} max {} ({} messages)",
                latency.name,
                latency.measured_from,
                number(latency.p50),
                number(latency.p90),
                number(latency.p99),
                number(latency.p999),
                number(latency.max),
                latency.count
            )?;
        }
        if let Some(accounting) = &self.accounting {
            accounting.write(out)?;
        }
        self.warnings.iter().try_for_each(|warning| writeln!(out, "  WARNING: {warning}"))
    }
}

impl Accounting {
    fn write(&self, out: &mut String) -> std::fmt::Result {
        let verdict = if self.is_exact() { "exact" } else { "WRONG" };
        writeln!(
            out,
            "  accounting {verdict}: {} of {} delivered, {} missing on {} connections, {} duplicated, \
             {} out of order, {} misdelivered, {} damaged, {} foreign",
            self.delivered,
            self.expected,
            self.missing,
            self.connections_missing,
            self.duplicated,
            self.out_of_order,
            self.misdelivered,
            self.damaged,
            self.foreign
        )?;
        match &self.first_end {
            Some(first) => writeln!(out, "  {} connections ended; the first was {first}", self.ended),
            None => Ok(()),
        }
    }
}

/// One line on stderr while a run goes on.
#[expect(clippy::print_stderr, reason = "progress is for whoever watches")]
pub(crate) fn progress(elapsed: u64, delivered: u64, over: u64, under_way: u64) {
    let rate = delivered as f64 / seconds(over);
    eprintln!("{:6.1} s  {:>12} deliveries/s  {under_way} under way", seconds(elapsed), number(rate));
}

/// Three significant digits behind the point for small numbers, none for large ones.
fn number(value: f64) -> String {
    match value.abs() {
        magnitude if magnitude >= 1_000.0 => format!("{value:.0}"),
        magnitude if magnitude >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.3}"),
    }
}

fn as_map<S: serde::Serializer>(figures: &[(&'static str, f64)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(figures.iter().copied())
}
