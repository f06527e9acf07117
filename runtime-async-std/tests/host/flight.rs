//! What a flight recorder has, in a file.

use crate::common::{Runtime, connect, echo, echoes, eventually, start};
use rustix::process::{Signal, getpid, kill_process};
use std::path::{Path, PathBuf};
use std::{env, fs, io, process, thread};
use throng_async_std::core::trace::replay;
use throng_async_std::{Hub, Payloads, Record, flight};

crate::on_both!(what_was_recorded_is_written_on_a_signal);

/// A file of this process's own.
fn path(name: &str) -> PathBuf {
    env::temp_dir().join(format!("throng-async-std-{}-{name}", process::id()))
}

/// A hub after somebody has said something.
fn recorded(runtime: &Runtime) -> (Hub, thread::JoinHandle<()>) {
    let builder = echo().record(Record::Last { bytes: 1 << 20 }).record_payloads(Payloads::Kept);
    let hub = builder.build().unwrap();
    let (address, serving) = start(runtime, &hub);
    echoes(&mut connect(address), "good morning");
    (hub, serving)
}

/// What was written replays, and is as it was.
fn replays(at: &Path) {
    eventually("the file is there", || at.exists());
    let log = fs::read(at).unwrap();
    let replayed = replay(&log, [1, 2]).unwrap();
    assert!(replayed.handled > 5 && replayed.handled == replayed.events);
    assert!(log.windows(12).any(|window| window == b"good morning"), "payloads are kept");
    fs::remove_file(at).unwrap();
}

fn what_was_recorded_is_written_on_a_signal(runtime: &Runtime) {
    let (hub, serving) = recorded(runtime);
    let name = runtime.name;
    // The tests share their process.
    let (caught, sent) = match name {
        "smol" => (flight::Signal::Usr1, Signal::USR1),
        _ => (flight::Signal::Usr2, Signal::USR2),
    };
    flight::dump_on_signal(&hub, caught, move || path(name)).unwrap();
    for _ in 0..2 {
        kill_process(getpid(), sent).unwrap();
        replays(&path(name));
    }
    hub.shutdown();
    serving.join().unwrap();
}

#[test]
fn what_was_recorded_is_written_on_a_panic() {
    let (hub, serving) = recorded(&crate::common::SMOL);
    flight::dump_on_panic(&hub, || path("panic"));
    thread::spawn(|| panic!("in a test of panics")).join().unwrap_err();
    replays(&path("panic"));
    hub.shutdown();
    serving.join().unwrap();
}

#[test]
fn a_hub_that_is_not_recorded_has_nothing_to_be_written() {
    let hub = Hub::builder().build().unwrap();
    let error = flight::dump(&hub, &path("nothing")).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::Unsupported);
    assert!(!path("nothing").exists());
}

#[test]
fn a_log_that_comes_in_pieces_is_not_dumped_and_loses_nothing() {
    let hub = Hub::builder().record(Record::Events).build().unwrap();
    let error = flight::dump(&hub, &path("pieces")).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::Unsupported);
    assert!(error.to_string().contains("Record::Events"), "{error}");
    assert!(!path("pieces").exists() && hub.take_recording().is_some());
}
