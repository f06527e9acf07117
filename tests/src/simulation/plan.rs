//! All that a seed decides before anything happens.

use std::ops::RangeInclusive;
use std::time::Duration;

use fastrand::Rng;
use throng_core::hub::{Config, Drain, Outbox, OverRate, PerUser};

use super::chance;
use super::compression::Compressing;
use super::configs::{config, next_config, paces};
use super::meter::{Metering, Pace};
use super::{Answers, NetworkConditions, Order};

/// Rooms and users that peers know of.
pub(super) const ROOMS: u64 = 6;
pub(super) const USERS: u64 = 5;

pub(super) const MILLI: u64 = 1_000_000;
pub(super) const SECOND: u64 = 1_000 * MILLI;

/// Nanoseconds by which the clock may be behind.
pub(super) const MOST_BEHIND: u64 = 20 * MILLI;
/// Bytes of a frame's head, and of what the hub notes of a frame that waits for a client, at most.
const HEAD: u64 = 14;
const ENTRY: u64 = 64;
/// Bytes of a wire that takes everything at once.
const ROOMY: usize = 1 << 20;
/// Of the first seeds, the one of four in which the hub forgives nothing. Not of all: without its grace a client may also be late for
/// what must be done before it is read from, which takes a host more than one turn.
const FIRST: u64 = 64;
const FORGIVES_NOTHING: u64 = 3;
/// Clients that a lane writes to in one turn.
const SLICE: usize = 256;
/// A rate knows moments to the nanosecond.
const ROUNDING: u64 = 10;

/// A run, before it begins. Each fault is there in some seeds only, so that no fault hides another.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The seed.
    pub seed: u64,
    /// Peers that connect at the beginning.
    pub peers: usize,
    /// The hub's config.
    pub config: Config,
    /// The one that it is given at some moment of the phase with faults.
    pub next_config: Option<Config>,
    /// The one that it had before that.
    pub last_config: Option<Config>,
    /// How much at once its rates allow.
    pub bursts: Bursts,
    /// How many lanes write.
    pub lanes: u16,
    /// In which order tasks are polled.
    pub order: Order,
    /// Nanoseconds that a poll takes, at most.
    pub poll_cost: u64,
    /// Polls of tasks that nobody woke, of 1,000.
    pub spurious: u32,
    /// How late timers are, in nanoseconds.
    pub slack: u64,
    /// Nanoseconds of the phase with faults.
    pub faults_last: u64,
    /// The network in that phase.
    pub conditions: NetworkConditions,
    /// Writers keep back what they are given until they are flushed.
    pub keeps_back: bool,
    /// Who writes what a hook sends to its own client.
    pub answers: Answers,
    /// Bytes that a direction of a wire holds.
    pub capacity: RangeInclusive<usize>,
    /// Nanoseconds between two acts of a peer.
    pub pause: RangeInclusive<u64>,
    /// How often peers do what, beside each other.
    pub acts: Acts,
    /// Of 1,000 peers: how many are of which bad kind.
    pub kinds: Kinds,
    /// Nanoseconds between two acts of the application; none without.
    pub application: Option<u64>,
    /// The host stands still for up to so many nanoseconds, once or a few times.
    pub jump: Option<u64>,
    /// The hub's own grace for that is off: nobody whose answer lies in a transport by then is late all the same.
    pub forgives_nothing: bool,
    /// Of 1,000 times that the host says what time it is, so often it is behind what it said before.
    pub backward: u32,
    /// Hooks of messages return at once.
    pub hooks_at_once: bool,
    /// The application configures rooms and closes them.
    pub changes_rooms: bool,
    /// How many clients of a user the application lets in, or makes room for.
    pub most_of_user: Option<usize>,
    /// How fast the hub writes, and after its reconfiguration, in some runs.
    pub paces: Option<[Option<Pace>; 2]>,
    /// Texts that wait for one client share frames.
    pub coalesces: bool,
    /// How long a lane waits for more before it writes.
    pub write_delay: Duration,
    /// Compression, in some runs.
    pub compressing: Option<Compressing>,
    /// How it ends.
    pub ending: Ending,
}

