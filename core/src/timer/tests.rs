use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use proptest::prelude::*;

use super::*;
use crate::invariant::Invariant;

/// The layout of a `slab` entry: its tag must fit into padding of the node.
#[expect(dead_code, reason = "only its size matters")]
enum Entry {
    Vacant(usize),
    Occupied(Node<u64>),
}

const _: () = assert!(size_of::<Node<u64>>() == 32 && size_of::<Entry>() == 32);

const TICK: u64 = 1 << TICK_BITS;
const SECOND: u64 = 1_000_000_000;
const YEAR: u64 = 365 * 24 * 3600 * SECOND;

fn at(nanos: u64) -> Instant {
    Instant::from_nanos(nanos)
}

/// Pops with as many steps as it takes.
fn pop(wheel: &mut Wheel<u64>, now: Instant) -> Option<(Instant, u64)> {
    wheel.pop(now, &mut u32::MAX.clone())
}

fn pop_all(wheel: &mut Wheel<u64>, now: Instant) -> Vec<(u64, u64)> {
    core::iter::from_fn(|| pop(wheel, now)).map(|(deadline, owner)| (deadline.as_nanos(), owner)).collect()
}

#[test]
fn timers_fire_by_deadline_and_then_in_the_order_they_were_set() {
    let mut wheel = Wheel::new();
    wheel.reserve(6);
    for (owner, deadline) in [5 * SECOND, 7, 7, 3, 5 * SECOND, 2 * YEAR].into_iter().enumerate() {
        wheel.insert(at(deadline), owner as u64);
    }
    assert_eq!(pop_all(&mut wheel, at(2)), []);
    assert_eq!(pop_all(&mut wheel, at(7)), [(3, 3), (7, 1), (7, 2)]);
    assert_eq!(pop_all(&mut wheel, at(3 * YEAR)), [(5 * SECOND, 0), (5 * SECOND, 4), (2 * YEAR, 5)]);
    assert_eq!(wheel.poll_timeout(), None);
    assert_eq!(wheel.len(), 6);
}

#[test]
fn a_reset_moves_a_timer_behind_those_of_the_same_moment() {
    for deadline in [5, 5 * TICK, 5 * SECOND, 5 * YEAR] {
        let mut wheel = Wheel::new();
        let first = wheel.insert(at(deadline), 1);
        wheel.insert(at(deadline), 2);
        wheel.reset(first, at(deadline));
        assert_eq!(pop_all(&mut wheel, at(deadline)), [(deadline, 2), (deadline, 1)]);
    }
}

#[test]
fn a_timer_within_the_tick_waits_for_its_nanosecond() {
    let mut wheel = Wheel::new();
    wheel.insert(at(TICK + 10), 1);
    wheel.insert(at(TICK + 20), 2);
    assert_eq!(pop_all(&mut wheel, at(TICK + 10)), [(TICK + 10, 1)]);
    assert_eq!(wheel.poll_timeout(), Some(at(TICK + 20)));
    assert_eq!(pop_all(&mut wheel, at(TICK + 19)), []);
    assert_eq!(wheel.poll_timeout(), Some(at(TICK + 20)));
    assert_eq!(pop_all(&mut wheel, at(TICK + 20)), [(TICK + 20, 2)]);
}

#[test]
fn a_timer_can_be_removed_and_reset_in_the_midst_of_its_batch() {
    let mut wheel = Wheel::new();
    let timers: Vec<Timer> = (0..5).map(|owner| wheel.insert(at(10 + owner), owner)).collect();
    assert_eq!(pop(&mut wheel, at(20)), Some((at(10), 0)));
    wheel.remove(timers[1]);
    wheel.reset(timers[2], at(30));
    wheel.reset(timers[0], at(12));
    assert_eq!(wheel.insert(at(5), 9), timers[1], "the place is used again");
    assert_eq!(pop_all(&mut wheel, at(20)), [(5, 9), (12, 0), (13, 3), (14, 4)]);
    assert_eq!(pop_all(&mut wheel, at(30)), [(30, 2)]);
}

#[test]
fn a_timer_set_to_the_past_fires_again_and_again_only_as_its_owner_asks() {
    let mut wheel = Wheel::new();
    assert_eq!(pop(&mut wheel, at(YEAR)), None);
    let timer = wheel.insert(at(1), 7);
    for _ in 0..3 {
        assert_eq!(wheel.poll_timeout(), Some(at(1)));
        assert_eq!(pop_all(&mut wheel, at(YEAR)), [(1, 7)]);
        wheel.reset(timer, at(1));
    }
}

