//! The scenarios that differ only in who is where and who sends what to whom.

use super::fixed_rate;
use super::stage::Stage;
use crate::crowd::Reading;
use crate::options::Options;
use crate::report::Report;
use crate::traffic::Plan;

/// One room: what its publishers send, everybody gets, they themselves included.
pub(super) fn fanout(options: &Options) -> Result<Report, String> {
    let members = options.connections;
    check_publishers(options, members)?;
    let mut stage = Stage::join(options, (0..members).map(|_| (options.path.clone(), Reading::Always)))?;
    let mut plan = Plan::new(members);
    plan.class("broadcasts", options.pace()?);
    plan.group(0..options.publishers, 0..members, "");
    stage.play(options, plan)
}

/// Many small rooms. `--connections` does not count: there are rooms × members.
pub(super) fn rooms(options: &Options) -> Result<Report, String> {
    let (rooms, members) = (options.rooms, options.members);
    check_publishers(options, members)?;
    let path = |index: usize| (format!("/room/{}", index / members), Reading::Always);
    let mut stage = Stage::join(options, (0..rooms * members).map(path))?;
    let mut plan = Plan::new(rooms * members);
    plan.class("room messages", options.pace()?);
    for room in 0..rooms {
        let first = room * members;
        plan.group(first..first + options.publishers, first..first + members, "");
    }
    stage.play(options, plan)
}

/// Connections in pairs; each sends to the other.
pub(super) fn direct(options: &Options) -> Result<Report, String> {
    let members = options.connections;
    if !members.is_multiple_of(2) {
        return Err("direct needs an even number of connections".to_owned());
    }
    let mut stage = Stage::join(options, (0..members).map(|user| (user_path(user), Reading::Always)))?;
    let mut plan = Plan::new(members);
    plan.class("direct messages", options.pace()?);
    pairs(&mut plan, 0, members / 2);
    stage.play(options, plan)
}

/// Everybody alone at `/echo`.
pub(super) fn echo(options: &Options) -> Result<Report, String> {
    let members = options.connections;
    let mut stage = Stage::join(options, (0..members).map(|_| ("/echo".to_owned(), Reading::Always)))?;
    let mut plan = Plan::new(members);
    plan.class("echoes", options.pace()?);
    for member in 0..members {
        plan.group(member..member + 1, member..member + 1, "");
    }
    stage.play(options, plan)
}

/// A fanout in which the last members stop reading. What they lose is expected; what the others lose is not.
pub(super) fn slow(options: &Options) -> Result<Report, String> {
    let members = options.connections;
    let stalled = (members as f64 * options.stalled.clamp(0.0, 1.0)).round() as usize;
    let reading = members - stalled;
    check_publishers(options, reading)?;
    let stalls = |member: usize| if member < reading { Reading::Always } else { Reading::Stalls };
    let mut stage = Stage::join(options, (0..members).map(|member| (options.path.clone(), stalls(member))))?;
    let mut plan = Plan::new(members);
    plan.class("broadcasts to the others", options.pace()?);
    plan.group(0..options.publishers, 0..reading, "");
    let mut report = stage.play(options, plan)?;
    report.figure("stalled_connections", stalled as f64);
    Ok(report)
}

/// A room that broadcasts at a fixed rate, and pairs that talk at a fixed rate. Both latencies are measured from
/// the intended send time: a closed loop of the pairs would hide every stall but the first message in it.
pub(super) fn mixed(options: &Options) -> Result<Report, String> {
    /// Messages a second of each pair.
    const PAIR_RATE: f64 = 20.0;
    let (room, talkers) = (options.connections, 2 * options.pairs);
    check_publishers(options, room)?;
    let path = |index: usize| if index < room { options.path.clone() } else { user_path(index) };
    let mut stage = Stage::join(options, (0..room + talkers).map(|index| (path(index), Reading::Always)))?;
    let mut plan = Plan::new(room + talkers);
    plan.class("broadcasts", fixed_rate(options.room_rate)?);
    plan.group(0..options.publishers, 0..room, "");
    if options.pairs > 0 {
        let rate = options.rate.unwrap_or(PAIR_RATE);
        plan.class("direct messages", fixed_rate(rate * options.pairs as f64)?);
        pairs(&mut plan, room, options.pairs);
    }
    stage.play(options, plan)
}

/// Groups for pairs of neighbours, beginning with the connection `first`.
fn pairs(plan: &mut Plan, first: usize, pairs: usize) {
    for one in (first..first + 2 * pairs).step_by(2) {
        let other = one + 1;
        plan.group(one..one + 1, other..other + 1, &format!("{other} "));
        plan.group(other..other + 1, one..one + 1, &format!("{one} "));
    }
}

fn user_path(user: usize) -> String {
    format!("/direct/{user}")
}

fn check_publishers(options: &Options, members: usize) -> Result<(), String> {
    if (1..=members).contains(&options.publishers) {
        Ok(())
    } else {
        Err(format!("--publishers must be between 1 and {members}, the members that read"))
    }
}
