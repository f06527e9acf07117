//! The suite finds every fault, and none where there is none.

use super::faulty::{Fault, Faulty};
use crate::cluster::Memory;
use crate::cluster::conformance::{Clause, Options, Report, Violation, check};
use core::cell::{Cell, RefCell};
use core::future::{Future, poll_fn};
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Wake;

/// A clock that goes on when nothing is left to do.
#[derive(Default)]
struct Clock {
    now: Cell<Duration>,
    awaited: RefCell<Vec<Duration>>,
}

#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Clock {
    async fn sleep(&self, time: Duration) {
        let end = self.now.get() + time;
        self.awaited.borrow_mut().push(end);
        poll_fn(|_| if self.now.get() >= end { Poll::Ready(()) } else { Poll::Pending }).await;
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        let mut future = pin!(future);
        let woken = Arc::new(Woken::default());
        let waker = Waker::from(Arc::clone(&woken));
        loop {
            if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
                return output;
            }
            if !woken.0.swap(false, Ordering::Relaxed) {
                let mut awaited = self.awaited.borrow_mut();
                awaited.retain(|end| *end > self.now.get());
                self.now.set(*awaited.iter().min().expect("it waits for something"));
            }
        }
    }
}

/// The suite with all its clauses.
fn suite(fault: Fault) -> Result<Report, Violation> {
    let memory = Memory::new();
    let options = Options::new("suite").flood(40 << 20).cut(|| memory.cut());
    let clock = Clock::default();
    clock.block_on(check(&Faulty::new(&memory, fault), &options, |time| clock.sleep(time)))
}

#[test]
fn a_broker_without_faults_conforms() {
    let report = suite(Fault::None).unwrap_or_else(|violation| panic!("{violation}"));
    assert_eq!((report.checked, report.left_out), (Clause::ALL.to_vec(), vec![]));
}

#[test]
fn clauses_for_which_something_lacks_are_named() {
    let (clock, memory) = (Clock::default(), Memory::new());
    let options = Options::new("suite");
    let report = clock.block_on(check(&memory, &options, |time| clock.sleep(time))).expect("it conforms");
    assert_eq!(report.left_out, [Clause::Memory, Clause::BrokenLinks]);
}

#[test]
fn a_prefix_that_makes_no_subject_is_an_error() {
    let (clock, memory) = (Clock::default(), Memory::new());
    let options = Options::new("a b");
    let checked = clock.block_on(check(&memory, &options, |time| clock.sleep(time)));
    let violation = checked.expect_err("it has a blank");
    assert!(violation.what.contains("0x20"), "{violation}");
}

/// Each fault is found by the clause that it violates.
#[test]
fn every_fault_is_found() {
    let faults = [
        (Fault::RefusesASecondLink, Clause::Links),
        (Fault::NeverConfirms, Clause::Confirmations),
        (Fault::ConfirmsTwice, Clause::Confirmations),
        (Fault::ConfirmsARepeatNever, Clause::Confirmations),
        (Fault::DoublesARepeatedSubscription, Clause::Confirmations),
        (Fault::LeavesCommands, Clause::Commands),
        (Fault::CutsTheLastByte, Clause::Messages),
        (Fault::CutsAtLineEnds, Clause::Messages),
        (Fault::MixesUpSubjects, Clause::Messages),
        (Fault::LosesEveryHundredth, Clause::Order),
        (Fault::Reorders, Clause::Order),
        (Fault::LeavesOutOwnMessages, Clause::OwnMessages),
        (Fault::SubscribesToAllBelow, Clause::Silence),
        (Fault::IgnoresCase, Clause::Silence),
        (Fault::IgnoresUnsubscribe, Clause::Unsubscribing),
        (Fault::UnsubscribesAll, Clause::Unsubscribing),
        (Fault::RemembersSubscriptions, Clause::NewLinks),
        (Fault::HandsInAllAtOnce, Clause::Batches),
        (Fault::LosesWhatADroppedReceiveTook, Clause::Cancelling),
        (Fault::KeepsADroppedSender, Clause::Halves),
        (Fault::KeepsADroppedReceiver, Clause::Halves),
        (Fault::DropsSilently, Clause::Memory),
        (Fault::HoldsEverything, Clause::Memory),
        (Fault::HidesBrokenLinks, Clause::BrokenLinks),
    ];
    let mut missed = Vec::new();
    for (fault, clause) in faults {
        let found = suite(fault).map_err(|violation| violation.clause);
        if found.as_ref().err() != Some(&clause) {
            missed.push((fault, clause, found));
        }
    }
    assert!(missed.is_empty(), "fault, the clause that should find it, and what came of it: {missed:#?}");
}
