//! The bare core in a plain event loop: its example, a chat over mio, under attack and under load. Whatever its hub was told
//! is replayed in the bare core when a test ends.

use std::io::Write;
use std::mem;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use throng_core::ClosedBy;
use throng_tests::example::MioChat;
use throng_tests::http::{Response, get, head, upgrade};
use throng_tests::load::Load;
use throng_tests::raw::{BINARY, Connect, PING, PONG, Raw, TEXT, close, frame};
use throng_tests::wait::eventually;
use throng_tests::witness::Witness;

/// How long a machine may take that does something else besides.
const SLACK: Duration = Duration::from_millis(1_500);
/// How long its peers have to answer after the second signal.
const HURRY: Duration = Duration::from_secs(1);

fn chat() -> MioChat {
    MioChat::start(Path::new(env!("CARGO_TARGET_TMPDIR")))
}

/// The answer to a request for a WebSocket.
fn ask(chat: &MioChat, path: &str) -> Option<Response> {
    let mut raw = Raw::connect(chat.address);
    raw.send(upgrade(path).as_bytes());
    raw.response_head()
}

/// Members of a room, of whom all have been heard by those before: so all have joined.
fn members(chat: &MioChat, room: &str, count: usize) -> Vec<Raw> {
    let mut members = Vec::new();
    for _ in 0..count {
        let mut newest = Raw::open(chat.address, room);
        newest.say("here");
        members.push(newest);
        for member in &mut members {
            assert_eq!(member.message(), b"here");
        }
    }
    members
}

#[test]
fn a_terminal_that_is_closed_ends_nothing() {
    let chat = chat();
    let mut red = members(&chat, "/red", 2);
    for _ in 0..3 {
        chat.hang_up();
        red[0].say("still there?");
        for member in &mut red {
            assert_eq!(member.message(), b"still there?");
        }
    }
}

#[test]
fn what_is_said_in_a_room_is_heard_there_by_all_and_nowhere_else() {
    let chat = chat();
    let mut red = members(&chat, "/red", 3);
    let mut green = members(&chat, "/green", 2);
    for count in 0..500 {
        red[count % 3].say(&format!("red {count}"));
        for member in &mut red {
            assert_eq!(member.message(), format!("red {count}").as_bytes());
        }
    }
    green[0].send(&frame(BINARY, b"green"));
    for member in &mut green {
        assert_eq!(member.message(), b"green");
    }
}

#[test]
fn who_reads_nothing_is_not_listened_to_and_holds_up_nobody() {
    // More than its outbox and all buffers on the way hold.
    const MESSAGES: usize = 600;
    let chat = chat();
    let mut witness = Witness::open(chat.address, "/echo");
    let narrow = Connect { receive_buffer: Some(8 << 10), ..Connect::default() };
    let mut stuffed = narrow.open(chat.address, "/echo");
    let (mut writer, taken) = (stuffed.writer(), AtomicUsize::new(0));
    thread::scope(|threads| {
        threads.spawn(|| {
            let message = frame(BINARY, &[7; 64 << 10]);
            for _ in 0..MESSAGES {
                writer.write_all(&message).expect("it is taken in the end");
                taken.fetch_add(1, Ordering::Relaxed);
            }
        });
        let mut last = 0;
        eventually("nothing more is taken in", || {
            for _ in 0..20 {
                let _ = witness.is_served();
            }
            thread::sleep(Duration::from_millis(50));
            let before = mem::replace(&mut last, taken.load(Ordering::Relaxed));
            last > 0 && last == before
        });
        assert!(last < MESSAGES, "all of it is taken in for somebody who reads nothing");
        // Now it reads, and nothing is missing.
        for _ in 0..MESSAGES {
            assert_eq!(stuffed.message().len(), 64 << 10);
        }
    });
}

