//! A broker that loses, repeats and delays messages, whose links break, are cut without a word, and are refused.

use super::plan::Plan;
use fastrand::Rng;
use std::collections::{BTreeMap, BTreeSet};
use throng_core::cluster::{Command, Delivery, Subject};

/// A link as the broker sees it.
#[derive(Debug, Default)]
pub(super) struct Line {
    /// The node, and the number of the link there.
    pub(super) site: usize,
    pub(super) run: u64,
    pub(super) number: u64,
    pub(super) subscribed: BTreeSet<Subject>,
    /// Nothing passes from or to the node, and nobody is told.
    pub(super) is_cut: bool,
    /// Messages to the node itself that were handed out: its probes.
    pub(super) own: u64,
    last_up: u64,
    last_down: BTreeMap<u64, u64>,
}

/// Something that will arrive at a node: when, over which line, and what.
pub(super) type Arrival = (u64, u64, Delivery);

#[derive(Debug, Default)]
pub(super) struct Broker {
    pub(super) lines: BTreeMap<u64, Line>,
    made: u64,
}

impl Broker {
    pub(super) fn open(&mut self, site: usize, run: u64, number: u64) -> u64 {
        self.made += 1;
        self.lines.insert(self.made, Line { site, run, number, ..Line::default() });
        self.made
    }

    pub(super) fn close(&mut self, line: u64) {
        self.lines.remove(&line);
    }

    /// When a batch that is sent now arrives: behind those before it.
    pub(super) fn up(&mut self, line: u64, now: u64, delay: u64) -> u64 {
        let Some(line) = self.lines.get_mut(&line) else { return now };
        line.last_up = line.last_up.max(now + delay);
        line.last_up
    }

    /// Carries out a batch that has arrived.
    pub(super) fn carry_out(
        &mut self,
        line: u64,
        commands: Vec<Command>,
        now: u64,
        rng: &mut Rng,
        plan: &Plan,
        own_subject: &str,
    ) -> Vec<Arrival> {
        let mut arrivals = Vec::new();
        for command in commands {
            let Some(of) = self.lines.get_mut(&line).filter(|of| !of.is_cut) else { break };
            match command {
                Command::Subscribe(subject) => {
                    of.subscribed.insert(subject.clone());
                    self.hand(line, line, Delivery::Subscribed(subject), now, rng, plan, &mut arrivals);
                }
                Command::Unsubscribe(subject) => {
                    of.subscribed.remove(&subject);
                }
                Command::Publish { subject, payload } => {
                    if subject.as_str() == own_subject {
                        of.own += 1;
                    }
                    let reached = self.lines.iter().filter(|(_, to)| to.subscribed.contains(&subject));
                    let reached: Vec<u64> = reached.map(|(to, _)| *to).collect();
                    for to in reached {
                        let message =
                            Delivery::Message { subject: subject.clone(), payload: payload.clone() };
                        if rng.u32(0..1_000) < plan.lost {
                            // Now and then the broker says so.
                            if rng.u32(0..4) == 0 {
                                let dropped = Delivery::Dropped { messages: 1 };
                                self.hand(line, to, dropped, now, rng, plan, &mut arrivals);
                            }
                            continue;
                        }
                        self.hand(line, to, message.clone(), now, rng, plan, &mut arrivals);
                        if rng.u32(0..1_000) < plan.repeated {
                            arrivals.push((now + rng.u64(1..=3_000), to, message));
                        }
                    }
                }
            }
        }
        arrivals
    }

    /// From one line to another, messages come in their order; between lines in any.
    #[expect(clippy::too_many_arguments, reason = "the parts of a delivery")]
    fn hand(
        &mut self,
        from: u64,
        to: u64,
        delivery: Delivery,
        now: u64,
        rng: &mut Rng,
        plan: &Plan,
        arrivals: &mut Vec<Arrival>,
    ) {
        let Some(line) = self.lines.get_mut(&to).filter(|line| !line.is_cut) else { return };
        let last = line.last_down.entry(from).or_default();
        *last = (*last).max(now + rng.u64(0..=plan.delay));
        arrivals.push((*last, to, delivery));
    }
}
