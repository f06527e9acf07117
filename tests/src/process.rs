//! Processes, looked at from outside, and this one's limits.

use rustix::process::{Pid, Resource, Rlimit, Signal, getrlimit, kill_process, setrlimit};
use std::fs;
use std::process::{Child, ExitStatus};

use crate::wait::{PATIENCE, within};

/// Resident memory of a process, in bytes.
///
/// # Panics
/// There is no such process.
#[must_use]
pub fn resident(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("the process is there");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("it has memory");
    line.trim().trim_end_matches(" kB").parse::<u64>().expect("it is a number") * 1024
}

/// The files that a process has open, sockets among them.
///
/// # Panics
/// There is no such process.
#[must_use]
pub fn descriptors(pid: u32) -> usize {
    fs::read_dir(format!("/proc/{pid}/fd")).expect("the process is there").count()
}

/// Sends a signal to a child.
///
/// # Panics
/// It has been waited for already.
pub fn signal(child: &Child, signal: Signal) {
    let pid = Pid::from_raw(child.id().cast_signed()).expect("a child's id is positive");
    kill_process(pid, signal).expect("the child is there");
}

/// Waits for a child to end.
///
/// # Panics
/// It does not.
pub fn end_of(child: &mut Child) -> ExitStatus {
    let mut status = None;
    within(PATIENCE, || {
        status = child.try_wait().expect("a child can be waited for");
        status.is_some()
    });
    status.unwrap_or_else(|| panic!("process {} does not end", child.id()))
}

/// Lets this process, and children that it starts later, open as many files as the system allows.
///
/// # Panics
/// So many sockets are still too many.
pub fn allow_open_files(sockets: usize) {
    let maximum = getrlimit(Resource::Nofile).maximum;
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum })
        .expect("up to the hard limit is allowed");
    let needed = sockets as u64 + 200;
    let allows = maximum.is_none_or(|hard| hard >= needed);
    assert!(allows, "the hard limit on open files must be at least {needed}: raise it (ulimit -Hn)");
}
