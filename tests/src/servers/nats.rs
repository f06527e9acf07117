//! nats-server.

use std::io::Read;
use std::net::TcpStream;
use std::time::Duration;

use super::process::{Server, free_port};

/// A NATS server.
#[derive(Debug)]
pub struct Nats {
    /// Its process.
    pub server: Server,
}

fn answers(mut stream: TcpStream) -> bool {
    let mut reply = [0; 5];
    let _ = stream.set_read_timeout(Some(Duration::from_secs(1)));
    stream.read_exact(&mut reply).is_ok() && &reply == b"INFO "
}

impl Nats {
    /// Starts a server, with lines of its configuration besides (`max_pending: 1MB`).
    ///
    /// # Panics
    /// It does not start.
    #[must_use]
    pub fn start(settings: &str) -> Self {
        Self::start_prepared(settings, |_| ())
    }

    /// As [`start`](Self::start), after the closure has put files into the server's directory.
    ///
    /// # Panics
    /// It does not start.
    #[must_use]
    pub fn start_prepared(settings: &str, prepare: impl FnOnce(&Server)) -> Self {
        let port = free_port();
        let mut server = Server::new("nats-server", port);
        let config = format!("listen: 127.0.0.1:{port}\nlog_file: log\n{settings}\n");
        std::fs::write(server.directory().join("nats.conf"), config).expect("the directory takes a file");
        server.arguments(["-c", "nats.conf"]);
        prepare(&server);
        server.start(answers);
        Self { server }
    }

    /// `nats://127.0.0.1:port`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.server.port())
    }

    /// Starts it again after a kill.
    pub fn start_again(&mut self) {
        self.server.start(answers);
    }
}
