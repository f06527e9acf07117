//! `throng-replay`, the command: what it prints, and which exit code says what.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::process::{self, Command};
use throng_core::hub::{Config, Drain, Event, Flush, Hub, Policy, Sink, Target};
use throng_core::outbox::Batch;
use throng_core::trace::{Recorder, Replay, read};
use throng_core::{ClientId, CloseCode, ClosedBy, ConnectionId, Frame, Instant, MessageKind};

/// A short run that has something of everything.
fn recorded(mut recorder: Recorder, config: &Config) -> Recorder {
    let mut hub = Hub::new(config.clone()).expect("the default config");
    let client = |index: u64| ClientId::from_u64(index);
    let connection = |index: u64| ConnectionId::from_u64(index);
    let frame = Frame::raw(vec![0; 30].into());
    let mut now = 0;
    let mut handle = |event: Event<'_>| {
        now += 1_000_000;
        let _ = recorder.handle_into(
            &mut hub,
            Instant::from_nanos(now),
            event,
            Sink::Batch(&mut Batch::default()),
        );
        while recorder.poll_action().is_some() {}
    };
    for (index, user) in [(0, Some("ada")), (1, Some("bob")), (2, None)] {
        handle(Event::Accept { address: None, lane: 0 });
        handle(Event::Reserve { connection: connection(index), user, session: None, rooms: &[] });
        handle(Event::Open { connection: connection(index) });
        handle(Event::Join { client: client(index), room: "lobby", recover: None });
    }
    let targets = [Target::Room("lobby")];
    let policy = Some(Policy::Conflate(7));
    handle(Event::Publish {
        publisher: None,
        targets: &targets,
        except: &[client(2)],
        frame: &frame,
        policy,
        dedup: None,
    });
    handle(Event::Join { client: client(9), room: "lobby", recover: None });
    handle(Event::Received { connection: connection(1), kind: MessageKind::Text, bytes: 5 });
    handle(Event::Ping { connection: connection(1), payload: b"who" });
    handle(Event::Transmit { connection: connection(0), budget: 100 });
    let (code, flush, by) = (CloseCode::NORMAL, Flush::First, ClosedBy::Application);
    handle(Event::Close { client: client(1), code, reason: "enough", flush, by });
    handle(Event::Drain(Drain::default()));
    handle(Event::Timeout);
    recorder.checkpoint();
    recorder
}

fn log() -> Vec<u8> {
    let config = Config::default();
    recorded(Recorder::new(&config), &config).take()
}

/// A log in a file, which goes away again.
struct Logged(PathBuf);

impl Logged {
    fn new(name: &str, log: &[u8]) -> Self {
        let path = std::env::temp_dir().join(format!("throng-replay-{}-{name}", process::id()));
        fs::write(&path, log).expect("a temporary file");
        Self(path)
    }

    /// What the command prints about it: exit code, output, errors.
    fn replay(&self, arguments: &[&str]) -> (Option<i32>, String, String) {
        let output = command(&[self]).args(arguments).output().expect("the command starts");
        let text = |bytes| String::from_utf8(bytes).expect("text").replace(&*self.0.to_string_lossy(), "LOG");
        (output.status.code(), text(output.stdout), text(output.stderr))
    }
}

/// The command, about several logs.
fn command(logs: &[&Logged]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_throng-replay"));
    command.args(logs.iter().map(|log| &log.0));
    command
}

