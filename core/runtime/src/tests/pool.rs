use crate::compression::pool::Pool;
use core::cell::Cell;

#[test]
fn what_was_used_is_used_again_and_no_more_is_kept_than_may_be() {
    let pool = Pool::new(2);
    let made = Cell::new(0);
    let make = || {
        made.set(made.get() + 1);
        made.get()
    };
    assert_eq!(pool.spare(), 0);
    for _ in 0..3 {
        assert_eq!(pool.with(make, |one| *one), 1);
    }
    // Four objects are in use at once; two of them are freed afterwards.
    pool.with(make, |_| pool.with(make, |_| pool.with(make, |_| pool.with(make, |_| ()))));
    assert_eq!((made.get(), pool.spare()), (4, 2));
    assert_eq!(format!("{pool:?}"), "Pool { spare: 2, most: 2 }");
}
