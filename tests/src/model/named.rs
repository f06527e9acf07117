//! Which client or connection an operation names.

use super::op::{On, Op, Who};

/// The client that an operation names.
pub(super) fn who_of(op: &Op) -> Option<Who> {
    match *op {
        Op::SetUser { who, .. }
        | Op::Recover { who, .. }
        | Op::Join { who, .. }
        | Op::JoinWithInfo { who, .. }
        | Op::Watch { who, .. }
        | Op::Leave { who, .. }
        | Op::LeaveAll { who }
        | Op::Identify { who, .. }
        | Op::SetExpiry { who, .. }
        | Op::Ask { who, .. }
        | Op::Reply { who, .. }
        | Op::CancelAsk { who, .. }
        | Op::Close { who, .. } => Some(who),
        _ => None,
    }
}

/// The connection that an operation names.
pub(super) fn on_of(op: &Op) -> Option<On> {
    match *op {
        Op::Reserve { on, .. }
        | Op::Return { on, .. }
        | Op::CloseConnection { on, .. }
        | Op::Open { on }
        | Op::Receive { on, .. }
        | Op::Ping { on, .. }
        | Op::Pong { on }
        | Op::Heard { on }
        | Op::Working { on }
        | Op::PeerClose { on, .. }
        | Op::HalfClose { on }
        | Op::Gone { on }
        | Op::Transmit { on, .. }
        | Op::Writable { on } => Some(on),
        _ => None,
    }
}
