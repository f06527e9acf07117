//! The random numbers of the [random runs](super::random), and configs whose limits are so small that a run meets all of them.

use crate::close::{CloseCode, CloseFrame};
use crate::hub::{
    Admission, Asks, Closes, Config, Deadlines, EndedBy, Histories, History, Host, Inbound, Outbox, OverRate,
    PerUser, Policy, Presence, Presences, Rooms, SecondConnection, Sessions,
};
use crate::rate::Rate;
use alloc::format;
use alloc::vec::Vec;
use core::time::Duration;

/// A random number generator (xorshift); the same seed gives the same numbers.
#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        // Mixes the seed, so that similar seeds begin differently (SplitMix64).
        let mixed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        Self((mixed ^ (mixed >> 31)) | 1)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A number below `end`, which must not be zero.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        (self.next() >> 16) % end
    }

    pub(crate) fn percent(&mut self, share: u64) -> bool {
        self.below(100) < share
    }

    pub(crate) fn pick<T: Copy>(&mut self, from: &[T]) -> Option<T> {
        if from.is_empty() { None } else { Some(from[self.below(from.len() as u64) as usize]) }
    }

    pub(crate) fn take<T>(&mut self, from: &mut Vec<T>) -> Option<T> {
        if from.is_empty() { None } else { Some(from.swap_remove(self.below(from.len() as u64) as usize)) }
    }
}

/// Units of work of an event: as many as there may be need for, and so few that hardly anything is done at once.
const SLICES: [u32; 4] = [4_096, 1, 20, 40];

const DEADLINES: Deadlines = Deadlines {
    handshake: Duration::from_millis(150),
    ping: Some(Duration::from_millis(200)),
    pong: Some(Duration::from_millis(300)),
    write: Duration::from_millis(200),
    write_rate: Some(500),
    close: Duration::from_millis(100),
    idle: Some(Duration::from_millis(300)),
    idle_inbound: Some(Duration::from_millis(400)),
    standstill: Duration::from_millis(2),
    expiry_notice: Some(Duration::from_millis(60)),
};

/// Limits so small that a random run meets all of them.
pub(crate) fn config(seed: u64, hash_key: [u64; 2]) -> Config {
    let mut random = Random::new(seed);
    let per_user = [PerUser::Unlimited, PerUser::RefuseNewest(2), PerUser::EvictOldest(2)];
    let over_rate = [OverRate::Drop, OverRate::Pause, OverRate::Close];
    let policy = [Policy::DropNewest, Policy::DropOldest, Policy::Disconnect];
    let ended_by = [EndedBy::AnyClose, EndedBy::NormalClose, EndedBy::NoClose];
    let second = [SecondConnection::TakesOver, SecondConnection::TakesOver, SecondConnection::Refused];
    Config {
        admission: Admission {
            connections: Some(250),
            handshakes: Some(20),
            per_address: Some(22),
            connect_rate: Some(Rate::per_second(50).burst(9)),
            per_user: random.pick(&per_user).unwrap_or(PerUser::Unlimited),
            ..Admission::default()
        },
        rooms: Rooms { per_client: Some(5), members: Some(9), total: Some(10), name_bytes: 8 },
        sessions: Sessions {
            grace: random.percent(70).then(|| Duration::from_millis(50 + random.below(300))),
            messages: 6,
            bytes: 1_500,
            total: Some(1 + random.below(9) as u32),
            per_user: Some(2),
            per_address: Some(5),
            ended_by: random.pick(&ended_by).unwrap_or(EndedBy::NormalClose),
            second: random.pick(&second).unwrap_or(SecondConnection::TakesOver),
            name_bytes: 8,
        },
        outbox: Outbox {
            message_bytes: 600,
            messages: 12,
            bytes: 2_000,
            policy: random.pick(&policy).unwrap_or(Policy::DropNewest),
            rate: random.pick(&[Some(Rate::per_second(40).burst(3)), None, None]).flatten(),
            hub_bytes: 4_000 + random.below(8_000),
        },
        history: histories(),
        presence: Presences {
            by_prefix: [("b", BUSY), ("d", BUSY)].map(|(prefix, presence)| (prefix.into(), presence)).into(),
            page: 3,
        },
        inbound: Inbound {
            messages: Some(Rate::per_second(10).burst(3)),
            bytes: Some(Rate::per_second(15_000)),
            user_messages: Some(Rate::per_second(16).burst(4)),
            user_bytes: Some(Rate::per_second(25_000)),
            control: Some(Rate::per_second(50).burst(6)),
            over_rate: random.pick(&over_rate).unwrap_or(OverRate::Pause),
        },
        asks: Asks { per_client: 3, ..Asks::default() },
        deadlines: DEADLINES,
        closes: closes(seed),
        host: Host {
            lanes: 3,
            capacity: 0,
            hash_key,
            seed,
            epoch_seed: seed | 1,
            slice: SLICES[seed as usize % SLICES.len()],
            occupancy: seed.is_multiple_of(3),
        },
        ..Config::default()
    }
}

