//! 9: large messages, many fragments, small chops, many messages.

use throng_tests::raw::{BINARY, TEXT};

use crate::case::{BINARY_BEGINS, Case, Chop, Said, TEXT_BEGINS};

/// The largest message: servers under test must take it.
pub(crate) const LARGEST: usize = 16 << 20;

const KIB: usize = 1 << 10;
const MIB: usize = 1 << 20;
const SIZES: [usize; 6] = [64 * KIB, 256 * KIB, MIB, 4 * MIB, 8 * MIB, LARGEST];
const FRAGMENTS: [usize; 9] = [64, 256, KIB, 4 * KIB, 16 * KIB, 64 * KIB, 256 * KIB, MIB, 4 * MIB];
const CHOPS: [usize; 6] = [64, 128, 256, 512, KIB, 2 * KIB];
const MESSAGES: [usize; 6] = [0, 16, 64, 256, KIB, 4 * KIB];
const ROUND_TRIPS: usize = 1_000;

/// Texts in the first of two groups, binary messages in the second.
#[derive(Clone, Copy)]
enum Kind {
    Text,
    Binary,
}

impl Kind {
    const BOTH: [Self; 2] = [Self::Text, Self::Binary];

    fn payload(self, length: usize) -> Vec<u8> {
        let pattern: &[u8] = match self {
            Self::Text => b"BAsd7&jh23",
            Self::Binary => b"\x00\xfe\x23\xff\xfe",
        };
        let mut payload = pattern.repeat(length.div_ceil(pattern.len()));
        payload.truncate(length);
        payload
    }

    fn case(self, group: u8, number: usize, name: &str) -> Case {
        let (kind, group) = match self {
            Self::Text => ("text", group),
            Self::Binary => ("binary", group + 1),
        };
        Case::new(format!("9.{group}.{}", number + 1), format!("{kind} {name}"), "5.4").chopped([Chop::Whole])
    }

    fn said(self, payload: Vec<u8>) -> Said {
        match self {
            Self::Text => Said::Text(payload),
            Self::Binary => Said::Binary(payload),
        }
    }

    const fn first(self) -> u8 {
        match self {
            Self::Text => TEXT,
            Self::Binary => BINARY,
        }
    }
}

pub(crate) fn cases() -> impl Iterator<Item = Case> {
    Kind::BOTH.into_iter().flat_map(|kind| {
        let large = SIZES.into_iter().enumerate().map(move |(number, size)| {
            let payload = kind.payload(size);
            let case = kind.case(1, number, &format!("of {} KiB", size / KIB));
            echoed(case.frame(kind.first(), &payload), kind, payload)
        });
        let fragments = FRAGMENTS.into_iter().enumerate().map(move |(number, size)| {
            let payload = kind.payload(4 * MIB);
            let begins = match kind {
                Kind::Text => TEXT_BEGINS,
                Kind::Binary => BINARY_BEGINS,
            };
            let case = kind.case(3, number, &format!("of 4 MiB in fragments of {size} bytes"));
            echoed(case.fragments(begins, payload.chunks(size)), kind, payload)
        });
        let chops = CHOPS.into_iter().enumerate().map(move |(number, size)| {
            let payload = kind.payload(MIB);
            let case = kind.case(5, number, &format!("of 1 MiB in chops of {size} bytes"));
            echoed(case.frame(kind.first(), &payload), kind, payload).chopped([Chop::Every(size)])
        });
        let many = MESSAGES.into_iter().enumerate().map(move |(number, size)| {
            let payload = kind.payload(size);
            let mut case = kind.case(7, number, &format!("of {size} bytes, {ROUND_TRIPS} round trips"));
            for _ in 0..ROUND_TRIPS {
                case = echoed(case.frame(kind.first(), &payload), kind, payload.clone()).heard();
            }
            case
        });
        large.chain(fragments).chain(chops).chain(many)
    })
}

fn echoed(mut case: Case, kind: Kind, payload: Vec<u8>) -> Case {
    case.said.push(kind.said(payload));
    case
}
