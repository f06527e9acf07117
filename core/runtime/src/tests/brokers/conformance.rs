//! The suite finds every fault, and none where there is none.

use super::faulty::{Fault, Faulty};
use crate::cluster::Memory;
use crate::cluster::conformance::{Clause, Options, Report, Violation, check};
use core::future::Future;
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::thread;
use std::time::Instant;

/// Polls until it is ready: in memory nothing is waited for but time.
fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return output;
        }
        thread::yield_now();
    }
}

async fn sleep(time: Duration) {
    let end = Instant::now() + time;
    std::future::poll_fn(|_| if Instant::now() >= end { Poll::Ready(()) } else { Poll::Pending }).await;
}

fn suite(fault: Fault) -> Result<Report, Violation> {
    let memory = Memory::new();
    let options = Options::new("suite")
        .patience(Duration::from_millis(if fault == Fault::None { 20_000 } else { 1_500 }))
        .quiet(Duration::from_millis(10))
        .flood(40 << 20)
        .cut(|| memory.cut());
    block_on(check(&Faulty::new(&memory, fault), &options, sleep))
}

#[test]
fn a_broker_without_faults_conforms() {
    let report = suite(Fault::None).unwrap_or_else(|violation| panic!("{violation}"));
    assert_eq!((report.checked, report.left_out), (Clause::ALL.to_vec(), vec![]));
}

#[test]
fn clauses_for_which_something_lacks_are_named() {
    let report = block_on(check(&Memory::new(), &Options::new("suite"), sleep)).expect("it conforms");
    assert_eq!(report.left_out, [Clause::Memory, Clause::BrokenLinks]);
}

#[test]
fn a_prefix_that_makes_no_subject_is_an_error() {
    let violation = block_on(check(&Memory::new(), &Options::new("a b"), sleep)).expect_err("it has a blank");
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
        (Fault::DropsSilently, Clause::Memory),
        (Fault::HoldsEverything, Clause::Memory),
        (Fault::HidesBrokenLinks, Clause::BrokenLinks),
    ];
    let runs = faults.map(|(fault, clause)| (fault, clause, thread::spawn(move || suite(fault))));
    let mut missed = Vec::new();
    for (fault, clause, run) in runs {
        let found = run.join().expect("it does not panic").map_err(|violation| violation.clause);
        if found.as_ref().err() != Some(&clause) {
            missed.push((fault, clause, found));
        }
    }
    assert!(missed.is_empty(), "fault, the clause that should find it, and what came of it: {missed:#?}");
}
