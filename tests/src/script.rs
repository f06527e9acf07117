//! Peers that are not ours, in languages that are not ours.

use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use crate::process::end_of;

/// A script of `tests/conformance/clients` that runs.
#[derive(Debug)]
pub struct Script {
    child: Child,
    lines: BufReader<ChildStdout>,
}

impl Script {
    /// Starts a script: `NAME.py` by Python, `NAME.mjs` by Node.
    ///
    /// # Panics
    /// There is no Python, or no Node.
    #[must_use]
    pub fn start(name: &str, arguments: &[&str]) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        let own = folder.join(".venv/bin/python");
        let (program, options): (OsString, &[&str]) = match name.rsplit_once('.') {
            Some((_, "mjs")) => ("node".into(), &[]),
            _ if own.exists() => (own.into(), &["-u"]),
            _ => ("python3".into(), &["-u"]),
        };
        let mut child = Command::new(&program)
            .args(options)
            .arg(folder.join("conformance/clients").join(name))
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", program.display()));
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
