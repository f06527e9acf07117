//! The queues against a naive model: one list of numbers for each client.

use crate::frame::Frame;
use crate::hub::{Config, Hub, Target};
use crate::id::{ClientId, ConnectionId};
use crate::outbox::{Batch, Item, Lease, Outbox, Policy, Progress, Transport};
use crate::time::Instant;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use bytes::Bytes;
use proptest::prelude::*;

const NOW: Instant = Instant::ORIGIN;
const CLIENTS: usize = 5;
const ROOMS: [&str; 3] = ["red", "green", "blue"];
const MESSAGES: u32 = 6;
const BYTES: u32 = 200;

/// A queued message: its number, size and key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Waiting {
    number: u32,
    size: u32,
    key: Option<u64>,
}

/// A client in the model.
#[derive(Default)]
struct Model {
    queue: VecDeque<Waiting>,
    leased: Vec<Waiting>,
    lease: Option<Lease>,
    /// The bytes of the first message that are written.
    cut: u32,
    blocked: bool,
    /// The transport became writable while the lease was out.
    early: bool,
    rooms: Vec<usize>,
    dropped: u32,
}

impl Model {
    fn fits(&self, size: u32) -> bool {
        let waiting = self.queue.iter().chain(&self.leased);
        let (count, bytes) = waiting.fold((0, 0), |(count, bytes), one| (count + 1, bytes + one.size));
        count < MESSAGES && bytes + size <= BYTES
    }

    /// The position of the first message that may be dropped.
    fn droppable(&self) -> usize {
        usize::from(self.cut > 0 && self.lease.is_none())
    }

    fn publish(&mut self, message: Waiting, policy: Policy) {
        let from = self.droppable();
        match policy {
            Policy::Conflate(key) => {
                let before = self.queue.len();
                let mut at = 0;
                self.queue.retain(|one| {
                    at += 1;
                    at <= from || one.key != Some(key)
                });
                self.dropped += (before - self.queue.len()) as u32;
            }
            Policy::DropOldest => {
                let mut trial = VecDeque::from_iter(self.queue.iter().copied());
                let before = core::mem::take(&mut self.queue);
                while !self.with(&trial).fits(message.size) && trial.len() > from {
                    trial.remove(from);
                }
                let helps = self.with(&trial).fits(message.size);
                self.queue = if helps { trial } else { before.clone() };
                self.dropped += (before.len() - self.queue.len()) as u32;
            }
            _ => {}
        }
        if self.fits(message.size) {
            self.queue.push_back(message);
        } else {
            self.dropped += 1;
        }
    }

    /// The same client with another queue.
    fn with(&self, queue: &VecDeque<Waiting>) -> Self {
        Self { queue: queue.clone(), leased: self.leased.clone(), ..Self::default() }
    }
}

#[derive(Clone, Debug)]
enum Op {
    Publish { room: usize, except: Option<usize>, size: u32, policy: Policy },
    ToOne { client: usize, size: u32, policy: Policy },
    ToAll { size: u32 },
    Join { client: usize, room: usize },
    Leave { client: usize, room: usize },
    Lease { client: usize, budget: u32 },
    LeaseAll { clients: u32 },
    Return { client: usize, part: u32, blocked: bool },
    Writable { client: usize },
}

fn policy() -> impl Strategy<Value = Policy> {
    prop_oneof![
        4 => Just(Policy::DropNewest),
        2 => Just(Policy::DropOldest),
        2 => (0..2u64).prop_map(Policy::Conflate),
    ]
}

