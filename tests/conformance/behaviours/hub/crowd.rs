//! A large room.

use std::path::Path;
use std::time::Duration;

use throng_core::hub::DropReason;
use throng_tests::load::Load;
use throng_tests::process::allow_open_files;
use throng_tests::raw::Connect;
use throng_tests::server::listener;
use throng_tests::wait::eventually;

use crate::hosts::Host;

/// More than an outbox holds.
const MESSAGES: u64 = if cfg!(debug_assertions) { 500 } else { 1_000 };
const MEMBERS: u64 = if cfg!(debug_assertions) { 300 } else { 1_000 };

/// What the system holds for a client that stops reading is small here, so that the hub feels it.
const SYSTEM_BUFFER: usize = 16 << 10;

/// The number of messages that only ask whether somebody is a member.
const PROBE: u32 = u32::MAX;

/// The load generator gives each message a stream and a number, in eight characters of a nibble each.
fn number(message: &[u8]) -> u32 {
    message[8..16].iter().fold(0, |number, nibble| number << 4 | u32::from(nibble - b'0'))
}

pub(crate) fn each_of_many_gets_each_message_once_and_in_order_whoever_stops_reading(host: &Host) {
    allow_open_files(2_200);
    let server = host.server_on(
        listener(Some(SYSTEM_BUFFER)),
        // However slow the machine is, the one that stops reading is to stay.
        |config| config.deadlines.write = Duration::from_secs(300),
        |builder| builder,
    );
    let connect = Connect { receive_buffer: Some(SYSTEM_BUFFER), ..Connect::default() };
    let mut stalled = server.open_by(connect, "/ws");
    eventually("it is a member", || server.hub.member_count("ws") == 1);
    let id = server.hub.members("ws")[0];

    let report = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{}.json", host.name));
    let (members, messages) = (MEMBERS.to_string(), MESSAGES.to_string());
    let arguments = ["fanout", "--connections", &members, "--messages", &messages, "--message-bytes", "1024"];
    let json = ["--outstanding", "16", "--json", report.to_str().expect("a path is text")];
    Load::start(env!("CARGO_BIN_EXE_throng-load"), server.address, &[&arguments[..], &json].concat())
        .succeeds();

    // Its own books say so; so do the server's.
    let report: serde_json::Value =
        serde_json::from_slice(&std::fs::read(report).expect("a report")).expect("JSON");
    assert_eq!(report["accounting"]["delivered"], MESSAGES * MEMBERS);
    eventually("only the stalled one is left", || server.hub.client_count() == 1);
    let stats = server.hub.stats();
    // Those and a few probes.
    let published = server.told.messages();
    assert!(published >= MESSAGES && stats.queued > MESSAGES * MEMBERS);
    assert_eq!(stats.queued, stats.written + stats.dropped() + stats.pending());
    assert_eq!(stats.dropped(), stats.dropped_outbox_full, "nothing else was lost");

    // What the stalled one lost was reported, to it and to nobody else; the rest waits for it.
    let (waiting, _) = server.hub.client(id).and_then(|client| client.outbox()).expect("it is there");
    assert_eq!(stats.pending(), u64::from(waiting));
    assert!(stats.dropped() > 0, "it did stall");
    let reported = || server.told.dropped(id).iter().map(|dropped| u64::from(dropped.frames)).sum::<u64>();
    eventually("all that was dropped is reported", || reported() == stats.dropped());
    assert_eq!(server.told.dropped_in_all(), stats.dropped());
    assert!(server.told.dropped(id).iter().all(|dropped| dropped.reason == DropReason::OutboxFull));

    // When it reads again it gets, in order, exactly what was not dropped.
    let mut last = None;
    for _ in 0..published - stats.dropped() {
        let next = number(&stalled.message());
        if next != PROBE {
            assert!(last.is_none_or(|last| last < next), "{next} after {last:?}");
            last = Some(next);
        }
    }
    eventually("nothing is pending", || server.hub.stats().pending() == 0);
    assert_eq!(server.hub.stats().written, stats.queued - stats.dropped());
    stalled.patience(Duration::from_millis(50));
    assert!(stalled.frame().is_err(), "and nothing else");
}
