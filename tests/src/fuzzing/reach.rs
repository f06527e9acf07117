//! How far inputs get, by name. An input that its target turns away at once still passes: that a committed corpus is worth
//! something after a format has changed is seen only here.

use super::hub::case;
use super::trace::seal;
use crate::model::run_and_note;
use std::collections::BTreeSet;
use std::fmt::Debug;
use throng_core::trace::{Entry, Replay, read};

/// How far a log gets in [`trace_file`](super::trace_file), with right checksums.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Depth {
    /// It is no log, of another version, or its config is not one.
    Refused,
    /// It has a config that can stand.
    Read,
    /// Some event is replayed.
    Replayed,
}

/// Notes what is in a log, as far as it is replayed: each kind of event, checkpoints, and states that are restored.
pub fn trace_file(log: &[u8], reached: &mut BTreeSet<String>) -> Depth {
    let log = seal(log);
    let Ok(mut replay) = Replay::new(&log, [0; 2]) else { return Depth::Refused };
    let mut depth = Depth::Read;
    while let Some(Ok(step)) = replay.step() {
        depth = Depth::Replayed;
        reached.insert(format!("Event::{}", variant(&step.event.as_event())));
    }
    if replay.checkpoints() > 0 {
        reached.insert("Checkpoint".to_owned());
    }
    let begins_with_state =
        read(&log).is_ok_and(|mut reader| matches!(reader.next(), Some(Ok(Entry::State(..)))));
    if begins_with_state && depth == Depth::Replayed {
        reached.insert("State".to_owned());
    }
    depth
}

/// Notes what comes to pass in a run of [`hub_events`](super::hub_events), as [`run_and_note`] does, and each kind of its
/// operations.
pub fn hub_events(input: &[u8], reached: &mut BTreeSet<String>) {
    let Some((limits, ops)) = case(input) else { return };
    reached.extend(ops.iter().map(|op| format!("Op::{}", variant(op))));
    // What fails is the target's to tell.
    let _ = run_and_note(&limits, &ops, reached);
}

/// The name of a variant.
fn variant(value: &impl Debug) -> String {
    let text = format!("{value:?}");
    text.split(|letter: char| !letter.is_alphanumeric()).next().unwrap_or_default().to_owned()
}