/// How much at once may arrive from a peer, where there is a rate on it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bursts {
    /// Pings and pongs.
    pub control: Option<u32>,
    /// Messages, if those that are too many end their client.
    pub messages: Option<u32>,
    /// Bytes of messages, likewise.
    pub bytes: Option<u32>,
    /// Messages of all clients of a user, likewise.
    pub user_messages: Option<u32>,
}

/// Weights of what peers do.
#[derive(Clone, Debug)]
pub struct Acts {
    pub(super) weights: Vec<(Act, u32)>,
    pub(super) message: RangeInclusive<u64>,
    pub(super) fragments: u32,
    pub(super) policies: u32,
}

/// What a peer does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    Join,
    Leave,
    LeaveAll,
    Say,
    Two,
    All,
    User,
    Echo,
    Wait,
    Rename,
    Bye,
    Kick,
    Hang,
    Panic,
    Ping,
    Pong,
    Flood,
    Close,
    /// A close frame, and the end of its direction right behind it.
    CloseAndFinish,
    /// A few messages and a close frame, and it is gone without reading what comes back.
    Depart,
    Finish,
    Reset,
    Vanish,
    Stall,
    Mute,
    Violate,
    Cancel,
    Nothing,
}

/// How many of 1,000 peers are of which bad kind from the beginning.
#[derive(Clone, Debug)]
pub struct Kinds {
    pub(super) slow_readers: u32,
    /// Read a byte now and then, for ever.
    pub(super) tricklers: u32,
    pub(super) dawdlers: u32,
    pub(super) garblers: u32,
    pub(super) refused: u32,
    pub(super) pondered: u32,
    pub(super) with_user: u32,
    pub(super) with_room: u32,
}

/// How a run ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Gently.
    Drain(Drain),
    /// At once.
    Shutdown,
}

impl Plan {
    /// Whether a message has hooks before and after it.
    pub(super) const fn is_watched(&self) -> bool {
        self.seed.is_multiple_of(2)
    }

    /// Whether peers end the one direction of their transport before the other, or both right behind what they say.
    #[must_use]
    pub const fn ends_by_halves(seed: u64) -> bool {
        matches!(seed % 10, 3 | 6)
    }

    /// Whether what has come is handled soon, and what is said at the end of it counts.
    pub(super) fn is_prompt(&self) -> bool {
        let pauses = |config: &Config| {
            let inbound = &config.inbound;
            let has_rates =
                inbound.messages.is_some() || inbound.bytes.is_some() || inbound.user_messages.is_some();
            has_rates && inbound.over_rate == OverRate::Pause
        };
        let may_starve = self.order == Order::Newest && self.poll_cost > 0;
        !(self.acts.has(Act::Hang) || self.jump.is_some() || may_starve || self.configs().any(pauses))
    }

    /// Whether the hook of a message has a time limit.
    pub(super) const fn is_limited(&self) -> bool {
        self.seed.is_multiple_of(3) && !self.forgives_nothing
    }

    /// How many times the host stands still from moments that are known at the beginning.
    pub(super) const fn jumps(&self) -> u64 {
        match self.jump {
            None => 0,
            Some(_) if self.forgives_nothing => 1,
            Some(_) => 1 + self.seed % 3,
        }
    }

    /// How long it runs between two times, at most; `None`: it is not said.
    pub(super) fn wakes_for(&self) -> Option<u64> {
        self.forgives_nothing.then_some(2 * SECOND)
    }

