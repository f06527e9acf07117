use super::{COPIED, COPIED_SHARED, Flat, FlatRun, KEPT};
use crate::frame::Place;
use crate::hub::{Config, Hub, Target};
use crate::outbox::{Batch, Item, Progress, Transport};
use crate::websocket::Utf8Bytes;
use crate::websocket::encode::encode_text;
use crate::{CloseCode, ConnectionId, Frame, Instant, MessageKind, Window};
use alloc::string::String;
use alloc::vec::Vec;
use bytes::Bytes;
use std::collections::VecDeque;
use std::io::{self, ErrorKind, IoSlice, Write};

const NOW: Instant = Instant::ORIGIN;

/// A hub with so many clients, and their connections.
fn hub_of(clients: usize) -> (Hub, Vec<ConnectionId>) {
    let mut hub = Hub::new(Config::default()).unwrap();
    let mut admit = || hub.admit(NOW, None).ok().and_then(|client| hub.connection_of(client)).unwrap();
    let ids = (0..clients).map(|_| admit()).collect();
    (hub, ids)
}

/// Closes a client with this reason, once all is written.
fn close(hub: &mut Hub, connection: ConnectionId, reason: &str) {
    let client = hub.client_of(connection).unwrap();
    hub.close(NOW, client, CloseCode::NORMAL, reason, crate::hub::Flush::First).unwrap();
}

fn text(len: usize) -> Frame {
    encode_text("x".repeat(len)).unwrap()
}

fn bytes_of(frame: &Frame) -> Vec<u8> {
    [frame.head(), frame.payload()].concat()
}

/// One turn of a host whose sockets take `each` bytes a write, and `most` in all. What each was given, and whether its
/// sending direction was ended.
fn turn(hub: &mut Hub, flat: &mut Flat, each: usize, most: usize) -> Vec<(ConnectionId, Vec<u8>, bool)> {
    let (mut batch, mut results, mut all) = (Batch::default(), Vec::new(), Vec::new());
    hub.transmit_ready(NOW, 0, 16, 1 << 20, &mut batch).unwrap();
    let mut leases = flat.leases(&batch);
    while let Some(mut unwritten) = leases.next_lease() {
        let mut socket = Vec::new();
        while !unwritten.is_empty() && socket.len() < most {
            let mut slices = [IoSlice::new(&[]); 3];
            let count = unwritten.slices(&mut slices);
            assert!(count > 0 && slices[..count].iter().all(|slice| !slice.is_empty()));
            let offered = slices[..count].iter().flat_map(|slice| slice.iter().copied());
            let offset = socket.len();
            socket.extend(offered.take(each.min(most - offset)));
            let taken = socket.len() - offset;
            assert!(taken <= unwritten.len());
            unwritten.advance(taken);
        }
        let transport = if unwritten.is_empty() { Transport::Ready } else { Transport::Blocked };
        all.push((unwritten.connection(), socket, unwritten.ends_sending()));
        results.push(unwritten.written(transport));
    }
    drop(leases);
    hub.transmitted(NOW, &results).unwrap();
    all
}

#[test]
fn every_cut_of_every_write_leads_to_the_same_bytes() {
    let frames = [text(5), text(17_000), text(0), text(3_000)];
    let expected: Vec<u8> = frames.iter().flat_map(bytes_of).collect();
    for (each, most) in [(1 << 20, 1 << 20), (7, 9_999), (17_009, 17_009), (1, 30_000), (3, 1_001)] {
        let ((mut hub, ids), mut flat) = (hub_of(1), Flat::default());
        for frame in &frames {
            hub.publish(NOW, &[Target::All], &[], frame, None).unwrap();
        }
        let mut written = Vec::new();
        while written.len() < expected.len() {
            for (connection, bytes, ends) in turn(&mut hub, &mut flat, each, most) {
                assert_eq!((connection, ends), (ids[0], false));
                written.extend(bytes);
            }
            let _ = hub.handle(NOW, crate::hub::Event::Writable { connection: ids[0] });
        }
        assert!(written == expected, "{each} bytes a write, {most} in all");
        assert_eq!(hub.stats().pending(), 0);
    }
}

