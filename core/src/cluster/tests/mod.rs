//! Nodes on a bus that carries everything at once, unless a test loses it.

mod bounds;
mod config;
mod hostile;
mod interests;
mod links;
mod nodes;
mod numbers;
mod questions;
mod relays;
mod rooms;

use super::*;
use crate::frame::MessageKind;
use crate::id::ClientId;
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::ToString;
use alloc::vec;
use bytes::Bytes;
use core::time::Duration;

pub(super) const SECOND: Duration = Duration::from_secs(1);

/// What the bus does with a message: by its place in what was sent since the rule was set.
type Rule = fn(usize) -> Fate;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Carried,
    Lost,
    Twice,
}

pub(super) struct Station {
    pub(super) cluster: Cluster,
    pub(super) link: Option<u64>,
    pub(super) subscribed: BTreeSet<Subject>,
    /// Whether the bus takes this node's links.
    pub(super) is_reachable: bool,
    pub(super) actions: Vec<Action>,
}

/// A broker and its nodes, named `a`, `b`, …
pub(super) struct Bus {
    pub(super) now: Instant,
    pub(super) stations: Vec<Station>,
    rule: Rule,
    /// The messages since the rule was set.
    pub(super) carried: Vec<(Subject, Bytes)>,
    /// Subscriptions are confirmed.
    pub(super) confirms: bool,
}

pub(super) fn identity(node: &str, incarnation: u64) -> Identity {
    Identity { node: NodeId::new(node).unwrap(), incarnation, seed: incarnation ^ 77 }
}

pub(super) fn client(number: u64) -> ClientId {
    ClientId::from_u64(number)
}

pub(super) fn message<'a>(to: To<'a>, payload: &'a Bytes) -> Message<'a> {
    Message {
        to,
        kind: MessageKind::Text,
        payload,
        place: None,
        bare: None,
        except_user: None,
        except: &[],
        covered: &[],
        asks: false,
    }
}

impl Bus {
    /// So many nodes, which are ready.
    pub(super) fn of(nodes: usize) -> Self {
        let mut bus = Self::with(nodes, &Config::default());
        bus.settle();
        for station in &mut bus.stations {
            assert!(station.cluster.is_ready());
            station.actions.clear();
        }
        bus
    }

    pub(super) fn with(nodes: usize, config: &Config) -> Self {
        let now = Instant::ORIGIN + SECOND;
        let mut bus =
            Self { now, stations: Vec::new(), rule: |_| Fate::Carried, carried: Vec::new(), confirms: true };
        for (node, letter) in (0..nodes).zip('a'..) {
            bus.add(config, identity(&letter.to_string(), 100 + node as u64));
        }
        bus
    }

    pub(super) fn add(&mut self, config: &Config, identity: Identity) -> usize {
        let cluster = Cluster::new(config.clone(), identity, self.now).unwrap();
        let (subscribed, actions) = (BTreeSet::new(), Vec::new());
        self.stations.push(Station { cluster, link: None, subscribed, is_reachable: true, actions });
        self.stations.len() - 1
    }

    pub(super) fn rule(&mut self, rule: Rule) {
        self.rule = rule;
        self.carried.clear();
    }

    /// Lets the bus carry what there is, until nothing happens any more.
    pub(super) fn settle(&mut self) {
        for _ in 0..10_000 {
            let mut is_busy = false;
            for at in 0..self.stations.len() {
                is_busy |= self.act(at) | self.send(at);
            }
            if !is_busy {
                return;
            }
        }
        panic!("the nodes do not come to rest");
    }

    fn act(&mut self, at: usize) -> bool {
        let (now, mut is_busy) = (self.now, false);
        let station = &mut self.stations[at];
        while let Some(action) = station.cluster.poll_action() {
            is_busy = true;
            match action {
                Action::Connect { link } if station.is_reachable => {
                    station.link = Some(link);
                    station.cluster.link_up(now, link).unwrap();
                }
                Action::Disconnect { .. } => station.hang_up(),
                _ => {}
            }
            station.cluster.check().unwrap();
            station.actions.push(action);
        }
        is_busy
    }

    fn send(&mut self, at: usize) -> bool {
        let mut commands = Vec::new();
        let had = self.stations[at].cluster.has_commands();
        let Some(link) = self.stations[at].cluster.poll_commands(1 << 20, &mut commands) else {
            return false;
        };
        assert!(had && !commands.is_empty());
        for command in commands {
            match command {
                Command::Subscribe(subject) => {
                    self.stations[at].subscribed.insert(subject.clone());
                    if self.confirms {
                        self.deliver(at, &Delivery::Subscribed(subject));
                    }
                }
                Command::Unsubscribe(subject) => {
                    assert!(self.stations[at].subscribed.remove(&subject), "{subject} was subscribed");
                }
                Command::Publish { subject, payload } => self.carry(&subject, &payload),
            }
        }
        self.stations[at].cluster.sent(self.now, link).unwrap();
        self.stations[at].cluster.check().unwrap();
        true
    }

    pub(super) fn carry(&mut self, subject: &Subject, payload: &Bytes) {
        let times = match (self.rule)(self.carried.len()) {
            Fate::Carried => 1,
            Fate::Lost => 0,
            Fate::Twice => 2,
        };
        self.carried.push((subject.clone(), payload.clone()));
        for _ in 0..times {
            self.hand_out(subject, payload);
        }
    }

    pub(super) fn hand_out(&mut self, subject: &Subject, payload: &Bytes) {
        for at in 0..self.stations.len() {
            if self.stations[at].subscribed.contains(subject) {
                self.deliver(at, &Delivery::Message { subject: subject.clone(), payload: payload.clone() });
            }
        }
    }

