#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use super::*;

fn server_frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    match payload.len() {
        length @ 0..=125 => bytes.push(length as u8),
        length @ 126..=0xffff => {
            bytes.push(126);
            bytes.extend_from_slice(&(length as u16).to_be_bytes());
        }
        length => {
            bytes.push(127);
            bytes.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
    bytes.extend_from_slice(payload);
    bytes
}

/// Cuts the stream into reads as given and keeps the rest between them, as a connection does.
fn walk(stream: &[u8], cuts: impl Iterator<Item = usize>) -> Vec<(u8, Vec<u8>)> {
    let (mut found, mut held, mut start) = (Vec::new(), Vec::new(), 0);
    for end in cuts.chain([stream.len()]) {
        held.extend_from_slice(&stream[start..end]);
        start = end;
        let mut frames = Frames::new(&held, Kind::Plain);
        while let Some(frame) = frames.next().unwrap() {
            found.push((frame.opcode, frame.payload.to_vec()));
        }
        let used = frames.used();
        held.drain(..used);
    }
    assert!(held.is_empty());
    found
}

#[test]
fn frames_of_every_length_form_are_found() {
    for length in [0, 1, 125, 126, 127, 4096, 65_535, 65_536, 70_000] {
        let payload = vec![b'x'; length];
        let stream = server_frame(0x81, &payload);
        let mut frames = Frames::new(&stream, Kind::Plain);
        let frame = frames.next().unwrap().unwrap();
        assert_eq!((frame.opcode, frame.last, frame.payload), (TEXT, true, &payload[..]), "{length}");
        assert_eq!(frames.used(), stream.len());
        assert_eq!(frames.next(), Ok(None));
    }
}

#[test]
fn cutting_the_stream_anywhere_gives_the_same_frames() {
    let payloads: [(u8, &[u8]); 5] =
        [(0x81, b"one"), (0x89, b""), (0x82, &[7; 300]), (0x81, b""), (0x88, &[3, 232])];
    let stream: Vec<u8> =
        payloads.iter().flat_map(|(first, payload)| server_frame(*first, payload)).collect();
    let whole = walk(&stream, std::iter::empty());
    assert_eq!(whole.len(), payloads.len());
    for cut in 0..stream.len() {
        assert_eq!(walk(&stream, [cut].into_iter()), whole, "cut at {cut}");
    }
    assert_eq!(walk(&stream, 0..stream.len()), whole, "byte by byte");
}

#[test]
fn what_a_server_must_not_send_is_an_error() {
    let cases: [(&[u8], FrameError); 6] = [
        (&[0x81, 0x80, 0, 0, 0, 0], FrameError::Masked),
        (&[0xc1, 0], FrameError::ReservedBits),
        (&[0x91, 0], FrameError::ReservedBits),
        (&[0x83, 0], FrameError::UnknownOpcode),
        (&[0x8b, 0], FrameError::UnknownOpcode),
        (&[0x82, 127, 0x80, 0, 0, 0, 0, 0, 0, 0], FrameError::TooLong),
    ];
    for (bytes, error) in cases {
        assert_eq!(Frames::new(bytes, Kind::Plain).next(), Err(error), "{bytes:x?}");
    }
}

#[test]
fn a_fragment_is_told_from_a_message() {
    let stream = [server_frame(0x01, b"ab"), server_frame(0x80, b"cd")].concat();
    let mut frames = Frames::new(&stream, Kind::Plain);
    let first = frames.next().unwrap().unwrap();
    let second = frames.next().unwrap().unwrap();
    assert_eq!((first.opcode, first.last), (TEXT, false));
    assert_eq!((second.opcode, second.last), (CONTINUATION, true));
}

#[test]
fn a_written_frame_is_masked_and_reads_back() {
    for length in [0, 1, 7, 8, 9, 125, 126, 65_535, 65_536] {
        let payload: Vec<u8> = (0..length).map(|byte| byte as u8).collect();
        let (front, back) = payload.split_at(length / 3);
        let mut wire = Vec::new();
        write_masked(&mut wire, BINARY, 0x1234_5678, &[front, back]);

        let body = wire.len() - length;
        assert_eq!(wire[0], 0x82);
        assert_eq!(wire[1] & 0x80, 0x80);
        let key: [u8; 4] = wire[body - 4..body].try_into().unwrap();
        assert_eq!(key, 0x1234_5678_u32.to_ne_bytes());
        let unmasked: Vec<u8> = wire[body..].iter().zip(key.iter().cycle()).map(|(a, b)| a ^ b).collect();
        assert_eq!(unmasked, payload, "{length}");

        // Without mask and key it is what the walker takes.
        let mut plain = wire[..body - 4].to_vec();
        plain[1] &= 0x7f;
        plain.extend_from_slice(&unmasked);
        assert_eq!(Frames::new(&plain, Kind::Plain).next().unwrap().unwrap().payload, payload);
    }
}
