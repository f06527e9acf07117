use super::*;

const STAMPS: [Stamp; 4] = [
    Stamp { stream: 0, sequence: 0, sent: 0 },
    Stamp { stream: u32::MAX, sequence: u32::MAX, sent: u64::MAX },
    Stamp { stream: 0x0123_4567, sequence: 0x89ab_cdef, sent: 0xfedc_ba98_7654_3210 },
    Stamp { stream: 1, sequence: 2, sent: 3 },
];

#[test]
fn a_stamp_reads_back_from_the_front_of_a_message() {
    for stamp in STAMPS {
        let mut message = stamp.write().to_vec();
        assert_eq!(Stamp::read(&message), Some(stamp));
        message.extend_from_slice(b"filler");
        assert_eq!(Stamp::read(&message), Some(stamp));
    }
}

#[test]
fn a_stamp_is_text_without_spaces() {
    for stamp in STAMPS {
        assert!(stamp.write().iter().all(u8::is_ascii_graphic));
    }
}

#[test]
fn what_is_no_stamp_is_told_apart() {
    let whole = STAMPS[2].write();
    assert_eq!(Stamp::read(&whole[..31]), None, "too short");
    for place in 0..whole.len() {
        let mut damaged = whole;
        damaged[place] = b' ';
        assert_eq!(Stamp::read(&damaged), None, "a space at {place}");
    }
    assert_eq!(Stamp::read(b"welcome to the room, dear stranger!"), None);
}
