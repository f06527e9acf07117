//! 6: texts that are UTF-8 and texts that are not, whole and across fragments.
//!
//! The sequences are those of Markus Kuhn's stress test, which the Autobahn suite uses, too.

use throng_tests::raw::{TEXT, head};

use crate::case::{Case, ENDS, GOES_ON, TEXT_BEGINS};

/// Not UTF-8.
const WRONG: &[u16] = &[1007];

const KOSME: &[u8] = "κόσμε".as_bytes();
const HELLO: &str = "Hello-µ@ßöäüàá-UTF-8!!";
/// U+110000, as it would be.
const TOO_HIGH: &[u8] = &[0xf4, 0x90, 0x80, 0x80];
const EDITED: &[u8] = b"edited";

pub(crate) fn cases() -> Vec<Case> {
    [messages(), early(), sequences()].concat()
}

fn case(number: &str, name: &str) -> Case {
    Case::new(format!("6.{number}"), name, "8.1")
}

fn octets(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.chunks(1)
}

fn messages() -> Vec<Case> {
    let broken = [KOSME, &[0xed, 0xa0, 0x80], EDITED].concat();
    let (before, after) = HELLO.as_bytes().split_at("Hello-µ@ßöä".len());
    let (within, rest) = HELLO.as_bytes().split_at("Hello-".len() + 1);
    vec![
        case("1.1", "an empty text").frame(TEXT, b"").text(b""),
        case("1.2", "three empty fragments").fragments(TEXT_BEGINS, ["", "", ""]).text(b""),
        case("1.3", "a text between two empty fragments")
            .fragments(TEXT_BEGINS, ["", "middle frame payload", ""])
            .text("middle frame payload"),
        case("2.1", "a text in one frame").frame(TEXT, HELLO).text(HELLO),
        case("2.2", "a text in two fragments, between code points")
            .fragments(TEXT_BEGINS, [before, after])
            .text(HELLO),
        case("2.3", "a text in fragments of an octet")
            .fragments(TEXT_BEGINS, octets(HELLO.as_bytes()))
            .text(HELLO),
        case("2.4", "Greek in fragments of an octet").fragments(TEXT_BEGINS, octets(KOSME)).text(KOSME),
        case("2.5", "a text in two fragments, within a code point")
            .fragments(TEXT_BEGINS, [within, rest])
            .text(HELLO),
        case("2.6", "a code point across empty fragments")
            .fragments(TEXT_BEGINS, [&b"\xf0"[..], b"", b"\x9f", b"", b"\x98\x80"])
            .text("😀"),
        case("3.1", "a surrogate within a text").frame(TEXT, &broken).failed(WRONG),
        case("3.2", "a surrogate in fragments of an octet")
            .fragments(TEXT_BEGINS, octets(&broken))
            .failed(WRONG),
        case("3.3", "two messages that would be right together")
            .frame(TEXT, b"\xce")
            .frame(TEXT, b"\xba")
            .failed(WRONG),
        case("3.4", "a code point that ends with the message")
            .fragments(TEXT_BEGINS, [&b"ab"[..], b"\xe2\x82"])
            .failed(WRONG),
        case("3.5", "a text that is right, then one that is not")
            .frame(TEXT, KOSME)
            .text(KOSME)
            .frame(TEXT, &broken)
            .failed(WRONG),
    ]
}

