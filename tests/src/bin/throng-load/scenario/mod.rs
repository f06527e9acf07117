//! One file per scenario that is more than a plan; the plans; and what all share.

mod churn;
mod connect;
mod idle;
mod joining;
mod plans;
mod stage;
mod storm;

use std::time::Duration;

use crate::crowd::{Crowd, Extensions, Messages};
use crate::options::{Options, Scenario};
use crate::report::Report;
use crate::traffic::{Course, Extent, Pace, Progress};
use crate::usage::Watched;

pub(crate) fn run(options: &Options) -> Result<Report, String> {
    match options.scenario {
        Scenario::Fanout => plans::fanout(options),
        Scenario::Rooms => plans::rooms(options),
        Scenario::Direct => plans::direct(options),
        Scenario::Echo => plans::echo(options),
        Scenario::Slow => plans::slow(options),
        Scenario::Mixed => plans::mixed(options),
        Scenario::Connect => connect::run(options),
        Scenario::Idle => idle::run(options),
        Scenario::Churn => churn::run(options),
        Scenario::Storm => storm::run(options),
    }
}

/// Runs end on their own.
const LONGEST_SECONDS: f64 = 600.0;

impl Options {
    fn crowd(&self, connections: usize) -> Result<Crowd, String> {
        let messages = if self.lines { Messages::PerLine } else { Messages::PerFrame };
        let extensions = if self.compression { Extensions::Deflate } else { Extensions::None };
        let asked = (messages, extensions);
        Crowd::new(self.address, self.origin.as_deref(), connections, self.sources, asked)
    }

    fn watched(&self) -> Result<Option<Watched>, String> {
        self.pid.map(Watched::new).transpose()
    }

    fn measured(&self) -> Duration {
        Duration::from_secs_f64(self.seconds.clamp(0.01, LONGEST_SECONDS))
    }

    fn course(&self, watched: Option<Watched>) -> Course {
        let extent = match self.messages {
            Some(messages) => Extent::Messages(messages),
            None => Extent::Seconds {
                warmup: Duration::from_millis(self.warmup_ms.min(60_000)),
                measured: self.measured(),
            },
        };
        let nap = Duration::from_micros(self.nap_us.min(10_000));
        let patience = Duration::from_secs_f64(self.patience.clamp(0.1, 60.0));
        let progress = if self.quiet { Progress::Quiet } else { Progress::Told };
        Course { extent, watched, nap, patience, progress }
    }

    fn pace(&self) -> Result<Pace, String> {
        match self.rate {
            Some(rate) => fixed_rate(rate),
            None if self.outstanding > 0 => Ok(Pace::Closed(self.outstanding)),
            None => Err("--outstanding must be above 0".to_owned()),
        }
    }
}

fn fixed_rate(rate: f64) -> Result<Pace, String> {
    if rate > 0.0 && rate.is_finite() {
        Ok(Pace::Rate(rate))
    } else {
        Err(format!("a rate of {rate} a second sends nothing"))
    }
}