/// Deflated to a tenth, in name.
fn deflated(len: usize) -> Frame {
    let variant = Frame::new(None, &[0xc1, 0], Bytes::from(alloc::vec![b'd'; len / 10])).unwrap();
    text(len).with_deflated(variant)
}

#[test]
fn each_is_written_the_variants_that_it_takes_however_it_is_cut() {
    let ((mut hub, ids), mut flat) = (hub_of(5), Flat::default());
    let windows = [0, 15, 9, 0, 15].map(|bits| Window::of_bits(bits).unwrap_or(Window::NONE));
    let frames = [deflated(300), deflated(3_000), text(20), deflated(200_000)];
    let takes = |frame: &Frame, window: Window| bytes_of(frame.for_window(window));
    assert_eq!(takes(&frames[0], windows[2])[0], 0xc1);
    assert_eq!(takes(&frames[1], windows[2])[0], 0x81);
    for most in [usize::MAX, 1_000, 77] {
        for frame in &frames {
            hub.publish(NOW, &[Target::All], &[], frame, None).unwrap();
        }
        let mut written = alloc::vec![Vec::new(); ids.len()];
        while hub.stats().pending() > 0 {
            let mut batch = Batch::default();
            hub.transmit_ready(NOW, 0, 16, 1 << 20, &mut batch).unwrap();
            let mut results = Vec::new();
            let mut leases = flat.leases(&batch);
            let window_of = |connection: ConnectionId| windows[connection.index()];
            while let Some(mut unwritten) = leases.next_lease_for(window_of) {
                let mut slices = [IoSlice::new(&[]); 8];
                let count = unwritten.slices(&mut slices);
                let offered = slices[..count].iter().flat_map(|slice| slice.iter().copied());
                let taken: Vec<u8> = offered.take(most).collect();
                written[unwritten.connection().index()].extend_from_slice(&taken);
                unwritten.advance(taken.len());
                results.push(unwritten.written(Transport::Ready));
            }
            drop(leases);
            hub.transmitted(NOW, &results).unwrap();
            assert_eq!(hub.check(), Ok(()));
        }
        for (written, window) in written.iter().zip(windows) {
            let expected: Vec<u8> = frames.iter().flat_map(|frame| takes(frame, window)).collect();
            assert!(*written == expected, "{window:?}, {most} at a time");
        }
    }
}

/// A text of so many bytes with a place, and a variant a tenth as long.
fn sealed(len: usize, offset: u64) -> Frame {
    let place = Place::decimal(10);
    let payload = |len: usize, byte: &str| {
        Bytes::from([&byte.repeat(10), Place::ZERO, &byte.repeat(len.max(30) - 30)].concat())
    };
    let variant = Frame::new(None, &[0xc1, 0], payload(len / 10, "d")).unwrap().with_place(place).unwrap();
    let text = encode_text(Utf8Bytes::try_from(payload(len, "x")).unwrap()).unwrap();
    text.with_place(place).unwrap().with_deflated(variant).sealed(offset)
}

