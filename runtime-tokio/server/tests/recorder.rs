//! The flight recorder.
#![cfg(unix)]

mod support;

use rustix::process::Signal;
use std::fs;
use support::{Program, text, within};

const CONFIG: &str = "
listen: 127.0.0.1:0
clients: { anonymous: true, rooms: [lobby] }
log: { filter: info }
";

/// The recordings in the folder of the program.
fn recordings(program: &Program) -> Vec<Vec<u8>> {
    let files = fs::read_dir(&program.folder.0).expect("it is a folder");
    let paths = files.map(|entry| entry.expect("it can be read").path());
    let found = paths.filter(|path| path.extension().is_some_and(|extension| extension == "throng"));
    found.map(|path| fs::read(path).expect("it can be read")).collect()
}

#[tokio::test]
async fn a_signal_writes_what_the_hub_was_told() {
    use futures_util::SinkExt;
    let program = Program::start(&format!("{CONFIG}recorder: {{ bytes: 1048576 }}\n"));
    let mut ann = program.connect("/ws").await;
    ann.send(text("the last words of ann")).await.expect("it is sent");
    within("it has arrived", || {
        program.get("/metrics").body.contains("throng_messages_received_total 1").then_some(())
    });
    program.signal(Signal::USR1);
    program.logs("flight recording written");
    let written = recordings(&program);
    assert_eq!(written.len(), 1);
    assert!(written[0].len() > 100, "{} bytes", written[0].len());
    program.signal(Signal::USR1);
    within("there are two", || (recordings(&program).len() == 2).then_some(()));
}

#[test]
fn without_a_recorder_the_signal_ends_nothing() {
    let program = Program::start(CONFIG);
    program.signal(Signal::USR1);
    program.logs("SIGUSR1 writes nothing: the flight recorder is off, `recorder.bytes`");
    assert_eq!(program.get("/healthz").status, 200);
    assert!(recordings(&program).is_empty());
}