    pub(super) fn deliver(&mut self, at: usize, delivery: &Delivery) {
        let now = self.now;
        let station = &mut self.stations[at];
        if let Some(link) = station.link {
            station.cluster.received(now, link, delivery).unwrap();
            station.cluster.check().unwrap();
        }
    }

    /// Lets time pass, with every timeout in it.
    pub(super) fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        self.settle();
        loop {
            let next = self.stations.iter().filter_map(|station| station.cluster.poll_timeout()).min();
            self.now = next.unwrap_or(end).clamp(self.now, end);
            for station in &mut self.stations {
                if station.cluster.poll_timeout().is_some_and(|at| at <= self.now) {
                    station.cluster.timeout(self.now).unwrap();
                    station.cluster.check().unwrap();
                }
            }
            self.settle();
            if self.now == end {
                return;
            }
        }
    }

    pub(super) fn at(&mut self, at: usize) -> &mut Cluster {
        &mut self.stations[at].cluster
    }

    pub(super) fn want(&mut self, at: usize, topic: Topic<'_>) {
        let now = self.now;
        self.at(at).interest(now, topic, true).unwrap();
        self.settle();
    }

    pub(super) fn unwant(&mut self, at: usize, topic: Topic<'_>) {
        let now = self.now;
        self.at(at).interest(now, topic, false).unwrap();
        self.settle();
    }

    pub(super) fn publish(&mut self, at: usize, to: To<'_>, text: &str) -> Outcome {
        let (now, payload) = (self.now, Bytes::copy_from_slice(text.as_bytes()));
        let outcome = self.at(at).publish(now, message(to, &payload)).unwrap();
        self.settle();
        outcome
    }

    pub(super) fn global(&self, at: usize, number: u64) -> GlobalId {
        let Identity { node, incarnation, .. } = self.stations[at].cluster.identity().clone();
        GlobalId { node, incarnation, client: client(number) }
    }

    /// Takes the actions of a node since the last time.
    pub(super) fn take(&mut self, at: usize) -> Vec<Action> {
        core::mem::take(&mut self.stations[at].actions)
    }

    /// Takes the actions of a node, and keeps the texts that it delivers.
    pub(super) fn texts(&mut self, at: usize) -> Vec<String> {
        let text = |action| match action {
            Action::Deliver(deliver) => Some(String::from_utf8_lossy(&deliver.payload).into_owned()),
            _ => None,
        };
        self.take(at).into_iter().filter_map(text).collect()
    }

    /// Takes the actions of a node, and keeps how many messages it says are lost.
    pub(super) fn lost(&mut self, at: usize) -> Vec<(Scope, u64)> {
        let lost = |action| match action {
            Action::Lost { scope, messages, .. } => Some((scope, messages)),
            _ => None,
        };
        self.take(at).into_iter().filter_map(lost).collect()
    }

    /// Breaks the link of a node.
    pub(super) fn break_link(&mut self, at: usize) {
        let now = self.now;
        let link = self.stations[at].link.expect("there is a link");
        self.stations[at].hang_up();
        self.at(at).link_down(now, link).unwrap();
        self.at(at).check().unwrap();
    }
}

impl Station {
    pub(super) fn hang_up(&mut self) {
        self.link = None;
        self.subscribed.clear();
    }
}

pub(super) fn room(name: &str) -> Scope {
    Scope::Room(name.into())
}

#[test]
fn ids_of_nodes_and_clients_are_checked_and_read_back() {
    for (id, expected) in [
        ("a", Ok("a")),
        ("Node-1_x", Ok("Node-1_x")),
        ("", Err(BadNodeId::Length { length: 0 })),
        ("a.b", Err(BadNodeId::Byte { byte: b'.' })),
        ("ä", Err(BadNodeId::Byte { byte: 0xc3 })),
        ("123456789012345678901234567890123", Err(BadNodeId::Length { length: 33 })),
    ] {
        assert_eq!(NodeId::new(id).as_ref().map(NodeId::as_str), expected.as_ref().map(|id| *id));
    }
    let id = GlobalId { node: NodeId::new("n-1").unwrap(), incarnation: u64::MAX, client: client(0xfeed) };
    assert_eq!(id.to_string(), "n-1/ffffffffffffffff/feed");
    assert_eq!(id.to_string().parse(), Ok(id));
    for wrong in [
        "",
        "a",
        "a/1",
        "a/1/",
        "a//1",
        "a/1/1/",
        "/1/1",
        "a/+1/1",
        "a/10000000000000000/1",
        "a/g/1",
        "a.b/1/1",
    ] {
        assert_eq!(wrong.parse::<GlobalId>(), Err(BadGlobalId), "{wrong}");
    }
}

#[test]
fn errors_say_what_was_wrong_and_what_to_do() {
    let error = NodeId::new("a b").unwrap_err();
    assert_eq!(
        error.to_string(),
        "node id with the byte 0x20: only ASCII letters, digits, '-' and '_' are allowed"
    );
    assert_eq!(format!("{}", NodeId::new("").unwrap_err()), "node id of 0 bytes: it must have 1 to 32");
    let refusals = [
        (Refusal::MessageTooBig { limit: 7 }, "7 bytes"),
        (Refusal::NameTooLong { limit: 7 }, "7 bytes"),
        (Refusal::TooManyExcepted { limit: 7 }, "7 clients"),
        (Refusal::TooManyTopics { limit: 7 }, "(7)"),
        (Refusal::TooManyQuestions { limit: 7 }, "(7)"),
        (Refusal::ActionsWaiting { limit: 7 }, "(7)"),
        (Refusal::Superseded, "another node"),
        (Refusal::Leaving, "leaves"),
    ];
    for (refusal, part) in refusals {
        assert!(refusal.to_string().contains(part), "{refusal}");
    }
}
