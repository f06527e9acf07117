//! A server's process.

use std::ffi::OsString;
use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio, id};
use std::sync::atomic::{AtomicU16, Ordering};

use rustix::process::Signal;

use crate::process::signal;
use crate::wait::{PATIENCE, within};

/// Below what systems give to outgoing connections, so that no client takes the port of a server that is starting again.
const PORTS: std::ops::Range<u16> = 20_000..32_000;

static TAKEN: AtomicU16 = AtomicU16::new(0);

/// A port of loopback on which nothing listens, and which this process has not been given before.
///
/// # Panics
/// There is none.
pub fn free_port() -> u16 {
    let count = PORTS.end - PORTS.start;
    // Processes that run at the same time begin at different ones.
    let first = (id() % 240) as u16 * 50;
    for _ in 0..count {
        let port = PORTS.start + (first + TAKEN.fetch_add(1, Ordering::Relaxed)) % count;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
    panic!("no port of {PORTS:?} is free");
}

/// A server that runs, or has been killed and can be started again. It ends when it is dropped.
#[derive(Debug)]
pub struct Server {
    program: &'static str,
    arguments: Vec<OsString>,
    directory: PathBuf,
    port: u16,
    child: Option<Child>,
}

impl Server {
    /// A server that is not started yet, with an empty directory.
    ///
    /// # Panics
    /// The directory cannot be made.
    #[must_use]
    pub fn new(program: &'static str, port: u16) -> Self {
        let directory = std::env::temp_dir().join(format!("throng-{program}-{}-{port}", id()));
        fs::create_dir_all(&directory).expect("the directory for temporary files takes another");
        Self { program, arguments: Vec::new(), directory, port, child: None }
    }

    /// What follows the program's name.
    pub fn arguments<A: Into<OsString>>(&mut self, arguments: impl IntoIterator<Item = A>) {
        self.arguments.extend(arguments.into_iter().map(Into::into));
    }

    /// Where it may keep files.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The port on loopback to which clients connect.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The process, while it runs.
    ///
    /// # Panics
    /// It does not.
    #[must_use]
    pub fn child(&self) -> &Child {
        self.child.as_ref().expect("it was started, and not killed")
    }

    /// Starts it, again or for the first time, and waits until it answers.
    ///
    /// # Panics
    /// The program is not installed, or ends, or does not answer in time.
    pub fn start(&mut self, answers: impl Fn(TcpStream) -> bool) {
        assert!(self.child.is_none(), "{} runs already", self.program);
        let mut command = Command::new(self.program);
        command.args(&self.arguments).current_dir(&self.directory);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let started = command.spawn();
        let mut child =
            started.unwrap_or_else(|error| panic!("{}: {error}: tests/run installs it", self.program));
        let mut ended = None;
        let is_ready = within(PATIENCE, || {
            ended = child.try_wait().expect("a child can be waited for");
            let stream = TcpStream::connect(("127.0.0.1", self.port));
            ended.is_some() || stream.is_ok_and(&answers)
        });
        self.child = Some(child);
        if !is_ready || ended.is_some() {
            let log = fs::read_to_string(self.directory.join("log")).unwrap_or_default();
            panic!("{} on port {} does not answer ({ended:?}): {log}", self.program, self.port);
        }
    }

    /// Ends it at once, as `kill -9` does.
    ///
    /// # Panics
    /// It does not run.
    pub fn kill(&mut self) {
        let mut child = self.child.take().expect("it was started, and not killed");
        child.kill().expect("a child can be killed");
        child.wait().expect("a child can be waited for");
    }

    /// Stops the process without ending it: it keeps its sockets and says nothing.
    pub fn pause(&self) {
        signal(self.child(), Signal::STOP);
    }

    /// Lets it go on after a [`pause`](Self::pause).
    pub fn resume(&self) {
        signal(self.child(), Signal::CONT);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            // It may have ended by itself; and a test that fails is to say why it does.
            let _ = child.kill();
            let _ = child.wait();
        }
        let _ = fs::remove_dir_all(&self.directory);
    }
}
