//! A suite to which any [`Broker`] can be held: every clause of its contract that can be observed from outside, as a named check.
//!
//! Call [`check`] from a test of your broker, with its server running and nothing else using it:
//!
//! ```
//! use std::time::Duration;
//! use throng_runtime::cluster::Memory;
//! use throng_runtime::cluster::conformance::{Options, check};
//!
//! # async fn sleep(_: Duration) {}
//! # async fn test() {
//! let memory = Memory::new();
//! let options = Options::new("conformance").cut(|| memory.cut());
//! // With tokio, `sleep` is `tokio::time::sleep`.
//! let report = check(&memory, &options, sleep).await.unwrap();
//! assert!(report.left_out.is_empty());
//! # }
//! ```
//!
//! The contract lets a broker lose messages, but not while its server is idle and the node takes all at once: so the suite reports a
//! message that is missing, unless the broker has told that it dropped some.

mod clause;
mod clauses;
mod links;
mod trial;

pub use clause::{Clause, Options, Report, Violation};

use super::broker::Broker;
use alloc::vec::Vec;
use core::future::Future;
use core::time::Duration;
use trial::Trial;

/// Holds a broker to its contract, clause by clause, and stops at the first violation.
///
/// `sleep` returns a future that is ready after a time. It takes some seconds, of which the clauses that wait whether something
/// arrives that must not (for [`Options::quiet`] each) are most.
///
/// # Errors
/// The broker has violated a clause.
pub async fn check<B, S, F>(broker: &B, options: &Options<'_>, sleep: S) -> Result<Report, Violation>
where
    B: Broker,
    S: Fn(Duration) -> F,
    F: Future<Output = ()>,
{
    let mut report = Report { checked: Vec::new(), left_out: Vec::new() };
    for clause in Clause::ALL {
        let is_asked = match clause {
            Clause::BrokenLinks => options.cut.is_some(),
            Clause::Memory => options.flood.is_some(),
            _ => true,
        };
        if is_asked {
            let trial = Trial::new(broker, options, &sleep, clause);
            trial.run().await?;
            report.checked.push(clause);
        } else {
            report.left_out.push(clause);
        }
    }
    Ok(report)
}
