//! All that a seed decides before anything happens.

use std::ops::RangeInclusive;
use std::time::Duration;

use fastrand::Rng;
use throng_core::Rate;
use throng_core::hub::{Config, Drain, Lifetime, OverRate, PerUser, Policy, Publishers, RoomConfig};

use super::chance;
use super::compression::Compressing;
use super::executor::Order;
use super::network::{Metering, Pace, Weather};

/// Rooms and users that peers know of.
pub(super) const ROOMS: u64 = 6;
pub(super) const USERS: u64 = 5;

pub(super) const MILLI: u64 = 1_000_000;
pub(super) const SECOND: u64 = 1_000 * MILLI;

/// Nanoseconds by which the clock may be behind.
pub(super) const MOST_BEHIND: u64 = 20 * MILLI;
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
    pub weather: Weather,
    /// Writers keep back what they are given until they are flushed.
    pub keeps_back: bool,
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
    /// The clock jumps by up to so many nanoseconds.
    pub jump: Option<u64>,
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

    /// Whether the hook of a message has a time limit.
    pub(super) const fn is_limited(&self) -> bool {
        self.seed.is_multiple_of(3)
    }

    /// What is looked at of what the hub writes.
    pub(super) fn metering(&self) -> Option<Metering> {
        let behind = if self.backward > 0 { MOST_BEHIND } else { 0 };
        self.paces.map(|[pace, _]| Metering { pace, behind: behind + ROUNDING })
    }

    /// The plan of a seed.
    #[must_use]
    pub fn of(seed: u64) -> Self {
        let rng = &mut Rng::with_seed(seed);
        let peers = match rng.u32(..1000) {
            0..4 => rng.usize(1000..3000),
            4..40 => rng.usize(60..200),
            _ => rng.usize(2..16),
        };
        let (mut config, bursts) = config(rng, peers);
        let paces = (seed % 7 == 2).then(|| paces(&mut Rng::with_seed(seed ^ 0x9ace)));
        let most_of_user = matches!(seed % 11, 9 | 10).then_some(1 + (seed / 11 % 3) as usize);
        if most_of_user.is_some() {
            config.admission.per_user = PerUser::Unlimited;
        }
        let changes_rooms = matches!(seed % 11, 2 | 3);
        config.outbox.rate = paces.and_then(|[pace, _]| pace).map(Pace::rate);
        let latency = one_of(rng, &[0, MILLI, 20 * MILLI, 200 * MILLI]);
        let weather = Weather {
            latency: latency / 4..=latency,
            hiccups: maybe(rng, 300, 100),
            hiccup: one_of(rng, &[10 * MILLI, 300 * MILLI]),
            cuts: maybe(rng, 600, 1000),
            pendings: maybe(rng, 400, 200),
        };
        let most = one_of(rng, &[300, 2 << 10, 64 << 10]);
        let pause = one_of(rng, &[5 * MILLI, 30 * MILLI, 200 * MILLI, SECOND]).max(peers as u64 * MILLI / 4);
        let many = peers > 300;
        let faults_last = if many { 5 * SECOND } else { one_of(rng, &[2 * SECOND, 10 * SECOND]) };
        Self {
            seed,
            peers,
            lanes: rng.u16(1..=3),
            order: one_of(rng, &[Order::Random, Order::Random, Order::Oldest, Order::Newest]),
            poll_cost: one_of(rng, &[0, 0, 1_000, 50_000]).min(if peers < 60 { 50_000 } else { 1_000 }),
            spurious: maybe(rng, 300, 100),
            slack: one_of(rng, &[0, MILLI, 5 * MILLI]),
            faults_last,
            weather,
            keeps_back: chance(rng, 300),
            capacity: 150..=most,
            pause: 0..=pause.min(faults_last),
            acts: acts(rng, &config, peers),
            kinds: kinds(rng),
            application: chance(rng, 500)
                .then(|| one_of(rng, &[100 * MILLI, SECOND]).max(peers as u64 * MILLI))
                .or_else(|| changes_rooms.then_some((200 * MILLI).max(peers as u64 * MILLI))),
            jump: chance(rng, 100).then(|| one_of(rng, &[SECOND, 20 * SECOND, 300 * SECOND])),
            hooks_at_once: chance(rng, 300),
            ending: if chance(rng, 300) {
                Ending::Shutdown
            } else {
                let idle = Duration::from_millis(one_of(rng, &[0, 100, 30_000]));
                let spread = Duration::from_millis(one_of(rng, &[0, 200, 10_000]));
                Ending::Drain(Drain { idle, spread })
            },
            backward: maybe(rng, 100, 100),
            next_config: (seed % 5 == 4).then(|| next_config(rng, &config, peers as u32, paces)),
            paces,
            changes_rooms,
            most_of_user,
            last_config: None,
            compressing: (seed % 4 == 1).then(|| Compressing::of(&mut Rng::with_seed(seed ^ 0xdef1))),
            config,
            bursts,
        }
    }
}