#[test]
fn a_close_frame_arrives_while_the_peer_goes_on_sending() {
    let chat = chat();
    let mut raw = Raw::open(chat.address, "/echo");
    raw.say("right");
    raw.send(&frame(TEXT, &[0xff]));
    let more = frame(BINARY, &[0; 32 << 10]);
    for _ in 0..100 {
        let _ = raw.try_send(&more);
    }
    assert_eq!(raw.message(), b"right");
    assert_eq!(raw.closed().code, 1007);
    raw.end_sending();
    raw.ended();
}

#[test]
fn a_refusal_arrives_while_the_peer_goes_on_sending() {
    let chat = chat();
    let mut raw = Raw::connect(chat.address);
    raw.send(upgrade("/echo").replace("Version: 13", "Version: 12").as_bytes());
    for _ in 0..100 {
        let _ = raw.try_send(&[b'x'; 16 << 10]);
    }
    let response = raw.response_head().expect("an answer");
    assert_eq!((response.status, response.header("sec-websocket-version")), (426, Some("13")));
}

#[test]
fn all_that_a_peer_said_is_handled_and_its_end_is_what_it_said_although_it_reads_nothing() {
    /// Fewer than the outbox of another member holds: the loop handles all that it reads before it writes.
    const MESSAGES: usize = 500;
    const TRIES: usize = 10;
    let mut chat = chat();
    for last in [close(1001, ""), close(4321, "bye")] {
        for _ in 0..TRIES {
            let [mut other] = <[Raw; 1]>::try_from(members(&chat, "/red", 1)).expect("one");
            let mut gone = Raw::open(chat.address, "/red");
            other.say("never read");
            assert_eq!(other.message(), b"never read");
            // The loop finds all of it at once: the messages, the close frame, and that the connection was reset, since
            // something was not read.
            chat.signal(Signal::STOP);
            let messages = (0..MESSAGES).flat_map(|number| frame(TEXT, format!("{number:80}").as_bytes()));
            gone.send(&messages.chain(last.iter().copied()).collect::<Vec<_>>());
            drop(gone);
            chat.signal(Signal::CONT);
            for number in 0..MESSAGES {
                assert_eq!(other.message(), format!("{number:80}").as_bytes());
            }
            other.send(&close(1000, ""));
            assert_eq!(other.closed().code, 1000);
            other.ended();
        }
    }
    let mut ends = chat.ends();
    ends.sort_by_key(|(code, _)| *code);
    let expected = [(1000, 2 * TRIES), (1001, TRIES), (4321, TRIES)];
    assert_eq!(ends, expected.map(|(code, count)| vec![(code, ClosedBy::Peer); count]).concat());
}

#[test]
fn a_head_request_is_answered_without_a_body() {
    let chat = chat();
    assert!(!get(chat.address, "/red").body.is_empty(), "otherwise this test shows nothing");
    // `head` fails if anything follows the head.
    for path in ["/red", "/echo", "/healthz"] {
        let answer = head(chat.address, path);
        assert_eq!(answer.status, 405, "{answer:?}");
        assert!(answer.header("allow").is_some_and(|allow| allow == "GET"), "{answer:?}");
    }
    // The same for one that asks for a WebSocket.
    let mut raw = Raw::connect(chat.address);
    raw.send(upgrade("/red").replacen("GET", "HEAD", 1).as_bytes());
    assert_eq!(raw.response_head().expect("an answer").status, 405);
    assert_eq!(String::from_utf8_lossy(&raw.rest()), "");
}

#[test]
fn peers_that_vanish_flood_or_stall_leave_the_others_served() {
    let chat = chat();
    let mut witness = Witness::open(chat.address, "/echo");
    for round in 0..30 {
        let _ = witness.is_served();
        Raw::open(chat.address, "/red").reset();
        drop(Raw::connect(chat.address));
        let mut half = Raw::connect(chat.address);
        half.send(&upgrade("/echo").as_bytes()[..round]);
        let mut flood = Raw::open(chat.address, "/red");
        let _ = flood.try_send(&frame(PING, b"?").repeat(2_000));
        assert_eq!(flood.closed().code, 1008);
        let mut late = Raw::open(chat.address, "/red");
        late.send(&frame(TEXT, b"half a message")[..9]);
        late.end_sending();
    }
    assert!(ask(&chat, &format!("/{}", "x".repeat(4_000))).is_some(), "a name that no room can have");
    let mut pinged = Raw::open(chat.address, "/echo");
    pinged.send(&frame(PING, b"still there?"));
    let pong = pinged.frame().expect("a pong arrives").expect("a pong, not the end");
    assert_eq!((pong.first, &*pong.payload), (PONG, &b"still there?"[..]));
    let _ = witness.is_served();
}

