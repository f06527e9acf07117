use crate::middleware::reuse::{Started, start};
use std::future::{Future, pending};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

fn started<F: Future + 'static>(future: F) -> Started<F> {
    start(future, &mut Context::from_waker(Waker::noop()))
}

fn done<F: Future + 'static>(future: F) -> F::Output {
    match started(future) {
        Started::Done(output) => output,
        Started::Running(_) => panic!("it waits"),
    }
}

/// A future that reports its address.
struct Where([u64; 8]);

impl Future for Where {
    type Output = usize;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<usize> {
        Poll::Ready((&raw const self.0).addr())
    }
}

#[test]
fn a_future_finds_the_memory_of_the_last_of_its_kind() {
    let first = done(Where([0; 8]));
    // If the memory were free, one of these would have got it.
    let others: Vec<_> = (0..100).map(|_| Box::new(Some(Where([0; 8])))).collect();
    assert!(others.iter().all(|other| (&raw const **other).addr().abs_diff(first) >= size_of::<Where>()));
    assert_eq!(done(Where([0; 8])), first);
}

#[test]
fn a_future_that_waits_takes_its_memory_along() {
    let Started::Running(mut running) = started(async {
        let mut is_second = false;
        std::future::poll_fn(|_| {
            if std::mem::replace(&mut is_second, true) { Poll::Ready(7) } else { Poll::Pending }
        })
        .await
    }) else {
        panic!("it is done")
    };
    let context = &mut Context::from_waker(Waker::noop());
    assert_eq!(running.as_mut().poll(context), Poll::Ready(7));
}

/// A future that starts another of its own type while it is being polled.
struct Nested(u32);

impl Future for Nested {
    type Output = u32;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<u32> {
        Poll::Ready(self.0.checked_sub(1).map_or(0, |inner| done(Self(inner)) + 1))
    }
}

#[test]
fn a_future_may_begin_another_of_its_kind() {
    assert_eq!(done(Nested(5)), 5);
    assert_eq!(done(Nested(2)), 2);
}

#[test]
fn a_future_that_panics_leaves_nothing_behind() {
    for _ in 0..2 {
        let panics = |panics: bool| async move { assert!(!panics, "on purpose") };
        assert!(catch_unwind(AssertUnwindSafe(|| done(panics(true)))).is_err());
        done(panics(false));
    }
}

/// A different type for each number.
fn kinds<const KIND: usize>() -> usize {
    done(async { [KIND; 4][3] })
}

#[test]
fn a_thread_keeps_memory_for_some_kinds_and_forgets_the_others() {
    let all: [fn() -> usize; 20] = [
        kinds::<0>,
        kinds::<1>,
        kinds::<2>,
        kinds::<3>,
        kinds::<4>,
        kinds::<5>,
        kinds::<6>,
        kinds::<7>,
        kinds::<8>,
        kinds::<9>,
        kinds::<10>,
        kinds::<11>,
        kinds::<12>,
        kinds::<13>,
        kinds::<14>,
        kinds::<15>,
        kinds::<16>,
        kinds::<17>,
        kinds::<18>,
        kinds::<19>,
    ];
    for _ in 0..2 {
        for (kind, run) in all.iter().enumerate() {
            assert_eq!(run(), kind);
        }
    }
    // A future that is too large is not kept.
    assert_eq!(done(async { [1_u8; 10_000].iter().map(|&one| usize::from(one)).sum::<usize>() }), 10_000);
    assert!(matches!(started(pending::<()>()), Started::Running(_)));
}
