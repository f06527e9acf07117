//! The load generator: one thread, one epoll, exact accounting, against any server that broadcasts what it
//! receives.
//!
//! `throng-load SCENARIO --address 127.0.0.1:PORT --connections N …`. Progress goes to stderr, a table to stdout,
//! the same figures to `--json FILE`. The exit code is an error when a message was missing, duplicated, out of
//! order or damaged.
//!
//! From the ground up: [`clock`] and [`usage`] measure; [`frame`] and [`stamp`] are what travels; [`ledger`] and
//! [`latency`] judge what arrived; [`crowd`] holds the sockets; [`traffic`] decides what is sent when;
//! [`scenario`] puts them together; [`report`] tells.

mod clock;
mod crowd;
mod frame;
mod inflating;
mod latency;
mod ledger;
mod options;
mod report;
mod scenario;
mod stamp;
mod traffic;
mod usage;

use std::process::ExitCode;

use clap::Parser;

#[expect(clippy::print_stderr, reason = "a command's errors go to stderr")]
fn main() -> ExitCode {
    let options = options::Options::parse();
    let report = match scenario::run(&options) {
        Ok(report) => report,
        Err(failure) => {
            eprintln!("throng-load: {failure}");
            return ExitCode::from(2);
        }
    };
    report.print();
    if let Some(path) = &options.json
        && let Err(error) = report.write_json(path)
    {
        eprintln!("throng-load: {}: {error}", path.display());
        return ExitCode::from(2);
    }
    if report.passed() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