#[test]
fn it_is_drained_by_one_signal_and_ended_by_two() {
    let mut chat = chat();
    let mut guests = members(&chat, "/red", 3);
    chat.terminate();
    eventually("newcomers are refused", || ask(&chat, "/red").is_some_and(|answer| answer.status == 503));
    chat.terminate();
    for guest in &mut guests {
        assert_eq!(guest.closed().code, 1001);
        guest.send(&close(1001, ""));
        guest.ended();
    }
    assert!(chat.end().success());
}

/// Peers that never answer: members of a room, one that has sent nothing, and one that has sent half a request.
fn silent_peers(chat: &MioChat) -> Vec<Raw> {
    let mut silent = members(chat, "/red", 2);
    silent.push(Raw::connect(chat.address));
    let mut half = Raw::connect(chat.address);
    half.send(b"GET /red HT");
    silent.push(half);
    silent
}

#[test]
fn peers_that_do_not_answer_hold_up_its_end_until_the_deadline_of_the_drain() {
    const DEADLINE: Duration = Duration::from_secs(15);
    for signal in [Signal::TERM, Signal::INT] {
        let mut chat = chat();
        let _silent = silent_peers(&chat);
        let since = Instant::now();
        chat.signal(signal);
        let status = chat.end();
        assert!(status.success(), "{signal:?}: {status}");
        assert!(since.elapsed() < DEADLINE + SLACK, "{signal:?}: {:?}", since.elapsed());
    }
}

#[test]
fn two_signals_of_any_kind_end_it_at_once_although_peers_do_not_answer() {
    for [first, second] in
        [[Signal::TERM, Signal::TERM], [Signal::INT, Signal::INT], [Signal::TERM, Signal::INT]]
    {
        let mut chat = chat();
        let mut silent = silent_peers(&chat);
        chat.signal(first);
        eventually("newcomers are refused", || ask(&chat, "/red").is_some_and(|answer| answer.status == 503));
        let since = Instant::now();
        chat.signal(second);
        assert_eq!(silent[0].closed().code, 1001, "the close frame arrives");
        let status = chat.end();
        assert!(status.success(), "{status}");
        assert!(since.elapsed() < HURRY + SLACK, "{:?}", since.elapsed());
    }
}

#[test]
fn signals_of_two_kinds_that_come_together_are_two() {
    let mut chat = chat();
    let _silent = silent_peers(&chat);
    for signal in [Signal::STOP, Signal::TERM, Signal::INT] {
        chat.signal(signal);
    }
    let since = Instant::now();
    chat.signal(Signal::CONT);
    assert!(chat.end().success());
    assert!(since.elapsed() < HURRY + SLACK, "{:?}", since.elapsed());
}

#[test]
fn a_load_is_delivered_whole_and_its_log_is_the_same_run_in_the_bare_core() {
    let mut chat = chat();
    let arguments = ["fanout", "--connections", "50", "--messages", "200", "--message-bytes", "1024"];
    let load = [&arguments[..], &["--outstanding", "8"]].concat();
    Load::start(env!("CARGO_BIN_EXE_throng-load"), chat.address, &load).succeeds();
    let replayed = chat.replay();
    // It compares itself with every checkpoint that another process has written, the last of them at the end.
    assert!(replayed.stats.written >= 50 * 200, "{replayed:?}");
    assert_eq!((replayed.stats.clients, replayed.stats.pending()), (0, 0));
}
