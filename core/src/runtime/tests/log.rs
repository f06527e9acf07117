use crate::Instant;
use crate::runtime::log::Limit;
use std::time::Duration;

#[test]
fn what_happens_again_and_again_is_said_once_a_second() {
    let limit = Limit::default();
    let second = Duration::from_secs(1);
    let start = Instant::ORIGIN;
    assert_eq!(limit.allows(start), Some(0));
    for nanos in [0, 1, 999_999_999] {
        assert_eq!(limit.allows(Instant::from_nanos(nanos)), None);
    }
    assert_eq!(limit.allows(start + second), Some(3), "three times nothing was said");
    assert_eq!(limit.allows(start + second), None);
    assert_eq!(limit.allows(start + second * 100), Some(1));
}

#[test]
fn threads_whose_clocks_are_read_out_of_order_lose_no_count() {
    let limit = Limit::default();
    let later = Instant::ORIGIN + Duration::from_secs(5);
    assert_eq!(limit.allows(later), Some(0));
    assert_eq!(limit.allows(Instant::ORIGIN), None);
    assert_eq!(limit.allows(later + Duration::from_secs(1)), Some(1));
}
