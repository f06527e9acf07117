//! The flight recorder and `throng health`.
#![cfg(unix)]

mod support;

use rustix::process::Signal;
use std::fs;
use support::{Folder, Program, output_of, text, within};

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

#[test]
fn health_asks_the_program_that_runs() {
    let mut program = Program::start(CONFIG);
    let listen = program.address.to_string();
    let ask = |arguments: &[&str]| {
        let output = output_of(&[&["health", "--listen", &listen][..], arguments].concat());
        (output.status.code(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
    };
    let (code, said) = ask(&[]);
    assert!(code == Some(0) && said.contains("\"alive\""), "{said}");
    assert_eq!(ask(&["--ready"]).0, Some(0));
    // On all addresses, as in a container.
    let port = format!(":{}", program.address.port());
    assert_eq!(output_of(&["health", "--listen", &port]).status.code(), Some(0));
    // The environment of the container is that of the program.
    let folder = Folder::new();
    let file = folder.write("throng.yaml", &format!("listen: {}\n", program.address));
    assert_eq!(output_of(&["health", "--config", &file.display().to_string()]).status.code(), Some(0));
    program.signal(Signal::TERM);
    program.end();
    let (code, said) = ask(&[]);
    assert!(code == Some(1) && said.contains("/healthz: ") && said.contains("refused"), "{said}");
    assert_eq!(output_of(&["health", "--set", "listen=7"]).status.code(), Some(2));
}

#[test]
fn health_gives_up_on_who_never_answers() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let listen = silent.local_addr().expect("an address").to_string();
    let output = output_of(&["health", "--listen", &listen]);
    assert_eq!(output.status.code(), Some(1));
}
