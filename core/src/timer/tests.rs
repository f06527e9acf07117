use super::*;

/// What `slab` keeps for a node: the tag must fit into a gap of the node.
#[expect(dead_code, reason = "only its size matters")]
enum Entry {
    Vacant(usize),
    Occupied(Node<u64>),
}

const _: () = assert!(size_of::<Node<u64>>() == 32 && size_of::<Entry>() == 32);

fn at(nanos: u64) -> Instant {
    Instant::from_nanos(nanos)
}

#[test]
fn timers_fire_in_order() {
    let mut wheel = Wheel::new();
    wheel.insert(at(5_000_000_000), 3);
    wheel.insert(at(7), 1);
    wheel.insert(at(7), 2);
    wheel.insert(at(3), 0);
    assert_eq!(wheel.poll_timeout(), Some(at(3)));
    for n in 0..3 {
        assert_eq!(wheel.pop(at(10)).map(|(_, owner)| owner), Some(n));
    }
    assert_eq!(wheel.pop(at(10)), None);
    assert_eq!(wheel.poll_timeout(), Some(at(5_000_000_000)));
    assert_eq!(wheel.pop(at(5_000_000_000)), Some((at(5_000_000_000), 3)));
    assert_eq!(wheel.poll_timeout(), None);
}
