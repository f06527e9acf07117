//! The program `throng`, as somebody tries it: without a config, in an empty folder.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// A running program. Dropped, it is killed.
pub(crate) struct Program {
    pub(crate) address: SocketAddr,
    /// The address of the admin page with the key of this start.
    pub(crate) admin: String,
    folder: PathBuf,
    child: Child,
}

fn binary() -> &'static PathBuf {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| throng_tests::example::program("throng"))
}

impl Program {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::start_at("127.0.0.1:0", arguments)
    }

    pub(crate) fn start_at(address: &str, arguments: &[&str]) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("throng-tried-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(&folder).expect("a folder can be made");
        let mut command = Command::new(binary());
        command.args(["--listen", address]).args(arguments).env_clear().current_dir(&folder);
        let mut child = command.stdout(Stdio::piped()).spawn().expect("the program starts");
        let mut lines = BufReader::new(child.stdout.take().expect("its output is piped")).lines();
        let mut line_with = |part: &str| {
            let line = lines.by_ref().map_while(Result::ok).find(|line| line.contains(part));
            line.unwrap_or_else(|| panic!("the program prints no line with {part:?}"))
        };
        let listens = line_with(" listens on ");
        let address = listens.rsplit('/').next().and_then(|address| address.parse().ok());
        let admin = line_with("#key=").trim().trim_start_matches("admin page: ").to_owned();
        Self { address: address.expect("the first line ends with an address"), admin, folder, child }
    }

    /// A token, as `throng token` makes it.
    pub(crate) fn token(secret: &str, user: &str, rooms: &str) -> String {
        let mut command = Command::new(binary());
        command.env_clear().env("THRONG_AUTH__SECRET", secret).args([
            "token",
            "--channels",
            rooms,
            "--",
            user,
        ]);
        let made = command.output().expect("the program starts");
        assert!(made.status.success(), "{made:?}");
        String::from_utf8(made.stdout).expect("a token is ASCII").trim().to_owned()
    }

    pub(crate) fn key(&self) -> &str {
        self.admin.split_once("#key=").expect("the address has a key").1
    }

    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("it can be waited for").is_some()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}