#[test]
fn sealed_frames_are_written_with_their_offsets_however_they_are_cut() {
    // Copied; written from where they lie, with a control frame among them.
    for sizes in [[50, 1_000, 300], [150_000, 40, 160_000]] {
        let frames = [(sizes[0], 1), (sizes[1], 10), (sizes[2], u64::MAX)];
        let frames = frames.map(|(len, offset)| sealed(len, offset));
        for window in [Window::NONE, Window::WHOLE, Window::of_bits(9).unwrap()] {
            let mut items: Vec<Item> = frames.iter().cloned().map(Item::Frame).collect();
            items.insert(1, Item::Control(crate::outbox::Control::Ping));
            let mut expected = Vec::new();
            for item in &items {
                match item {
                    Item::Frame(frame) => frame.append_to(window, &mut expected),
                    Item::Control(_) => expected.extend_from_slice(b"\x89\x00"),
                }
            }
            let max = alloc::format!("{}", u64::MAX);
            assert!(expected.windows(20).any(|part| part == max.as_bytes()), "the offset is in it");
            for shared in [false, true] {
                let mut flat = Flat::default();
                let run = flat.load(0, &items, shared, window);
                assert_eq!(run.len(), expected.len());
                let ends = (0..60).chain(expected.len().saturating_sub(60)..expected.len());
                for from in ends.chain((0..expected.len()).step_by(9_973)) {
                    let mut slices = [IoSlice::new(&[]); 16];
                    let count = run.slices(&items, from, &mut slices);
                    let parts = slices[..count].iter().flat_map(|slice| slice.iter().copied());
                    let bytes =
                        run.copied().map_or_else(|| parts.collect::<Vec<u8>>(), |all| all[from..].into());
                    assert!(bytes == expected[from..], "{sizes:?} {window:?} from {from}");
                }
            }
        }
    }
}

#[test]
fn clients_with_windows_of_any_size_share_what_all_of_them_can_read() {
    let frames = [deflated(200), text(9_000)].map(Item::Frame);
    let mut flat = Flat::default();
    let bytes = |flat: &FlatRun| flat.copied().map(<[u8]>::as_ptr);
    let whole = bytes(flat.load(0, &frames, true, Window::WHOLE));
    for bits in 8..15 {
        let run = flat.load(0, &frames, true, Window::of_bits(bits).unwrap());
        assert_eq!((bytes(run), run.window), (whole, Window::WHOLE));
    }
    let plain = flat.load(0, &frames, true, Window::NONE);
    assert!(plain.len() > 9_200 && bytes(plain) != whole);
}

#[test]
fn clients_that_share_a_run_are_given_the_same_and_a_batch_forgets_the_one_before() {
    let ((mut hub, ids), mut flat) = (hub_of(3), Flat::default());
    for len in [10, 100_000] {
        let frame = text(len);
        hub.publish(NOW, &[Target::All], &[], &frame, None).unwrap();
        let given = turn(&mut hub, &mut flat, 1 << 20, 1 << 20);
        assert_eq!(given.len(), ids.len());
        assert!(given.iter().all(|(_, bytes, _)| *bytes == bytes_of(&frame)));
    }
}

#[test]
fn a_close_frame_ends_the_sending_direction_once_all_is_written() {
    let ((mut hub, ids), mut flat) = (hub_of(1), Flat::default());
    let event = crate::hub::Event::Ping { connection: ids[0], payload: b"?" };
    hub.handle(NOW, event).unwrap();
    hub.publish(NOW, &[Target::All], &[], &Frame::raw(Bytes::from_static(b"bye")), None).unwrap();
    close(&mut hub, ids[0], "so long");
    let all = b"\x8a\x01?bye\x88\x09\x03\xe8so long";
    let first = turn(&mut hub, &mut flat, 5, 5);
    assert_eq!(first, [(ids[0], all[..5].to_vec(), false)]);
    hub.handle(NOW, crate::hub::Event::Writable { connection: ids[0] }).unwrap();
    assert_eq!(turn(&mut hub, &mut flat, 100, 100), [(ids[0], all[5..].to_vec(), true)]);
}

/// The slices that the first of `clients` is offered when all of them wait for the same frames.
fn offered(flat: &mut Flat, clients: usize, frames: &[Frame]) -> Vec<(*const u8, usize)> {
    let (mut hub, _) = hub_of(clients);
    for frame in frames {
        hub.publish(NOW, &[Target::All], &[], frame, None).unwrap();
    }
    let mut batch = Batch::default();
    hub.transmit_ready(NOW, 0, 16, 1 << 20, &mut batch).unwrap();
    let mut leases = flat.leases(&batch);
    let unwritten = leases.next_lease().unwrap();
    let mut slices = [IoSlice::new(&[]); 8];
    let count = unwritten.slices(&mut slices);
    slices[..count].iter().map(|slice| (slice.as_ptr(), slice.len())).collect()
}

