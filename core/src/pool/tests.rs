use super::Pool;
use alloc::vec::Vec;

fn of_ten(removed: &[u32]) -> Pool<u32> {
    let mut pool = Pool::default();
    for value in 0..10 {
        assert_eq!(pool.insert(value * 7), value);
    }
    for &slot in removed {
        assert_eq!(pool.remove(slot), Some(slot * 7));
    }
    pool
}

#[test]
fn the_slot_freed_last_is_used_first_and_then_new_ones() {
    let mut pool = of_ten(&[3, 9, 0]);
    assert_eq!((pool.remove(9), pool.remove(10), pool.len(), pool.slots()), (None, None, 7, 10));
    assert_eq!((pool.get(3), pool.get(4), pool.get(10)), (None, Some(&28), None));
    assert_eq!((0..5).map(|value| pool.insert(value)).collect::<Vec<_>>(), [0, 9, 3, 10, 11]);
    assert_eq!(pool[9], 1);
    pool[9] = 5;
    assert_eq!(pool.iter().map(|(slot, _)| slot).collect::<Vec<_>>(), (0..12).collect::<Vec<_>>());
    assert_eq!(pool.values_mut().map(|value| *value).nth(9), Some(5));
}

#[test]
#[should_panic(expected = "slot 3 is free")]
fn a_free_slot_has_no_value() {
    let _ = of_ten(&[3])[3];
}

#[cfg(feature = "trace")]
mod snapshots {
    use super::*;
    use crate::field::{Field, Input};
    use alloc::vec;

    #[test]
    fn a_pool_comes_back_with_the_order_of_its_free_slots() {
        for removed in
            [vec![], vec![3], vec![0, 5, 2], vec![9, 1, 8, 0], (0..10).collect(), (0..10).rev().collect()]
        {
            let mut pool = of_ten(&removed);
            let mut log = Vec::new();
            pool.put(&mut log, usize::MAX, u32::put).expect("no limit");
            let mut input = Input(&log);
            let mut back = Pool::take(&mut input, u32::take).expect("what was written");
            assert!(input.end().is_ok() && back.len() == pool.len() && back.iter().eq(pool.iter()));
            for next in 0..40 {
                assert_eq!(back.insert(next), pool.insert(next), "after {removed:?}");
            }
        }
    }

    #[test]
    fn a_pool_that_is_too_large_is_not_written() {
        assert!(of_ten(&[]).put(&mut Vec::new(), 5, u32::put).is_none());
        assert!(of_ten(&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]).put(&mut Vec::new(), 5, u32::put).is_none());
    }

    #[test]
    fn what_is_no_pool_is_refused() {
        for bytes in
            [&[2, 0, 1, 0, 1, 0][..], &[1, 7, 1, 0], &[1, 0, 1, 1, 0], &[0, 1, 1], &[200, 1], &[0, 2, 0, 0]]
        {
            assert!(Pool::take(&mut Input(bytes), u32::take).is_err(), "{bytes:?}");
        }
    }
}
