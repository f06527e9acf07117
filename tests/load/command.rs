//! The two binaries as processes that end.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

/// Each run of the tests takes a second or two.
const LIMIT: Duration = Duration::from_secs(60);

pub(crate) struct RawLimit {
    process: Child,
    pub(crate) address: String,
}

impl RawLimit {
    pub(crate) fn start(mode: &str) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_raw-limit"))
            .args(["127.0.0.1:0", "--mode", mode])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on ").unwrap().to_owned();
        Self { process, address }
    }

    pub(crate) fn pid(&self) -> String {
        self.process.id().to_string()
    }
}

impl Drop for RawLimit {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A run of the generator that is over.
pub(crate) struct Load {
    pub(crate) succeeded: bool,
    /// Standard output, then standard error.
    pub(crate) output: String,
    /// Null when there was none.
    pub(crate) report: Value,
}

impl Load {
    /// Runs the generator with the words of the arguments.
    pub(crate) fn run(address: &str, arguments: &[&str]) -> Self {
        static RUNS: AtomicU32 = AtomicU32::new(0);
        let run = RUNS.fetch_add(1, Ordering::Relaxed);
        let json = std::env::temp_dir().join(format!("throng-load-{}-{run}.json", std::process::id()));
        let mut process = Command::new(env!("CARGO_BIN_EXE_throng-load"))
            .args(arguments.iter().flat_map(|words| words.split(' ')))
            .args(["--quiet", "--address", address, "--json"])
            .arg(&json)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let deadline = Instant::now() + LIMIT;
        let succeeded = loop {
            if let Some(status) = process.try_wait().unwrap() {
                break status.success();
            }
            if Instant::now() > deadline {
                process.kill().unwrap();
                process.wait().unwrap();
                panic!("the load generator did not end: {arguments:?}");
            }
            thread::sleep(Duration::from_millis(10));
        };
        // A report is a few lines: the pipes hold it until here.
        let mut output = String::new();
        process.stdout.take().unwrap().read_to_string(&mut output).unwrap();
        process.stderr.take().unwrap().read_to_string(&mut output).unwrap();
        let report =
            std::fs::read(&json).ok().map_or(Value::Null, |text| serde_json::from_slice(&text).unwrap());
        let _ = std::fs::remove_file(&json);
        Self { succeeded, output, report }
    }
}