fn op() -> impl Strategy<Value = Op> {
    let (client, room, size) = (0..CLIENTS, 0..ROOMS.len(), 4..90u32);
    prop_oneof![
        8 => (room.clone(), proptest::option::weighted(0.2, client.clone()), size.clone(), policy())
            .prop_map(|(room, except, size, policy)| Op::Publish { room, except, size, policy }),
        3 => (client.clone(), size.clone(), policy())
            .prop_map(|(client, size, policy)| Op::ToOne { client, size, policy }),
        2 => size.prop_map(|size| Op::ToAll { size }),
        3 => (client.clone(), room.clone()).prop_map(|(client, room)| Op::Join { client, room }),
        1 => (client.clone(), room).prop_map(|(client, room)| Op::Leave { client, room }),
        3 => (client.clone(), 1..300u32).prop_map(|(client, budget)| Op::Lease { client, budget }),
        2 => (1..6u32).prop_map(|clients| Op::LeaseAll { clients }),
        6 => (client.clone(), 0..400u32, any::<bool>())
            .prop_map(|(client, part, blocked)| Op::Return { client, part, blocked }),
        2 => client.prop_map(|client| Op::Writable { client }),
    ]
}

struct Bench {
    hub: Hub,
    ids: Vec<ClientId>,
    models: Vec<Model>,
    batch: Batch,
    published: u32,
}

impl Bench {
    fn new() -> Self {
        let outbox = Outbox { message_bytes: 100, messages: MESSAGES, bytes: BYTES, ..Outbox::default() };
        let mut hub = Hub::new(Config { outbox, ..Config::default() }).expect("the config stands");
        let ids: Vec<_> = (0..CLIENTS).map(|_| hub.admit(NOW, None).expect("nobody is refused")).collect();
        let models = ids.iter().map(|_| Model::default()).collect();
        Self { hub, ids, models, batch: Batch::default(), published: 0 }
    }

    fn publish(
        &mut self,
        target: Target<'_>,
        except: Option<usize>,
        reached: &[usize],
        size: u32,
        policy: Policy,
    ) {
        self.published += 1;
        let mut payload = self.published.to_le_bytes().to_vec();
        payload.resize(size as usize, 0);
        let except_ids: Vec<_> = except.map(|client| self.ids[client]).into_iter().collect();
        let frame = Frame::raw(Bytes::from(payload));
        if self.hub.publish(NOW, &[target], &except_ids, &frame, Some(policy)).is_err() {
            assert!(reached.is_empty(), "a room without members does not exist");
            return;
        }
        let key = if let Policy::Conflate(key) = policy { Some(key) } else { None };
        for &client in reached.iter().filter(|&&client| Some(client) != except) {
            self.models[client].publish(Waiting { number: self.published, size, key }, policy);
        }
    }

    /// Applies the leases of a transmit to the models, which must have the same messages in front.
    fn take_leases(&mut self) {
        for lease in self.batch.leases() {
            let client = self.ids.iter().position(|id| *id == lease.client).expect("it is one of them");
            let model = &mut self.models[client];
            assert!(model.lease.is_none() && !model.blocked, "one writer at a time");
            assert_eq!(lease.skip, model.cut);
            assert!(!self.batch.run(lease.run).is_empty(), "a lease without anything to write");
            for item in self.batch.run(lease.run) {
                let Item::Frame(frame) = item else { panic!("nobody is pinged here") };
                let front = model.queue.pop_front().expect("the model has as many");
                let number = u32::from_le_bytes(frame.payload()[..4].try_into().expect("four bytes"));
                assert_eq!((number, frame.size()), (front.number, front.size), "in order");
                model.leased.push(front);
            }
            model.lease = Some(*lease);
            model.early = false;
        }
        self.batch.clear();
    }

    fn connection(&self, client: usize) -> ConnectionId {
        self.hub.connection_of(self.ids[client]).expect("it is attached")
    }

