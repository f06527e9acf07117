//! What a seed says of limits, rates and deadlines.

use std::ops::RangeInclusive;
use std::time::Duration;

use fastrand::Rng;
use throng_core::Rate;
use throng_core::hub::{Config, Lifetime, OverRate, PerUser, Policy, Publishers, RoomConfig};

use super::chance;
use super::meter::Pace;
use super::plan::{Bursts, ROOMS, SECOND, one_of};

fn limit(rng: &mut Rng, values: RangeInclusive<u32>) -> Option<u32> {
    chance(rng, 200).then(|| rng.u32(values))
}

pub(super) fn config(rng: &mut Rng, peers: usize) -> (Config, Bursts) {
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
pub(super) fn next_config(
    rng: &mut Rng,
    config: &Config,
    peers: u32,
    paces: Option<[Option<Pace>; 2]>,
) -> Config {
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

/// How a room differs from the others for a while. Nobody is closed for being slow in it.
pub(super) fn room_config(rng: &mut Rng) -> RoomConfig {
    RoomConfig {
        members: limit(rng, 1..=5),
        publishers: one_of(rng, &[Publishers::Anybody, Publishers::Application]),
        policy: one_of(rng, &[None, Some(Policy::DropOldest), Some(Policy::Conflate(6))]),
        lifetime: one_of(rng, &[Lifetime::Members, Lifetime::Kept]),
        history: None,
        presence: None,
    }
}

/// Two paces, of which one may be none.
pub(super) fn paces(rng: &mut Rng) -> [Option<Pace>; 2] {
    let pace = |rng: &mut Rng| {
        // At least two a second, so that a message that is alone is soon there.
        let per_second = one_of(rng, &[2, 3, 10, 70, 2_000]);
        let (units, period) = one_of(rng, &[(per_second, SECOND), (7 * per_second, 7 * SECOND)]);
        Pace { units, period, burst: one_of(rng, &[1, 2, 7, 100]) }
    };
    let both = [Some(pace(rng)), Some(pace(rng))];
    one_of(rng, &[both, both, [both[0], None], [None, both[1]]])
}