    /// Whether the hub may have so little memory for messages that clients are ended for it.
    pub(super) fn may_run_short(&self) -> bool {
        // Each connection may hold a message in part that no other waits for any more, those that are closing, too, and all
        // that is on lease to those that a lane writes to in one turn.
        let connections = self.peers as u64 * 3 + 8;
        let can_fill = |outbox: &Outbox| {
            let message = 2 * (u64::from(outbox.message_bytes) + HEAD);
            let leases = if self.peers < SLICE { 0 } else { SLICE as u64 * u64::from(outbox.bytes) };
            // Shedding leaves an eighth of the budget free, and what is to be published needs room, too.
            connections * (message + ENTRY) + leases + message > outbox.hub_bytes - outbox.hub_bytes / 4
        };
        self.configs().any(|config| can_fill(&config.outbox))
    }

    /// Those that the hub has had, has, and will have.
    fn configs(&self) -> impl Iterator<Item = &Config> {
        [Some(&self.config), self.next_config.as_ref(), self.last_config.as_ref()].into_iter().flatten()
    }

    /// Clients may be closed for saying nothing, or for neither saying nor hearing anything.
    pub(super) fn may_idle(&self) -> bool {
        let deadlines = &self.config.deadlines;
        deadlines.idle.is_some() || deadlines.idle_inbound.is_some()
    }

    /// How fast the hub writes by now.
    pub(super) fn pace(&self) -> Option<Pace> {
        let [first, next] = self.paces?;
        if self.last_config.is_some() { next } else { first }
    }

    /// What is looked at of what the hub writes.
    pub(super) fn metering(&self) -> Option<Metering> {
        let behind = if self.backward > 0 { MOST_BEHIND } else { 0 };
        self.paces.map(|[pace, _]| Metering::new(pace, behind + ROUNDING))
    }

    /// The plan of a seed.
    #[must_use]
    pub fn of(seed: u64) -> Self {
        let rng = &mut Rng::with_seed(seed);
        let peers = peers(rng);
        let (mut config, bursts) = config(rng, peers);
        let paces = (seed % 7 == 2).then(|| paces(&mut Rng::with_seed(seed ^ 0x9ace)));
        let most_of_user = matches!(seed % 11, 9 | 10).then_some(1 + (seed / 11 % 3) as usize);
        if most_of_user.is_some() {
            config.admission.per_user = PerUser::Unlimited;
        }
        // No slower than the slowest wire that loses nothing.
        config.deadlines.write_rate = [None, Some(20), Some(100)][seed as usize % 3];
        config.deadlines.idle_inbound = (seed % 19 == 6)
            .then(|| Duration::from_millis(Rng::with_seed(seed ^ 0x1d1e).u64(2_000..=20_000)));
        let forgives_nothing = seed < FIRST && seed % 4 == FORGIVES_NOTHING;
        if forgives_nothing {
            forgive_nothing(&mut config, seed);
        }
        let changes_rooms = matches!(seed % 11, 2 | 3);
        config.outbox.rate = paces.and_then(|[pace, _]| pace).map(Pace::rate);
        let conditions = conditions(rng, forgives_nothing);
        let most = one_of(rng, &[300, 2 << 10, 64 << 10]);
        let pause = one_of(rng, &[5 * MILLI, 30 * MILLI, 200 * MILLI, SECOND]).max(peers as u64 * MILLI / 4);
        let many = peers > 300;
        let faults_last = if many { 5 * SECOND } else { one_of(rng, &[2 * SECOND, 10 * SECOND]) };
        // Long enough for the host to stand still a few times.
        let faults_last = if forgives_nothing && !many { 100 * SECOND } else { faults_last };
        Self {
            seed,
            peers,
            lanes: rng.u16(1..=3),
            // Who is woken first, the timer or a transport, must not matter.
            order: match one_of(rng, &[Order::Random, Order::Random, Order::Oldest, Order::Newest]) {
                _ if forgives_nothing => Order::Random,
                order => order,
            },
            poll_cost: one_of(rng, &[0, 0, 1_000, 50_000]).min(if peers < 60 { 50_000 } else { 1_000 }),
            // Whoever gives way is polled again when the others had their turn, and no sooner.
            spurious: match maybe(rng, 300, 100) {
                _ if forgives_nothing => 0,
                spurious => spurious,
            },
            slack: one_of(rng, &[0, MILLI, 5 * MILLI]),
            faults_last,
            conditions,
            keeps_back: chance(rng, 300),
            answers: if matches!(seed % 13, 3..8) { Answers::AtOnce } else { Answers::ByLane },
            // All that waits for a peer goes at once: until then it may not be read from.
            capacity: if forgives_nothing { ROOMY..=ROOMY } else { 150..=most },
            pause: 0..=pause.min(faults_last),
            acts: acts(rng, &config, peers, Self::ends_by_halves(seed)).without_waiting_if(forgives_nothing),
            kinds: Kinds { tricklers: if seed % 9 == 5 { 300 } else { 0 }, ..kinds(rng) }
                .at_once_if(forgives_nothing),
            application: chance(rng, 500)
                .then(|| one_of(rng, &[100 * MILLI, SECOND]).max(peers as u64 * MILLI))
                .or_else(|| changes_rooms.then_some((200 * MILLI).max(peers as u64 * MILLI))),
            jump: jump(rng, forgives_nothing),
            forgives_nothing,
            hooks_at_once: chance(rng, 300),
            ending: ending(rng),
            backward: maybe(rng, 100, 100),
            next_config: (seed % 5 == 4).then(|| next_config(rng, &config, peers as u32, paces)),
            paces,
            changes_rooms,
            most_of_user,
            coalesces: matches!(seed % 17, 4..7),
            write_delay: write_delay(seed),
            last_config: None,
            compressing: (seed % 4 == 1).then(|| Compressing::of(&mut Rng::with_seed(seed ^ 0xdef1))),
            config,
            bursts,
        }
    }
}

