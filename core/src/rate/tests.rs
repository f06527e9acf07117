use super::*;

const SECOND: u64 = 1_000_000_000;

fn at(nanos: u64) -> Instant {
    Instant::from_nanos(nanos)
}

#[test]
fn three_a_second_are_three_a_second() {
    let rate = Rate::per_second(3);
    let mut bucket = Bucket::new();
    for _ in 0..3 {
        assert_eq!(bucket.conforms(&rate, at(0), 1), Ok(()));
        bucket.take(&rate, at(0), 1);
    }
    assert_eq!(bucket.conforms(&rate, at(0), 1), Err(at(333_333_334)));
    assert_eq!(bucket.full_at(&rate), at(SECOND));
}
