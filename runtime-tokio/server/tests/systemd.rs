//! The program as a service of systemd: what it tells it, and sockets that it gets from it.
#![cfg(unix)]

mod support;

use rustix::process::Signal;
use std::fs;
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use support::{Folder, PATIENCE, Program, throng};

const CONFIG: &str = "
listen: 127.0.0.1:0
clients: { anonymous: true }
hub: { drain: { spread: 300ms, idle: 0s } }
log: { filter: info }
";

/// systemd's end of the socket.
struct Notices(UnixDatagram);

impl Notices {
    fn next(&self) -> String {
        let mut bytes = [0; 1024];
        let length = self.0.recv(&mut bytes).expect("the program tells something");
        String::from_utf8_lossy(&bytes[..length]).trim_end().to_owned()
    }

    /// The next one that is no sign of life.
    fn next_news(&self) -> String {
        loop {
            match self.next() {
                notice if notice == "WATCHDOG=1" => {}
                notice => return notice,
            }
        }
    }
}

fn start(watchdog: Option<Duration>) -> (Program, Notices) {
    let folder = Folder::new();
    folder.write("throng.yaml", CONFIG);
    let path = folder.0.join("notify");
    let socket = UnixDatagram::bind(&path).expect("a socket can be bound");
    socket.set_read_timeout(Some(PATIENCE)).expect("a time limit can be set");
    let mut command = throng();
    command.env("NOTIFY_SOCKET", path);
    if let Some(watchdog) = watchdog {
        command.env("WATCHDOG_USEC", watchdog.as_micros().to_string());
    }
    (Program::launch(folder, command), Notices(socket))
}

#[tokio::test]
async fn it_tells_that_it_serves_reloads_and_ends() {
    let (mut program, notices) = start(None);
    assert_eq!(notices.next(), "READY=1");
    program.signal(Signal::HUP);
    let reloading = notices.next();
    let (first, second) = reloading.split_once('\n').expect("two lines");
    assert_eq!(first, "RELOADING=1");
    assert!(
        second.strip_prefix("MONOTONIC_USEC=").is_some_and(|now| now.parse::<u64>().is_ok()),
        "{reloading}"
    );
    assert_eq!(notices.next(), "READY=1");
    // It is told while clients are still there.
    let _ann = program.connect("/ws").await;
    program.signal(Signal::TERM);
    assert_eq!(notices.next(), "STOPPING=1");
    assert!(program.end().success());
}

#[test]
fn it_gives_signs_of_life_while_it_lives() {
    let (program, notices) = start(Some(Duration::from_millis(600)));
    assert_eq!(notices.next_news(), "READY=1");
    let begun = Instant::now();
    for _ in 0..5 {
        assert_eq!(notices.next(), "WATCHDOG=1");
    }
    let taken = begun.elapsed();
    assert!(
        (Duration::from_millis(500)..Duration::from_secs(10)).contains(&taken),
        "{taken:?} for five signs"
    );
    // A process that stands still gives none.
    program.signal(Signal::STOP);
    notices.0.set_read_timeout(Some(Duration::from_millis(700))).expect("a time limit can be set");
    let mut bytes = [0; 64];
    // One may have been on its way.
    let silent = (0..3).any(|_| notices.0.recv(&mut bytes).is_err());
    assert!(silent, "a stopped process tells that it lives");
    program.signal(Signal::CONT);
}

#[test]
fn its_successor_is_told_to_systemd_and_tells_for_itself() {
    let (mut program, notices) = start(Some(Duration::from_millis(900)));
    assert_eq!(notices.next_news(), "READY=1");
    program.signal(Signal::USR2);
    let told = [notices.next_news(), notices.next_news()];
    assert!(told.contains(&"READY=1".to_owned()), "{told:?}");
    let process = told.iter().find_map(|notice| notice.strip_prefix("MAINPID="));
    let process: i32 = process.and_then(|process| process.parse().ok()).unwrap_or_else(|| panic!("{told:?}"));
    assert_ne!(process.unsigned_abs(), program.id());
    assert!(program.end().success());
    // The old one is gone; these are of the new one.
    while notices.0.set_nonblocking(true).is_ok() && notices.0.recv(&mut [0; 64]).is_ok() {}
    notices.0.set_nonblocking(false).expect("it can be set");
    assert_eq!(notices.next(), "WATCHDOG=1");
    let process = rustix::process::Pid::from_raw(process).expect("an id");
    rustix::process::kill_process(process, Signal::TERM).expect("it runs");
    assert_eq!(notices.next_news(), "STOPPING=1");
}

