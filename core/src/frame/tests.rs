#![allow(clippy::unwrap_used)]

use super::{BadPlace, Frame, MAX_HEAD, MessageKind, Place, Window};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use bytes::Bytes;

const TEXT: Option<MessageKind> = Some(MessageKind::Text);
const BINARY: Option<MessageKind> = Some(MessageKind::Binary);

fn text(prefix: &str, behind: &str) -> (Bytes, Place) {
    let place = Place::decimal(prefix.len());
    (Bytes::from([prefix, Place::ZERO, behind].concat()), place)
}

fn written(frame: &Frame, window: Window) -> Vec<u8> {
    let mut filled = super::Filled::default();
    let parts = frame.parts(window, &mut filled).concat();
    let mut appended = Vec::from(*b"before");
    frame.append_to(window, &mut appended);
    assert_eq!(appended.strip_prefix(b"before"), Some(&parts[..]), "both ways are the same");
    parts
}

#[test]
fn an_offset_stands_at_the_right_end_of_its_place() {
    let (payload, place) = text(r#"{"offset":"#, r#","data":[]}"#);
    let frame = Frame::new(TEXT, b"head", payload).unwrap().with_place(place).unwrap();
    assert_eq!((frame.offset(), frame.place(), frame.kind()), (None, Some(place), TEXT));
    for offset in [0, 1, 9, 10, 1_042, u64::MAX] {
        let sealed = frame.sealed(offset);
        assert_eq!(sealed.offset(), Some(offset).filter(|offset| *offset > 0));
        assert_eq!((sealed.size(), sealed.held(), sealed.head()), (frame.size(), frame.held(), &b"head"[..]));
        let expected = format!(r#"head{{"offset":{offset:>20},"data":[]}}"#);
        assert_eq!(written(&sealed, Window::WHOLE), expected.as_bytes(), "{offset}");
    }
}

#[test]
fn a_binary_offset_has_its_most_significant_byte_first() {
    let payload = Bytes::from_static(b"\xcf........\xc0");
    let frame = Frame::new(BINARY, b"", payload).unwrap().with_place(Place::big_endian(1)).unwrap();
    for offset in [0, 1, 9, 10, u64::MAX] {
        let expected = [&b"\xcf"[..], &offset.to_be_bytes(), b"\xc0"].concat();
        assert_eq!(written(&frame.sealed(offset), Window::NONE), expected, "{offset}");
    }
}

#[test]
fn sealing_copies_nothing_and_leaves_the_frame_as_it_was() {
    let (payload, place) = text("[", ",2]");
    let frame = Frame::new(TEXT, &[7; MAX_HEAD], payload).unwrap().with_place(place).unwrap();
    let (one, other) = (frame.sealed(1), frame.sealed(2));
    for sealed in [&one, &other] {
        assert_eq!(sealed.payload().as_ptr(), frame.payload().as_ptr());
        assert_eq!(sealed.head().as_ptr(), frame.head().as_ptr());
    }
    assert_eq!((frame.offset(), one.offset(), other.offset()), (None, Some(1), Some(2)));
    assert!(one != other && one != frame && one.sealed(0) == frame);
}

#[test]
fn a_frame_without_a_place_cannot_be_sealed() {
    let frame = Frame::new(TEXT, b"\x81\x05", Bytes::from_static(b"hello")).unwrap();
    let sealed = frame.sealed(7);
    assert_eq!((sealed.offset(), sealed.place()), (None, None));
    assert!(sealed == frame);
    assert_eq!(written(&sealed, Window::NONE), b"\x81\x05hello");
}

#[test]
fn a_place_must_lie_in_the_payload_and_leave_a_text_a_text() {
    let frame = |kind, payload: &str| Frame::new(kind, b"", Bytes::from(String::from(payload))).unwrap();
    let zero = Place::ZERO;
    let beyond = |end, len| Err(BadPlace::BeyondPayload { end, len });
    let table = [
        (TEXT, zero, Place::decimal(0), Ok(())),
        (TEXT, zero, Place::decimal(1), beyond(21, 20)),
        (TEXT, "", Place::decimal(usize::MAX), beyond(u32::MAX as usize + 20, 0)),
        (TEXT, zero, Place::big_endian(0), Err(BadPlace::NotText)),
        (TEXT, "öööööööööö", Place::decimal(0), Err(BadPlace::NotText)),
        // A place that cuts a character in two.
        (TEXT, "ö                   ", Place::decimal(1), Err(BadPlace::NotText)),
        (BINARY, zero, Place::decimal(0), Ok(())),
        (BINARY, zero, Place::big_endian(12), Ok(())),
        (BINARY, zero, Place::big_endian(13), beyond(21, 20)),
        (None, "öööööööööö", Place::decimal(0), Ok(())),
    ];
    for (kind, payload, place, expected) in table {
        assert_eq!(
            frame(kind, payload).with_place(place).map(|_| ()),
            expected,
            "{kind:?} {payload:?} {place:?}"
        );
    }
    let shown = [BadPlace::BeyondPayload { end: 21, len: 20 }, BadPlace::NotText].map(|bad| format!("{bad}"));
    assert_eq!(
        shown,
        [
            "the place ends at byte 21 of a payload of 20 bytes",
            "a place in a text must be decimal, with nothing but ASCII in it"
        ]
    );
}

#[test]
fn a_deflated_variant_has_a_place_of_the_same_format_or_is_left_out() {
    let (payload, place) = text("[", "                    ]");
    let plain = Frame::new(TEXT, b"", payload).unwrap();
    let placed = plain.clone().with_place(place).unwrap();
    let variant = || Frame::raw(Bytes::from_static(b"d                   0"));
    let with_place = |place| variant().with_place(place).unwrap();

    let sealed = placed.clone().with_deflated(with_place(Place::decimal(1))).sealed(42);
    assert_eq!(written(&sealed, Window::WHOLE), b"d                  42");
    assert_eq!(written(&sealed, Window::NONE), b"[                  42                    ]");
    assert_eq!(sealed.held(), u64::from(sealed.size()) + 21);

    for (frame, variant) in [
        (&placed, variant()),
        (&placed, with_place(Place::big_endian(1))),
        (&plain, with_place(Place::decimal(1))),
    ] {
        assert_eq!(frame.clone().with_deflated(variant).deflated(), None);
    }
    assert_eq!(plain.with_deflated(variant()).with_place(place).unwrap().deflated(), None);
    assert_eq!(placed.kind(), TEXT);
    assert_eq!(placed.with_deflated(with_place(Place::decimal(1))).deflated().unwrap().kind(), None);
}

const MESSAGE: &str = r#"{"text":"hello"}"#;

/// A message in an envelope with a place, whose bare variant is a part of it.
fn enveloped() -> Frame {
    let (payload, place) = text(r#"{"offset":"#, &format!(r#","data":{MESSAGE}}}"#));
    let start = payload.len() - 1 - MESSAGE.len();
    let bare = Frame::new(TEXT, b"b:", payload.slice(start..start + MESSAGE.len())).unwrap();
    Frame::new(TEXT, b"e:", payload).unwrap().with_place(place).unwrap().with_bare(bare)
}

#[test]
fn a_client_without_envelopes_gets_the_bare_message_of_a_sealed_frame() {
    let frame = enveloped().sealed(7);
    let whole = format!(r#"e:{{"offset":                   7,"data":{MESSAGE}}}"#);
    assert_eq!(written(&frame, Window::NONE), whole.as_bytes());
    for window in [Window::NONE, Window::of_bits(9).unwrap(), Window::WHOLE] {
        assert_eq!(written(&frame, window.bare()), format!("b:{MESSAGE}").as_bytes());
        assert_eq!(
            (window.bare().bits(), Window::of_byte(window.bare().to_byte())),
            (window.bits(), window.bare())
        );
    }
    let plain = Frame::new(TEXT, b"", "plain".into()).unwrap();
    assert_eq!(
        written(&plain, Window::NONE.bare()),
        b"plain",
        "without a bare variant there is one message for all"
    );
}

#[test]
fn each_variant_is_deflated_by_itself() {
    let deflated = |bytes: &'static [u8]| Frame::new(None, b"", Bytes::from_static(bytes)).unwrap();
    let small = deflated(b"z").with_place(Place::big_endian(0));
    assert_eq!(small, Err(BadPlace::BeyondPayload { end: 8, len: 1 }));
    let bare = Frame::new(TEXT, b"", MESSAGE.into()).unwrap().with_deflated(deflated(b"bare"));
    let envelope = Frame::new(TEXT, b"", format!(r#"{{"data":{MESSAGE}}}"#).into()).unwrap();
    let frame = envelope.with_bare(bare).with_deflated(deflated(b"whole"));
    assert_eq!(written(&frame, Window::WHOLE), b"whole");
    assert_eq!(written(&frame, Window::WHOLE.bare()), b"bare");
    assert_eq!(written(&frame, Window::NONE.bare()), MESSAGE.as_bytes());
}

#[test]
fn another_node_makes_the_same_variants_of_what_it_gets() {
    let apart = Frame::new(BINARY, b"", Bytes::from_static(b"\x00\x01")).unwrap();
    let envelope = Frame::new(TEXT, b"", Bytes::from_static(br#"{"data":"AAE="}"#)).unwrap();
    for frame in [enveloped(), envelope.with_bare(apart)] {
        let (payload, part) = frame.with_bare_part();
        let part = part.unwrap();
        assert!(part.is_within(payload.len()) && !part.is_within(part.end as usize - 1));
        let bare = frame.bare().unwrap();
        assert_eq!(&payload[..part.envelope as usize], frame.payload());
        assert_eq!(&payload[part.start as usize..part.end as usize], bare.payload());
        assert_eq!(Some(part.kind), bare.kind());
    }
    let plain = Frame::new(TEXT, b"", "plain".into()).unwrap();
    assert_eq!(plain.with_bare_part(), (Bytes::from_static(b"plain"), None));
}

#[test]
fn a_bare_variant_that_is_not_shorter_or_has_a_place_is_left_out() {
    let (payload, place) = text("", "");
    let placed = Frame::new(TEXT, b"", payload).unwrap().with_place(place).unwrap();
    let longer = Frame::new(TEXT, b"", "longer than the envelope".into()).unwrap();
    for bare in [placed, longer] {
        let frame = Frame::new(TEXT, b"", "an envelope of 23 bytes".into()).unwrap().with_bare(bare);
        assert_eq!(frame.bare(), None);
    }
}
