//! The limit on open files of the process.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// The number of open files besides connections, at most: epoll, standard streams, the report, files in /proc.
const OTHER_FILES: usize = 32;

/// Raises the soft limit on open files to the hard one, and checks that it allows this number of connections.
pub(super) fn raise_open_files(connections: usize) -> Result<(), String> {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum })
        .map_err(|error| format!("raising the limit on open files: {error}"))?;
    match limit.maximum {
        Some(hard) if (connections + OTHER_FILES) as u64 > hard => Err(format!(
            "{connections} connections need {} open files and the hard limit is {hard}: raise it (ulimit -Hn, \
             LimitNOFILE=) or ask for fewer",
            connections + OTHER_FILES
        )),
        _ => Ok(()),
    }
}
