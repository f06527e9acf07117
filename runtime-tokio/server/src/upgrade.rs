//! A new process takes the listeners of this one, which then drains: SIGUSR2.
//!
//! Both have the same sockets, so no connection is refused in between: what the old process has not accepted waits for the new one. The
//! old one goes on if the new one does not get as far as to serve.

use crate::listeners::Handover;
use crate::server::Shared;
use crate::systemd;
use rustix::io::{FdFlags, fcntl_dupfd_cloexec, fcntl_setfd};
use std::env;
use std::ffi::OsString;
use std::io::{self, Read};
use std::net::TcpListener;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};

/// Set for the new process: its standard input is a socket on which the old one waits for [`READY`].
const WAITS: &str = "LISTEN_FDS_PARENT_WAITS";
const READY: &[u8] = b"ready\n";

/// How long a new process may take until it serves.
const START: Duration = Duration::from_secs(60);

/// How often it is looked whether the last handshakes are complete.
const LOOK: Duration = Duration::from_millis(20);

/// The first descriptor that is tried for a socket of the new process. Those below are the standard ones and what a service manager sets.
const FIRST: i32 = 10;

/// How this program was started.
struct Program {
    path: PathBuf,
    arguments: Vec<OsString>,
    listeners: Vec<TcpListener>,
}

/// Starts a new process at each SIGUSR2, and hands over to the first that serves.
pub(crate) async fn at_a_signal(server: Shared, handover: Handover) {
    // Asked now: later the file of the program may be another one, and its path be told as deleted.
    let path = env::current_exe();
    let mut signals = match signal(SignalKind::user_defined2()) {
        Ok(signals) => signals,
        Err(error) => {
            return tracing::error!(%error, "SIGUSR2 cannot be caught: no other process can take over");
        }
    };
    while signals.recv().await.is_some() {
        let copied = handover.listeners();
        let (path, listeners) = match (&path, copied) {
            (Ok(path), Ok(listeners)) => (path.clone(), listeners),
            (path, listeners) => {
                let why = path.as_ref().err().or(listeners.as_ref().err()).map(ToString::to_string);
                tracing::error!("no other process can be started: {}", why.unwrap_or_default());
                continue;
            }
        };
        let program = Program { path, arguments: env::args_os().skip(1).collect(), listeners };
        let started = tokio::task::spawn_blocking(move || program.start()).await;
        match started.unwrap_or_else(|error| Err(error.to_string())) {
            Err(why) => tracing::error!("no other process takes over, this one goes on: {why}"),
            Ok(process) => {
                tracing::info!(process, "another process has taken over: this one drains");
                systemd::succeeded_by(process);
                return hand_over(&server, &handover).await;
            }
        }
    }
}

/// Stops accepting, lets the last handshakes end, and drains.
async fn hand_over(server: &Shared, handover: &Handover) {
    if server.live.config().cluster.node.is_some() {
        tracing::warn!(
            "cluster.node is set: the new process has the same id, and the clients here hear no more of other nodes"
        );
    }
    server.hand_over();
    handover.begin();
    let most = server.hub.config().deadlines.handshake;
    let begun = tokio::time::Instant::now();
    while begun.elapsed() < most {
        tokio::time::sleep(LOOK).await;
        if server.hub.stats().handshakes == 0 {
            break;
        }
    }
    crate::server::drain(&server.hub);
}

impl Program {
    /// Starts a new process, and waits until it serves.
    fn start(self) -> Result<u32, String> {
        let (ours, theirs) = UnixStream::pair().map_err(|error| format!("no socket for it: {error}"))?;
        let mut child = self.spawn(theirs).map_err(|error| format!("{}: {error}", self.path.display()))?;
        match wait(ours) {
            Ok(()) => Ok(child.id()),
            Err(why) => {
                let ended = end(&mut child);
                Err(format!("process {} {why} ({ended})", child.id()))
            }
        }
    }

    fn spawn(&self, theirs: UnixStream) -> io::Result<Child> {
        let sockets = in_a_row(&self.listeners)?;
        let mut command = Command::new(&self.path);
        command
            .args(&self.arguments)
            .env("LISTEN_FDS", sockets.len().to_string())
            .env("LISTEN_FDS_FIRST_FD", sockets.first().map_or(FIRST, AsRawFd::as_raw_fd).to_string())
            .env(WAITS, "1")
            // Those of this process. Without its own id the watchdog is for whoever reads the rest.
            .env_remove("LISTEN_PID")
            .env_remove("LISTEN_FDNAMES")
            .env_remove("WATCHDOG_PID")
            .stdin(Stdio::from(OwnedFd::from(theirs)));
        for socket in &sockets {
            fcntl_setfd(socket, FdFlags::empty())?;
        }
        command.spawn()
    }
}

/// Copies of the sockets whose numbers follow each other, as whoever inherits them expects.
fn in_a_row(listeners: &[TcpListener]) -> io::Result<Vec<OwnedFd>> {
    let mut first = FIRST;
    loop {
        let copies =
            listeners.iter().zip(first..).map(|(listener, number)| fcntl_dupfd_cloexec(listener, number));
        let sockets = copies.collect::<Result<Vec<_>, _>>()?;
        // A number that was taken gave a higher one: all of them must begin there.
        match sockets.iter().zip(first..).filter(|(socket, number)| socket.as_raw_fd() != *number).last() {
            None => return Ok(sockets),
            Some((socket, _)) => first = socket.as_raw_fd(),
        }
    }
}

fn wait(mut socket: UnixStream) -> Result<(), String> {
    socket.set_read_timeout(Some(START)).map_err(|error| error.to_string())?;
    let mut said = [0; READY.len()];
    match socket.read_exact(&mut said) {
        Ok(()) if said == *READY => Ok(()),
        Ok(()) => Err("is another program".into()),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            Err("ended before it served: its log says why".into())
        }
        Err(_) => Err(format!("does not serve after {} s", START.as_secs())),
    }
}

fn end(child: &mut Child) -> String {
    // An error means that it has ended already.
    let _ = child.kill();
    child.wait().map_or_else(|error| error.to_string(), |status| status.to_string())
}

/// Tells the process before this one, if there is one, that this one serves.
pub(crate) fn serves() {
    if env::var_os(WAITS).is_none() {
        return;
    }
    if let Err(error) = rustix::io::write(io::stdin(), READY) {
        tracing::error!(%error, "the process before this one cannot be told that this one serves");
    }
}
