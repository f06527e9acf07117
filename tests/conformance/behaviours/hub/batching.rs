//! Messages that are put together before they are written.

use std::thread;
use std::time::{Duration, Instant};

use throng_runtime::Coalesce;
use throng_tests::raw::{Connect, Raw, TEXT};
use throng_tests::server::listener;
use throng_tests::wait::eventually;

use crate::hosts::Host;

/// The messages of the next text frames, until so many have come; how many frames they were.
fn lines(raw: &mut Raw, count: usize) -> (Vec<String>, usize) {
    let (mut lines, mut frames) = (Vec::new(), 0);
    while lines.len() < count {
        let frame = raw.frame().expect("a message arrives").expect("a message, not the end");
        assert_eq!(frame.first, TEXT);
        let text = String::from_utf8(frame.payload).expect("a text");
        lines.extend(text.split('\n').map(str::to_owned));
        frames += 1;
    }
    (lines, frames)
}

pub(crate) fn texts_that_wait_together_share_a_frame_and_each_is_counted(host: &Host) {
    const MESSAGES: usize = 200;
    let batched = |builder: throng_runtime::Builder| {
        builder.coalesce(Coalesce::Newlines).write_delay(Duration::from_millis(20))
    };
    let server = host.application(batched);
    let mut raw = server.open("/sink");
    for number in 0..MESSAGES {
        server.hub.broadcast(format!("{number}")).expect("it is text");
    }
    let (told, frames) = lines(&mut raw, MESSAGES);
    assert!(told.iter().zip(0..).all(|(line, number)| *line == format!("{number}")));
    assert!(frames < MESSAGES / 10, "{frames} frames");
    let hub = &server.hub;
    eventually("all count as written", || hub.stats().written == MESSAGES as u64);
    hub.broadcast("before").expect("it is text");
    hub.broadcast("two\nlines").expect("it is text");
    hub.broadcast("after").expect("it is text");
    for expected in ["before", "two\nlines", "after"] {
        assert_eq!(raw.message(), expected.as_bytes());
    }
}

pub(crate) fn frames_of_several_messages_are_whole_through_a_slow_reader(host: &Host) {
    const MESSAGES: usize = 3_000;
    const SYSTEM_BUFFER: usize = 16 << 10;
    let roomy = |config: &mut throng_core::hub::Config| {
        config.outbox.messages = MESSAGES as u32;
        config.outbox.bytes = 64 << 20;
    };
    let server =
        host.server_on(listener(Some(SYSTEM_BUFFER)), roomy, |builder| builder.coalesce(Coalesce::Newlines));
    let connect = Connect { receive_buffer: Some(SYSTEM_BUFFER), ..Connect::default() };
    let mut raw = server.open_by(connect, "/sink");
    for number in 0..MESSAGES {
        let text = format!("{number} {}", "x".repeat(number % 1000));
        server.hub.broadcast(text).expect("it is text");
        if number % 500 == 0 {
            thread::sleep(Duration::from_millis(5));
        }
    }
    let (told, frames) = lines(&mut raw, MESSAGES);
    for (line, number) in told.iter().zip(0..) {
        assert_eq!(*line, format!("{number} {}", "x".repeat(number % 1000)));
    }
    assert!(frames < MESSAGES, "{frames} frames");
    eventually("all count as written", || server.hub.stats().written == MESSAGES as u64);
    let stats = server.hub.stats();
    assert_eq!((stats.dropped(), stats.pending()), (0, 0));
}

pub(crate) fn a_write_that_is_delayed_takes_along_what_comes_later(host: &Host) {
    const DELAY: Duration = Duration::from_millis(100);
    let server = host.application(|builder| builder.write_delay(DELAY));
    let mut raw = server.open("/sink");
    // That it was opened has woken who writes, too.
    thread::sleep(2 * DELAY);
    for _ in 0..3 {
        let since = Instant::now();
        server.hub.broadcast("one").expect("it is text");
        thread::sleep(DELAY / 10);
        server.hub.broadcast("two").expect("it is text");
        assert_eq!(raw.message(), b"one");
        assert!(since.elapsed() >= DELAY, "{:?}", since.elapsed());
        // It came in the same write: nothing has to be waited for.
        raw.patience(DELAY / 2);
        assert_eq!(raw.message(), b"two");
        raw.patience(throng_tests::wait::PATIENCE);
        // Who has just written writes at once what has come meanwhile.
        eventually("all counts as written", || server.hub.stats().pending() == 0);
    }
}
