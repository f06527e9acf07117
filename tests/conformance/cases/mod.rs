//! The table of behaviours, by the categories of the Autobahn test suite. Its 12 and 13 are for servers that compress.

mod closing;
mod compression;
mod fragmentation;
mod framing;
mod limits;
mod misc;
mod opcodes;
mod pings;
mod reserved;
mod utf8;

use crate::case::Case;

pub(crate) use compression::cases as compressed;
pub(crate) use limits::LARGEST;

/// A category's number and name.
pub(crate) const CATEGORIES: &[(&str, &str)] = &[
    ("1", "framing"),
    ("2", "pings and pongs"),
    ("3", "reserved bits"),
    ("4", "opcodes"),
    ("5", "fragmentation"),
    ("6", "UTF-8"),
    ("7", "closing"),
    ("9", "limits and performance"),
    ("10", "miscellaneous"),
    ("12", "compression"),
    ("13", "parameters of compression"),
];

/// Every case but those of compression, made when its turn comes: some are large.
pub(crate) fn all() -> impl Iterator<Item = Case> {
    framing::cases()
        .into_iter()
        .chain(pings::cases())
        .chain(reserved::cases())
        .chain(opcodes::cases())
        .chain(fragmentation::cases())
        .chain(utf8::cases())
        .chain(closing::cases())
        .chain(limits::cases())
        .chain(misc::cases())
}
