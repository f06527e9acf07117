//! What is printed outside the log: lines on stdout, and errors before there is a log.

use std::io::{self, Write};

/// The exit code if the config is wrong; clap uses it for a wrong command line.
pub(crate) const BAD_CONFIG: u8 = 2;

/// Prints a line on stdout. That nobody reads it is no error.
pub(crate) fn say(line: &str) {
    let _ = writeln!(io::stdout().lock(), "{line}");
}

/// Prints errors on stderr.
pub(crate) fn complain(errors: &[String]) {
    let mut stderr = io::stderr().lock();
    for error in errors {
        let _ = writeln!(stderr, "throng: {error}");
    }
}