fn one_of<T: Clone>(rng: &mut Rng, of: &[T]) -> T {
    of[rng.usize(..of.len())].clone()
}

/// In some seeds something up to `most`, in the others zero.
fn maybe(rng: &mut Rng, seeds: u32, most: u32) -> u32 {
    if chance(rng, seeds) { rng.u32(1..=most) } else { 0 }
}

fn limit(rng: &mut Rng, values: RangeInclusive<u32>) -> Option<u32> {
    chance(rng, 200).then(|| rng.u32(values))
}

fn config(rng: &mut Rng, peers: usize) -> (Config, Bursts) {
    let mut config = Config::default();
    let peers = peers as u32;
    config.admission.connections = limit(rng, peers.div_ceil(2)..=peers * 2);
    config.admission.handshakes = Some(limit(rng, peers.div_ceil(3)..=peers).unwrap_or(10_000));
    config.admission.per_user = match rng.u32(..10) {
        0 => PerUser::RefuseNewest(rng.u32(1..4)),
        1 => PerUser::EvictOldest(rng.u32(1..4)),
        _ => PerUser::Unlimited,
    };
    config.rooms.per_client = limit(rng, 1..=4).or(Some(1024));
    config.rooms.members = limit(rng, 1..=peers);
    config.rooms.total = limit(rng, 1..=ROOMS as u32);
    let outbox = &mut config.outbox;
    outbox.message_bytes = one_of(rng, &[256, 2 << 10, 32 << 10]);
    outbox.messages = one_of(rng, &[1, 4, 30, 256]);
    outbox.bytes = (outbox.message_bytes + 14) * one_of(rng, &[1, 3, 50]);
    outbox.hub_bytes = u64::from(outbox.bytes) * one_of(rng, &[1, 2, 1000]);
    outbox.policy = match rng.u32(..10) {
        0..4 => Policy::DropNewest,
        4..7 => Policy::DropOldest,
        7 => Policy::Disconnect,
        _ => Policy::Conflate(rng.u64(4..6)),
    };
    let (inbound, mut bursts) = (&mut config.inbound, Bursts::default());
    let rate = |units: u32, burst: u32, place: &mut Option<u32>| {
        *place = Some(burst);
        Some(Rate::per_second(units).burst(burst))
    };
    if chance(rng, 200) {
        inbound.messages = rate(rng.u32(5..50), rng.u32(1..20), &mut bursts.messages);
    }
    if chance(rng, 100) {
        inbound.bytes = rate(rng.u32(500..5_000), rng.u32(100..5_000), &mut bursts.bytes);
    }
    if chance(rng, 100) {
        inbound.user_messages = rate(rng.u32(5..50), rng.u32(1..20), &mut bursts.user_messages);
    }
    inbound.control = None;
    if chance(rng, 800) {
        inbound.control = rate(100, one_of(rng, &[20, 1000]), &mut bursts.control);
    }
    inbound.over_rate = one_of(rng, &[OverRate::Drop, OverRate::Pause, OverRate::Close]);
    if inbound.over_rate != OverRate::Close {
        bursts = Bursts { control: bursts.control, ..Bursts::default() };
    }
    let deadlines = &mut config.deadlines;
    let seconds = |rng: &mut Rng, of: RangeInclusive<u64>| Duration::from_millis(rng.u64(of));
    deadlines.handshake = seconds(rng, 2_000..=10_000);
    deadlines.write = seconds(rng, 2_000..=10_000);
    deadlines.close = seconds(rng, 1_000..=5_000);
    deadlines.ping = Some(seconds(rng, 1_000..=54_000));
    deadlines.pong = deadlines.ping.map(|ping| ping + Duration::from_secs(3));
    deadlines.idle = chance(rng, 100).then(|| seconds(rng, 2_000..=20_000));
    (config, bursts)
}

