//! What peers say to the application, and what it sends to them.

use std::fmt::{self, Write as _};

use throng_core::Frame;
use throng_core::hub::Policy;
use throng_core::websocket::Message;
use throng_core::websocket::encode::{encode_binary, encode_text};

/// What a peer asks of the application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Command {
    /// Counted up by each peer.
    pub(super) number: u64,
    pub(super) verb: Verb,
    /// Whom or what it is about.
    pub(super) whom: u64,
    /// Bytes of what is sent, or milliseconds.
    pub(super) size: u64,
    /// See [`policy`].
    pub(super) policy: u64,
}

macro_rules! verbs {
    ($($verb:ident $word:literal $meaning:literal;)+) => {
        /// What is asked for.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Verb { $(#[doc = $meaning] $verb),+ }

        impl Verb {
            fn word(self) -> &'static str {
                match self { $(Self::$verb => $word),+ }
            }

            fn of(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$verb),)+ _ => None }
            }
        }
    };
}

verbs! {
    Join "join" "Be a member of a room.";
    Leave "leave" "Be no member of a room any more.";
    LeaveAll "leave-all" "Be a member of no room.";
    Say "say" "Send to a room.";
    Two "two" "Send to a room, the next one, and all clients of a user.";
    All "all" "Send to everybody but the sender.";
    User "user" "Send to a user.";
    Echo "echo" "Send to the sender.";
    Wait "wait" "Send to the sender as soon as its outbox has room.";
    Hang "hang" "Keep the hook busy for a time.";
    Panic "panic" "Let the hook panic.";
    Bye "bye" "Close the sender.";
    Kick "kick" "Close another client.";
    Rename "rename" "Belong to another user.";
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { number, verb, whom, size, policy } = self;
        write!(f, "{number} {} {whom} {size} {policy}", verb.word())
    }
}

impl Command {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut words = text.split(' ');
        let mut next = || words.next();
        let number = next()?.parse().ok()?;
        let verb = Verb::of(next()?)?;
        let mut rest = || next()?.parse().ok();
        Some(Self { number, verb, whom: rest()?, size: rest()?, policy: rest()? })
    }
}

/// A policy as a number; `None`: as the hub's config says.
pub(super) fn policy(number: u64) -> Option<Policy> {
    match number {
        1 => Some(Policy::DropNewest),
        2 => Some(Policy::DropOldest),
        3 => Some(Policy::Disconnect),
        key @ 4..8 => Some(Policy::Conflate(key)),
        _ => None,
    }
}

/// The frame with this id, of about so many bytes. Its content follows from its id and length.
pub(super) fn frame(id: u64, size: u64) -> Option<Frame> {
    let text = body(id, size as usize);
    if is_text(id) { encode_text(text).ok() } else { encode_binary(text.into_bytes()).ok() }
}

/// The id of a message that [`frame`] made; `None` if it is not as it was made.
pub(super) fn id_of(message: &Message) -> Option<u64> {
    let (bytes, was_text) = (message.as_bytes(), matches!(message, Message::Text(_)));
    let text = std::str::from_utf8(bytes).ok()?;
    let id = text.split([' ', '\n']).next()?.parse().ok()?;
    (is_text(id) == was_text && body(id, text.len()) == text).then_some(id)
}

fn is_text(id: u64) -> bool {
    !id.is_multiple_of(3)
}

/// Whether the message of this id has a newline, which keeps it from sharing a frame.
fn is_alone(id: u64) -> bool {
    id.is_multiple_of(7)
}

fn body(id: u64, size: usize) -> String {
    let mut text = String::with_capacity(size.max(20));
    let separator = if is_alone(id) { '\n' } else { ' ' };
    let _ = write!(text, "{id}{separator}");
    fill(&mut text, id, period(id), size);
    text
}

/// Makes a text so long, by letters that repeat themselves after so many.
pub(super) fn fill(text: &mut String, number: u64, period: usize, size: usize) {
    let (begin, from) = (text.len(), number * 37 % 4_000);
    while text.len() < size {
        text.push(letter(from + ((text.len() - begin) % period) as u64));
    }
}

/// After so many letters a message repeats itself.
fn period(id: u64) -> usize {
    [1, 3, 40, 600, 5_000][(id % 5) as usize]
}

/// One of a long line of letters, of which messages are pieces: so they resemble each other, near and far.
fn letter(at: u64) -> char {
    let mixed = (at ^ (at >> 5)).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    char::from(b'a' + ((mixed >> 32) % 26) as u8)
}

/// Whether the message of this id gets shorter if it is deflated, whoever does it.
pub(super) fn is_redundant(id: u64, bytes: usize) -> bool {
    bytes > 2 * period(id) + 40
}