fn peers(rng: &mut Rng) -> usize {
    match rng.u32(..1000) {
        0..4 => rng.usize(1000..3000),
        4..40 => rng.usize(60..200),
        _ => rng.usize(2..16),
    }
}

const fn write_delay(seed: u64) -> Duration {
    match seed % 17 {
        5 => Duration::from_millis(2),
        6 | 7 => Duration::from_millis(50),
        _ => Duration::ZERO,
    }
}

/// The config of a hub that forgives nothing when its host stands still.
fn forgive_nothing(config: &mut Config, seed: u64) {
    config.deadlines.standstill = Duration::MAX;
    // Often, so that some answers are under way when the host falls asleep; with the usual time to answer.
    config.deadlines.ping = Some(Duration::from_millis(Rng::with_seed(seed ^ 0xd0ce).u64(500..=1_500)));
    config.deadlines.pong = config.deadlines.ping.map(|ping| ping + Duration::from_secs(3));
    // What can be read is read before a deadline is judged; what can be written may come after that.
    config.deadlines.write = Duration::from_secs(60);
}

fn conditions(rng: &mut Rng, forgives_nothing: bool) -> NetworkConditions {
    let latency = one_of(rng, &[0, MILLI, 20 * MILLI, 200 * MILLI]);
    let latency = if forgives_nothing { 200 * MILLI } else { latency };
    let conditions = NetworkConditions {
        latency: latency / 4..=latency,
        hiccups: maybe(rng, 300, 100),
        hiccup: one_of(rng, &[10 * MILLI, 300 * MILLI]),
        cuts: maybe(rng, 600, 1000),
        pendings: maybe(rng, 400, 200),
    };
    // A transport that says it has nothing although it has is not read before a deadline is judged.
    if forgives_nothing { NetworkConditions { pendings: 0, ..conditions } } else { conditions }
}

fn jump(rng: &mut Rng, forgives_nothing: bool) -> Option<u64> {
    chance(rng, 100)
        .then(|| one_of(rng, &[SECOND, 20 * SECOND, 300 * SECOND]))
        .filter(|_| !forgives_nothing)
        .or_else(|| forgives_nothing.then_some(20 * SECOND))
}

