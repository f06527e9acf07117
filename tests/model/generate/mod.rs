//! Limits and operations, at random.
//!
//! | file | what |
//! | --- | --- |
//! | `kinds` | every kind of operation with its weight |
//! | `sequences` | several operations that belong together, which single ones come to hardly ever |
//! | `operations` | the operations that are more than their arguments |
//! | `arguments` | clients, connections, targets, sizes |
//! | `limits` | the limits of the hub |

mod arguments;
mod kinds;
mod limits;
mod operations;
mod sequences;

use self::kinds::kinds;
use self::limits::limits;
use self::sequences::{cut, flapped, lost, missed, trickle};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::Union;
use throng_tests::model::{Limits, Op};

pub(crate) type Case = BoxedStrategy<(Limits, Vec<Op>)>;

/// What a property is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flavour {
    /// Everything, evenly.
    Any,
    /// Mostly publishes, leases and transports that block.
    Writing,
    /// The same, with little room in the hub.
    Budget,
    /// The same, and some write a part of a message that fills the hub.
    Cut,
    /// Mostly connections that come and go while the hub drains.
    Draining,
    /// With limits of everything, which change.
    Changing,
    /// With slow readers who are closed, in a hub that does next to nothing at once.
    Sliced,
    /// Clients come and go under the same few names.
    Returning,
    /// With histories of rooms, and clients that join from a position.
    History,
    /// With presence of rooms, which clients watch.
    Presence,
}

/// A case: limits, and a list of those operations whose kinds it allows.
pub(crate) fn case(flavour: Flavour) -> Case {
    let kinds = kinds(flavour).len();
    // Three of four kinds: each is allowed if one of two coins says so.
    let allowed = vec(any::<(bool, bool)>(), kinds).no_shrink();
    let some = prop_oneof![
        150 => op(flavour).prop_map(|(kind, op)| (kind, vec![op])),
        u32::from(flavour == Flavour::Writing) => trickle().prop_map(|ops| (0, ops)),
        if flavour == Flavour::Cut { 10 } else { 0 } => cut().prop_map(|ops| (0, ops)),
        if flavour == Flavour::Returning { 5 } else { 0 } => lost().prop_map(|ops| (0, ops)),
        if flavour == Flavour::History { 2 } else { 0 } => missed().prop_map(|ops| (0, ops)),
        if flavour == Flavour::Presence { 8 } else { 0 } => flapped().prop_map(|ops| (0, ops)),
    ];
    let ops = vec(some, 1..160);
    (limits(flavour), allowed, ops)
        .prop_map(|(limits, allowed, ops)| {
            let is_allowed = |kind: usize| kind == 0 || allowed[kind].0 || allowed[kind].1;
            let ops = ops.into_iter().filter(|(kind, _)| is_allowed(*kind)).flat_map(|(_, ops)| ops);
            (limits, ops.collect())
        })
        .boxed()
}

/// An operation and the number of its kind.
fn op(flavour: Flavour) -> impl Strategy<Value = (usize, Op)> {
    let kinds = kinds(flavour).into_iter().enumerate();
    Union::new_weighted(
        kinds.map(|(kind, (weight, op))| (weight, op.prop_map(move |op| (kind, op)).boxed())).collect(),
    )
}
