//! Several nodes, each a real hub and a real machine of a cluster, over a broker that does what brokers do at their worst.
//!
//! While there is trouble, the oracle knows of each message whether the broker has handed it to a node: the first time, in order, for a
//! room in which the node has members, it must be delivered; twice never; and what is missing is told. After the trouble everything must be
//! as if there had been none: also what each node knows of the rooms of all.

mod broker;
mod events;
mod messages;
mod oracle;
mod plan;
mod reading;
mod rooms;
mod site;
mod world;

pub use plan::Plan;
use std::collections::{BTreeMap, BTreeSet};
use throng_core::cluster::{Counts, Scope};
pub use world::Seen;
use world::World;

/// Trouble lasts so long, in milliseconds.
const TROUBLE: u64 = 90_000;
/// After so long everything is as it should be: the longest back-off, a probe, and the heartbeats until a node is evicted.
const CALM: u64 = 60_000;

/// Runs a seed, with as many nodes as it plans or as are given.
///
/// # Errors
/// Says what was not as it must be, when, and in which plan.
pub fn run(seed: u64, nodes: Option<usize>) -> Result<Seen, String> {
    let mut plan = Plan::of(seed);
    plan.nodes = nodes.unwrap_or(plan.nodes);
    let mut world = World::new(seed, plan);
    run_in(&mut world)
        .map(|()| {
            let mut seen = world.seen.clone();
            (seen.delivered, seen.told) = (world.oracle.delivered, world.oracle.told);
            seen
        })
        .map_err(|failure| {
            format!(
                "seed {seed} at {} ms: {failure}\n{:?}\nTHRONG_SEED={seed} or throng-simulate --nodes {} --seeds {seed} runs it again",
                world.now, world.plan, world.plan.nodes
            )
        })
}

fn run_in(world: &mut World) -> Result<(), String> {
    world.run_until(TROUBLE)?;
    calm_down(world);
    world.run_until(TROUBLE + CALM)?;
    check_calm(world)?;
    rooms::check(world)?;
    // What changes in the calm is told within a tick.
    for _ in 0..20 {
        world.operate()?;
        world.run_until(world.now + 100)?;
    }
    world.run_until(world.now + rooms::SOON)?;
    rooms::check(world)?;
    check_everybody_is_reached(world)?;
    if world.asked.is_empty() {
        Ok(())
    } else {
        Err(format!("questions without an answer: {:?}", world.asked))
    }
}

/// The trouble is over: lines work, nodes that stand still or are gone come back.
fn calm_down(world: &mut World) {
    world.is_calm = true;
    (world.plan.lost, world.plan.repeated) = (0, 0);
    world.plan.delay = world.plan.delay.min(200);
    let lines: Vec<u64> = world.broker.lines.keys().copied().collect();
    for line in lines {
        world.heal(line);
    }
}

/// The nodes that belong to the cluster: of several with one id the latest.
fn members(world: &World) -> BTreeMap<String, (u64, usize)> {
    let mut members = BTreeMap::new();
    for (at, site) in world.sites.iter().enumerate() {
        if let Some(run) = &site.run {
            let member = members.entry(site.name.clone()).or_insert((0, 0));
            *member = (*member).max((run.incarnation(), at));
        }
    }
    members
}

fn check_calm(world: &World) -> Result<(), String> {
    let members = members(world);
    let mut sum = Counts::default();
    for &(_, site) in members.values() {
        let Some(run) = &world.sites[site].run else { continue };
        sum.clients += run.clients.len() as u64;
        sum.rooms += run.hub.room_count() as u64;
        sum.users += run.hub.user_count() as u64;
    }
    for (at, site) in world.sites.iter().enumerate() {
        let Some(run) = &site.run else { continue };
        let is_member = members[&site.name].1 == at;
        if run.cluster.is_ready() != is_member {
            return Err(format!("{} {} is ready: {}", site.name, run.incarnation(), !is_member));
        }
        if !is_member {
            continue;
        }
        let known: Vec<(String, u64)> =
            run.cluster.nodes().map(|(node, incarnation, _)| (node.to_string(), incarnation)).collect();
        let others = members.iter().filter(|(name, _)| **name != site.name);
        let expected: Vec<(String, u64)> =
            others.map(|(name, (incarnation, _))| (name.clone(), *incarnation)).collect();
        if known != expected {
            return Err(format!("{} knows {known:?} instead of {expected:?}", site.name));
        }
        let totals = run.cluster.totals();
        if totals.nodes != members.len() as u64 || totals.counts != sum {
            return Err(format!("{} counts {totals:?} instead of {sum:?} on {}", site.name, members.len()));
        }
        let stats = run.cluster.stats();
        if stats.queue_bytes > 0 || stats.malformed.total() > 0 || stats.unchecked > 0 || stats.overrun > 0 {
            return Err(format!("{} has {stats:?}", site.name));
        }
    }
    Ok(())
}

/// What is published now reaches each client that it is for, on every node.
fn check_everybody_is_reached(world: &mut World) -> Result<(), String> {
    let members = members(world);
    let mut messages = Vec::new();
    for &(_, site) in members.values() {
        let rooms = (0..world.plan.rooms).map(|room| Scope::Room(format!("r{room:02}").into()));
        let users = (0..world.plan.users).map(|user| Scope::User(format!("u{user:02}").into()));
        let scopes: Vec<_> = rooms.chain(users).chain([Scope::All]).collect();
        for scope in scopes {
            messages.push((world.publish(site, scope.clone(), None, Vec::new(), None, false)?, scope));
            world.run_until(world.now + 50)?;
        }
    }
    world.run_until(world.now + 3_000)?;
    for (message, scope) in &messages {
        for &(_, site) in members.values() {
            let id = world.id_of(site);
            let Some(run) = &world.sites[site].run else { continue };
            let reached: BTreeSet<_> = run.recipients(scope, None, &[]);
            if let Some(client) = reached.iter().find(|client| !world.oracle.has(&id, **client, *message)) {
                return Err(format!("{client} of {id:?} has not got {:?}", world.oracle.published[*message]));
            }
        }
    }
    Ok(())
}
