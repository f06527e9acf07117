//! The format of messages between nodes.
//!
//! All numbers are big-endian. A text is its length and its bytes in UTF-8.
//!
//! | field | bytes |
//! | --- | --- |
//! | version, 1 | 1 |
//! | kind | 1 |
//! | id of the node that sent it | 1 + n |
//! | its incarnation | 8 |
//! | the number of its stream to this subject; 0 in messages without a number | 8 |
//! | the number of the message in the stream, from 1 on; of a tail that of the last message; 0 without a number | 8 |
//! | the body of the kind | … |
//!
//! The node is before everything else of variable length, so that a node recognises its own messages by the first bytes. Numbers have a
//! fixed width: the length of a message is known before it is numbered.
//!
//! A **stream** is a run of numbers of one node to one subject. A node that forgets how far it has counted begins another stream with a
//! greater number: to a receiver, everything of an older stream is a repeat, and the first message of a new stream is number 1.

mod input;
mod read;
mod rooms;
#[cfg(test)]
mod tests;
mod write;

pub(super) use input::Limits;
pub(super) use read::{read_body, read_header};
pub(super) use rooms::Records;
pub(super) use write::{
    head_size, size_of, size_of_topic, write_body, write_header, write_publication, write_record,
};

use super::event::{Counts, Directive, Topic};
use crate::frame::{BarePart, MessageKind, Place};
use crate::id::ClientId;
use alloc::vec::Vec;

pub(super) const VERSION: u8 = 1;

/// The bit of the byte with the format of the place that says that the bare message is described, too.
pub(super) const HAS_BARE: u8 = 0x10;

/// The longest head of a message besides its names, excepted clients and payload: header and fixed fields.
pub(super) const MOST_FIXED: usize = 144;

/// What an excepted client takes at most: an id of 32 bytes and its length, incarnation, client.
pub(super) const EXCEPTED: usize = 1 + 32 + 8 + 8;

/// What the covered rooms and users of a message take at most.
pub(super) const COVERED: usize = 4_096;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Probe = 1,
    Beat,
    Goodbye,
    Tail,
    Publication,
    Directive,
    Answer,
    Changes,
    Ask,
    Page,
}

impl Kind {
    pub(super) const ALL: [Self; 10] = [
        Self::Probe,
        Self::Beat,
        Self::Goodbye,
        Self::Tail,
        Self::Publication,
        Self::Directive,
        Self::Answer,
        Self::Changes,
        Self::Ask,
        Self::Page,
    ];

    /// Whether messages of this kind are numbered.
    pub(super) const fn is_numbered(self) -> bool {
        matches!(self, Self::Tail | Self::Publication | Self::Directive | Self::Answer)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header<'a> {
    pub(super) kind: Kind,
    pub(super) node: &'a str,
    pub(super) incarnation: u64,
    pub(super) stream: u64,
    pub(super) sequence: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Body<'a> {
    Probe {
        nonce: u64,
    },
    Beat {
        beat: u64,
        counts: Counts,
        state: State,
    },
    Goodbye,
    Tail,
    Publication(Publication<'a>),
    Directive {
        to: Target<'a>,
        directive: Directive,
        question: u64,
    },
    Answer {
        incarnation: u64,
        question: u64,
        exists: bool,
    },
    /// Changes of the sender's rooms; after them it has this state.
    Changes {
        state: State,
        records: Records<'a>,
    },
    /// Asks for the page behind a record of the roster of this incarnation: a room, and a client of it.
    Ask {
        incarnation: u64,
        ask: u64,
        after: Option<(&'a str, Option<u64>)>,
    },
    /// The records behind the one in the question, and whether these are all.
    Page {
        ask: u64,
        state: State,
        is_last: bool,
        records: Records<'a>,
    },
}

/// How far a node has told of its rooms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct State {
    pub(super) version: u64,
    /// The digest of its roster, unless some of it is not told yet.
    pub(super) digest: Option<u64>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Publication<'a> {
    pub(super) to: Target<'a>,
    pub(super) kind: MessageKind,
    /// 0 for none.
    pub(super) question: u64,
    pub(super) except_user: Option<&'a str>,
    /// Of those that are excepted, the clients of this node.
    pub(super) except: Vec<ClientId>,
    /// Where the payload has a place for an offset.
    pub(super) place: Option<Place>,
    /// Where the payload has the message without its envelope.
    pub(super) bare: Option<BarePart>,
    pub(super) covered: Vec<Topic<'a>>,
    /// Where the payload begins in the message.
    pub(super) payload: usize,
}

/// The recipients of a message. A client is one of the node whose subject the message came on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target<'a> {
    All,
    Room(&'a str),
    User(&'a str),
    Client { incarnation: u64, client: ClientId },
}
