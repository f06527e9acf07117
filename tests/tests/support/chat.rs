//! The chat, as the README says it is started.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};
use std::{fs, thread};

use rustix::process::{Pid, Signal, kill_process};

/// A running chat. Dropped, it is killed.
pub(crate) struct Chat {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Chat {
    pub(crate) fn start() -> Self {
        Self::start_at(SocketAddr::from(([127, 0, 0, 1], 0)))
    }

    pub(crate) fn start_at(address: SocketAddr) -> Self {
        Self::start_with(address, &[])
    }

    pub(crate) fn start_with(address: SocketAddr, more: &[&OsStr]) -> Self {
        Self::running(Command::new(binary()).arg("--address").arg(address.to_string()).args(more))
    }

    /// With a config in a file of this name.
    pub(crate) fn start_configured(name: &str, config: &str) -> Self {
        let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.toml"));
        fs::write(&file, config).expect("a file");
        let config = [OsStr::new("--config"), file.as_os_str()];
        Self::start_with(SocketAddr::from(([127, 0, 0, 1], 0)), &config)
    }

    /// The one that is a loop over a stream of events.
    pub(crate) fn start_as_loop() -> Self {
        static BINARY: OnceLock<PathBuf> = OnceLock::new();
        let binary = BINARY.get_or_init(|| throng_tests::example::binary("chat_events"));
        Self::running(Command::new(binary).arg("127.0.0.1:0"))
    }

    fn running(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().expect("the chat starts");
        let mut lines = BufReader::new(child.stdout.take().expect("its output is piped")).lines();
        let line = lines.next().expect("the chat says where it listens").expect("in UTF-8");
        let address = line.rsplit('/').next().and_then(|address| address.parse().ok());
        let address = address.unwrap_or_else(|| panic!("no address in {line:?}"));
        Self { child, address }
    }

    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("it lives");
        self.child.wait().expect("it can be waited for");
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("it lives");
    }

    pub(crate) fn exit_within(&mut self, limit: Duration) -> ExitStatus {
        let since = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("it can be waited for") {
                return status;
            }
            assert!(since.elapsed() < limit, "the chat did not end within {limit:?}");
            thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Chat {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The example, built once, in the profile of the test.
pub(crate) fn binary() -> &'static PathBuf {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| throng_tests::example::binary("chat"))
}
