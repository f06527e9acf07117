//! The load generator, as a process of its own.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::process::end_of;

/// A run of the load generator; killed when it is dropped.
#[derive(Debug)]
pub struct Load {
    /// The process.
    pub child: Child,
}

impl Load {
    /// Starts `program`, the `throng-load` that cargo names to a test.
    ///
    /// # Panics
    /// It does not start.
    #[must_use]
    pub fn start(program: &str, address: SocketAddr, arguments: &[&str]) -> Self {
        let mut command = Command::new(Path::new(program));
        command.args(arguments).args(["--quiet", "--address", &address.to_string()]);
        let child = command.stdout(Stdio::null()).spawn().expect("the load generator starts");
        Self { child }
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// A message was missing, duplicated, out of order or damaged, or a connection failed.
    pub fn succeeds(mut self) {
        let status = end_of(&mut self.child);
        assert!(status.success(), "the load generator ends with {status}");
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