#[test]
fn what_is_small_is_copied_together_and_what_is_large_written_from_where_it_lies() {
    let whole = |frames: &[Frame]| frames.iter().map(|frame| frame.size() as usize).sum::<usize>();
    for (clients, most) in [(1, COPIED), (2, COPIED_SHARED)] {
        let half = most / 2 - 4;
        let (small, large) = ([text(half), text(half)], [text(half), text(half + 1)]);
        assert_eq!((whole(&small), whole(&large)), (most, most + 1), "to the byte");
        let flat = &mut Flat::default();
        let one = offered(flat, clients, &small);
        assert_eq!(one.len(), 1, "{clients} clients");
        assert_eq!(one[0].1, most);
        let parts = offered(flat, clients, &large);
        assert_eq!(parts.len(), 4, "{clients} clients: two heads, two payloads");
        for (part, frame) in parts.chunks(2).zip(&large) {
            assert_eq!(part[0].1, frame.head().len());
            assert_eq!(part[1], (frame.payload().as_ptr(), frame.payload().len()));
        }
    }
}

#[test]
fn a_buffer_is_kept_for_the_next_batch_unless_it_grew_too_large() {
    assert_eq!(KEPT, 262_144);
    for (grown, is_kept) in [(KEPT, true), (KEPT + 1, false)] {
        let mut flat = Flat::default();
        flat.plain.bytes.reserve_exact(grown);
        assert_eq!(flat.plain.bytes.capacity(), grown);
        offered(&mut flat, 1, &[text(5)]);
        assert_eq!(flat.plain.bytes.capacity() == grown, is_kept, "{grown}");
    }
}

#[test]
fn control_frames_stand_before_and_behind_large_messages() {
    let ((mut hub, ids), mut flat) = (hub_of(1), Flat::default());
    let frame = text(100_000);
    hub.handle(NOW, crate::hub::Event::Ping { connection: ids[0], payload: b"first" }).unwrap();
    hub.publish(NOW, &[Target::All], &[], &frame, None).unwrap();
    close(&mut hub, ids[0], "bye");
    let all = [b"\x8a\x05first".to_vec(), bytes_of(&frame), b"\x88\x05\x03\xe8bye".to_vec()].concat();
    let given = turn(&mut hub, &mut flat, 60_000, 1 << 20);
    assert!(given == [(ids[0], all, true)]);
}

