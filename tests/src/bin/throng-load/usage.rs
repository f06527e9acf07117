//! What the server and the generator spent: processor time and resident memory.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::str::FromStr;
use std::time::Instant;

use rustix::time::{ClockId, clock_gettime};

/// A server, watched from outside through /proc.
#[derive(Clone, Copy)]
pub(crate) struct Watched {
    pid: u32,
}

/// Processor time of a process, all its threads included.
#[derive(Clone, Default)]
pub(crate) struct Spent {
    user: f64,
    system: f64,
    /// Per living thread. Finer than user and system time, which come in ticks.
    threads: BTreeMap<u32, Scheduled>,
}

/// Nanoseconds of a thread, as the scheduler counts them.
#[derive(Clone, Copy, Default)]
struct Scheduled {
    ran: u64,
    /// Runnable, while another ran on its core.
    waited: u64,
}

/// Seconds between two readings.
#[derive(Clone, Copy, Default)]
pub(crate) struct CpuSeconds {
    pub(crate) total: f64,
    pub(crate) user: f64,
    pub(crate) system: f64,
    /// Time in which it could have run and another process did: above a few percent, the run was disturbed. Known
    /// for one thread only; several also wait for each other.
    pub(crate) waited: f64,
}

impl Watched {
    pub(crate) fn new(pid: u32) -> Result<Self, String> {
        let watched = Self { pid };
        watched.spent().map(|_| watched).ok_or_else(|| format!("no process {pid} to watch"))
    }

    /// Nothing when the process is gone.
    pub(crate) fn spent(self) -> Option<Spent> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.pid)).ok()?;
        // The name in parentheses may hold spaces; the fields after it are numbered from 3.
        let mut fields = stat[stat.rfind(')')? + 2..].split(' ').skip(14 - 3);
        let mut ticks = || fields.next().and_then(|field| u64::from_str(field).ok());
        // Linux shows ticks of 10 ms to user space on every architecture Rust supports.
        let (user, system) = (ticks()? as f64 / 100.0, ticks()? as f64 / 100.0);
        Some(Spent { user, system, threads: self.threads() })
    }

    /// Bytes of resident memory.
    pub(crate) fn resident(self) -> Option<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid)).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        u64::from_str(line.trim().trim_end_matches(" kB")).ok().map(|kilobytes| kilobytes * 1024)
    }

    fn threads(self) -> BTreeMap<u32, Scheduled> {
        let Ok(tasks) = fs::read_dir(format!("/proc/{}/task", self.pid)) else { return BTreeMap::new() };
        tasks
            .filter_map(|task| {
                let task = task.ok()?;
                let thread = u32::from_str(task.file_name().to_str()?).ok()?;
                Some((thread, scheduled(&task.path().join("schedstat"))?))
            })
            .collect()
    }
}

impl Spent {
    pub(crate) fn since(&self, earlier: &Self) -> CpuSeconds {
        let (user, system) = (self.user - earlier.user, self.system - earlier.system);
        // A thread that ended took its nanoseconds along: then the ticks are all there is.
        let lost_a_thread = earlier.threads.keys().any(|thread| !self.threads.contains_key(thread));
        let sum = |of: fn(&Scheduled) -> u64| {
            let sum = |spent: &Self| spent.threads.values().map(of).sum::<u64>();
            sum(self).saturating_sub(sum(earlier)) as f64 / 1e9
        };
        let total = if lost_a_thread || self.threads.is_empty() { user + system } else { sum(|t| t.ran) };
        let waited = if self.threads.len() == 1 { sum(|thread| thread.waited) } else { 0.0 };
        CpuSeconds { total, user, system, waited }
    }
}

fn scheduled(file: &Path) -> Option<Scheduled> {
    let text = fs::read_to_string(file).ok()?;
    let mut fields = text.split(' ').map_while(|field| u64::from_str(field).ok());
    Some(Scheduled { ran: fields.next()?, waited: fields.next()? })
}

/// Nanoseconds of processor time this process has used.
pub(crate) fn own_cpu() -> u64 {
    let spent = clock_gettime(ClockId::ProcessCPUTime);
    spent.tv_sec as u64 * 1_000_000_000 + spent.tv_nsec as u64
}

/// Nanoseconds in which this process, which has one thread, could have run and another did.
fn own_waited() -> u64 {
    scheduled(Path::new("/proc/self/schedstat")).unwrap_or_default().waited
}

/// A stretch of time and what was spent in it.
pub(crate) struct Meter {
    watched: Option<Watched>,
    wall: Instant,
    own: u64,
    own_waited: u64,
    server: Option<Spent>,
}

/// A measured stretch; seconds.
#[derive(Clone, Copy, Default)]
pub(crate) struct Window {
    pub(crate) wall: f64,
    pub(crate) own: f64,
    /// As [`CpuSeconds::waited`], of the generator.
    pub(crate) own_waited: f64,
    pub(crate) server: Option<CpuSeconds>,
}

impl Meter {
    pub(crate) fn start(watched: Option<Watched>) -> Self {
        let server = watched.and_then(Watched::spent);
        Self { watched, wall: Instant::now(), own: own_cpu(), own_waited: own_waited(), server }
    }

    pub(crate) fn stop(&self) -> Window {
        let wall = self.wall.elapsed().as_secs_f64();
        let own = (own_cpu() - self.own) as f64 / 1e9;
        let own_waited = (own_waited() - self.own_waited) as f64 / 1e9;
        let now = self.watched.and_then(Watched::spent);
        let server = now.zip(self.server.as_ref()).map(|(now, then)| now.since(then));
        Window { wall, own, own_waited, server }
    }
}

impl Window {
    pub(crate) fn add(&mut self, other: &Self) {
        self.wall += other.wall;
        self.own += other.own;
        self.own_waited += other.own_waited;
        self.server = match (self.server, other.server) {
            (Some(a), Some(b)) => Some(CpuSeconds {
                total: a.total + b.total,
                user: a.user + b.user,
                system: a.system + b.system,
                waited: a.waited + b.waited,
            }),
            (a, b) => a.or(b),
        };
    }
}
