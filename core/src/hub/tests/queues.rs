//! Outboxes against a naive model, in which a queue is a list of messages, while clients come and go and publishes
//! have several targets.

use super::bench::*;
use crate::hub::{Policy, Target};
use crate::id::ClientId;
use crate::outbox::{Progress, Transport};
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

const MESSAGES: usize = 6;
const BYTES: usize = 60;

#[derive(Clone, Debug)]
struct Message {
    text: String,
    key: Option<u64>,
}

/// A client as a list of messages.
#[derive(Clone, Debug, Default)]
struct Model {
    queue: Vec<Message>,
    leased: Option<Vec<Message>>,
    /// The bytes of the first message that are written.
    cut: usize,
    user: usize,
    rooms: [bool; 3],
}

impl Model {
    fn size(messages: &[Message]) -> usize {
        messages.iter().map(|message| message.text.len()).sum()
    }

    fn leased(&self) -> &[Message] {
        self.leased.as_deref().unwrap_or_default()
    }

    /// The number of messages at the front of the queue that cannot be dropped.
    fn kept(&self) -> usize {
        usize::from(self.leased.is_none() && self.cut > 0)
    }

    fn has_room(&self, size: usize) -> bool {
        self.queue.len() + self.leased().len() < MESSAGES
            && Self::size(&self.queue) + Self::size(self.leased()) + size <= BYTES
    }

    /// Publishes a message, and returns whether it is queued.
    fn push(&mut self, policy: Policy, text: &str) -> bool {
        let mut key = None;
        match policy {
            Policy::Conflate(of) => {
                key = Some(of);
                let mut waiting = self.queue.split_off(self.kept());
                waiting.retain(|message| message.key != key);
                self.queue.append(&mut waiting);
            }
            Policy::DropOldest => {
                let mut rest = self.clone();
                rest.queue.truncate(self.kept());
                if rest.has_room(text.len()) {
                    while !self.has_room(text.len()) {
                        self.queue.remove(self.kept());
                    }
                }
            }
            _ => {}
        }
        let fits = self.has_room(text.len());
        if fits {
            self.queue.push(Message { text: text.into(), key });
        }
        fits
    }

    /// Takes the messages of a lease of this budget.
    fn lease(&mut self, budget: usize) -> Vec<String> {
        let mut spent = 0;
        let fits = |message: &&Message| {
            let taken = spent == 0 || spent + message.text.len() <= budget;
            spent += message.text.len();
            taken
        };
        let count = self.queue.iter().take_while(fits).count();
        let leased: Vec<_> = self.queue.drain(..count).collect();
        let texts = leased.iter().map(|message| message.text.clone()).collect();
        self.leased = Some(leased);
        texts
    }

    fn give_back(&mut self, items: usize, bytes: usize) {
        let mut rest = self.leased.take().unwrap_or_default().split_off(items);
        self.cut = bytes;
        rest.append(&mut self.queue);
        self.queue = rest;
    }
}

struct Run {
    bench: Bench,
    random: Random,
    models: BTreeMap<ClientId, Model>,
    published: usize,
}

impl Run {
    fn any(&mut self) -> ClientId {
        let at = self.random.below(self.models.len() as u64) as usize;
        *self.models.keys().nth(at).expect("there is always a client")
    }

    fn connect(&mut self) {
        let user = self.random.below(3) as usize;
        let client = self.bench.connect_as(["ann", "bob", "eve"][user]);
        self.models.insert(client, Model { user, ..Model::default() });
    }