/// Presence with bounds that a run meets.
pub(super) const BUSY: Presence = Presence { users: 3, info_bytes: 2, tick: Duration::from_millis(9) };

/// Histories of a few rooms, with bounds that a run meets.
fn histories() -> Histories {
    let millis = Duration::from_millis;
    let prices = History { messages: 1, ..History::default() };
    let news = History { messages: 4, bytes: 1_500, age: millis(150), meta_age: millis(300) };
    Histories {
        by_prefix: [("a", news), ("b", news), ("c", prices), ("eight", news)]
            .map(|(prefix, history)| (prefix.into(), history))
            .into(),
        idle_rooms: 2,
        recover_messages: 3,
        recover_bytes: 1_200,
        page: 3,
        keys: 3,
        key_bytes: 5,
        key_age: millis(100),
    }
}

/// Closes with an application's own codes for every other seed.
fn closes(seed: u64) -> Closes {
    if seed.is_multiple_of(2) {
        return Closes::default();
    }
    Closes::from_fn(|cause| {
        CloseFrame::new(CloseCode(4000 + cause as u16), format!("cause {}", cause as u16))
    })
}

/// Another config for a running hub, mostly that of another seed, and now and then an invalid one.
pub(crate) fn another(random: &mut Random, running: &Config) -> Config {
    let mut other = config(random.next(), [0; 2]);
    other.host = running.host;
    other.outbox.messages = 1 + random.below(20) as u32;
    other.outbox.bytes = 700 + random.below(3_000) as u32;
    other.rooms.members = random.percent(80).then(|| 1 + random.below(12) as u32);
    other.rooms.per_client = random.percent(80).then(|| 1 + random.below(8) as u32);
    other.admission.per_address = random.percent(90).then(|| 5 + random.below(26) as u32);
    other.admission.connect_rate = random.percent(50).then(|| Rate::per_second(40).burst(6));
    let inbound = &mut other.inbound;
    let places = [
        &mut inbound.messages,
        &mut inbound.bytes,
        &mut inbound.user_messages,
        &mut inbound.user_bytes,
        &mut inbound.control,
    ];
    for rate in places {
        let (is_kept, burst) = (random.percent(60), 1 + random.below(40) as u32);
        *rate = rate.filter(|_| is_kept).map(|rate| rate.burst(burst));
    }
    other.deadlines = running.deadlines.clone();
    // A change of these restarts the pong deadlines of all clients.
    if random.percent(10) {
        other.deadlines.ping = random.percent(80).then(|| Duration::from_millis(100 + random.below(300)));
    }
    other.deadlines.idle = random.percent(60).then(|| Duration::from_millis(100 + random.below(500)));
    other.deadlines.idle_inbound = random.percent(60).then(|| Duration::from_millis(100 + random.below(500)));
    other.host.lanes += u16::from(random.percent(10));
    other
}