/// Failed at the octet that makes it wrong, without waiting for the rest.
fn early() -> Vec<Case> {
    let all = [KOSME, TOO_HIGH, EDITED].concat();
    // The twelfth octet could still go on to be right, the thirteenth cannot.
    let at = KOSME.len() + 1;
    let (begin, bad, rest) = (&all[..at], &all[at..=at], &all[at + 1..]);
    let whole = frame_octets(&all);
    let head = whole.len() - all.len();
    let cut = |case: Case, first: usize, second: usize| {
        case.send(&whole[..head + first])
            .quiet()
            .send(&whole[head + first..head + second])
            .fails_fast()
            .send(&whole[head + second..])
            .failed(WRONG)
    };
    vec![
        case("4.1", "the second of three fragments is wrong")
            .frame(TEXT_BEGINS, KOSME)
            .quiet()
            .frame(GOES_ON, TOO_HIGH)
            .fails_fast()
            .frame(ENDS, EDITED)
            .failed(WRONG),
        case("4.2", "the octet that makes it wrong, in a fragment of its own")
            .frame(TEXT_BEGINS, begin)
            .quiet()
            .frame(GOES_ON, bad)
            .fails_fast()
            .frame(ENDS, rest)
            .failed(WRONG),
        cut(
            case("4.3", "the second of three chops of a frame is wrong"),
            KOSME.len(),
            KOSME.len() + TOO_HIGH.len(),
        ),
        cut(case("4.4", "the octet that makes it wrong, in a chop of its own"), at, at + 1),
    ]
}

fn frame_octets(payload: &[u8]) -> Vec<u8> {
    let mut bytes = head(TEXT, payload.len() as u64);
    let mask = *bytes.last_chunk::<4>().expect("a head ends with its mask");
    bytes.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    bytes
}

