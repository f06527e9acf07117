//! A hub against a naive model of it: the same operations go to both, and after each of them everything that can be
//! seen of the hub must be as the model predicts, and every invariant must hold.
//!
//! [`run`] is what property tests and fuzzers call. What they generate is [`Limits`] and a list of [`Op`]s, whose
//! indices are relative: any list means something, so that each framework can shrink in its own way. A case that fails
//! is printed by [`as_test`], ready to paste.
//!
//! | file | what |
//! | --- | --- |
//! | `op`, `limits` | what is generated |
//! | `reference/` | the model, written for obviousness |
//! | `driver`, `apply`, `apply_to_room`, `named`, `pick` | gives each operation to both and compares |
//! | `reached` | what a case comes to, by name |
//! | `occupied` | which rooms and users the hub tells of |
//! | `ledger` | the invariants, from what can be seen of the hub alone |
//! | `failure` | what went wrong, as text and as a test |

mod apply;
mod apply_to_room;
#[cfg(feature = "arbitrary")]
mod arbitrary;
mod call;
mod driver;
mod failure;
mod ledger;
mod limits;
mod named;
mod occupied;
mod op;
mod pick;
mod reached;
mod reference;
mod settle;
mod shrink;

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

pub use failure::{Failure, as_test};
pub use limits::{Every, Histories, Limits, Presences};
pub use op::{
    Full, How, INFOS, KEYS, On, Op, ROOMS, Returned, SESSIONS, Seen, Since, Size, Then, Through, To, USERS,
    Who, Wrote,
};
pub use shrink::shrink;
/// What [`Limits`] are made of besides numbers, so that a pasted test finds all its names here.
pub use throng_core::hub::{EndedBy, OverRate, PerUser, Policy, SecondConnection};

/// Gives every operation to a hub and to the model, and then ends the hub.
///
/// # Errors
/// The first thing in which the hub differs from the model, or breaks an invariant.
pub fn run(limits: &Limits, ops: &[Op]) -> Result<(), Failure> {
    run_and_note(limits, ops, &mut BTreeSet::new())
}

/// Likewise; a panic, too, is a failure, for which the panic must unwind.
///
/// # Errors
/// As [`run`], as text.
pub fn outcome(limits: &Limits, ops: &[Op]) -> Result<(), String> {
    match catch_unwind(AssertUnwindSafe(|| run(limits, ops))) {
        Ok(result) => result.map_err(|failure| failure.to_string()),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            Err(format!("panicked: {}", text.or(panic.downcast_ref::<&str>().copied()).unwrap_or("?")))
        }
    }
}

/// Runs a case, and notes what came to pass by name: errors and refusals, verdicts, actions, and each of the hub's numbers
/// that is not zero in the end. So a generator can be asked whether it reaches everything.
///
/// # Errors
/// As [`run`].
pub fn run_and_note(limits: &Limits, ops: &[Op], reached: &mut BTreeSet<String>) -> Result<(), Failure> {
    let limits = limits.settled();
    let mut driver = driver::Driver::new(&limits);
    let mut result = Ok(());
    for (step, op) in ops.iter().enumerate() {
        result = driver.apply(op).map_err(|what| Failure::new(step, op, what));
        if result.is_err() {
            break;
        }
    }
    let result = result.and_then(|()| driver.settle().map_err(|what| Failure::at_the_end(ops.len(), what)));
    reached.append(&mut driver.reached());
    result
}
