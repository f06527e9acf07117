use super::frame_len;
use throng_tests::raw::{PING, TEXT, frame};

#[test]
fn a_frame_is_as_long_as_its_head_says() {
    for len in [0, 1, 125, 126, 300, 65_535, 65_536] {
        let first = frame(TEXT, &vec![b'a'; len]);
        let both = [first.clone(), frame(PING, b"")].concat();
        assert_eq!(frame_len(&both), first.len(), "{len}");
    }
    // Not masked.
    assert_eq!(frame_len(&[TEXT, 2, b'h', b'i', PING, 0]), 4);
}

#[test]
fn a_head_that_is_cut_off_is_all_there_is() {
    for bytes in [&[TEXT][..], &[TEXT, 126, 1], &[TEXT, 127, 0, 0, 0, 0, 0, 0, 1]] {
        assert_eq!(frame_len(bytes), bytes.len());
    }
}
