use alloc::vec::Vec;

use proptest::prelude::*;

use super::*;

const SECOND: u64 = 1_000_000_000;
const MINUTE: Duration = Duration::from_secs(60);
/// A moment in nanoseconds since 1970, which a host may use as its origin.
const TODAY: u64 = 1_785_000_000 * SECOND;

/// The comparison ends here, after 73 years, since the naive bucket does not saturate.
const LATEST: u64 = 1 << 61;

fn at(nanos: u64) -> Instant {
    Instant::from_nanos(nanos)
}

/// Debits the cost if it conforms.
fn pass(bucket: &mut Bucket, rate: &Rate, now: Instant, cost: u32) -> Result<(), Instant> {
    bucket.conforms(rate, now, cost)?;
    bucket.take(rate, now, cost);
    Ok(())
}

#[test]
fn what_is_spare_is_the_most_that_conforms() {
    let rate = Rate::per_second(10).burst(3);
    let (mut bucket, mut now) = (Bucket::new(), at(TODAY));
    for (taken, after, spare) in
        [(0, 0, 3), (2, 0, 1), (1, 0, 0), (0, 99_999_999, 0), (0, 1, 1), (0, SECOND, 3)]
    {
        now = now + Duration::from_nanos(after);
        bucket.take(&rate, now, taken);
        assert_eq!(bucket.spare(&rate, now), spare, "{taken} after {after}");
        assert!(spare == 0 || bucket.conforms(&rate, now, spare).is_ok());
        assert!(bucket.conforms(&rate, now, spare + 1).is_err() || spare == rate.burst);
    }
}

#[test]
fn a_burst_passes_at_once_and_the_next_when_the_rate_allows() {
    // (rate, cost, how many pass at once, when the next passes)
    let table = [
        (Rate::per_second(1), 1, 1, SECOND),
        (Rate::per_second(3), 1, 3, 333_333_334),
        (Rate::per_second(3).burst(10), 1, 10, 333_333_334),
        (Rate::per_second(3).burst(10), 2, 5, 666_666_667),
        (Rate::per(7, MINUTE), 1, 7, 8_571_428_572),
        (Rate::per_second(10_000_000), 1_000, 10_000, 100_000),
        (Rate::per_second(10_000_000).burst(1), 1, 1, 100),
        (Rate::per_second(7_000_000).burst(3), 1, 3, 143),
        (Rate::per_second(u32::MAX).burst(9), 1, 9, 1),
    ];
    for (rate, cost, at_once, next) in table {
        let mut bucket = Bucket::new();
        for _ in 0..at_once {
            assert_eq!(pass(&mut bucket, &rate, at(0), cost), Ok(()), "{rate:?}");
        }
        assert_eq!(pass(&mut bucket, &rate, at(0), cost), Err(at(next)), "{rate:?}");
        assert_eq!(pass(&mut bucket, &rate, at(next - 1), cost), Err(at(next)), "{rate:?}");
        assert_eq!(pass(&mut bucket, &rate, at(next), cost), Ok(()), "{rate:?}");
    }
}

#[test]
fn what_costs_more_than_the_burst_passes_when_the_bucket_is_full_and_leaves_a_debt() {
    let rate = Rate::per_second(1_000).burst(100);
    let mut bucket = Bucket::new();
    assert_eq!(pass(&mut bucket, &rate, at(SECOND), 5_000), Ok(()));
    // A debt of 4,900 before anything can pass, and 5,000 units before the same cost can pass.
    assert_eq!(bucket.conforms(&rate, at(SECOND), 0), Err(at(SECOND + 4_900_000_000)));
    assert_eq!(bucket.conforms(&rate, at(SECOND), 1), Err(at(SECOND + 4_901_000_000)));
    assert_eq!(bucket.conforms(&rate, at(SECOND), 5_000), Err(at(6 * SECOND)));
    assert_eq!(bucket.conforms(&rate, at(SECOND), u32::MAX), Err(at(6 * SECOND)));
    assert_eq!(bucket.conforms(&rate, at(6 * SECOND), u32::MAX), Ok(()));
}