#[test]
fn never_does_not_come() {
    let mut wheel = Wheel::new();
    let timer = wheel.insert(Instant::FAR_FUTURE, 1);
    let last = wheel.insert(at(u64::MAX - 1), 2);
    assert_eq!(wheel.deadline(timer), Instant::FAR_FUTURE);
    assert_eq!(pop_all(&mut wheel, at(u64::MAX - 2)), []);
    assert_eq!(pop_all(&mut wheel, Instant::FAR_FUTURE), [(u64::MAX - 1, 2)]);
    assert_eq!(wheel.poll_timeout(), None);
    wheel.reset(timer, at(3));
    assert_eq!(pop_all(&mut wheel, Instant::FAR_FUTURE), [(3, 1)]);
    wheel.remove(timer);
    wheel.remove(last);
    assert_eq!(wheel.len(), 0);
}

/// Timers of one moment that is far ahead: they lie in one slot, and move down through three levels.
#[test]
fn a_hundred_thousand_timers_of_one_moment_take_no_call_many_steps() {
    const TIMERS: u64 = 100_000;
    const STEPS: u32 = 1_000;
    let (mut wheel, moment) = (Wheel::new(), at(60 * SECOND));
    let timers: Vec<_> = (0..TIMERS).map(|owner| wheel.insert(moment, owner)).collect();
    let (mut calls, mut fired) = (0, Vec::new());
    while wheel.poll_timeout().is_some() {
        let mut steps = STEPS;
        while let Some((_, owner)) = wheel.pop(moment, &mut steps) {
            fired.push(owner);
        }
        calls += 1;
        // One that is set anew while others move fires behind all of them.
        if calls == 10 {
            wheel.reset(timers[TIMERS as usize / 2], moment);
        }
        assert!(calls < 1_000, "it comes to an end");
    }
    assert!(calls > 100_000 / STEPS, "{calls}: no call moves all of them");
    let mut expected: Vec<_> = (0..TIMERS).filter(|&owner| owner != TIMERS / 2).collect();
    expected.push(TIMERS / 2);
    assert!(fired == expected);
    assert_eq!(
        wheel.check().map_err(|broken| broken.invariant),
        Err(Invariant::TimerLost),
        "none is set again"
    );
}

#[test]
fn a_timer_on_its_way_down_can_be_removed_wherever_it_stands() {
    for at_once in 0..6 {
        for removed in 0..5 {
            let mut wheel = Wheel::new();
            let timers: Vec<_> = (0..5).map(|owner| wheel.insert(at(5 * SECOND), owner)).collect();
            assert_eq!(wheel.pop(at(5 * SECOND), &mut at_once.clone()), None);
            wheel.remove(timers[removed]);
            let left: Vec<_> =
                (0..5).filter(|&owner| owner != removed as u64).map(|owner| (5 * SECOND, owner)).collect();
            assert_eq!(wheel.check(), Ok(()));
            assert_eq!(pop_all(&mut wheel, at(5 * SECOND)), left, "{removed} after {at_once} steps");
        }
    }
}

#[test]
fn cancelled_timers_do_not_pile_up_while_time_stands_still() {
    let mut wheel = Wheel::new();
    // Earlier than the cancelled timer, so that its entries are not popped.
    let others = 10;
    for owner in 0..others {
        wheel.insert(at(500), owner);
    }
    let timer = wheel.insert(at(1000), others);
    let mut most = 0;
    for n in 0..10_000 {
        wheel.reset(timer, at(1000 + n % 10));
        assert_eq!(pop(&mut wheel, at(1)), None);
        most = most.max(wheel.due.len());
    }
    // The heap is swept only when cancelled entries exceed the live ones by the slack.
    assert_eq!(most, 2 * others as usize + CANCELLED_SLACK + 1);
}

/// A wheel with two timers in one slot, one in the heap, and one set to never: nodes 0 to 3.
fn wheel_of_each() -> Wheel<u64> {
    let mut wheel = Wheel::new();
    for (owner, deadline) in [5 * SECOND, 5 * SECOND, 3, u64::MAX].into_iter().enumerate() {
        wheel.insert(at(deadline), owner as u64);
    }
    assert_eq!(pop(&mut wheel, at(1)), None);
    wheel
}

/// The slot with two timers.
fn slot_of_two(wheel: &mut Wheel<u64>) -> &mut Slot {
    let (level, number) = wheel.place(at(5 * SECOND));
    &mut wheel.slots[level * SLOTS + number]
}

