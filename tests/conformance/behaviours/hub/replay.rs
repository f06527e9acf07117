//! A run over real sockets, recorded, is the same run in the bare core. (Every other test that serves in this process is
//! replayed too, when its server is dropped.)

use std::io::Write;
use std::net::Ipv4Addr;
use std::time::Duration;

use throng_core::Rate;
use throng_core::hub::{Config, Drain, OverRate, PerUser};
use throng_core::trace::{Replay, read, replay};
use throng_runtime::{Builder, Record};
use throng_tests::load::Load;
use throng_tests::raw::{BINARY, Connect, PING, TEXT, close, frame};
use throng_tests::server::{Server, listener};
use throng_tests::wait::eventually;

use super::draining::{LONG, over};
use crate::behaviours::peer::{Peer, run};
use crate::hosts::Host;

/// A busy hour in a few seconds: talk, a reader that stalls, floods, wrong frames, refusals, deaths, a drain.
fn busy(server: &Server) {
    let small = Connect { receive_buffer: Some(8 << 10), ..Connect::default() };
    let stalled = server.open_by(small, "/ws");
    let arguments = ["fanout", "--connections", "100", "--messages", "300", "--message-bytes", "1024"];
    Load::start(
        env!("CARGO_BIN_EXE_throng-load"),
        server.address,
        &[&arguments[..], &["--outstanding", "8"]].concat(),
    )
    .succeeds();
    // The application has much to say to the one that is left.
    for tick in 0..8_000_u32 {
        server.hub.send_to_room("ws", tick.to_be_bytes().to_vec()).expect("it is a member");
    }
    eventually("somebody loses something", || server.told.dropped_in_all() > 0);

    let mut flooding = server.open("/sink");
    flooding.send(&frame(TEXT, b"more").repeat(200));
    eventually("it is paused", || server.hub.stats().over_rate > 0);
    for (path, bytes) in [
        ("/echo", vec![TEXT, 2, b'h', b'i']),
        ("/echo", frame(TEXT, &[0xff])),
        ("/panic", frame(TEXT, b"go")),
        ("/close", frame(TEXT, b"4000 go")),
        ("/echo", frame(PING, b"who").repeat(1_500)),
        ("/user/ann", close(1000, "done")),
    ] {
        let mut raw = server.open(path);
        let _ = raw.writer().write_all(&bytes);
        assert!(raw.closed().code >= 1000);
    }
    let _evicted = [server.open("/user/bob"), server.open("/user/bob"), server.open("/user/bob")];
    server.open("/room/a").reset();
    server.open("/room/b").send(&frame(BINARY, &[1; 1_000])[..500]);
    let many: Vec<_> = (0..40)
        .map(|last| Connect { from: Some(Ipv4Addr::new(127, 0, 1, last)), ..Connect::default() })
        .map(|connect| server.open_by(connect, "/room/c"))
        .collect();
    let drain = Drain { idle: Duration::ZERO, spread: Duration::from_millis(300) };
    run(server.hub.drain(drain, Duration::from_secs(30))).expect("it is done in time");
    eventually("serving has ended", || server.has_ended());
    drop((stalled, flooding, many));
}

/// Limits and rates that a busy hour meets.
fn strict(config: &mut Config) {
    config.inbound.user_messages = Some(Rate::per_second(50));
    config.inbound.bytes = Some(Rate::per_second(400).burst(400_000));
    config.inbound.messages = Some(Rate::per_second(1_000).burst(100));
    config.inbound.over_rate = OverRate::Pause;
    config.admission.per_user = PerUser::EvictOldest(2);
    config.deadlines.close = Duration::from_millis(500);
    // However slow the machine is, the one that stops reading is to stay.
    config.deadlines.write = Duration::from_secs(300);
}

pub(crate) fn the_last_of_a_run_over_real_sockets_replays_from_a_flight_recorder(host: &Host) {
    const BYTES: usize = 96 << 10;
    let record = |builder: Builder| builder.record(Record::Last { bytes: BYTES });
    let server = host.server_on(listener(Some(8 << 10)), strict, record);
    busy(&server);
    let recording = server.hub.take_recording().expect("it is recorded");
    assert!(recording.overwritten.events > 0 && recording.log.len() <= BYTES, "{:?}", recording.overwritten);
    let replayed = replay(&recording.log, [5, 6]).expect("the window is whole");
    assert_eq!((replayed.events, replayed.hash), (recording.events, recording.hash));
    assert_eq!(replayed.handled + recording.overwritten.events, recording.events);
    assert_eq!((replayed.stats, replayed.cut), (server.hub.stats(), 0));
}

pub(crate) fn what_was_recorded_over_real_sockets_replays_in_the_bare_core(host: &Host) {
    let server = host.server_on(listener(Some(8 << 10)), strict, |builder| builder);
    busy(&server);
    let recording = server.hub.take_recording().expect("it is recorded");
    let stats = server.hub.stats();
    assert!(recording.events > 1_000 && stats.dropped() > 0 && stats.over_rate > 0 && stats.evicted == 1);
    for hash_key in [[0, 0], [1, 2], [u64::MAX, 0x1234_5678]] {
        let replayed = replay(&recording.log, hash_key).expect("the log is whole");
        assert_eq!((replayed.events, replayed.hash), (recording.events, recording.hash));
        assert_eq!((replayed.stats, replayed.cut), (stats, 0));
    }
    // It is the events that lead to the hash: without the last it is another one.
    let whole = read(&recording.log).expect("a log").events().count();
    assert_eq!(whole as u64, recording.events);
    let mut shorter = Replay::new(&recording.log, [0, 0]).expect("a log");
    let steps = std::iter::from_fn(|| shorter.step()).take(whole - 1).count();
    assert!(steps + 1 == whole && shorter.hash() != recording.hash);
    // A torn tail is cut: here it is the checkpoint that every log ends with that is taken.
    let cut = replay(&recording.log[..recording.log.len() - 1], [0, 0]).expect("a torn tail is cut");
    assert!(cut.events == recording.events && cut.cut > 0);
}

pub(crate) fn a_log_that_is_taken_in_parts_replays_as_one(host: &Host) {
    const MEMBERS: usize = 20;
    const MESSAGES: usize = 50;
    let server = host.server(|_| {});
    run(async {
        let mut members = Vec::new();
        for _ in 0..MEMBERS {
            members.push(Peer::enter(&server, "/room/a").await);
        }
        for round in 0..MESSAGES {
            members[round % MEMBERS].say(&format!("{round}")).await;
        }
        for member in &mut members {
            for _ in 0..MESSAGES {
                member.text().await;
            }
        }
        members.truncate(MEMBERS / 2);
        let mut recording = server.hub.take_recording().expect("it is recorded");
        let drained = tokio::spawn(server.hub.drain(over(Duration::from_millis(20)), LONG));
        for member in &mut members {
            assert_eq!(member.closed().await.0, 1001);
        }
        drained.await.expect("no panic").expect("it is done in time");
        let end = server.hub.take_recording().expect("it is recorded");
        assert!(end.events > recording.events);
        recording.log.extend_from_slice(&end.log);
        for hash_key in [[0, 0], [3, 4], [u64::MAX, 0x1234_5678]] {
            let replayed = replay(&recording.log, hash_key).expect("the log is whole");
            assert_eq!((replayed.events, replayed.hash), (end.events, end.hash));
        }
    });
}