#[test]
fn a_bucket_is_full_again_exactly_when_it_says() {
    let rate = Rate::per_second(3);
    let mut bucket = Bucket::new();
    assert!(bucket.is_full(&rate, at(0)));
    bucket.take(&rate, at(TODAY), 2);
    let full = bucket.full_at(&rate);
    assert!(!bucket.is_full(&rate, at(full.as_nanos() - 1)));
    assert!(bucket.is_full(&rate, full));
    // Rounded to a step of the bucket, which is a little longer than a nanosecond.
    assert!(full.as_nanos().abs_diff(TODAY + 666_666_667) <= 2);
}

#[test]
fn what_is_used_of_a_bucket_stays_used_under_another_rate() {
    let was = Rate::per_second(10).burst(4);
    // (units used before, the new rate, units spare after the change, milliseconds until the bucket is full)
    let cases = [
        (0, Rate::per(5, MINUTE).burst(7), 7, 0),
        (3, Rate::per_second(1).burst(8), 5, 3_000),
        (3, Rate::per_second(1).burst(2), 0, 2_000),
        // The burst of 4 and a debt of 2 are used.
        (6, Rate::per_second(100).burst(2), 0, 40),
        (6, Rate::per_second(1).burst(100), 94, 6_000),
        // Nothing has changed.
        (3, was, 1, 300),
    ];
    for (used, is, spare, millis) in cases {
        let (mut bucket, now) = (Bucket::new(), at(TODAY));
        bucket.take(&was, now, used);
        RateChange::new(Some(was), Some(is), now).carry_over(&mut bucket);
        assert_eq!(bucket.spare(&is, now), spare, "{used} under {is:?}");
        let full_at = now + Duration::from_millis(millis);
        assert_eq!(bucket.full_at(&is).max(now), full_at, "{used} under {is:?}");
    }
}

#[test]
fn a_rate_that_is_new_begins_with_a_full_bucket() {
    let (rate, now) = (Rate::per_second(10), at(TODAY));
    for (was, is) in [(None, Some(rate)), (Some(rate), None)] {
        let mut bucket = Bucket::new();
        bucket.take(&rate, now, 5);
        RateChange::new(was, is, now).carry_over(&mut bucket);
        assert_eq!(bucket, Bucket::new());
    }
}

#[test]
fn a_rate_that_lets_nothing_pass_is_not_valid() {
    assert!(Rate::per_second(1).is_valid());
    for rate in [Rate::per_second(0).burst(1), Rate::per_second(1).burst(0), Rate::per(1, Duration::ZERO)] {
        assert!(!rate.is_valid());
    }
}

#[test]
fn a_rate_above_2_to_the_32_a_second_is_taken_for_that() {
    let highest = Rate::per(u32::MAX, Duration::from_nanos(1)).burst(1);
    let mut bucket = Bucket::new();
    bucket.take(&highest, at(0), 43);
    // 4.29 a nanosecond.
    assert!(!bucket.is_full(&highest, at(10)));
    assert_eq!(bucket.full_at(&highest), at(11));
}

#[cfg(feature = "trace")]
#[test]
fn a_rate_and_a_bucket_can_be_made_again_of_what_they_tell() {
    let rate = Rate::per(7, MINUTE).burst(3);
    assert_eq!(rate.parts(), (7, 60 * SECOND, 3));
    let mut bucket = Bucket::new();
    bucket.take(&rate, at(TODAY), 2);
    assert!(bucket.steps() > TODAY / 2);
    assert_eq!(Bucket::from_steps(bucket.steps()), bucket);
}