/// The program with this socket as descriptor 3, as systemd starts it.
fn activated(socket: impl Into<OwnedFd>, folder: &Folder, sockets: usize) -> Command {
    let mut command = Command::new("bash");
    let script = r#"exec 3<&0 0</dev/null; LISTEN_PID=$$ LISTEN_FDS=$1 exec "$0""#;
    command.args(["-c", script, env!("CARGO_BIN_EXE_throng"), &sockets.to_string()]);
    command.env_clear().stdin(Stdio::from(socket.into())).current_dir(&folder.0);
    command
}

#[tokio::test]
async fn it_serves_on_a_socket_that_it_inherits() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = listener.local_addr().expect("it has an address");
    // Who connects before the program has started waits for it.
    let early = tokio::task::spawn_blocking(move || support::request(address, "GET", "/healthz", &[], b""));
    let folder = Folder::new();
    // The address of the config is not listened on: nobody could.
    folder.write("throng.yaml", &CONFIG.replace("127.0.0.1:0", "192.0.2.1:1"));
    let command = activated(listener, &folder, 1);
    let mut program = Program::launch(folder, command);
    assert_eq!(program.address, address);
    assert_eq!(early.await.expect("it is answered").status, 200);
    let _ann = program.connect("/ws").await;
    program.signal(Signal::TERM);
    assert!(program.end().success());
}

#[test]
fn what_is_no_listener_is_refused_at_the_start() {
    let folder = Folder::new();
    folder.write("throng.yaml", CONFIG);
    let datagrams = UnixDatagram::unbound().expect("a socket");
    let file = fs::File::open(folder.0.join("throng.yaml")).expect("it is there");
    let silent = rustix::net::socket(rustix::net::AddressFamily::INET, rustix::net::SocketType::STREAM, None);
    let two = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    for (socket, sockets, part) in [
        (OwnedFd::from(datagrams), 1, "socket 1 of LISTEN_FDS is no TCP listener"),
        (file.into(), 1, "socket 1 of LISTEN_FDS is no TCP listener"),
        (silent.expect("a socket"), 1, "socket 1 of LISTEN_FDS does not listen"),
        (two.into(), 2, "2 sockets are in LISTEN_FDS, 1 at most"),
    ] {
        let ended = activated(socket, &folder, sockets).output().expect("bash starts");
        let log = String::from_utf8_lossy(&ended.stderr);
        assert!(ended.status.code() == Some(1) && log.contains(part), "{part}: {log}");
    }
}

/// The units of the repository.
fn deploy() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("deploy/systemd")
}

#[test]
#[ignore = "needs systemd-analyze"]
fn systemd_takes_the_units() {
    let folder = Folder::new();
    let program = fs::canonicalize(env!("CARGO_BIN_EXE_throng")).expect("it is built");
    for unit in ["throng.service", "throng.socket"] {
        let text = fs::read_to_string(deploy().join(unit)).expect("it is there");
        folder.write(unit, &text.replace("/usr/local/bin/throng", &program.display().to_string()));
    }
    let service = folder.0.join("throng.service");
    let verified = Command::new("systemd-analyze")
        .args(["verify", "--man=no"])
        .args([&service, &folder.0.join("throng.socket")])
        .output()
        .expect("systemd-analyze starts");
    let said = String::from_utf8_lossy(&verified.stderr);
    // Units of the machine may be named there, too.
    let ours: Vec<_> = said.lines().filter(|line| line.contains("throng")).collect();
    assert!(verified.status.success() && ours.is_empty(), "{said}");
    let security = Command::new("systemd-analyze")
        .args(["security", "--offline=true", "--threshold=25"])
        .arg(&service)
        .output()
        .expect("systemd-analyze starts");
    let said = String::from_utf8_lossy(&security.stdout);
    assert!(security.status.success(), "exposure is above 2.5: {said}");
}
