//! Everybody's connection breaks at once, and everybody comes back at once.

use super::joining::join;
use super::stage::Stage;
use crate::crowd::Reading;
use crate::latency::Latency;
use crate::options::Options;
use crate::report::Report;
use crate::traffic::{Course, Extent, Pace, Plan, Traffic};
use crate::usage::Meter;

/// Broadcasts after the storm, to see that the room is whole.
const BROADCASTS: u64 = 20;

pub(super) fn run(options: &Options) -> Result<Report, String> {
    let connections = options.connections;
    let mut stage = Stage::join(options, (0..connections).map(|_| (options.path.clone(), Reading::Always)))?;
    let room = |pace| {
        let mut plan = Plan::new(connections);
        plan.class("broadcasts", pace);
        plan.group(0..1, 0..connections, "");
        Traffic::new(plan, options.message_bytes)
    };
    room(Pace::Closed(1)).settle(&mut stage.crowd)?;

    let meter = Meter::start(stage.watched);
    (0..connections).for_each(|index| stage.crowd.reset(index));
    let mut handshakes = Latency::new();
    handshakes.start(0);
    join(&mut stage.crowd, 0..connections, connections, &mut handshakes)?;
    let window = meter.stop();

    let mut traffic = room(options.pace()?);
    traffic.settle(&mut stage.crowd)?;
    let extent = Extent::Messages(options.messages.unwrap_or(BROADCASTS));
    let outcome = traffic.run(&mut stage.crowd, &Course { extent, ..options.course(None) })?;

    let mut report = Report::new(options, connections, &window);
    report.figure("all_back_s", window.wall);
    report.figure("reconnects_per_s", connections as f64 / window.wall);
    report.server(&window);
    if let Some(cpu) = window.server {
        report.figure("server_cpu_us_per_reconnect", cpu.total * 1e6 / connections as f64);
    }
    stage.memory(&mut report);
    report.latency_us = vec![handshakes.summary("reconnects", "connect")];
    report.latency_us.extend(outcome.latency);
    report.accounting = Some(outcome.accounting);
    Ok(report)
}