/// Passes as many units as conform for `time` from `start` on.
fn greedy(rate: &Rate, start: u64, time: u64, cost: u32) -> u64 {
    let mut bucket = Bucket::new();
    let (mut now, mut passed) = (start, 0);
    loop {
        match pass(&mut bucket, rate, at(now), cost) {
            Ok(()) => passed += u64::from(cost),
            Err(next) => {
                assert!(next > at(now));
                now = next.as_nanos();
                if now > start + time {
                    return passed;
                }
            }
        }
    }
}

#[test]
fn in_the_long_run_the_rate_holds_exactly() {
    let hour = 3_600;
    // (rate, cost, seconds, units that pass: rate × time + burst)
    let table = [
        (Rate::per_second(1), 1, hour, hour + 1),
        (Rate::per_second(3), 1, hour, 3 * hour + 3),
        (Rate::per_second(3).burst(1), 1, hour, 3 * hour + 1),
        (Rate::per(7, MINUTE), 1, 60 * hour, 7 * hour + 7),
        (Rate::per_second(10_000_000), 1_000, 10, 110_000_000),
        (Rate::per_second(7_000_000).burst(1_000), 100, 1, 7_001_000),
        (Rate::per_second(999_999_999).burst(1_000), 1_000, 1, 1_000_000_999),
    ];
    for (rate, cost, seconds, expected) in table {
        for start in [0, 1, TODAY] {
            let passed = greedy(&rate, start, seconds * SECOND, cost);
            let expected = expected / u64::from(cost) * u64::from(cost);
            // The last one can be on either side of the end, by a nanosecond of rounding.
            assert!(passed.abs_diff(expected) <= u64::from(cost), "{rate:?}: {passed}, not {expected}");
        }
    }
}

/// A naive token bucket: its level counts in units × period, so that nothing is rounded.
struct Naive {
    level: i128,
    filled: u64,
}

impl Naive {
    fn capacity(rate: &Rate) -> i128 {
        i128::from(rate.burst) * i128::from(rate.period)
    }

    fn fill(&mut self, rate: &Rate, now: u64) {
        let gained = i128::from(now - self.filled) * i128::from(rate.units);
        self.level = (self.level + gained).min(Self::capacity(rate));
        self.filled = now;
    }

    /// The level minus what the cost needs.
    fn margin(&self, rate: &Rate, cost: u32) -> i128 {
        self.level - i128::from(cost.min(rate.burst)) * i128::from(rate.period)
    }
}

fn rate() -> impl Strategy<Value = Rate> {
    let units = prop_oneof![1u32..20, 1u32..100_000, any::<u32>().prop_map(|units| units.max(1))];
    let period = prop_oneof![Just(SECOND), Just(60 * SECOND), SECOND..10_000 * SECOND];
    let burst = prop_oneof![1u32..20, 1u32..1_000_000];
    (units, period, burst).prop_map(|(u, p, b)| Rate::per(u, Duration::from_nanos(p)).burst(b))
}

/// A rate with a whole number of nanoseconds between units.
fn even_rate() -> impl Strategy<Value = Rate> {
    let units = prop_oneof![1u32..20, (0u32..10).prop_map(|n| 10u32.pow(n))];
    let burst = prop_oneof![1u32..20, 1u32..1_000_000];
    (units, 1u64..100, burst).prop_map(|(units, interval, burst)| {
        Rate::per(units, Duration::from_nanos(u64::from(units) * interval)).burst(burst)
    })
}

/// (time since the previous arrival, in percent of the refill time of the cost; cost)
fn arrivals() -> impl Strategy<Value = Vec<(u64, u32)>> {
    let cost = prop_oneof![4 => Just(1u32), 4 => 0u32..30, 1 => 0u32..2_000_000];
    let wait = prop_oneof![2 => Just(0u64), 6 => 0u64..300, 1 => 0u64..100_000];
    prop::collection::vec((wait, cost), 1..100)
}

fn wait(rate: &Rate, percent: u64, cost: u32) -> u64 {
    let refill = u128::from(rate.period) * u128::from(cost.max(1)) / u128::from(rate.units);
    (refill * u128::from(percent) / 100) as u64
}