    fn give_back(&mut self, client: usize, part: u32, blocked: bool) {
        let model = &mut self.models[client];
        let Some(lease) = model.lease.take() else { return };
        let total: u32 = model.leased.iter().map(|one| one.size).sum();
        let mut written = part.max(model.cut);
        let transport = if blocked { Transport::Blocked } else { Transport::Ready };
        let progress = if written >= total {
            model.leased.clear();
            model.cut = 0;
            Progress::All
        } else {
            let mut items = 0;
            while written >= model.leased[0].size {
                written -= model.leased.remove(0).size;
                items += 1;
            }
            model.cut = written;
            Progress::Part { items, bytes: written }
        };
        model.blocked = blocked && !model.early;
        for one in model.leased.drain(..).rev() {
            model.queue.push_front(one);
        }
        self.hub.transmitted(NOW, &[lease.written(progress, transport)]).expect("results are taken");
    }

    fn apply(&mut self, op: &Op) {
        match *op {
            Op::Publish { room, except, size, policy } => {
                let reached: Vec<_> =
                    (0..CLIENTS).filter(|&client| self.models[client].rooms.contains(&room)).collect();
                self.publish(Target::Room(ROOMS[room]), except, &reached, size, policy);
            }
            Op::ToOne { client, size, policy } => {
                self.publish(Target::Client(self.ids[client]), None, &[client], size, policy);
            }
            Op::ToAll { size } => {
                let all: Vec<_> = (0..CLIENTS).collect();
                self.publish(Target::All, None, &all, size, Policy::DropNewest);
            }
            Op::Join { client, room } => {
                if self.hub.join(NOW, self.ids[client], ROOMS[room]).is_ok() {
                    self.models[client].rooms.push(room);
                }
            }
            Op::Leave { client, room } => {
                if self.hub.leave(NOW, self.ids[client], ROOMS[room]).is_ok() {
                    self.models[client].rooms.retain(|one| *one != room);
                }
            }
            Op::Lease { client, budget } => {
                let connection = self.connection(client);
                self.hub.transmit(NOW, connection, budget, &mut self.batch).expect("the client is there");
                self.take_leases();
            }
            Op::LeaseAll { clients } => {
                self.hub.transmit_ready(NOW, 0, clients, 1000, &mut self.batch).expect("the lane is there");
                self.take_leases();
            }
            Op::Return { client, part, blocked } => self.give_back(client, part, blocked),
            Op::Writable { client } => {
                let connection = self.connection(client);
                let written = self.hub.handle(NOW, crate::hub::Event::Writable { connection });
                assert!(written.is_ok());
                let model = &mut self.models[client];
                model.blocked = false;
                model.early = model.lease.is_some();
            }
        }
    }

    fn check(&mut self) {
        let mut dropped = 0;
        for (client, model) in self.ids.iter().zip(&self.models) {
            let waiting = model.queue.iter().chain(&model.leased);
            let sums = waiting.fold((0, 0), |(count, bytes), one| (count + 1, bytes + one.size));
            assert_eq!(self.hub.outbox_of(*client), Some(sums));
            dropped += u64::from(model.dropped);
        }
        assert_eq!(self.hub.stats().dropped(), dropped);
    }

    /// Lets all transports take everything, and checks that nothing is lost or left.
    fn settle(&mut self) {
        for client in 0..CLIENTS {
            self.give_back(client, u32::MAX, false);
            self.apply(&Op::Writable { client });
        }
        while self.hub.transmit_ready(NOW, 0, 3, 70, &mut self.batch).expect("the lane is there") > 0 {
            self.take_leases();
            for client in 0..CLIENTS {
                self.give_back(client, u32::MAX, false);
            }
        }
        assert!(self.models.iter().all(|model| model.queue.is_empty()), "somebody was forgotten");
        let stats = self.hub.stats();
        assert_eq!((stats.pending(), stats.frames, stats.queued_bytes), (0, 0, 0));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, max_shrink_iters: 20_000, ..ProptestConfig::default() })]

    #[test]
    fn every_client_gets_what_a_naive_queue_would_give_it(ops in proptest::collection::vec(op(), 1..120)) {
        let mut bench = Bench::new();
        for op in &ops {
            bench.apply(op);
            bench.check();
        }
        bench.settle();
    }
}