fn ending(rng: &mut Rng) -> Ending {
    if chance(rng, 300) {
        return Ending::Shutdown;
    }
    let idle = Duration::from_millis(one_of(rng, &[0, 100, 30_000]));
    let spread = Duration::from_millis(one_of(rng, &[0, 200, 10_000]));
    Ending::Drain(Drain { idle, spread })
}

pub(super) fn one_of<T: Clone>(rng: &mut Rng, of: &[T]) -> T {
    of[rng.usize(..of.len())].clone()
}

/// In some seeds something up to `most`, in the others zero.
fn maybe(rng: &mut Rng, seeds: u32, most: u32) -> u32 {
    if chance(rng, seeds) { rng.u32(1..=most) } else { 0 }
}

fn acts(rng: &mut Rng, config: &Config, peers: usize, by_halves: bool) -> Acts {
    use Act::*;
    // What reaches all is rarer where there are many.
    let to_all = if peers > 300 { 0 } else { 60 };
    let usual: [(Act, u32, u32); 25] = [
        // Weight, and in how many of 1,000 seeds.
        (Join, 120, 1000),
        (Leave, 40, 700),
        (LeaveAll, 10, 300),
        (Say, 250, 900),
        (Two, 60, 400),
        (All, to_all, 700),
        (User, 40, 500),
        (Echo, 60, 700),
        (Wait, 60, 400),
        (Rename, 20, 300),
        (Bye, 10, 200),
        (Kick, 10, 200),
        (Hang, 20, 200),
        (Panic, 5, 200),
        (Ping, 80, 500),
        (Pong, 30, 200),
        (Flood, 10, 150),
        (Close, 20, 500),
        (Finish, 10, 300),
        (Reset, 15, 400),
        (Vanish, 10, 300),
        (Stall, 40, 400),
        (Mute, 10, 200),
        (Violate, 15, 400),
        (Cancel, 5, 150),
    ];
    let mut weights = vec![(Nothing, 1)];
    for (act, weight, seeds) in usual {
        if weight > 0 && chance(rng, seeds) {
            weights.push((act, rng.u32(1..=weight)));
        }
    }
    if by_halves {
        // The same rest of the plan, with them and without.
        weights.extend([(CloseAndFinish, 15), (Depart, 25), (Finish, 15)]);
    }
    let longest = u64::from(config.outbox.message_bytes);
    let message = 0..=one_of(rng, &[30, 400, longest]).min(longest);
    Acts { weights, message, fragments: maybe(rng, 400, 500), policies: maybe(rng, 400, 700) }
}

fn kinds(rng: &mut Rng) -> Kinds {
    Kinds {
        slow_readers: maybe(rng, 300, 500),
        tricklers: 0,
        dawdlers: maybe(rng, 200, 200),
        garblers: maybe(rng, 200, 200),
        refused: maybe(rng, 100, 200),
        pondered: maybe(rng, 150, 300),
        with_user: rng.u32(..1000),
        with_room: maybe(rng, 300, 500),
    }
}

impl Kinds {
    /// Nobody has to be thought about: that time is the application's own.
    fn at_once_if(self, at_once: bool) -> Self {
        if at_once { Self { pondered: 0, ..self } } else { self }
    }
}

impl Acts {
    /// No hook waits for anything: its time is the application's own.
    fn without_waiting_if(mut self, without: bool) -> Self {
        self.weights.retain(|(act, _)| !without || !matches!(act, Act::Hang | Act::Wait));
        self
    }

    fn has(&self, act: Act) -> bool {
        self.weights.iter().any(|(other, _)| *other == act)
    }

    pub(super) fn choose(&self, rng: &mut Rng) -> Act {
        let total: u32 = self.weights.iter().map(|(_, weight)| weight).sum();
        let mut at = rng.u32(..total);
        for (act, weight) in &self.weights {
            match at.checked_sub(*weight) {
                Some(rest) => at = rest,
                None => return *act,
            }
        }
        Act::Nothing
    }
}