/// A socket that answers to each write as it is told, with so many bytes or an error, then takes nothing more.
struct Socket {
    answers: VecDeque<Result<usize, ErrorKind>>,
    taken: Vec<u8>,
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let answer = self.answers.pop_front().unwrap_or(Err(ErrorKind::WouldBlock))?;
        let taken = answer.min(bytes.len());
        self.taken.extend(&bytes[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_socket_is_written_until_it_blocks_fails_or_has_all() {
    use ErrorKind::{ConnectionReset, Interrupted, WouldBlock};
    for (answers, transport, taken) in [
        (vec![Ok(100)], Transport::Ready, "\u{1}hello"),
        (vec![Ok(2), Err(Interrupted), Ok(3), Err(Interrupted), Ok(100)], Transport::Ready, "\u{1}hello"),
        (vec![Ok(2), Err(WouldBlock), Ok(100)], Transport::Blocked, "\u{1}h"),
        (vec![Ok(2), Err(ConnectionReset), Ok(100)], Transport::Failed, "\u{1}h"),
        (vec![Ok(2), Ok(0), Ok(100)], Transport::Failed, "\u{1}h"),
    ] {
        let ((mut hub, _), mut flat, mut batch) = (hub_of(1), Flat::default(), Batch::default());
        let frame = Frame::raw(Bytes::from_static(b"\x01hello"));
        hub.publish(NOW, &[Target::All], &[], &frame, None).unwrap();
        hub.transmit_ready(NOW, 0, 16, 1 << 20, &mut batch).unwrap();
        let mut leases = flat.leases(&batch);
        let mut unwritten = leases.next_lease().unwrap();
        let mut socket = Socket { answers: answers.clone().into(), taken: Vec::new() };
        assert_eq!(unwritten.write_to(&mut socket), transport, "{answers:?}");
        assert_eq!(socket.taken, taken.as_bytes(), "{answers:?}");
        assert_eq!(unwritten.len(), 6 - taken.len(), "{answers:?}");
    }
}

#[test]
fn a_host_that_says_too_much_or_offers_no_room_does_no_harm() {
    let ((mut hub, _), mut flat) = (hub_of(1), Flat::default());
    for len in [1, 100_000] {
        hub.publish(NOW, &[Target::All], &[], &text(len), None).unwrap();
        let mut batch = Batch::default();
        hub.transmit_ready(NOW, 0, 16, 1 << 20, &mut batch).unwrap();
        let mut leases = flat.leases(&batch);
        let mut unwritten = leases.next_lease().unwrap();
        assert_eq!(unwritten.slices(&mut []), 0);
        unwritten.advance(usize::MAX);
        unwritten.advance(usize::MAX);
        assert_eq!((unwritten.len(), unwritten.slices(&mut [IoSlice::new(&[])])), (0, 0));
        let written = unwritten.written(Transport::Ready);
        assert_eq!(written.progress, Progress::All);
        assert!(leases.next_lease().is_none());
        drop(leases);
        hub.transmitted(NOW, &[written]).unwrap();
    }
}

mod joined {
    use super::*;

    fn items(texts: &[&str]) -> Vec<Item> {
        texts.iter().map(|text| Item::Frame(encode_text(String::from(*text)).unwrap())).collect()
    }

    #[test]
    fn only_a_frame_of_several_messages_that_is_begun_must_be_ended() {
        let mut flat = Flat::default();
        let run = flat.load_joined(0, &items(&["ab", "cd", "e\nf"]), 0, Window::NONE);
        assert_eq!(run.copied().unwrap(), b"\x81\x05ab\ncd\x81\x03e\nf");
        let part = |items, bytes, begun| Progress::Part { items, bytes, begun };
        for written in 0..=12 {
            let expected = match written {
                0 => part(0, 0, 0),
                1..7 => part(0, written, 2),
                7 => part(2, 0, 0),
                8..12 => part(2, written - 7, 1),
                _ => Progress::All,
            };
            assert_eq!(run.progress(written as usize, written as usize), expected, "{written}");
        }
    }

    #[test]
    fn a_frame_that_is_begun_is_joined_again_as_it_was_whatever_waits_behind_it() {
        let mut flat = Flat::default();
        let few = items(&["ab", "cd", "ef", "gh"]);
        for (begun, bytes) in [
            (0, &b"\x81\x0bab\ncd\nef\ngh"[..]),
            (1, b"\x81\x02ab\x81\x08cd\nef\ngh"),
            (2, b"\x81\x05ab\ncd\x81\x05ef\ngh"),
            (3, b"\x81\x08ab\ncd\nef\x81\x02gh"),
            (4, b"\x81\x0bab\ncd\nef\ngh"),
        ] {
            assert_eq!(
                flat.load_joined(begun, &few, begun, Window::NONE).copied().unwrap(),
                bytes,
                "{begun}"
            );
        }
        let large = items(&["ab", "cd", &"x".repeat(COPIED_SHARED)]);
        let run = flat.load_joined(5, &large, 2, Window::NONE).copied().unwrap();
        assert!(run.starts_with(b"\x81\x05ab\ncd\x81\x7f"));
    }

    #[test]
    fn what_a_transport_holds_back_is_begun_up_to_the_end_of_an_item() {
        let mut flat = Flat::default();
        let few = items(&["ab", "cd", "ef", "gh"]);
        let run = flat.load(0, &few, false, Window::NONE);
        let part = |items, bytes, begun| Progress::Part { items, bytes, begun };
        for (written, begun, expected) in [
            (0, 0, part(0, 0, 0)),
            (0, 1, part(0, 0, 1)),
            (0, 4, part(0, 0, 1)),
            (0, 8, part(0, 0, 2)),
            (3, 8, part(0, 3, 2)),
            (4, 4, part(1, 0, 0)),
            (4, 3, part(1, 0, 0)),
            (4, 12, part(1, 0, 2)),
            (15, 16, part(3, 3, 1)),
            (15, 99, part(3, 3, 1)),
            (16, 16, Progress::All),
        ] {
            assert_eq!(run.progress(written, begun), expected, "{written} of {begun}");
        }
    }

    #[test]
    fn sealed_texts_are_joined_with_their_offsets() {
        let frame = |offset| {
            let text = [r#"{"o":"#, Place::ZERO, "}"].concat();
            Item::Frame(encode_text(text).unwrap().with_place(Place::decimal(5)).unwrap().sealed(offset))
        };
        let mut flat = Flat::default();
        let run = flat.load_joined(0, &[frame(9), frame(10)], 0, Window::NONE);
        let expected = alloc::format!("{{\"o\":{:>20}}}\n{{\"o\":{:>20}}}", 9, 10);
        assert_eq!(run.copied().unwrap(), [b"\x81\x35", expected.as_bytes()].concat());
    }

    #[test]
    fn only_texts_are_joined_whatever_their_first_byte() {
        let frame = |kind| Item::Frame(Frame::new(kind, b"\x81\x02", Bytes::from_static(b"ab")).unwrap());
        let mut flat = Flat::default();
        for (run, kind) in [None, Some(MessageKind::Binary), Some(MessageKind::Text)].into_iter().enumerate()
        {
            let joined = flat.load_joined(run as u32, &[frame(kind), frame(kind)], 0, Window::NONE);
            let is_joined = kind == Some(MessageKind::Text);
            let expected = Progress::Part { items: 0, bytes: 1, begun: 1 + u32::from(is_joined) };
            assert_eq!(joined.progress(1, 1), expected, "{kind:?}");
        }
    }

    #[test]
    fn messages_and_their_newlines_are_of_bounded_size() {
        let mut flat = Flat::default();
        for (len, is_joined) in [(2_047, true), (2_048, false)] {
            let text = "x".repeat(len);
            let run = flat.load_joined(len as u32, &items(&[&text, &text]), 0, Window::NONE);
            let expected = Progress::Part { items: 0, bytes: 1, begun: 1 + u32::from(is_joined) };
            assert_eq!(run.progress(1, 1), expected, "{len}");
        }
    }

    #[test]
    fn a_run_that_is_too_large_to_be_copied_is_left_as_it_is() {
        let mut flat = Flat::default();
        let text = "x".repeat(COPIED_SHARED / 2);
        assert!(flat.load_joined(0, &items(&[&text, &text]), 0, Window::NONE).copied().is_none());
        assert!(flat.load_joined(1, &items(&[&text, "y"]), 0, Window::NONE).copied().is_some());
    }

    #[test]
    fn whoever_takes_another_variant_is_given_it() {
        // The first is too long to be joined.
        let frames = [deflated(5_000), text(5), text(6)].map(Item::Frame);
        let small = Window::of_bits(9).unwrap();
        let mut flat = Flat::default();
        for (window, first) in
            [(Window::WHOLE, 0xc1), (small, 0x81), (Window::NONE, 0x81), (Window::WHOLE, 0xc1)]
        {
            let run = flat.load_joined(0, &frames, 0, window).copied().unwrap();
            assert_eq!(run[0], first, "{window:?}");
            assert!(run.ends_with(b"\x81\x0cxxxxx\nxxxxxx"), "{window:?}");
        }
    }
}
