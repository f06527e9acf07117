//! Clients that are not ours, in languages that are not ours: the Python package `websockets`, and `ws` for Node. The
//! scripts stand beside this file.

use rustix::process::Signal;
use throng_core::websocket::deflate::{Compression, Takeover};
use throng_core::websocket::handshake::Protocol;
use throng_core::{CloseCode, ClosedBy};
use throng_runtime::{CompressionStats, Disconnected};
use throng_tests::process::signal;
use throng_tests::script::Script;
use throng_tests::server::{Server, listener};
use throng_tests::wait::eventually;

use crate::behaviours::hub::silence::all_ended;
use crate::hosts::{Host, Place, roomy};

/// What the scripts that talk do, in this order.
const PARTS: [&str; 8] =
    ["echo", "fragments", "pings", "closing", "rooms", "subprotocols", "refusals", "crowd"];

/// A script talks to a host in every way that there is.
pub(crate) fn talks(host: &Host, script: &str) {
    talks_under(host, script, None);
}

/// The same compressed: with each message by itself, and with messages that refer back to those before them.
pub(crate) fn talks_compressed(host: &Host, script: &str) {
    let mut compression = Compression::default();
    compression.min_bytes = 16;
    for takeover in [None, Some(Takeover::default())] {
        compression.takeover = takeover;
        talks_under(host, script, Some(compression));
    }
}

fn talks_under(host: &Host, script: &str, compression: Option<Compression>) {
    const SUBPROTOCOL: &str = "chat.v2";
    match host.place {
        Place::Here(_) => {
            let protocol = Protocol::new(SUBPROTOCOL).expect("a token");
            let server = host.server_on(listener(None), roomy, |builder| {
                builder.subprotocols([protocol]).compression(compression)
            });
            does_all(Script::start(script, &[&url(&server, ""), SUBPROTOCOL]));
            server.returns_to(0);
            eventually("the application is told of all", || {
                server.told.ended().len() as u64 == server.hub.stats().opened
            });
            let told = server.told.ended();
            let members = told.iter().filter(|(_, end)| end.code == CloseCode(4000));
            let is_said = |reason: Option<&str>| reason.is_some_and(|reason| reason.starts_with("member "));
            assert_eq!(members.filter(|(_, end)| is_said(end.reason.as_deref())).count(), 10);
            // A client may break off when it is not given a subprotocol; what else it opens, it closes.
            let others: Vec<_> = told.iter().filter(|(_, end)| end.by != ClosedBy::Peer).collect();
            let is_well = matches!(&others[..], [] | [(_, Disconnected { by: ClosedBy::Transport, .. })]);
            assert!(is_well, "{others:?}");
            assert_eq!(server.hub.stats().dropped(), 0);
            let stats = server.hub.compression_stats();
            match compression {
                None => assert_eq!(stats, CompressionStats::default()),
                Some(Compression { takeover: None, .. }) => {
                    assert!(stats.deflated > 5 && stats.inflated > 5, "{stats:?}");
                }
                // Who keeps a context counts for itself.
                Some(_) => assert_eq!((stats.keepers, stats.inflated), (0, 0), "{stats:?}"),
            }
        }
        Place::Apart(start) => {
            let server = start();
            does_all(Script::start(script, &[&format!("ws://{}", server.address)]));
        }
    }
}

fn does_all(mut script: Script) {
    for part in PARTS {
        assert_eq!(script.line(), part, "what fails stands on standard error");
    }
    script.succeeds();
}

fn url(server: &Server, path: &str) -> String {
    format!("ws://{}{path}", server.address)
}

/// A script hears code and reason when it is closed by a hook, for a panic, and for a shutdown.
pub(crate) fn hears_why_it_is_closed(host: &Host, script: &str) {
    let server = host.server(|_| {});
    for (path, message, expected) in [
        ("/close", "1000 done", "1000 done"),
        ("/close", "1011 sorry", "1011 sorry"),
        ("/close", "4001 κόσμε", "4001 κόσμε"),
        ("/panic", "go", "1011 internal error"),
    ] {
        let mut script = Script::start(script, &[&url(&server, path), message]);
        assert_eq!((&*script.line(), &*script.line()), ("ready", expected));
        script.succeeds();
    }
    server.returns_to(0);
    let mut script = Script::start(script, &[&url(&server, "/ws")]);
    assert_eq!(script.line(), "ready");
    server.has_opened();
    server.hub.shutdown();
    assert_eq!(script.line(), "1001 shutting down");
    script.succeeds();
    eventually("serving has ended", || server.has_ended());
}

/// The clients of a script's process end with it.
pub(crate) fn is_gone_when_it_is_killed(host: &Host, script: &str) {
    let server = host.server(|_| {});
    let mut witness = server.witness();
    let mut script = Script::start(script, &[&url(&server, "/room/a"), "20"]);
    assert_eq!(script.line(), "ready");
    server.has_opened();
    assert_eq!(server.hub.member_count("a"), 20);
    signal(script.child(), Signal::KILL);
    server.returns_to(1);
    all_ended(&server, 20, ClosedBy::Transport);
    witness.is_served();
}
