//! What a flight recorder has, in a file.

use crate::common::{PATIENCE, Server};
use std::path::PathBuf;
use std::process::Command;
use std::{env, fs, io, process, thread};
use throng_tokio::core::trace::replay;
use throng_tokio::{Hub, Payloads, Record, flight};
use tokio::signal::unix::SignalKind;
use tokio::time::{Instant, sleep};

const BYTES: usize = 1 << 20;

/// A file of this process's own.
fn path(name: &str) -> PathBuf {
    env::temp_dir().join(format!("throng-{}-{name}", process::id()))
}

/// A server after somebody has said something.
async fn recorded() -> Server {
    let builder = Hub::builder()
        .record(Record::Last { bytes: BYTES })
        .record_payloads(Payloads::Kept)
        .before_connect(|connecting| {
            connecting.join("room");
            Ok(())
        })
        .on_message(|client, message| {
            let _ = client.hub().send_to_room("room", message);
        });
    let server = Server::start(builder).await;
    let mut client = server.connect("/").await;
    client.send("good morning").await;
    assert_eq!(client.text().await, "good morning");
    server
}

/// The content of a file, once it is there.
async fn eventually(path: &PathBuf) -> Vec<u8> {
    let end = Instant::now() + PATIENCE;
    loop {
        match fs::read(path) {
            Ok(log) => break log,
            Err(error) => assert!(Instant::now() < end, "{error}"),
        }
        sleep(PATIENCE / 1_000).await;
    }
}

fn replays(log: &[u8]) {
    let replayed = replay(log, [1, 2]).unwrap();
    assert!(replayed.handled > 5 && replayed.handled == replayed.events && replayed.checkpoints > 0);
    assert!(log.windows(12).any(|window| window == b"good morning"), "payloads are kept");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_recorded_is_written_when_it_is_asked_for() {
    let server = recorded().await;
    let path = path("asked");
    flight::dump(&server.hub, &path).unwrap();
    replays(&fs::read(&path).unwrap());
    fs::remove_file(path).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_recorded_is_written_on_a_signal() {
    let server = recorded().await;
    let at = path("signal");
    flight::dump_on_signal(&server.hub, SignalKind::user_defined2(), move || path("signal")).unwrap();
    for _ in 0..2 {
        let pid = process::id().to_string();
        assert!(Command::new("sh").args(["-c", &format!("kill -USR2 {pid}")]).status().unwrap().success());
        replays(&eventually(&at).await);
        fs::remove_file(&at).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_recorded_is_written_on_a_panic() {
    let server = recorded().await;
    let at = path("panic");
    flight::dump_on_panic(&server.hub, move || path("panic"));
    thread::spawn(|| panic!("in a test of panics")).join().unwrap_err();
    replays(&eventually(&at).await);
    fs::remove_file(&at).unwrap();
}

#[test]
fn a_hub_that_is_not_recorded_has_nothing_to_be_written() {
    let hub = Hub::builder().build().unwrap();
    let error = flight::dump(&hub, &path("nothing")).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::Unsupported);
    assert!(!path("nothing").exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_written_again_is_a_log_of_its_own() {
    let server = recorded().await;
    let path = path("again");
    flight::dump(&server.hub, &path).unwrap();
    let first = fs::read(&path).unwrap();
    let mut client = server.connect("/").await;
    client.send("good evening").await;
    assert_eq!(client.text().await, "good evening");
    flight::dump(&server.hub, &path).unwrap();
    let second = fs::read(&path).unwrap();
    replays(&second);
    assert!(second.len() > first.len());
    fs::remove_file(path).unwrap();
}

#[test]
fn a_log_that_comes_in_pieces_is_not_dumped_and_loses_nothing() {
    let hub = Hub::builder().record(Record::Events).build().unwrap();
    hub.broadcast("good morning").unwrap();
    for _ in 0..2 {
        let error = flight::dump(&hub, &path("pieces")).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::Unsupported);
        assert!(error.to_string().contains("Record::Events"), "{error}");
        assert!(!path("pieces").exists());
    }
    let recording = hub.take_recording().unwrap();
    let replayed = replay(&recording.log, [1, 2]).unwrap();
    assert_eq!((replayed.events, replayed.hash), (recording.events, recording.hash));
}
