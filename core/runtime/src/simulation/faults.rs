//! What goes wrong in a run.

use crate::simulation::engine::basics::chance;
use crate::simulation::engine::executor::Order;
use crate::simulation::engine::host::Timing;
use crate::simulation::engine::network::wires::{Answers, NetworkConditions};
use fastrand::Rng;
use std::ops::RangeInclusive;
use std::time::Duration;

const MILLI: u64 = 1_000_000;
const SECOND: u64 = 1_000 * MILLI;

/// The kinds of faults that runs may have. Each kind occurs in some seeds only, so that no fault hides another.
///
/// ```
/// # use throng_runtime::simulation::Faults;
/// let mut faults = Faults::default();
/// faults.slow_readers = false;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Faults {
    /// How long faults occur, in virtual time; then [`Peer::after_faults`](super::Peer::after_faults) is ready. Default: 10 s.
    pub lasting: Duration,
    /// Latency of up to 200 ms, bytes cut anywhere, full buffers, transports that are not ready at once.
    pub network: bool,
    /// At any moment, connections are reset, and peers vanish without a close frame. The script is told
    /// [`PeerError::Fault`](super::PeerError::Fault), and may connect again.
    pub lost_connections: bool,
    /// Peers that read slowly, or not at all for some seconds. A hub may drop their messages, or end them, as its config says.
    pub slow_readers: bool,
    /// Timers are late, tasks are polled in any order and without reason, and polls take time.
    pub scheduling: bool,
    /// The host stands still for seconds or minutes, as a process does that is stopped and continued.
    pub standstills: bool,
}

impl Default for Faults {
    /// All of them.
    fn default() -> Self {
        Self {
            lasting: Duration::from_secs(10),
            network: true,
            lost_connections: true,
            slow_readers: true,
            scheduling: true,
            standstills: true,
        }
    }
}

impl Faults {
    /// None of them: messages take a millisecond or two, and nothing fails. The order in which tasks run still differs from
    /// seed to seed.
    #[must_use]
    pub fn none() -> Self {
        Self {
            lasting: Duration::ZERO,
            network: false,
            lost_connections: false,
            slow_readers: false,
            scheduling: false,
            standstills: false,
        }
    }
}

/// The faults of one seed.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// Nanoseconds with faults.
    pub(crate) lasting: u64,
    pub(crate) order: Order,
    pub(crate) poll_cost: u64,
    pub(crate) spurious: u32,
    pub(crate) timing: Timing,
    pub(crate) conditions: NetworkConditions,
    pub(crate) keeps_back: bool,
    pub(crate) answers: Answers,
    pub(crate) capacity: RangeInclusive<usize>,
    /// Of 1,000 connections: how many are lost, and how many read slowly.
    lost: u32,
    slow: u32,
    /// When the host stands still, and for how long.
    pub(crate) standstills: Vec<(u64, u64)>,
}

/// What happens to one connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fault {
    Reset,
    Vanish,
    Stall,
}

/// The faults of one connection: how it reads, and what happens to it at which moment.
#[derive(Clone, Debug, Default)]
pub(crate) struct PeerFaults {
    /// Reads this many bytes each time, every this many nanoseconds.
    pub(crate) pace: Option<(usize, u64)>,
    /// Nanoseconds from now.
    pub(crate) faults: Vec<(u64, Fault)>,
}

impl Plan {
    pub(crate) fn of(faults: &Faults, rng: &mut Rng) -> Self {
        let lasting = faults.lasting.as_nanos() as u64;
        let mut some = |is_there: bool, of_thousand: u32, most: u32| {
            let is_chosen = chance(rng, of_thousand);
            let how_much = rng.u32(1..=most);
            if is_there && is_chosen { how_much } else { 0 }
        };
        let (cuts, pendings) = (some(faults.network, 600, 1000), some(faults.network, 400, 200));
        let (hiccups, keeps_back) = (some(faults.network, 300, 100), some(faults.network, 300, 1) > 0);
        let (lost, slow) = (some(faults.lost_connections, 600, 900), some(faults.slow_readers, 300, 500));
        let (spurious, is_late) = (some(faults.scheduling, 300, 100), some(faults.scheduling, 500, 5));
        let (backward, is_costly) = (some(faults.scheduling, 100, 100), some(faults.scheduling, 500, 2));
        let standstills = some(faults.standstills, 200, 3);
        let latency =
            if faults.network { [0, MILLI, 20 * MILLI, 200 * MILLI][rng.usize(..4)] } else { MILLI };
        let capacity = if faults.network { [300, 2 << 10, 64 << 10][rng.usize(..3)] } else { 64 << 10 };
        let longest = [SECOND, 20 * SECOND, 300 * SECOND][rng.usize(..3)];
        let orders = [Order::Random, Order::Random, Order::Oldest, Order::Newest];
        Self {
            lasting,
            order: if faults.scheduling { orders[rng.usize(..4)] } else { Order::Random },
            poll_cost: [0, 1_000, 50_000][is_costly as usize],
            spurious,
            timing: Timing { slack: u64::from(is_late) * MILLI, backward, behind: 20 * MILLI },
            conditions: NetworkConditions {
                latency: latency / 4..=latency,
                hiccups,
                hiccup: 300 * MILLI,
                cuts,
                pendings,
            },
            keeps_back,
            answers: if rng.bool() { Answers::AtOnce } else { Answers::ByLane },
            capacity: 150..=capacity,
            lost,
            slow,
            standstills: (0..standstills).map(|_| (rng.u64(..lasting.max(1)), rng.u64(..longest))).collect(),
        }
    }

    /// Chooses the faults of a connection that begins now.
    pub(crate) fn peer_faults(&self, now: u64, rng: &mut Rng) -> PeerFaults {
        let Some(left) = self.lasting.checked_sub(now).filter(|left| *left > 0) else {
            return PeerFaults::default();
        };
        let mut peer_faults = PeerFaults::default();
        if chance(rng, self.slow) {
            peer_faults.pace = rng.bool().then(|| (rng.usize(20..2_000), rng.u64(50 * MILLI..SECOND)));
            peer_faults.faults.push((rng.u64(..left), Fault::Stall));
        }
        if chance(rng, self.lost) {
            let fault = if rng.bool() { Fault::Reset } else { Fault::Vanish };
            peer_faults.faults.push((rng.u64(..left), fault));
        }
        peer_faults
    }
}
