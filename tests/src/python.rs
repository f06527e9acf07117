//! Peers that speak through the Python package `websockets`.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use crate::process::end_of;

/// A script of `tests/clients` that runs.
#[derive(Debug)]
pub struct Script {
    child: Child,
    lines: BufReader<ChildStdout>,
}

impl Script {
    /// Starts a script.
    ///
    /// # Panics
    /// There is no Python.
    #[must_use]
    pub fn start(name: &str, arguments: &[&str]) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        let own = folder.join(".venv/bin/python");
        let python = if own.exists() { own } else { "python3".into() };
        let mut child = Command::new(python)
            .arg("-u")
            .arg(folder.join("clients").join(name))
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .expect("Python starts");
        let lines = BufReader::new(child.stdout.take().expect("its output is piped"));
        Self { child, lines }
    }

    /// The next line that it writes, without its end; empty when it writes no more.
    ///
    /// # Panics
    /// It does not write text.
    pub fn line(&mut self) -> String {
        let mut line = String::new();
        self.lines.read_line(&mut line).expect("it writes text");
        line.trim_end().to_owned()
    }

    /// The process.
    pub fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// It fails.
    pub fn succeeds(mut self) {
        let status = end_of(&mut self.child);
        assert!(status.success(), "the script ends with {status}");
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
