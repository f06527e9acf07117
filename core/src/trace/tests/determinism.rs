use super::random::{World, config, drain_plan};
use crate::hub::{Event, Hub, Members, State, Stats, Unrecoverable};
use crate::trace::{Recorder, replay};
use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write;

const EVENTS: u64 = 100_000;

/// Calls of a host that must not change the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Beside {
    Nothing,
    /// The host reads and checks the numbers after every event.
    Check,
    /// The host polls ready clients and takes every batch.
    Poll,
}

#[derive(Debug, PartialEq, Eq)]
struct Run {
    /// Every outcome and action as text.
    told: String,
    hash: u64,
    log: Vec<u8>,
    stats: Stats,
}

struct Host {
    hub: Hub,
    recorder: Recorder,
    world: World,
    told: String,
    beside: Beside,
}

impl Host {
    fn step(&mut self, now: crate::time::Instant, event: Event<'_>) {
        let result = self.recorder.handle_into(&mut self.hub, now, event, self.world.sink());
        let actions: Vec<_> = core::iter::from_fn(|| self.recorder.poll_action()).collect();
        writeln!(self.told, "{result:?} {actions:?}").expect("a string takes all");
        self.world.learn(event, result, &actions);
        match self.beside {
            Beside::Nothing => {}
            Beside::Check => check(&self.hub, &self.world),
            Beside::Poll => while self.hub.poll_ready().is_some() {},
        }
    }
}

/// Checks what holds after every event.
fn check(hub: &Hub, world: &World) {
    let (stats, most) = (hub.stats(), &hub.loosest().outbox);
    let attached = world.connections.iter().filter_map(|&connection| hub.client_of(connection));
    let clients: BTreeSet<_> = attached.chain(hub.clients()).collect();
    let known = clients.iter().filter_map(|&client| Some((client, hub.outbox_of(client)?)));
    let known: Vec<_> = known.collect();
    let closing = known.iter().filter(|(client, _)| !hub.is_open(*client)).count();
    let (messages, bytes) =
        known.iter().map(|(_, waiting)| *waiting).fold((0, 0), |sum, (messages, bytes)| {
            assert!(messages <= most.messages && bytes <= most.bytes);
            (sum.0 + u64::from(messages), sum.1 + u64::from(bytes))
        });
    // A connection that was separated from its client closes, and has what it has begun: no id tells how much.
    let marked = stats.clients as usize - hub.clients().filter(|&client| hub.is_open(client)).count();
    if closing < stats.closing as usize + marked {
        return assert!(stats.queued >= stats.written + stats.dropped() + messages);
    }
    assert_eq!(stats.queued, stats.written + stats.dropped() + messages);
    assert!(stats.frames > 0 || messages == 0, "messages have frames");
    // What has left a history is released soon.
    let is_released = hub.poll_timeout().is_none_or(|timeout| timeout > hub.now());
    let is_wanted = messages > 0 || stats.history_messages > 0;
    assert!(stats.frames == 0 || is_wanted || !is_released, "frames wait for somebody, or are kept");
    assert!(bytes == 0 || stats.queued_bytes > 0);
    assert!(stats.queued_bytes <= most.hub_bytes);
    assert_eq!(hub.connection_count(), world.connections.len());
    assert_eq!(stats.clients as usize, hub.client_count());
}

/// Does the slices that are still to be worked off.
fn work_off(host: &mut Host) {
    while host.hub.poll_timeout().is_some_and(|timeout| timeout <= host.hub.now()) {
        host.step(host.hub.now(), Event::Timeout);
    }
}

fn run(seed: u64, hash_key: [u64; 2], events: u64, beside: Beside) -> Run {
    let config = config(seed, hash_key);
    let recorder = Recorder::new(&config);
    let hub = Hub::new(config).expect("a config that can stand");
    let mut host = Host { hub, recorder, world: World::new(seed), told: String::new(), beside };
    for at in 0..events {
        if at == events * 9 / 10 {
            host.step(host.hub.now(), Event::Drain(drain_plan()));
        }
        let (now, event) = host.world.next(&host.hub);
        host.step(now, event.as_event());
    }
    host.step(host.hub.now(), Event::Shutdown);
    while !host.world.connections.is_empty() {
        if let Some((now, event)) = host.world.next_of_the_end(&host.hub) {
            host.step(now, event.as_event());
        }
    }
    work_off(&mut host);
    // Kept rooms and rooms with a history outlive all clients.
    for room in host.hub.room_names().collect::<Vec<_>>() {
        host.step(host.hub.now(), Event::CloseRoom { room: &room, members: Members::Leave });
    }
    work_off(&mut host);
    check(&host.hub, &host.world);
    let Host { hub, mut recorder, told, .. } = host;
    Run { told, hash: recorder.hash(), log: recorder.take(), stats: hub.stats() }
}

#[test]
fn a_run_is_the_same_twice_and_under_any_hash_key_and_its_log_replays() {
    for seed in 1..=2 {
        let run_once = run(seed, [0; 2], EVENTS, Beside::Check);
        assert!(run_once == run(seed, [0; 2], EVENTS, Beside::Nothing), "seed {seed}: another run");
        assert!(run_once == run(seed, [seed, !seed], EVENTS, Beside::Poll), "seed {seed}: another hash key");
        for hash_key in [[0; 2], [7, 9]] {
            let replayed = replay(&run_once.log, hash_key).expect("a whole log");
            assert_eq!((replayed.hash, replayed.stats), (run_once.hash, run_once.stats), "seed {seed}");
            assert!(replayed.events > EVENTS && replayed.cut == 0);
        }
    }
}

