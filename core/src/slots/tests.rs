use super::{put, take};
use crate::field::{Field, Input};
use alloc::vec;
use alloc::vec::Vec;
use slab::Slab;

#[test]
fn a_slab_comes_back_with_the_order_of_its_free_slots() {
    for removed in
        [vec![], vec![3], vec![0, 5, 2], vec![9, 1, 8, 0], (0..10).collect(), (0..10).rev().collect()]
    {
        let mut slab: Slab<u32> = (0..10).map(|slot| (slot, slot as u32 * 7)).collect();
        for &slot in &removed {
            slab.remove(slot);
        }
        let before: Vec<_> = slab.iter().map(|(slot, &value)| (slot, value)).collect();
        let mut log = Vec::new();
        put(&mut slab, &mut log, || 0, usize::MAX, u32::put).expect("no limit");
        assert!(slab.iter().map(|(slot, &value)| (slot, value)).eq(before), "it is left as it was");
        let mut input = Input(&log);
        let mut back = take(&mut input, || 0, u32::take).expect("what was written");
        assert!(input.end().is_ok() && back.iter().eq(slab.iter()));
        for next in 0..40 {
            assert_eq!(back.insert(next), slab.insert(next), "after {removed:?}");
        }
    }
}

#[test]
fn what_is_no_slab_is_refused() {
    for bytes in [&[2, 0, 1, 0, 1, 0][..], &[1, 7, 1, 0], &[1, 0, 1, 1, 0], &[0, 1, 1], &[200, 1]] {
        assert!(take(&mut Input(bytes), || 0, u32::take).is_err(), "{bytes:?}");
    }
}