#[test]
fn a_wheel_that_was_put_out_of_order_is_found_out() {
    assert_eq!(wheel_of_each().check(), Ok(()));
    type Sabotage = fn(&mut Wheel<u64>);
    let sabotages: &[(&str, Sabotage)] = &[
        ("a way back that is lost", |wheel| wheel.nodes[1].link = Link::Slot { prev: NIL, next: NIL }),
        ("a node in a slot that thinks it is in none", |wheel| wheel.nodes[1].link = Link::Idle),
        ("a deadline of another slot", |wheel| wheel.nodes[1].deadline = at(YEAR)),
        ("a slot that is thought to be later", |wheel| slot_of_two(wheel).soonest = Instant::FAR_FUTURE),
        ("a slot that does not know its last", |wheel| slot_of_two(wheel).tail = 0),
        ("a slot that is not marked", |wheel| wheel.occupied = [0; LEVELS]),
        ("an empty slot that is marked", |wheel| wheel.occupied[LEVELS - 1] |= 1 << 9),
        ("an entry in the heap too many", |wheel| wheel.due_live += 1),
        ("a node in no list", |wheel| {
            wheel.nodes[0].link = Link::Slot { prev: NIL, next: NIL };
            slot_of_two(wheel).tail = 0;
        }),
        ("a timer that nobody will see to", |wheel| wheel.nodes[3].deadline = at(YEAR)),
    ];
    for (what, sabotage) in sabotages {
        let mut wheel = wheel_of_each();
        sabotage(&mut wheel);
        assert!(wheel.check().is_err(), "{what}");
    }
}

/// A host that only ever sleeps until `poll_timeout` wakes exactly once per deadline, unless timers were cancelled.
#[test]
fn without_cancelling_no_wake_up_is_in_vain() {
    let mut wheel = Wheel::new();
    for n in 0..2000u64 {
        // Deadlines from nanoseconds to centuries.
        wheel.insert(at(n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (n % 60)), n);
    }
    let mut now = Instant::ORIGIN;
    while let Some(wake) = wheel.poll_timeout() {
        assert!(wake > now || now == Instant::ORIGIN);
        now = wake;
        let fired = pop_all(&mut wheel, now);
        assert!(!fired.is_empty());
        assert!(fired.iter().all(|&(deadline, _)| at(deadline) == now));
    }
}

#[derive(Clone, Copy, Debug)]
enum When {
    /// A moment that many timers share.
    Grid(u64),
    Past(u64),
    Ahead(u64),
    Any(u64),
    Never,
}

