//! Random runs with sessions: who is told what, and which connection is written what.

use super::bench::*;
use crate::close::CloseCode;
use crate::hub::{Action, Event, Flush, Members, PerUser, SecondConnection, Target};
use crate::id::{ClientId, ConnectionId};
use crate::outbox::{Item, Progress, Transport, Written};
use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    Here,
    Away,
    Leaving,
    Over,
}

/// What was published to a client, and what its connections took.
#[derive(Debug, Default)]
struct Mail {
    queued: Vec<String>,
    /// How many of them some connection has taken, without a gap.
    taken: usize,
    /// The next one of each connection that has taken any.
    next: BTreeMap<ConnectionId, usize>,
}

struct Run {
    bench: Bench,
    random: Random,
    connections: Vec<ConnectionId>,
    /// The client that each connection has or had.
    of: BTreeMap<ConnectionId, ClientId>,
    told: BTreeMap<ClientId, (Told, Option<ConnectionId>)>,
    mail: BTreeMap<ClientId, Mail>,
    /// Leases that are out: the client whose messages are in it, the lease, its messages.
    out: Vec<(ClientId, Written, Vec<String>)>,
}

const NAMES: [Option<&str>; 4] = [Some("tab"), Some("phone"), Some("tablet"), None];
const USERS: [Option<&str>; 3] = [Some("ada"), Some("bob"), None];

impl Run {
    fn new(seed: u64) -> Self {
        let bench = Bench::with(|config| {
            config.sessions.grace = Some(secs(5));
            config.sessions.messages = 100_000;
            config.sessions.bytes = 1 << 20;
            config.outbox.messages = 100_000;
            config.host.slice = [1, 100, 4096][seed as usize % 3];
            config.sessions.total = [None, Some(2)][seed as usize % 2];
            config.sessions.per_user = Some(2);
            if seed.is_multiple_of(5) {
                config.sessions.second = SecondConnection::Refused;
            }
            config.admission.per_user =
                [PerUser::Unlimited, PerUser::RefuseNewest(2), PerUser::EvictOldest(2)]
                    [seed as usize / 3 % 3];
            config.deadlines.pong = Some(secs(20));
        });
        let (connections, of, told) = (Vec::new(), BTreeMap::new(), BTreeMap::new());
        Self { bench, random: Random(seed), connections, of, told, mail: BTreeMap::new(), out: Vec::new() }
    }

