use crate::measure::distribution::AtomicHistogram;

#[test]
fn averages_and_maxima_are_exact_and_quantiles_too_large_by_a_quarter_at_most() {
    let spreading = AtomicHistogram::default();
    for number in 1..=1_000 {
        spreading.add(number * 1_000, 1);
    }
    let spread = spreading.read();
    assert_eq!((spread.count, spread.average(), spread.max), (1_000, 500_500, 1_000_000));
    assert!((500_000..=625_000).contains(&spread.median), "{spread:?}");
    assert!((990_000..=1_000_000).contains(&spread.p99), "never more than the largest: {spread:?}");
}

#[test]
fn every_number_has_its_place() {
    let mut numbers: Vec<u64> = (0..64).flat_map(|power| [1_u64 << power, (1 << power) | 1]).collect();
    numbers.extend([0, 3, 5, 6, 7, u64::MAX - 1, u64::MAX]);
    for number in numbers {
        let spreading = AtomicHistogram::default();
        spreading.add(number, 3);
        let spread = spreading.read();
        assert_eq!((spread.count, spread.max), (3, number));
        assert_eq!((spread.median, spread.p99), (number, number));
        let larger = AtomicHistogram::default();
        larger.add(number, 1);
        larger.add(u64::MAX, 1);
        let median = larger.read().median;
        assert!(median >= number && median - number <= number / 4, "{number} is taken for {median}");
    }
}

#[test]
fn of_nothing_all_is_zero_and_so_it_is_after_a_reset() {
    let spreading = AtomicHistogram::default();
    assert_eq!(spreading.read(), Default::default());
    assert_eq!(spreading.read().average(), 0);
    spreading.add(7, 2);
    spreading.reset();
    assert_eq!(spreading.read(), Default::default());
}