impl Drop for Logged {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

#[test]
fn a_log_is_replayed_and_compared_with_its_checkpoints() {
    let (code, out, errors) = Logged::new("whole", &log()).replay(&[]);
    assert!(out.starts_with("LOG: 20 events, 1 checkpoints agree, hash "), "{out}");
    assert_eq!((code, errors.as_str()), (Some(0), ""));
}

#[test]
fn what_no_checkpoint_covers_is_said_not_to_be_compared() {
    let config = Config::default();
    let recorder = recorded(Recorder::new(&config), &config);
    let mut hub = Hub::new(config.clone()).expect("the default config");
    let mut without = Recorder::new(&config);
    without.handle(&mut hub, Instant::ORIGIN, Event::Timeout).expect("never refused");
    let logs = [
        ("all", recorder.log().to_vec(), None),
        ("none", without.log().to_vec(), Some("; nothing was compared\n")),
        ("some", beyond_its_checkpoint(recorder), Some("; nothing was compared after event 20\n")),
    ];
    for (name, log, expected) in logs {
        let (code, out, errors) = Logged::new(name, &log).replay(&[]);
        assert_eq!((code, errors.as_str()), (Some(0), ""), "{name}");
        assert_eq!(out.find("; nothing").map(|at| &out[at..]), expected, "{name}");
    }
}

/// The run goes on without a checkpoint.
fn beyond_its_checkpoint(mut recorder: Recorder) -> Vec<u8> {
    let replayed = Replay::new(recorder.log(), [0; 2]).map(|mut replay| {
        while replay.step().is_some() {}
        replay.hub().clone()
    });
    let mut hub = replayed.expect("a log");
    recorder.handle(&mut hub, Instant::from_nanos(u64::MAX / 2), Event::Timeout).expect("never refused");
    recorder.take()
}

#[test]
fn an_option_without_its_task_is_refused() {
    let log = Logged::new("options", &log());
    let wrong: [&[&str]; 5] = [
        &["--from", "3"],
        &["--to", "3"],
        &["--at", "3", "--to", "4"],
        &["--thorough"],
        &["--list", "--thorough"],
    ];
    for arguments in wrong {
        let (code, out, errors) = log.replay(arguments);
        assert_eq!((code, out.as_str()), (Some(2), ""), "{arguments:?}");
        assert!(errors.starts_with("error: "), "{errors}");
    }
}

#[test]
fn the_state_at_any_event_is_printed() {
    let log = Logged::new("state", &log());
    let (code, out, _) = log.replay(&["--at", "17"]);
    assert_eq!(code, Some(0));
    for line in [
        "after event 17, hash ",
        "hub: Running at 17ms",
        "connections: 3\n",
        "  0.0: client 0.0, lane 0",
        "  0.0: Open, connection 0.0, user \"ada\"",
        "    rooms: \"lobby\"",
        "    outbox: Leased, 1 messages, 30 bytes",
        "      on lease: #1 (30 bytes, key 7)",
        "    outbox: Ready among the prompt, 1 messages, 30 bytes",
        "      control frames: pong (3 bytes)",
        "      waiting: #1 (30 bytes, key 7)",
        "users: 2",
        "  \"bob\": 1 clients: 1.0",
        "  \"lobby\": 3 members: 0.0 1.0 2.0",
        "    published: 1,",
    ] {
        assert!(out.contains(line), "{line:?} is not in\n{out}");
    }
    assert!(log.replay(&["--at", "20"]).1.contains("hub: Draining"));
    assert!(log.replay(&["--at", "0"]).1.contains("connections: 0"));
    let (code, _, errors) = log.replay(&["--at", "21"]);
    assert_eq!(
        (code, errors.as_str()),
        (Some(2), "LOG: there is no event 21: the log has those from 1 to 20\n")
    );
}

#[test]
fn every_step_is_printed_with_what_came_of_it() {
    let log = Logged::new("steps", &log());
    let (code, out, _) = log.replay(&["--step", "--from", "13", "--to", "18"]);
    assert_eq!(code, Some(0));
    let expected = "\
13 at 13ms: Publish { publisher: None, targets: [Room(\"lobby\")], except: [2.0], frame: Frame(30 bytes), policy: Some(Conflate(7)), dedup: None }
  Published(Published { queued: 2, dropped: 0, refused: 0, unknown: 0, position: None, ignored: None })
14 at 14ms: Join { client: 9.0, room: \"lobby\", recover: None }
  refused: Gone
15 at 15ms: Received { connection: 1.0, kind: Text, bytes: 5 }
  Verdict(Accept)
";
    assert!(out.starts_with(expected), "{out}");
    assert!(
        out.contains("  -> Left { client: 1.0, room: \"lobby\" }\n  -> Disconnected { client: 1.0"),
        "{out}"
    );
    assert_eq!(log.replay(&["--step"]).1.matches(" at ").count(), 20);
}

#[test]
fn the_events_are_listed() {
    let (code, out, _) = Logged::new("list", &log()).replay(&["--list", "--from", "19"]);
    assert_eq!(code, Some(0));
    let lines: Vec<_> = out.lines().collect();
    assert!(lines[0].starts_with("19 at 19ms: Drain(") && lines[1] == "20 at 20ms: Timeout", "{out}");
    assert!(
        lines[2].starts_with("  checkpoint after event 20: ") && lines[3] == "the last event is 20",
        "{out}"
    );
}

#[test]
fn a_run_in_which_every_invariant_holds_is_said_to_be_so() {
    let log = Logged::new("bisect", &log());
    for (arguments, stride) in [(&["--bisect"][..], 256), (&["--bisect", "--thorough"], 1)] {
        let (code, out, _) = log.replay(arguments);
        let expected = format!("LOG: every invariant holds, checked every {stride} events\n");
        assert!(code == Some(0) && out.starts_with(&expected), "{out}");
    }
}

#[test]
fn a_bisection_passes_checkpoints_that_agree() {
    let config = Config::default();
    let mut hub = Hub::new(config.clone()).expect("the default config");
    let mut recorder = Recorder::new(&config);
    for now in 0..2_500 {
        let accept = Event::Accept { address: None, lane: 0 };
        recorder.handle(&mut hub, Instant::from_nanos(now), accept).expect("admission is open");
    }
    let (code, out, errors) = Logged::new("agrees", &recorder.take()).replay(&["--bisect"]);
    let expected =
        "LOG: every invariant holds, checked every 256 events\nLOG: 2500 events, 2 checkpoints agree, hash ";
    assert!(out.starts_with(expected), "{out}");
    assert!(out.ends_with("; nothing was compared after event 2000\n"), "{out}");
    assert_eq!((code, &*errors), (Some(0), ""));
}

#[test]
fn the_window_of_a_flight_recorder_keeps_the_numbers_of_its_events() {
    let config = Config::default();
    let mut hub = Hub::new(config.clone()).expect("the default config");
    let mut recorder = Recorder::ring(&config, 0);
    for now in 0..30_000 {
        recorder
            .handle(&mut hub, Instant::from_nanos(now * 1_000_000), Event::Timeout)
            .expect("never refused");
    }
    recorder.checkpoint();
    let first = recorder.overwritten().events + 1;
    assert!(first > 1);
    let log = Logged::new("window", &recorder.take());
    let (code, out, _) = log.replay(&[]);
    assert!(code == Some(0) && out.starts_with(&format!("LOG: events {first} to 30000, ")), "{out}");
    let (code, _, errors) = log.replay(&["--at", "1"]);
    let expected = format!("LOG: there is no event 1: the log has those from {first} to 30000\n");
    assert_eq!((code, errors), (Some(2), expected));
    assert!(
        log.replay(&["--list"]).1.starts_with(&format!("  state of the hub after event {}: ", first - 1))
    );
    assert_eq!(log.replay(&["--step", "--from", "29990"]).1.matches(" at ").count(), 11);
}

#[test]
fn a_log_that_cannot_be_replayed_is_named_with_the_reason() {
    let whole = log();
    let begins = read(&whole).expect("a log").position();
    let flipped = |at: usize| {
        let mut log = whole.clone();
        log[at] ^= 4;
        log
    };
    let mut without_length = whole.clone();
    without_length[begins] = 0;
    let damaged = format!("LOG: the record at byte {begins} is damaged\n");
    let table: [(&str, Vec<u8>, i32, &str); 7] = [
        ("empty", Vec::new(), 2, "LOG: this is no trace\n"),
        ("text", b"good morning".to_vec(), 2, "LOG: this is no trace\n"),
        ("version", flipped(8), 2, "LOG: a trace of version 2 cannot be read\n"),
        (
            "header",
            whole[..20].to_vec(),
            2,
            "LOG: the trace ends or is damaged before the end of its config\n",
        ),
        ("damaged", flipped(begins + 5), 2, &damaged),
        ("length", without_length, 2, &damaged),
        ("torn", whole[..whole.len() - 3].to_vec(), 0, ""),
    ];
    for (name, log, expected_code, expected) in table {
        let (code, out, errors) = Logged::new(name, &log).replay(&[]);
        assert_eq!((code, errors.as_str()), (Some(expected_code), expected), "{name}");
        assert_eq!(out.contains("bytes are torn and were left out"), name == "torn", "{name}: {out}");
    }
    let missing = Logged(PathBuf::from("/no/such/log"));
    let (code, _, errors) = missing.replay(&[]);
    assert!(code == Some(2) && errors.starts_with("LOG: No such file"), "{errors}");
}

/// The same events under another config: as if the core decided otherwise.
fn differing() -> Vec<u8> {
    let mut config = Config::default();
    config.rooms.members = Some(1);
    let (log, mut other) = (log(), Recorder::new(&config).take());
    let begins = read(&log).expect("a log").position();
    other.extend_from_slice(&log[begins..]);
    other
}

#[test]
fn a_run_that_differs_is_named_with_the_checkpoint() {
    let log = Logged::new("differs", &differing());
    let expected = "LOG: the replay differs from the recorded run at the checkpoint after event 20, because of one of the events 1 to 20\n";
    for arguments in [&[][..], &["--bisect"], &["--bisect", "--thorough"]] {
        let (code, out, errors) = log.replay(arguments);
        assert_eq!((code, &*out, &*errors), (Some(1), "", expected), "{arguments:?}");
    }
}

#[test]
fn of_several_logs_the_worst_decides() {
    let good = Logged::new("good", &log());
    let wrong = Logged::new("wrong", &differing());
    let unreadable = Logged::new("unreadable", b"good morning");
    let table: [(&[&Logged], i32); 8] = [
        (&[&good, &good], 0),
        (&[&good, &wrong], 1),
        (&[&wrong, &good], 1),
        (&[&unreadable, &good], 2),
        (&[&wrong, &unreadable], 2),
        (&[&unreadable, &wrong], 2),
        (&[&unreadable, &wrong, &good], 2),
        (&[&wrong, &unreadable, &good], 2),
    ];
    for (logs, expected) in table {
        let output = command(logs).output().expect("the command starts");
        assert_eq!(output.status.code(), Some(expected), "{output:?}");
    }
}

#[test]
fn that_nobody_reads_what_is_printed_hides_no_failure() {
    let good = Logged::new("unread", &log());
    let wrong = Logged::new("unread-wrong", &differing());
    let table: [(&[&Logged], i32); 3] = [(&[&good], 0), (&[&wrong, &good], 1), (&[&good, &wrong], 1)];
    for (logs, expected) in table {
        let (reader, writer) = io::pipe().expect("a pipe");
        drop(reader);
        let output = command(logs).stdout(writer).output().expect("the command starts");
        let errors = String::from_utf8(output.stderr).expect("text");
        assert_eq!(
            (output.status.code(), errors.lines().count()),
            (Some(expected), logs.len() - 1),
            "{errors}"
        );
    }
}