    fn pick<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.random.below(list.len() as u64) as usize]
    }

    fn connection(&mut self) -> Option<ConnectionId> {
        let connections = self.connections.clone();
        (!connections.is_empty()).then(|| self.pick(&connections))
    }

    fn client(&mut self) -> Option<ClientId> {
        let clients: Vec<_> = self.bench.hub.clients().collect();
        (!clients.is_empty()).then(|| self.pick(&clients))
    }

    fn come(&mut self) {
        let (user, session) = (self.pick(&USERS), self.pick(&NAMES));
        let connection = self.bench.accept();
        self.connections.push(connection);
        let (hub, now) = (&mut self.bench.hub, self.bench.now);
        if self.random.below(3) > 0 {
            tried(hub.reserve_session(now, connection, user, session, &[]));
        } else if let Ok(client) = hub.reserve(now, connection, None) {
            tried(hub.identify(now, client, user, session));
        }
        if self.random.below(4) > 0 {
            tried(hub.open(now, connection));
        }
    }

    fn publish(&mut self, number: u64) {
        let Some(client) = self.client() else { return };
        let target = self.pick(&[Target::Client(client), Target::All, Target::Room("lobby")]);
        let text = number.to_string();
        let reached: Vec<_> = match target {
            Target::Client(client) => [client].to_vec(),
            Target::Room(room) => self.bench.hub.members(room).collect(),
            _ => self.bench.hub.clients().collect(),
        };
        if let Ok(published) = self.bench.publish(&[target], &text) {
            // A transport that has failed takes nothing for a client without a grace.
            let dropped = published.dropped + published.refused;
            assert_eq!((published.queued as usize, dropped), (reached.len(), 0));
            for client in reached {
                self.mail.entry(client).or_default().queued.push(text.clone());
            }
        }
    }

    fn lease(&mut self) {
        let Some(connection) = self.connection() else { return };
        let budget = self.random.below(8) as u32;
        if self.bench.transmit(connection, budget) != Ok(1) {
            return;
        }
        let lease = self.bench.batch.leases()[0];
        let items = self.bench.batch.run(lease.run);
        let messages = items.iter().filter_map(|item| match item {
            Item::Frame(frame) => Some(String::from_utf8_lossy(frame.payload()).into_owned()),
            Item::Control(_) => None,
        });
        // The rest of a connection is no client: its messages are those of the client that it had.
        let of = self.of[&connection];
        let messages = messages.collect();
        self.out.push((of, lease.written(Progress::All, Transport::Ready), messages));
    }

    /// Returns a lease: as a whole, in part, or with a failure.
    fn return_lease(&mut self) {
        if self.out.is_empty() {
            return;
        }
        let at = self.random.below(self.out.len() as u64) as usize;
        let (of, mut written, messages) = self.out.swap_remove(at);
        let mut taken = messages.len();
        match self.random.below(6) {
            0 => written.transport = Transport::Blocked,
            1 => {
                written.progress = Progress::part(0, 0);
                written.transport = Transport::Failed;
                taken = 0;
            }
            2 => {
                written.progress = Progress::part(0, self.random.below(2) as u32);
                written.transport = Transport::Blocked;
                taken = 0;
            }
            _ => {}
        }
        self.bench.hub.transmitted(self.bench.now, &[written]).expect("never an error");
        let Some(mail) = self.mail.get_mut(&of) else { return };
        for text in &messages[..taken] {
            let next = mail.next.entry(written.connection).or_insert_with(|| {
                let is = mail.queued.iter().position(|queued| queued == text).expect("it was queued");
                assert!(is <= mail.taken, "{is} after {} are missing", mail.taken);
                is
            });
            assert_eq!(mail.queued.get(*next), Some(text), "out of order, or twice, on one connection");
            *next += 1;
            mail.taken = mail.taken.max(*next);
        }
    }

    fn hear_actions(&mut self) {
        for action in self.bench.actions() {
            let state = |run: &Self, client| run.told.get(&client).copied();
            match action {
                Action::Connected { client, connection } => {
                    assert_eq!(self.told.insert(client, (Told::Here, Some(connection))), None);
                    self.of.insert(connection, client);
                }
                Action::Away { client, .. } => {
                    let (told, connection) = state(self, client).expect("connected");
                    assert_eq!(told, Told::Here);
                    self.told.insert(client, (Told::Away, connection));
                }
                Action::Replaced { client, connection } => {
                    assert_eq!(state(self, client), Some((Told::Here, Some(connection))));
                    self.told.insert(client, (Told::Away, None));
                }
                Action::Resumed { client, connection } => {
                    assert!(matches!(state(self, client), Some((Told::Away, _))));
                    self.told.insert(client, (Told::Here, Some(connection)));
                    self.of.insert(connection, client);
                }
                Action::Left { client, .. } | Action::RoomClosed { client, .. } => {
                    let (told, connection) = state(self, client).expect("connected");
                    assert_ne!(told, Told::Over);
                    if matches!(action, Action::Left { .. }) {
                        self.told.insert(client, (Told::Leaving, connection));
                    }
                }
                Action::Disconnected { client, .. } => {
                    let (told, connection) = state(self, client).expect("connected");
                    assert_ne!(told, Told::Over);
                    self.told.insert(client, (Told::Over, connection));
                }
                Action::Dropped { client, .. } => {
                    assert!(matches!(state(self, client), Some((Told::Here | Told::Away, _))));
                    // Its transport failed before it had a session, or it ends: all that waited is dropped.
                    self.mail.remove(&client);
                    self.out.retain(|(of, ..)| *of != client);
                }
                Action::Abort { connection } => assert!(self.connections.contains(&connection)),
                Action::StoodStill { .. } => {}
                other => panic!("{other:?}"),
            }
        }
        for client in self.bench.hub.clients() {
            let (told, connection) = self.told[&client];
            let is_away = self.bench.hub.is_away(client);
            let marked = !self.bench.hub.is_open(client);
            assert!(marked || is_away == (told == Told::Away), "{client}: {told:?}");
            assert!(is_away || self.bench.hub.connection_of(client) == connection || marked);
        }
    }

    fn step(&mut self, number: u64) {
        let now = self.bench.now;
        match self.random.below(24) {
            0..4 => self.come(),
            4 | 5 => {
                if let Some(connection) = self.connection() {
                    self.connections.retain(|&other| other != connection);
                    self.out.retain(|(_, written, _)| written.connection != connection);
                    self.bench.gone(connection);
                }
            }
            6 => {
                let Some(connection) = self.connection() else { return };
                let code = self.pick(&[Some(CloseCode::NORMAL), Some(CloseCode::GOING_AWAY), None]);
                tried(self.bench.hub.handle(now, Event::PeerClosed { connection, code, reason: "" }));
            }
            7 => {
                let Some(connection) = self.connection() else { return };
                tried(self.bench.hub.handle(now, Event::HalfClosed { connection }));
            }
            8 => {
                let Some(connection) = self.connection() else { return };
                tried(self.bench.hub.open(now, connection));
                tried(self.bench.hub.handle(now, Event::Heard { connection }));
                tried(self.bench.hub.handle(now, Event::Ping { connection, payload: b"?" }));
            }
            9 => {
                let Some(connection) = self.connection() else { return };
                tried(self.bench.hub.handle(now, Event::Writable { connection }));
            }
            10 if self.random.below(4) == 0 => {
                let Some(client) = self.client() else { return };
                tried(self.bench.hub.close(now, client, CloseCode::NORMAL, "", Flush::First));
            }
            11 => {
                let (Some(client), session) = (self.client(), self.pick(&NAMES)) else { return };
                let user = self.pick(&USERS);
                match self.random.below(3) {
                    0 => tried(self.bench.hub.identify(now, client, user, session)),
                    1 => tried(self.bench.hub.set_user(now, client, user)),
                    _ => tried(self.bench.hub.join(now, client, "lobby")),
                }
            }
            12 if self.random.below(8) == 0 => tried(self.bench.hub.close_room(now, "lobby", Members::Leave)),
            13 => {
                let time = millis(self.random.below(2_000));
                self.bench.wait(time);
            }
            14 if self.random.below(4) == 0 => {
                let Some(connection) = self.connection() else { return };
                let (code, reason, flush) = (CloseCode::PROTOCOL_ERROR, "", Flush::Never);
                tried(self.bench.hub.handle(now, Event::CloseConnection { connection, code, reason, flush }));
            }
            15..18 => self.publish(number),
            18..21 => self.lease(),
            _ => self.return_lease(),
        }
    }
}

