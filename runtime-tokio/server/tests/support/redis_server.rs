//! A real redis-server on a port of its own.

use super::{PATIENCE, within};
use std::net::{Ipv4Addr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A redis-server. Dropped, it is killed.
pub(crate) struct RedisServer {
    pub(crate) port: u16,
    child: Option<Child>,
}

impl RedisServer {
    pub(crate) fn start() -> Self {
        loop {
            // Free when the listener is dropped, unless somebody else is given it at once.
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
            let port = listener.local_addr().expect("it has an address").port();
            drop(listener);
            let mut server = Self { port, child: None };
            if server.try_begin() {
                return server;
            }
        }
    }

    /// Starts the process again.
    pub(crate) fn begin(&mut self) {
        within("redis-server begins again", || self.try_begin().then_some(()));
    }

    /// Starts the process; false if its port is taken.
    fn try_begin(&mut self) -> bool {
        let port = self.port.to_string();
        let mut command = Command::new("redis-server");
        command.args(["--port", &port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]);
        let child = command.stdout(Stdio::null()).spawn();
        let mut child = child.expect("redis-server is installed: apt-get install redis-server");
        let has_begun = within("redis-server answers or ends", || {
            let has_ended = child.try_wait().expect("it can be waited for").is_some();
            if has_ended { Some(false) } else { self.answers(child.id()).then_some(true) }
        });
        self.child = has_begun.then_some(child);
        has_begun
    }

    /// Whether this process is the one that answers on the port.
    fn answers(&self, pid: u32) -> bool {
        let client = redis::Client::open(("127.0.0.1", self.port)).expect("an address");
        let ask = |client: redis::Client| {
            let mut connection = client.get_connection_with_timeout(PATIENCE)?;
            redis::cmd("INFO").arg("server").query::<String>(&mut connection)
        };
        ask(client).is_ok_and(|info| info.lines().any(|line| line == format!("process_id:{pid}")))
    }

    /// As `kill -9`.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Stops it for a time, as a machine that hangs does, or lets it go on.
    pub(crate) fn stop(&self, signal: rustix::process::Signal) {
        let child = self.child.as_ref().expect("it runs");
        rustix::process::kill_process(rustix::process::Pid::from_child(child), signal).expect("it runs");
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        self.kill();
    }
}

/// How long a test waits to see that nothing happens.
pub(crate) const A_WHILE: Duration = Duration::from_millis(300);
