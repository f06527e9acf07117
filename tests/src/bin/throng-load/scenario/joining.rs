//! Opening many connections with a bounded number of handshakes under way.

use std::ops::Range;
use std::time::Duration;

use crate::crowd::{Crowd, End, Listener};
use crate::latency::Latency;

const LONGEST_TURN: Duration = Duration::from_millis(100);
/// Without any handshake completing for so long, the server is not going to.
const PATIENCE: u64 = 10_000_000_000;

struct Joining<'a> {
    /// When each handshake under way began.
    began: Vec<u64>,
    opened: usize,
    failed: Option<(usize, End)>,
    handshakes: &'a mut Latency,
}

/// Opens all connections of the range and records how long each handshake took. The first failure ends it.
pub(super) fn join(
    crowd: &mut Crowd,
    range: Range<usize>,
    concurrency: usize,
    handshakes: &mut Latency,
) -> Result<(), String> {
    let mut joining = Joining { began: vec![0; crowd.len()], opened: 0, failed: None, handshakes };
    let mut next = range.start;
    let (mut moved, mut seen) = (crowd.clock.now(), 0);
    while joining.opened < range.len() {
        while next < range.end && next - range.start - joining.opened < concurrency.max(1) {
            joining.began[next] = crowd.clock.now();
            crowd.connect(next).map_err(|end| format!("connection {next}: {end}"))?;
            next += 1;
        }
        crowd.turn(LONGEST_TURN, &mut joining)?;
        if let Some((index, end)) = joining.failed {
            return Err(format!("connection {index}: {end}"));
        }
        let now = crowd.clock.now();
        if joining.opened > seen {
            (moved, seen) = (now, joining.opened);
        } else if now - moved > PATIENCE {
            return Err(format!("only {} of {} handshakes completed", joining.opened, range.len()));
        }
    }
    Ok(())
}

impl Listener for Joining<'_> {
    fn opened(&mut self, index: usize, now: u64) {
        self.opened += 1;
        self.handshakes.record(self.began[index], now);
    }

    fn message(&mut self, _index: usize, _payload: &[u8], _now: u64) {}

    fn ended(&mut self, index: usize, end: End) {
        self.failed.get_or_insert((index, end));
    }
}
