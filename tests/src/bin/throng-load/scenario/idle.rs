//! Connections that say nothing: memory per connection, and that none is lost.

use std::time::{Duration, Instant};

use super::stage::Stage;
use crate::crowd::{End, Listener, Reading};
use crate::options::Options;
use crate::report::{Accounting, Report};
use crate::usage::Meter;

/// For what the server does after the last handshake.
const SETTLING: Duration = Duration::from_millis(500);
const LONGEST_TURN: Duration = Duration::from_millis(100);

#[derive(Default)]
struct Waiting {
    ended: u64,
    first: Option<(usize, End)>,
}

/// Joins, holds for `--seconds` and answers pings meanwhile.
pub(super) fn run(options: &Options) -> Result<Report, String> {
    let connections = options.connections;
    let mut stage = Stage::join(options, (0..connections).map(|_| (options.path.clone(), Reading::Always)))?;
    let mut waiting = Waiting::default();
    let hold = |stage: &mut Stage, waiting: &mut Waiting, time: Duration| {
        let end = Instant::now() + time;
        while let Some(left) = end.checked_duration_since(Instant::now()) {
            stage.crowd.turn(left.min(LONGEST_TURN), waiting)?;
        }
        Ok::<_, String>(())
    };
    hold(&mut stage, &mut waiting, SETTLING)?;
    let meter = Meter::start(stage.watched);
    hold(&mut stage, &mut waiting, options.measured())?;
    let window = meter.stop();
    let mut report = Report::new(options, connections, &window);
    report.server(&window);
    stage.memory(&mut report);
    report.accounting = Some(Accounting {
        ended: waiting.ended,
        first_end: waiting.first.map(|(index, end)| format!("connection {index}: {end}")),
        ..Accounting::default()
    });
    Ok(report)
}

impl Listener for Waiting {
    fn opened(&mut self, _index: usize, _now: u64) {}

    fn message(&mut self, _index: usize, _payload: &[u8], _now: u64) {}

    fn ended(&mut self, index: usize, end: End) {
        self.ended += 1;
        self.first.get_or_insert((index, end));
    }
}
