//! Examples, built as somebody who tries them would.

use std::env;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::{fs, thread};

use rustix::process::Signal;
use throng_core::ClosedBy;
use throng_core::hub::Action;
use throng_core::trace::{Replay, Replayed, replay};

use crate::process::{descriptors, end_of, signal};
use crate::wait::{PATIENCE, within};

/// The binary of an example, in the profile of the test. Built as one of the whole workspace: the tests have built its parts.
///
/// # Panics
/// It does not build.
#[must_use]
pub fn binary(name: &str) -> PathBuf {
    built(&["--workspace", "--example", name], name)
}

/// The same for an example that is a program of its own package.
///
/// # Panics
/// It does not build.
#[must_use]
pub fn program(name: &str) -> PathBuf {
    built(&["--workspace", "--bin", name], name)
}

fn built(which: &[&str], name: &str) -> PathBuf {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--quiet"]).args(which);
    cargo.args(["--message-format", "json-render-diagnostics"]);
    if !cfg!(debug_assertions) {
        cargo.arg("--release");
    }
    let built = cargo.current_dir(env!("CARGO_MANIFEST_DIR")).stderr(Stdio::inherit()).output();
    let built = built.expect("cargo runs");
    assert!(built.status.success(), "the example {name} does not build");
    let messages = String::from_utf8(built.stdout).expect("cargo writes UTF-8");
    messages.lines().find_map(|message| executable(message, name)).expect("cargo names the binary")
}

fn executable(message: &str, name: &str) -> Option<PathBuf> {
    let message: serde_json::Value = serde_json::from_str(message).ok()?;
    let is_it = message["target"]["name"] == name;
    is_it.then(|| message["executable"].as_str().map(PathBuf::from))?
}

/// An example that runs, and whose first line ends with the address at which it listens. Dropped, it is killed.
#[derive(Debug)]
pub struct Example {
    /// Where it listens.
    pub address: SocketAddr,
    child: Child,
}

impl Example {
    /// Starts it.
    ///
    /// # Panics
    /// It does not start.
    #[must_use]
    pub fn start(name: &str, arguments: &[&str]) -> Self {
        let mut child = Command::new(binary(name))
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the example starts");
        let address = address_in(&mut child);
        Self { address, child }
    }

    /// Asks it to end, as a supervisor does, and waits for that.
    ///
    /// # Panics
    /// It does not end.
    pub fn terminate(&mut self) -> ExitStatus {
        signal(&self.child, Signal::TERM);
        end_of(&mut self.child)
    }

    /// Tells it that its terminal was closed.
    pub fn hang_up(&self) {
        signal(&self.child, Signal::HUP);
    }

    /// The files that it has open, sockets among them.
    #[must_use]
    pub fn descriptors(&self) -> usize {
        descriptors(self.child.id())
    }
}

impl Drop for Example {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The address in the first line that a child writes.
///
/// # Panics
/// There is none, or the child's output is not piped.
pub fn address_in(child: &mut Child) -> SocketAddr {
    let mut line = String::new();
    let output = child.stdout.take().expect("its output is piped");
    BufReader::new(output).read_line(&mut line).expect("it writes text");
    let address = line.trim_end().rsplit(['/', ' ']).next().and_then(|address| address.parse().ok());
    address.unwrap_or_else(|| panic!("no address in {line:?}"))
}

/// A run is the same under any key.
const KEY: [u64; 2] = [0x5ca1_ab1e, 0xdead_beef];

/// `mio_chat`, running and recording. Dropped, it is ended, and what it recorded is replayed.
#[derive(Debug)]
pub struct MioChat {
    /// Where it listens.
    pub address: SocketAddr,
    child: Child,
    log: PathBuf,
}

impl MioChat {
    /// Starts it on a free port. `folder` is for its log.
    ///
    /// # Panics
    /// It does not start.
    #[must_use]
    pub fn start(folder: &Path) -> Self {
        Self::start_with(folder, &[])
    }

    /// Starts it with arguments behind the address and the log.
    ///
    /// # Panics
    /// It does not start.
    #[must_use]
    pub fn start_with(folder: &Path, arguments: &[&str]) -> Self {
        static BINARY: OnceLock<PathBuf> = OnceLock::new();
        static STARTED: AtomicU32 = AtomicU32::new(0);
        let number = STARTED.fetch_add(1, Ordering::Relaxed);
        let log = folder.join(format!("mio_chat-{}-{number}.log", std::process::id()));
        let mut child = Command::new(BINARY.get_or_init(|| binary("mio_chat")))
            .arg("127.0.0.1:0")
            .arg(&log)
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the chat starts");
        let address = address_in(&mut child);
        Self { address, child, log }
    }

    /// Asks it to end, as a supervisor does: it drains.
    pub fn terminate(&self) {
        signal(&self.child, Signal::TERM);
    }

    /// Sends it a signal.
    pub fn signal(&self, which: Signal) {
        signal(&self.child, which);
    }

    /// Tells it that its terminal was closed.
    pub fn hang_up(&self) {
        signal(&self.child, Signal::HUP);
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// It does not end.
    pub fn end(&mut self) -> ExitStatus {
        end_of(&mut self.child)
    }

    /// Ends it at once, and passes what it recorded through the bare core.
    ///
    /// # Panics
    /// It does not end well, or its log does not lead to the same.
    pub fn replay(&mut self) -> Replayed {
        let replayed = replay(&self.recorded(), KEY).expect("the log leads to the same");
        assert_eq!(replayed.cut, 0, "it has recorded to the end");
        assert!(replayed.checkpoints > 0, "the last checkpoint is at the end");
        replayed
    }

    /// Ends it at once: the code of each client's end and by whom it was, in the order of the ends.
    ///
    /// # Panics
    /// It does not end well, or its log does not lead to the same.
    pub fn ends(&mut self) -> Vec<(u16, ClosedBy)> {
        let log = self.recorded();
        let mut replay = Replay::new(&log, KEY).expect("the log begins with its config");
        let mut ends = Vec::new();
        while let Some(step) = replay.step() {
            let actions = step.expect("the log leads to the same").actions;
            ends.extend(actions.into_iter().filter_map(|action| match action {
                Action::Disconnected { code, by, .. } => Some((code.0, by)),
                _ => None,
            }));
        }
        ends
    }

    /// Ends it at once, and reads what it recorded.
    fn recorded(&mut self) -> Vec<u8> {
        // The first is to drain and the second to hurry; two at a time may count as one.
        let mut status = None;
        within(PATIENCE, || {
            status = self.child.try_wait().expect("a child can be waited for");
            if status.is_none() {
                self.terminate();
            }
            status.is_some()
        });
        assert!(status.is_some_and(|status| status.success()), "it ends with {status:?}");
        fs::read(&self.log).expect("it has recorded")
    }
}

impl Drop for MioChat {
    fn drop(&mut self) {
        if thread::panicking() {
            // It may have ended already.
            let _ = self.child.kill();
            let _ = self.child.wait();
        } else {
            self.replay();
        }
        let _ = fs::remove_file(&self.log);
    }
}
