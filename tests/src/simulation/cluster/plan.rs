//! What happens in a run, by its seed.

use fastrand::Rng;
use throng_core::cluster::Config;

/// Chances are in thousandths.
#[derive(Clone, Debug)]
pub struct Plan {
    pub(super) nodes: usize,
    pub(super) rooms: usize,
    pub(super) users: usize,
    /// Of a message to one node.
    pub(super) lost: u32,
    pub(super) repeated: u32,
    /// The longest delay on each way, in milliseconds.
    pub(super) delay: u64,
    /// Of a second: that something befalls a node.
    pub(super) link_drops: u32,
    pub(super) partitions: u32,
    pub(super) crashes: u32,
    pub(super) standstills: u32,
    pub(super) clock_jumps: u32,
    pub(super) goodbyes: u32,
    pub(super) twins: u32,
    /// Of an attempt to connect: that it fails.
    pub(super) refused_links: u32,
    pub(super) queue_bytes: u32,
    pub(super) published_streams: u32,
}

impl Plan {
    /// Each kind of trouble is in some plans and not in others, since one may hide another.
    #[must_use]
    pub fn of(seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed ^ 0xc1u64);
        let mut perhaps = |most: u32| if rng.bool() { rng.u32(1..=most) } else { 0 };
        let [lost, repeated, link_drops, partitions] = [100, 100, 40, 30].map(&mut perhaps);
        let [crashes, standstills, clock_jumps, goodbyes] = [20, 20, 20, 15].map(&mut perhaps);
        let [twins, refused_links] = [15, 500].map(&mut perhaps);
        Self {
            nodes: if rng.u32(0..8) == 0 { rng.usize(9..=16) } else { rng.usize(2..=6) },
            rooms: rng.usize(1..=6),
            users: rng.usize(1..=5),
            lost,
            repeated,
            delay: [2, 20, 200, 1_500][rng.usize(0..4)],
            link_drops,
            partitions,
            crashes,
            standstills,
            clock_jumps,
            goodbyes,
            twins,
            refused_links,
            queue_bytes: if rng.u32(0..4) == 0 { 4_000 } else { 1 << 20 },
            published_streams: if rng.u32(0..4) == 0 { 3 } else { 1_000 },
        }
    }

    pub(super) fn config(&self) -> Config {
        Config {
            prefix: "sim".into(),
            queue_bytes: self.queue_bytes,
            message_bytes: 1_000,
            published_streams: self.published_streams,
            batch: 16,
            ..Config::default()
        }
    }

    /// Whether each message that is lost behind one that came is told. If numbers are forgotten while tails are lost, it is not.
    pub(super) fn tells_every_loss(&self) -> bool {
        let troubles =
            [self.lost, self.partitions, self.link_drops, self.crashes, self.standstills, self.clock_jumps];
        self.published_streams > 3 || troubles.iter().all(|trouble| *trouble == 0)
    }
}