#[test]
fn everybody_is_told_in_order_and_no_connection_is_written_out_of_order() {
    let mut seen = [0; 4];
    for seed in 0..30 {
        let mut run = Run::new(seed);
        for number in 0..1_200 {
            run.step(number);
            assert_eq!(run.bench.hub.check(), Ok(()), "seed {seed}, step {number}");
            run.hear_actions();
            #[cfg(feature = "trace")]
            if number % 97 == 0 {
                survives_a_snapshot(&mut run.bench.hub);
            }
        }
        let stats = run.bench.hub.stats();
        for (seen, now) in
            seen.iter_mut().zip([stats.resumed, stats.replaced, stats.not_returned, stats.away_refused])
        {
            *seen += now;
        }
        for connection in run.connections.drain(..) {
            run.bench.gone(connection);
        }
        run.bench.wait(secs(6));
        run.bench.assert_empty();
    }
    assert!(seen.iter().all(|&count| count > 4), "{seen:?}");
}

/// What is read back from a snapshot is the same hub.
#[cfg(feature = "trace")]
fn survives_a_snapshot(hub: &mut crate::hub::Hub) {
    use crate::field::{Field, Input};
    use bytes::Bytes;
    let mut bytes = Vec::new();
    let put = |frame: &crate::Frame, log: &mut Vec<u8>| {
        core::str::from_utf8(frame.payload()).expect("text").put(log);
    };
    hub.snapshot(&mut bytes, &put, usize::MAX).expect("all is polled");
    let take = |input: &mut Input<'_>| {
        let text = <&str>::take(input)?;
        Ok(crate::Frame::raw(Bytes::copy_from_slice(text.as_bytes())))
    };
    let restored =
        crate::hub::Hub::restore(hub.config().host, &mut Input(&bytes), &take).expect("what was written");
    assert_eq!(restored.dump().to_string(), hub.dump().to_string());
}