/// A number, what they are, and the sequences in hexadecimal.
type Group = (u8, &'static str, &'static [&'static str]);

#[rustfmt::skip]
const VALID: &[Group] = &[
    (5, "some text", &["68656c6c6f24776f726c64", "68656c6c6fc2a2776f726c64", "68656c6c6fe282ac776f726c64", "68656c6c6ff0a4ada2776f726c64"]),
    (6, "Greek, letter by letter", &["ceba", "cebae1bdb9", "cebae1bdb9cf83", "cebae1bdb9cf83cebc", "cebae1bdb9cf83cebcceb5"]),
    (7, "the first code points of each length", &["00", "c280", "e0a080", "f0908080"]),
    (9, "the last code points of each length", &["7f", "dfbf", "efbfbf", "f48fbfbf"]),
    (11, "other boundaries", &["ed9fbf", "ee8080", "efbfbd", "f48fbfbf"]),
    (22, "noncharacters", &[
        "efbfbe", "efbfbf", "f09fbfbe", "f09fbfbf", "f0afbfbe", "f0afbfbf", "f0bfbfbe", "f0bfbfbf", "f18fbfbe",
        "f18fbfbf", "f19fbfbe", "f19fbfbf", "f1afbfbe", "f1afbfbf", "f1bfbfbe", "f1bfbfbf", "f28fbfbe", "f28fbfbf",
        "f29fbfbe", "f29fbfbf", "f2afbfbe", "f2afbfbf", "f2bfbfbe", "f2bfbfbf", "f38fbfbe", "f38fbfbf", "f39fbfbe",
        "f39fbfbf", "f3afbfbe", "f3afbfbf", "f3bfbfbe", "f3bfbfbf", "f48fbfbe", "f48fbfbf", "efb790", "efb7af",
    ]),
    (23, "specials", &["efbfb9", "efbfba", "efbfbb", "efbfbc", "efbfbd", "efbfbe", "efbfbf", "efbbbf"]),
];

#[rustfmt::skip]
const INVALID: &[Group] = &[
    (5, "an octet too many within some text", &["68656c6c6f80776f726c64", "68656c6c6fff776f726c64"]),
    (6, "Greek, cut within a letter", &["ce", "cebae1", "cebae1bd", "cebae1bdb9cf", "cebae1bdb9cf83ce", "cebae1bdb9cf83cebcce"]),
    (8, "the first code points of lengths there are not", &["f888808080", "fc8480808080"]),
    (10, "the last code points of lengths there are not", &["f7bfbfbf", "fbbfbfbfbf", "fdbfbfbfbfbf"]),
    (11, "one over the last code point", &["f4908080"]),
    (12, "unexpected continuations", &[
        "80", "bf", "80bf", "80bf80", "80bf80bf", "80bf80bf80", "80bf80bf80bf", "80bf80bf80bf80",
        "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9fa0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbe",
    ]),
    (13, "lonely starts", &[
        "c020", "c120c220df20", "c220", "df20", "e020e120ef20", "e120", "ef20", "f020f120f720", "f020", "f420", "f520", "f720",
        "f820f920fa20fb20", "fc20fd20",
        "c020c120c220c320c420c520c620c720c820c920ca20cb20cc20cd20ce20cf20d020d120d220d320d420d520d620d720d820d920da20db20dc20dd20de20",
        "e020e120e220e320e420e520e620e720e820e920ea20eb20ec20ed20ee20", "f020f120f220f320f420f520f620", "f820f920fa20", "fc20",
    ]),
    (14, "sequences without their last octet", &["c0", "e080", "f08080", "f8808080", "fc80808080", "df", "efbf", "f7bfbf", "fbbfbfbf", "fdbfbfbfbf", "f48fbf", "ed9f"]),
    (15, "all of those together", &["c0e080f08080f8808080fc80808080dfefbff7bfbffbbfbfbffdbfbfbfbf"]),
    (16, "impossible octets", &["fe", "ff", "fefeffff"]),
    (17, "an overlong slash", &["c0af", "e080af", "f08080af", "f8808080af", "fc80808080af"]),
    (18, "the longest overlong sequences", &["c1bf", "e09fbf", "f08fbfbf", "f887bfbfbf", "fc83bfbfbfbf"]),
    (19, "an overlong NUL", &["c080", "e08080", "f0808080", "f880808080", "fc8080808080"]),
    (20, "single surrogates", &["eda080", "edadbf", "edae80", "edafbf", "edb080", "edbe80", "edbfbf"]),
    (21, "paired surrogates", &["eda080edb080", "eda080edbfbf", "edadbfedb080", "edadbfedbfbf", "edae80edb080", "edae80edbfbf", "edafbfedb080", "edafbfedbfbf"]),
];

fn sequences() -> Vec<Case> {
    let each = |groups: &'static [Group]| {
        groups.iter().flat_map(|(group, what, sequences)| {
            sequences.iter().map(move |sequence| (*group, *what, *sequence, octets_of(sequence)))
        })
    };
    let mut cases = Vec::new();
    for (group, what, sequence, text) in each(VALID) {
        assert!(str::from_utf8(&text).is_ok(), "{sequence}");
        let case =
            |form, how| case(&format!("{group}.{sequence}.{form}"), &format!("{what}: {sequence} {how}"));
        cases.push(case(1, "in a frame").frame(TEXT, &text).text(&text));
        cases.push(case(2, "in fragments of an octet").fragments(TEXT_BEGINS, octets(&text)).text(&text));
    }
    for (group, what, sequence, text) in each(INVALID) {
        let case = |form, how| {
            case(&format!("{group}.{sequence}.{form}"), &format!("{what}: {sequence} {how}")).failed(WRONG)
        };
        cases.push(case(1, "in a frame").frame(TEXT, &text));
        cases.push(case(2, "in fragments of an octet").fragments(TEXT_BEGINS, octets(&text)));
        let Some(wrong) = (1..=text.len()).find(|end| is_wrong(&text[..*end])) else { continue };
        // Of the message no more comes than that octet; its length says there would be.
        let mut early = case(3, "up to the octet that is wrong");
        for (number, octet) in text[..wrong].iter().enumerate() {
            early = early.frame(if number == 0 { TEXT_BEGINS } else { GOES_ON }, [*octet]);
        }
        cases.push(early.fails_fast().frame(ENDS, b""));
    }
    cases
}

/// Whether no more octets could make it right.
fn is_wrong(octets: &[u8]) -> bool {
    str::from_utf8(octets).is_err_and(|error| error.error_len().is_some())
}

fn octets_of(hexadecimal: &str) -> Vec<u8> {
    let digits = hexadecimal.as_bytes().chunks(2);
    digits
        .map(|pair| u8::from_str_radix(str::from_utf8(pair).expect("digits"), 16).expect("hexadecimal"))
        .collect()
}