#[test]
fn when_everybody_is_gone_nothing_is_left() {
    for seed in 0..150 {
        let stats = run(seed, [0; 2], 2_000, Beside::Check).stats;
        assert_eq!((stats.frames, stats.queued_bytes), (0, 0), "seed {seed}");
        assert_eq!((stats.memberships, stats.rooms, stats.users), (0, 0, 0), "seed {seed}");
        assert_eq!((stats.handshakes, stats.reserved, stats.clients, stats.closing), (0, 0, 0, 0));
        assert_eq!((stats.pending(), stats.joins, stats.state), (0, stats.leaves, State::Stopped));
    }
}

/// The name of a number, and its getter.
type Count = (&'static str, fn(&Stats) -> u64);

/// The statistics that must be above zero after the random runs.
const COUNTS: [Count; 43] = [
    ("refused connections", |stats| stats.refused_connections),
    ("evicted", |stats| stats.evicted),
    ("handshake timeouts", |stats| stats.handshake_timeouts),
    ("write timeouts", |stats| stats.write_timeouts),
    ("pong timeouts", |stats| stats.pong_timeouts),
    ("idle timeouts", |stats| stats.idle_timeouts),
    ("standstills", |stats| stats.standstills),
    ("over rate", |stats| stats.over_rate),
    ("outbox full", |stats| stats.dropped_outbox_full),
    ("conflated", |stats| stats.dropped_conflated),
    ("hub full", |stats| stats.dropped_hub_full),
    ("closed", |stats| stats.dropped_closed),
    ("resumed", |stats| stats.resumed),
    ("replaced", |stats| stats.replaced),
    ("not returned", |stats| stats.not_returned),
    ("too many away", |stats| stats.away_refused),
    ("expiring", |stats| stats.expiry_notices),
    ("expired", |stats| stats.expired),
    ("answered", |stats| stats.answered),
    ("asks late", |stats| stats.asks_late),
    ("asks cancelled", |stats| stats.asks_cancelled),
    ("asks not resumed", |stats| stats.asks_not_resumed),
    ("asks ended", |stats| stats.asks_ended),
    ("asked again", |stats| stats.asked_again),
    ("by peer", |stats| stats.ended_by_peer),
    ("by application", |stats| stats.ended_by_application),
    ("by transport", |stats| stats.ended_by_transport),
    ("recovered", |stats| stats.recovered_messages),
    ("epoch changed", |stats| stats.unrecovered_for(Unrecoverable::EpochChanged)),
    ("trimmed for a client", |stats| stats.unrecovered_for(Unrecoverable::Trimmed)),
    ("expired for a client", |stats| stats.unrecovered_for(Unrecoverable::Expired)),
    ("over limit", |stats| stats.unrecovered_for(Unrecoverable::OverLimit)),
    ("none kept", |stats| stats.unrecovered_for(Unrecoverable::NoneKept)),
    ("trimmed", |stats| stats.history_trimmed),
    ("expired", |stats| stats.history_expired),
    ("evicted from a history", |stats| stats.history_evicted),
    ("idle rooms evicted", |stats| stats.idle_rooms_evicted),
    ("repeated", |stats| stats.history_repeated),
    ("outdated", |stats| stats.history_outdated),
    ("dropped of a history", |stats| stats.dropped_of_history),
    ("presence told", |stats| stats.presence_told),
    ("counts of presence", |stats| stats.presence_counts_only),
    ("presence taken back", |stats| stats.presence_cancelled),
];

/// The outcomes and errors that must occur in the random runs.
const WORDS: &[&str] = &[
    // Actions and verdicts.
    "Connected",
    "Left {",
    "RoomClosed {",
    "Disconnected",
    "Dropped {",
    "OverRate {",
    "OutboxLow",
    "Resume",
    "Abort",
    "Stopped",
    "Accept)",
    "Pause {",
    "Verdict(Drop)",
    "Verdict(Close)",
    // Errors and refusals.
    "Err(Gone)",
    "NotOpen",
    "WaitIsForOnePublish",
    "NoSuchLane",
    "ConfigRefused",
    "RosterChanged",
    "MayNotPublish",
    "NoHistory",
    "KeyTooLong",
    "TooManyKeys",
    "HistoryStandsAlone",
    "NoWaitForHistory",
    "InvalidHistory",
    "Draining",
    "Refused(Stopped)",
    "TooManyHandshakes",
    "TooManyOfAddress",
    "ConnectRate",
    "TooManyOfUser",
    "EmptyName",
    "NameTooLong",
    "AlreadyInRoom",
    "NotInRoom",
    "TooManyRoomsOfClient",
    "RoomFull",
    "TooManyRooms {",
    "NoSuchRoom",
    "NoSuchUser",
    "MessageTooBig",
    "TooManyAsks",
    "NoSuchAsk",
    "NoPresence",
    "InfoTooLong",
    "TooManyPresent",
    "InvalidPresence",
    "appeared: [Appeared",
    "disappeared: [User",
];

#[test]
fn random_runs_meet_every_limit_and_every_action() {
    let runs: Vec<_> = (0..12).map(|seed| run(seed, [0; 2], 15_000, Beside::Nothing)).collect();
    for (what, count) in COUNTS {
        assert!(runs.iter().any(|run| count(&run.stats) > 0), "{what}: never");
    }
    let told = |word: &str| runs.iter().any(|run| run.told.contains(word));
    for word in WORDS {
        assert!(told(word), "{word}: never");
    }
    for run in &runs {
        assert_eq!(run.told.matches("Stopped]").count(), 1, "a hub stops once");
    }
}