/// Compares with the naive bucket, which may differ by `slack(rate)` in its level.
fn compare(rate: &Rate, start: u64, arrivals: &[(u64, u32)], slack: i128) -> Result<(), TestCaseError> {
    let mut bucket = Bucket::new();
    let mut naive = Naive { level: Naive::capacity(rate), filled: start };
    let mut now = start;
    for &(percent, cost) in arrivals {
        now = now.saturating_add(wait(rate, percent, cost));
        if now > LATEST {
            break;
        }
        naive.fill(rate, now);
        let margin = naive.margin(rate, cost);
        match bucket.conforms(rate, at(now), cost) {
            Ok(()) => {
                prop_assert!(margin >= -slack, "let pass with {} missing", -margin);
                bucket.take(rate, at(now), cost);
                naive.level -= i128::from(cost) * i128::from(rate.period);
            }
            Err(next) => {
                prop_assert!(margin < slack.max(1) && margin <= slack, "refused with {margin} to spare");
                prop_assert!(next > at(now));
                let before = at(next.as_nanos() - 1);
                prop_assert_eq!(bucket.conforms(rate, before, cost), Err(next));
                prop_assert_eq!(bucket.conforms(rate, next, cost), Ok(()));
            }
        }
    }
    let full = bucket.full_at(rate);
    prop_assert!(bucket.is_full(rate, full));
    prop_assert!(full == at(0) || !bucket.is_full(rate, at(full.as_nanos() - 1)));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn at_a_whole_interval_it_is_a_token_bucket_to_the_nanosecond(
        rate in even_rate(),
        start in 0..1u64 << 59,
        arrivals in arrivals(),
    ) {
        compare(&rate, start, &arrivals, 0)?;
    }

    #[test]
    fn at_any_rate_it_is_a_token_bucket_within_two_steps(
        rate in rate(),
        start in 0..1u64 << 60,
        arrivals in arrivals(),
    ) {
        let step = i128::from(rate.period.div_ceil(rate.resolution));
        compare(&rate, start, &arrivals, 2 * step + 2 * i128::from(rate.units))?;
    }

    #[test]
    fn no_window_of_time_sees_more_than_rate_times_time_and_burst(
        rate in rate(),
        start in 0..1u64 << 60,
        arrivals in arrivals(),
    ) {
        let mut bucket = Bucket::new();
        let mut now = start;
        let mut passed = Vec::new();
        for (percent, cost) in arrivals {
            now = now.saturating_add(wait(&rate, percent, cost));
            if now > LATEST {
                break;
            }
            if pass(&mut bucket, &rate, at(now), cost).is_ok() {
                passed.push((now, cost));
            }
        }
        for from in 0..passed.len() {
            let (mut total, mut largest) = (0, 0);
            for &(now, cost) in &passed[from..] {
                total += u128::from(cost);
                largest = largest.max(cost);
                let time = u128::from(now - passed[from].0) + 2;
                let over = largest.saturating_sub(rate.burst);
                let allowed = time * u128::from(rate.units) / u128::from(rate.period) + 1;
                prop_assert!(total <= allowed + u128::from(rate.burst) + u128::from(over));
            }
        }
    }

    #[test]
    fn nothing_overflows(
        rate in (any::<u32>(), any::<u64>(), any::<u32>())
            .prop_map(|(u, p, b)| Rate::per(u, Duration::from_nanos(p)).burst(b)),
        arrivals in prop::collection::vec((any::<u64>(), any::<u32>()), 1..20),
    ) {
        let mut bucket = Bucket::new();
        for (now, cost) in arrivals {
            let full = bucket.full_at(&rate);
            if let Err(next) = bucket.conforms(&rate, at(now), cost) {
                prop_assert!(next > at(now) && next <= full);
            }
            bucket.take(&rate, at(now), cost);
            prop_assert!(bucket.full_at(&rate) >= full);
        }
    }
}
