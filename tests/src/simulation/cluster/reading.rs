//! What can be read of a message from outside, and which subjects there are: written down a second time, not taken from the core.

use super::oracle::RunId;
use super::plan::Plan;
use super::site::{Got, Run};
use std::collections::BTreeSet;
use throng_core::ClientId;
use throng_core::cluster::Scope;

/// The number of the message in what was published: its last seven bytes.
pub(super) fn number_of(payload: &[u8]) -> Option<usize> {
    let digits = payload.get(payload.len().checked_sub(7)?..)?.strip_prefix(b"m")?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// Who has sent a message, by its first bytes.
pub(super) fn sender_of(payload: &[u8]) -> Option<RunId> {
    let length = usize::from(*payload.get(2)?);
    let node = std::str::from_utf8(payload.get(3..3 + length)?).ok()?;
    let incarnation = payload.get(3 + length..)?.first_chunk()?;
    Some((node.to_owned(), u64::from_be_bytes(*incarnation)))
}

/// The number in a tail.
pub(super) fn tail_of(payload: &[u8]) -> Option<u64> {
    let length = usize::from(*payload.get(2)?);
    let number = payload.get(3 + length + 16..)?.first_chunk()?;
    (payload[1] == 4).then_some(u64::from_be_bytes(*number))
}

/// The room, user or all of which a subject is.
pub(super) fn scope_of(plan: &Plan, subject: &str) -> Option<Scope> {
    let rooms = (0..plan.rooms).map(|room| ('r', format!("r{room:02}")));
    let users = (0..plan.users).map(|user| ('u', format!("u{user:02}")));
    let (kind, name) = rooms
        .chain(users)
        .find(|(kind, name)| subject_of(*kind, name) == subject)
        .or_else(|| (subject == "sim.all").then(|| ('a', String::new())))?;
    Some(match kind {
        'r' => Scope::Room(name.into()),
        'u' => Scope::User(name.into()),
        _ => Scope::All,
    })
}

/// The clients that have got a message, and nothing else.
pub(super) fn clients_of(got: Got, message: usize) -> Result<Vec<ClientId>, String> {
    let expected = format!("m{message:06}");
    got.into_iter()
        .map(
            |(client, bytes)| {
                if bytes == expected.as_bytes() { Ok(client) } else { Err(format!("{client} got {bytes:?}")) }
            },
        )
        .collect()
}

/// Whether a node is interested in what comes on this subject, by what is known of its clients.
pub(super) fn is_wanted(run: &Run, subject: &str) -> bool {
    wanted(run).contains(subject)
}

/// The subjects of all that is wanted at a node.
pub(super) fn wanted(run: &Run) -> BTreeSet<String> {
    let mut wanted = BTreeSet::new();
    for client in run.clients.values() {
        wanted.extend(client.rooms.iter().map(|room| subject_of('r', room)));
        wanted.extend(client.user.iter().map(|user| subject_of('u', user)));
    }
    wanted
}

/// Names here have three letters: so many digits of base64 as need no padding.
pub(super) fn subject_of(kind: char, name: &str) -> String {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let [a, b, c] = *name.as_bytes() else { panic!("{name} has three letters") };
    let bits = u32::from_be_bytes([0, a, b, c]);
    let digits = [18, 12, 6, 0].map(|shift| char::from(DIGITS[(bits >> shift) as usize & 63]));
    format!("sim.{kind}.{}", digits.iter().collect::<String>())
}