impl When {
    fn after(self, now: u64) -> u64 {
        match self {
            When::Grid(n) => (now / (16 * TICK) + n).saturating_mul(16 * TICK).saturating_add(n),
            When::Past(back) => now.saturating_sub(back),
            When::Ahead(ahead) => now.saturating_add(ahead),
            When::Any(nanos) => nanos,
            When::Never => u64::MAX,
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Insert(When),
    Remove(usize),
    Reset(usize, When),
    /// Time advances, and at most this many timers are popped.
    Pop(u64, usize),
    /// Time goes on, and something is popped if so many steps are enough.
    Begin(u64, u32),
    /// Time advances, and all due timers are popped.
    PopAll(u64),
    /// Time advances exactly to `poll_timeout`, and all due timers are popped.
    Wake,
}

/// Nanoseconds of all magnitudes, equally likely.
fn span() -> impl Strategy<Value = u64> {
    prop_oneof![
        4 => 0..2 * TICK,
        4 => 0..200 * TICK,
        2 => 0..100 * SECOND,
        1 => (any::<u64>(), 0u32..64).prop_map(|(bits, shift)| bits >> shift),
    ]
}

fn when() -> impl Strategy<Value = When> {
    prop_oneof![
        3 => (0u64..4).prop_map(When::Grid),
        1 => span().prop_map(When::Past),
        6 => span().prop_map(When::Ahead),
        1 => any::<u64>().prop_map(When::Any),
        1 => Just(When::Never),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => when().prop_map(Step::Insert),
        3 => any::<usize>().prop_map(Step::Remove),
        4 => (any::<usize>(), when()).prop_map(|(timer, when)| Step::Reset(timer, when)),
        2 => (span(), 0usize..4).prop_map(|(ahead, count)| Step::Pop(ahead, count)),
        3 => (span(), 0_u32..6).prop_map(|(ahead, steps)| Step::Begin(ahead, steps)),
        1 => span().prop_map(Step::PopAll),
        3 => Just(Step::Wake),
    ]
}

/// A wheel beside a naive model.
struct Compared {
    wheel: Wheel<u64>,
    /// (deadline, order of setting, owner).
    pending: BTreeSet<(u64, u64, u64)>,
    /// Timers by owner, each with the entry in `pending` that it has or had.
    timers: Vec<(Timer, (u64, u64, u64))>,
    /// Owners whose timer was not removed.
    live: Vec<usize>,
    now: u64,
    /// How often a timer was set; `vain` counts wake-ups without a due timer.
    set: u64,
    vain: u64,
    /// How often it was given few steps.
    begun: u64,
}

impl Compared {
    fn new() -> Self {
        Self {
            wheel: Wheel::new(),
            pending: BTreeSet::new(),
            timers: Vec::new(),
            live: Vec::new(),
            now: 0,
            set: 0,
            vain: 0,
            begun: 0,
        }
    }

    fn entry(&mut self, deadline: u64, owner: u64) -> (u64, u64, u64) {
        self.set += 1;
        let entry = (deadline, self.set, owner);
        if deadline != u64::MAX {
            self.pending.insert(entry);
        }
        entry
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Insert(when) => {
                let owner = self.timers.len() as u64;
                let entry = self.entry(when.after(self.now), owner);
                let timer = self.wheel.insert(at(entry.0), owner);
                self.live.push(self.timers.len());
                self.timers.push((timer, entry));
            }
            Step::Remove(_) | Step::Reset(..) if self.live.is_empty() => {}
            Step::Remove(n) => {
                let owner = self.live.swap_remove(n % self.live.len());
                let (timer, entry) = self.timers[owner];
                self.pending.remove(&entry);
                self.wheel.remove(timer);
            }
            Step::Reset(n, when) => {
                let owner = self.live[n % self.live.len()];
                let (timer, entry) = self.timers[owner];
                self.pending.remove(&entry);
                let entry = self.entry(when.after(self.now), owner as u64);
                self.wheel.reset(timer, at(entry.0));
                assert_eq!(self.wheel.deadline(timer), at(entry.0));
                self.timers[owner] = (timer, entry);
            }
            Step::Pop(ahead, count) => {
                self.now = self.now.saturating_add(ahead);
                (0..count).any(|_| !self.pop());
            }
            Step::Begin(ahead, mut steps) => {
                self.begun += 1;
                self.now = self.now.saturating_add(ahead);
                if let Some((deadline, owner)) = self.wheel.pop(at(self.now), &mut steps) {
                    let first = self.pending.pop_first();
                    assert_eq!(first.map(|(at, _, owner)| (at, owner)), Some((deadline.as_nanos(), owner)));
                }
            }
            Step::PopAll(ahead) => {
                self.now = self.now.saturating_add(ahead);
                self.pop_all();
            }
            Step::Wake => {
                if let Some(wake) = self.wheel.poll_timeout() {
                    self.now = self.now.max(wake.as_nanos());
                    self.vain += u64::from(self.pop_all() == 0);
                }
            }
        }
        // Those that have fired are not set again here.
        assert_ne!(self.wheel.check().map_err(|broken| broken.invariant), Err(Invariant::TimerPlace));
        assert_eq!(self.wheel.len(), self.live.len());
        let due = self.wheel.due.iter().filter(|due| is_live(&self.wheel.nodes, &due.0));
        assert_eq!(self.wheel.due_live, due.count());
        if let Some(&(earliest, ..)) = self.pending.first() {
            assert!(self.wheel.poll_timeout().is_some_and(|wake| wake <= at(earliest)));
        }
    }

    /// Pops one timer of the wheel and of the model, if one is due.
    fn pop(&mut self) -> bool {
        let expected = self.pending.first().copied().filter(|&(deadline, ..)| deadline <= self.now);
        if let Some(entry) = expected {
            self.pending.remove(&entry);
        }
        let popped = pop(&mut self.wheel, at(self.now));
        assert_eq!(popped, expected.map(|(deadline, _, owner)| (at(deadline), owner)));
        popped.is_some()
    }

    fn pop_all(&mut self) -> usize {
        let mut count = 0;
        while self.pop() {
            count += 1;
        }
        assert!(self.wheel.poll_timeout().is_none_or(|wake| wake > at(self.now)));
        count
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn the_wheel_does_what_a_sorted_set_does(steps in prop::collection::vec(step(), 1..200)) {
        let mut compared = Compared::new();
        for step in steps {
            compared.step(step);
        }
        while compared.wheel.poll_timeout().is_some() {
            compared.step(Step::Wake);
        }
        prop_assert!(compared.pending.is_empty());
        // A wake-up in vain was for a cancelled timer, and moved those that it shared a slot with down a level; or to go on.
        prop_assert!(compared.vain <= compared.set * (LEVELS as u64 + 1) + compared.begun);
    }

    #[test]
    fn the_steps_in_which_time_goes_do_not_change_the_order(
        deadlines in prop::collection::vec(when().prop_map(|when| when.after(0)), 1..100),
        stops in prop::collection::vec(span(), 0..20),
    ) {
        let mut leaping = Wheel::new();
        let mut walking = Wheel::new();
        for (owner, &deadline) in deadlines.iter().enumerate() {
            leaping.insert(at(deadline), owner as u64);
            walking.insert(at(deadline), owner as u64);
        }
        let mut walked = Vec::new();
        let mut now = 0u64;
        for stop in stops {
            now = now.saturating_add(stop);
            walked.extend(pop_all(&mut walking, at(now)));
        }
        walked.extend(pop_all(&mut walking, Instant::FAR_FUTURE));
        prop_assert_eq!(walked, pop_all(&mut leaping, Instant::FAR_FUTURE));
    }
}