    fn publish(&mut self) {
        self.published += 1;
        let filler = self.random.below(14) as usize;
        let text = format!("{}{}", self.published, "x".repeat(filler));
        let policies = [Policy::DropNewest, Policy::DropOldest, Policy::Conflate(self.random.below(2))];
        let policy = policies[self.random.below(3) as usize];
        let one = self.any();
        let choices = [
            Target::Room("a"),
            Target::Room("b"),
            Target::Room("c"),
            Target::User(["ann", "bob", "eve"][self.random.below(3) as usize]),
            Target::All,
            Target::Client(one),
        ];
        let count = 1 + self.random.below(5) as usize / 3;
        let targets: Vec<_> = (0..count).map(|_| choices[self.random.below(6) as usize]).collect();
        let except: Vec<_> = if self.random.below(4) == 0 { [self.any()].into() } else { Vec::new() };
        let outcome = self.bench.hub.publish(self.bench.now, &targets, &except, &frame(&text), Some(policy));
        let (mut queued, mut dropped) = (0, 0);
        for (&client, model) in &mut self.models {
            let reached = targets.iter().any(|target| match *target {
                Target::Client(one) => one == client,
                Target::User(user) => user == ["ann", "bob", "eve"][model.user],
                Target::Room(room) => model.rooms["abc".find(room).expect("a room")],
                Target::All => true,
                Target::Watchers(room) => panic!("{room} has no presence"),
            });
            if reached && !except.contains(&client) {
                match model.push(policy, &text) {
                    true => queued += 1,
                    false => dropped += 1,
                }
            }
        }
        let outcome = outcome.unwrap_or_default();
        assert_eq!((outcome.queued, outcome.dropped, outcome.refused), (queued, dropped, 0));
    }

    fn lease(&mut self) {
        if self.random.below(2) == 0 {
            let (client, budget) = (self.any(), self.random.below(40) as u32);
            let held = self.bench.lease(client, budget);
            held.into_iter().for_each(|held| self.check(&held, budget));
        } else {
            let clients = 1 + self.random.below(4) as u32;
            for held in self.bench.lease_ready(clients) {
                self.check(&held, PLENTY);
            }
        }
    }

    fn check(&mut self, held: &Held, budget: u32) {
        let model = self.models.get_mut(&held.client).expect("a live client");
        assert!(model.leased.is_none(), "one writer at a time");
        assert_eq!(held.skip as usize, model.cut);
        assert_eq!(held.items, model.lease(budget as usize));
    }

    fn give_back(&mut self) {
        let client = self.any();
        let Some(model) = self.models.get_mut(&client) else { return };
        let Some(leased) = &model.leased else { return self.bench.writable(client) };
        let items = self.random.below(leased.len() as u64 + 1) as usize;
        let bytes = leased.get(items).map_or(0, |next| {
            let from = if items == 0 { model.cut } else { 0 };
            from + self.random.below((next.text.len() - from) as u64) as usize
        });
        let all = items == leased.len() && self.random.below(2) == 0;
        model.give_back(items, bytes);
        let progress = if all { Progress::All } else { Progress::part(items as u32, bytes as u32) };
        let transport = if self.random.below(3) == 0 { Transport::Blocked } else { Transport::Ready };
        self.bench.give_back(client, progress, transport);
    }

    fn step(&mut self) {
        match self.random.below(100) {
            0 => {
                let client = self.any();
                self.models.remove(&client);
                self.bench.gone(client);
                self.connect();
            }
            1..10 => {
                let (client, room) = (self.any(), self.random.below(3) as usize);
                let name = ["a", "b", "c"][room];
                let model = self.models.get_mut(&client).expect("a live client");
                let (hub, now) = (&mut self.bench.hub, self.bench.now);
                let done = if model.rooms[room] {
                    hub.leave(now, client, name)
                } else {
                    hub.join(now, client, name).map(drop)
                };
                assert_eq!(done, Ok(()));
                model.rooms[room] = !model.rooms[room];
            }
            10..50 => self.publish(),
            50..70 => self.lease(),
            _ => self.give_back(),
        }
        for (&client, model) in &self.models {
            let messages = model.queue.len() + model.leased().len();
            let bytes = Model::size(&model.queue) + Model::size(model.leased());
            assert_eq!(self.bench.waiting(client), (messages as u32, bytes as u32));
        }
        self.bench.quiet();
    }
}

#[test]
fn outboxes_are_what_lists_of_messages_would_be() {
    for seed in 0..100 {
        let bench = Bench::with(|config| {
            config.outbox.messages = MESSAGES as u32;
            config.outbox.bytes = BYTES as u32;
            config.outbox.message_bytes = BYTES as u32 - 14;
        });
        let mut run = Run { bench, random: Random(seed), models: BTreeMap::new(), published: 0 };
        for _ in 0..6 {
            run.connect();
        }
        for _ in 0..1_000 {
            run.step();
        }
        for &client in run.models.keys() {
            run.bench.gone(client);
        }
        run.bench.assert_empty();
    }
}
