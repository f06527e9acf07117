//! A real redis-server on a port of its own.

use super::{PATIENCE, within};
use std::fs::File;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A redis-server. Dropped, it is killed.
pub struct RedisServer {
    pub port: u16,
    child: Option<Child>,
}

impl RedisServer {
    pub fn start() -> Self {
        // The port is free again when the listener is dropped, and no other test is given it soon.
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
        let port = listener.local_addr().expect("it has an address").port();
        drop(listener);
        let mut server = Self { port, child: None };
        server.begin();
        server
    }

    /// Starts the process, also after its end.
    pub fn begin(&mut self) {
        let port = self.port.to_string();
        let mut command = Command::new("redis-server");
        command.args(["--port", &port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]);
        let out = File::options().write(true).open("/dev/null").expect("there is /dev/null");
        let child = command.stdout(out).stderr(Stdio::inherit()).spawn();
        self.child = Some(child.expect("redis-server is installed: apt-get install redis-server"));
        within("redis-server answers", || self.answers().then_some(()));
    }

    fn answers(&self) -> bool {
        let Ok(mut stream) = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)) else { return false };
        let mut answer = [0; 7];
        stream.set_read_timeout(Some(PATIENCE)).is_ok()
            && stream.write_all(b"PING\r\n").is_ok()
            && stream.read_exact(&mut answer).is_ok()
            && answer == *b"+PONG\r\n"
    }

    /// As `kill -9`.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Stops it for a time, as a machine that hangs does, or lets it go on.
    pub fn stop(&self, signal: rustix::process::Signal) {
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
pub const A_WHILE: Duration = Duration::from_millis(300);
