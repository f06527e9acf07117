//! One room: what its publishers send, everybody gets, they themselves included.

use super::joining::join;
use crate::crowd::Reading;
use crate::options::Options;
use crate::report::Report;
use crate::traffic::{Plan, Traffic};

pub(super) fn run(options: &Options) -> Result<Report, String> {
    let members = options.connections;
    if options.publishers == 0 || options.publishers > members {
        return Err("--publishers must be between 1 and --connections".to_owned());
    }
    let watched = options.watched()?;
    let mut crowd = options.crowd(members)?;
    for _ in 0..members {
        crowd.add(options.path.clone(), Reading::Always);
    }
    join(&mut crowd, 0..members, options.concurrency)?;

    let mut plan = Plan::new(members);
    plan.class("broadcasts", options.pace()?);
    plan.group(0..options.publishers, 0..members, "");
    let mut traffic = Traffic::new(plan, options.message_bytes);
    traffic.settle(&mut crowd)?;
    let outcome = traffic.run(&mut crowd, watched, options.extent(), options.quiet)?;
    Ok(options.report("fanout", members, outcome))
}
