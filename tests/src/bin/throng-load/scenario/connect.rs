//! Handshakes a second, and what each costs the server.

use std::time::{Duration, Instant};

use super::joining::join;
use crate::crowd::Reading;
use crate::latency::Latency;
use crate::options::Options;
use crate::report::Report;
use crate::usage::{Meter, Window};

/// For the server to see that the connections of a round are gone, so that the next does not pay for it.
const BETWEEN_ROUNDS: Duration = Duration::from_millis(300);
/// Rounds may take so many times as long as what is measured in them.
const OVERHEAD: u32 = 4;

/// Opens all connections and resets them, until the opening alone took long enough.
pub(super) fn run(options: &Options) -> Result<Report, String> {
    let connections = options.connections;
    let watched = options.watched()?;
    let mut crowd = options.crowd(connections)?;
    for _ in 0..connections {
        crowd.add(options.path.clone(), Reading::Always);
    }
    let began = Instant::now();
    let measured = options.measured();
    let mut window = Window::default();
    let mut handshakes = Latency::new();
    handshakes.start(0);
    let mut rounds = 0;
    while rounds == 0 || (window.wall < measured.as_secs_f64() && began.elapsed() < measured * OVERHEAD) {
        let meter = Meter::start(watched);
        join(&mut crowd, 0..connections, options.concurrency, &mut handshakes)?;
        window.add(&meter.stop());
        rounds += 1;
        (0..connections).for_each(|index| crowd.reset(index));
        std::thread::sleep(BETWEEN_ROUNDS);
    }
    let opened = f64::from(rounds) * connections as f64;
    let mut report = Report::new(options, connections, &window);
    report.figure("rounds", f64::from(rounds));
    report.figure("handshakes_per_s", opened / window.wall);
    report.server(&window);
    if let Some(cpu) = window.server {
        report.figure("server_cpu_us_per_handshake", cpu.total * 1e6 / opened);
        report.figure("handshakes_per_server_cpu_s", opened / cpu.total);
    }
    report.latency_us = vec![handshakes.summary("handshakes", "connect")];
    Ok(report)
}