/// Other limits; but for those on which it depends what peers and the application take for right.
fn next_config(rng: &mut Rng, config: &Config, peers: u32, paces: Option<[Option<Pace>; 2]>) -> Config {
    let mut next = config.clone();
    next.admission.connections = limit(rng, peers.div_ceil(2)..=peers * 2);
    next.admission.handshakes = Some(limit(rng, peers.div_ceil(3)..=peers).unwrap_or(10_000));
    next.rooms.per_client = limit(rng, 1..=4).or(Some(1024));
    next.rooms.members = limit(rng, 1..=peers);
    next.rooms.total = limit(rng, 1..=ROOMS as u32);
    let outbox = &mut next.outbox;
    outbox.messages = one_of(rng, &[1, 4, 30, 256]);
    outbox.bytes = (outbox.message_bytes + 14) * one_of(rng, &[1, 3, 50]);
    outbox.hub_bytes = u64::from(outbox.bytes) * one_of(rng, &[1, 2, 1000]);
    outbox.rate = paces.and_then(|[_, pace]| pace).map(Pace::rate);
    if outbox.policy != Policy::Disconnect {
        outbox.policy = one_of(rng, &[Policy::DropNewest, Policy::DropOldest, Policy::Conflate(4)]);
    }
    if config.inbound.over_rate != OverRate::Close {
        let rate = Rate::per_second(rng.u32(5..50)).burst(rng.u32(1..20));
        next.inbound.messages = chance(rng, 500).then_some(rate);
    }
    next.deadlines.ping = Some(Duration::from_millis(rng.u64(1_000..=54_000)));
    next.deadlines.pong = next.deadlines.ping.map(|ping| ping + Duration::from_secs(3));
    next
}

/// Two paces, of which one may be none.
fn paces(rng: &mut Rng) -> [Option<Pace>; 2] {
    let pace = |rng: &mut Rng| {
        // At least two a second, so that a message that is alone is soon there.
        let per_second = one_of(rng, &[2, 3, 10, 70, 2_000]);
        let (units, period) = one_of(rng, &[(per_second, SECOND), (7 * per_second, 7 * SECOND)]);
        Pace { units, period, burst: one_of(rng, &[1, 2, 7, 100]) }
    };
    let both = [Some(pace(rng)), Some(pace(rng))];
    one_of(rng, &[both, both, [both[0], None], [None, both[1]]])
}

/// How a room differs from the others for a while. Nobody is closed for being slow in it.
pub(super) fn room_config(rng: &mut Rng) -> RoomConfig {
    RoomConfig {
        members: limit(rng, 1..=5),
        publishers: one_of(rng, &[Publishers::Anybody, Publishers::Application]),
        policy: one_of(rng, &[None, Some(Policy::DropOldest), Some(Policy::Conflate(6))]),
        lifetime: one_of(rng, &[Lifetime::Members, Lifetime::Kept]),
    }
}

fn acts(rng: &mut Rng, config: &Config, peers: usize) -> Acts {
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
    let longest = u64::from(config.outbox.message_bytes);
    let message = 0..=one_of(rng, &[30, 400, longest]).min(longest);
    Acts { weights, message, fragments: maybe(rng, 400, 500), policies: maybe(rng, 400, 700) }
}

fn kinds(rng: &mut Rng) -> Kinds {
    Kinds {
        slow_readers: maybe(rng, 300, 500),
        dawdlers: maybe(rng, 200, 200),
        garblers: maybe(rng, 200, 200),
        refused: maybe(rng, 100, 200),
        pondered: maybe(rng, 150, 300),
        with_user: rng.u32(..1000),
        with_room: maybe(rng, 300, 500),
    }
}

impl Acts {
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

impl Weather {
    /// Quick and whole.
    #[must_use]
    pub fn calm() -> Self {
        Self { latency: MILLI..=2 * MILLI, hiccups: 0, hiccup: 0, cuts: 0, pendings: 0 }
    }
}
