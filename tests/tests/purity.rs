//! The core is pure: what it depends on is pinned, and the lints that keep clocks, threads, randomness and I/O out of it are
//! themselves tried, by planting each of what they forbid. (That it builds without std is tried in `no_std.rs`; the lints
//! are applied to the core by `.ci/run`.)

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn cargo() -> Command {
    Command::new(env!("CARGO"))
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A feature, and what it depends on itself, beyond what no feature does.
const HUB: &[&str] = &["bytes", "hashbrown", "siphasher", "slab"];
const WEBSOCKET: &[&str] = &["http", "httparse", "memchr", "simdutf8", "tungstenite"];
const DEFLATE: &[&str] = &["flate2"];
const FEATURES: &[(&str, &[&[&str]])] = &[
    ("", &[HUB]),
    ("std", &[HUB]),
    ("trace", &[HUB]),
    ("serde", &[HUB, &["serde"]]),
    ("protocol", &[HUB, &["serde", "serde_json"]]),
    ("websocket", &[HUB, WEBSOCKET]),
    ("deflate", &[HUB, WEBSOCKET, DEFLATE]),
    ("default", &[HUB, WEBSOCKET, DEFLATE]),
];

/// The packages that the core pulls under a feature, itself left out.
fn packages(feature: &str, depth: &str) -> BTreeSet<String> {
    let tree = cargo()
        .args(["tree", "--package", "throng-core", "--no-default-features", "--features", feature])
        .args(["--edges", "normal,build", "--depth", depth, "--prefix", "none", "--format", "{lib}"])
        .current_dir(root())
        .output()
        .expect("cargo starts");
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
    let names = String::from_utf8(tree.stdout).expect("names are text");
    names
        .lines()
        .map(|line| line.trim_end_matches(" (*)"))
        .filter(|name| *name != "throng_core")
        .map(str::to_owned)
        .collect()
}

#[test]
fn each_feature_pulls_only_its_named_packages() {
    for (feature, expected) in FEATURES {
        let expected = expected.iter().copied().flatten().map(|name| (*name).to_owned()).collect();
        assert_eq!(packages(feature, "1"), expected, "{feature:?}");
    }
}

#[test]
fn what_the_hub_and_its_traces_pull_pulls_nothing_more() {
    for feature in ["", "trace"] {
        assert_eq!(packages(feature, "1000").iter().collect::<Vec<_>>(), HUB, "{feature:?}");
    }
}

#[test]
fn nothing_that_the_core_pulls_does_io() {
    // (rand comes with tungstenite's handshake. What uses it there is forbidden by name.)
    let reactors = ["async_io", "async_std", "mio", "polling", "rustix", "smol", "socket2", "tokio"];
    let pulled = packages("default,protocol,serde,trace", "1000");
    assert!(reactors.iter().all(|reactor| !pulled.contains(*reactor)), "{pulled:?}");
}

#[test]
fn the_tokio_crate_turns_on_no_http_2_for_the_application() {
    // Features unify: what a library turns on, every server of the application has.
    let tree = cargo()
        .args(["tree", "--package", "throng-tokio", "--all-features", "--edges", "normal,features"])
        .args(["--prefix", "none"])
        .current_dir(root())
        .output()
        .expect("cargo starts");
    let tree = String::from_utf8(tree.stdout).expect("names are text");
    assert!(tree.contains("hyper feature \"http1\""), "{tree}");
    let http_2 = tree.lines().find(|line| line.contains("\"http2\"") || line.starts_with("h2 "));
    assert_eq!(http_2, None);
}

#[test]
fn every_feature_is_in_the_table() {
    let manifest = fs::read_to_string(root().join("core/Cargo.toml")).expect("the core has a manifest");
    let features = section(&manifest, "[features]").lines().filter_map(|line| line.split_once(" = "));
    for (feature, _) in features.filter(|(feature, _)| !feature.starts_with('#')) {
        assert!(FEATURES.iter().any(|(known, _)| *known == feature), "{feature}");
    }
}

/// What stands under a heading of a TOML file.
fn section<'a>(toml: &'a str, heading: &str) -> &'a str {
    let from = toml.find(heading).expect("there is such a heading") + heading.len();
    let end = toml[from..].find("\n[").map_or(toml.len(), |end| from + end);
    &toml[from..end]
}

/// Where sources of the core may use what is forbidden, each time with a reason.
const EXCEPTIONS: &[&str] = &["websocket/handshake/tests/lists.rs"];

#[test]
fn the_core_excepts_itself_from_no_lint_but_where_that_is_known() {
    let manifest = fs::read_to_string(root().join("core/Cargo.toml")).expect("the core has a manifest");
    assert!(section(&manifest, "[lints]").contains("workspace = true"));
    let (sources, mut excepted) = (root().join("core/src"), Vec::new());
    let mut folders = vec![sources.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("it is a folder") {
            let path = entry.expect("it can be read").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = fs::read_to_string(&path).expect("sources are text");
            let excepts = [
                "clippy::disallowed",
                "clippy::print_",
                "clippy::dbg_macro",
                "clippy::all",
                "allow(warnings",
            ];
            if excepts.iter().any(|lint| text.contains(lint)) {
                let path = path.strip_prefix(&sources).expect("it is below");
                excepted.push(path.to_str().expect("names are text").to_owned());
            }
        }
    }
    excepted.sort();
    assert_eq!(excepted, EXCEPTIONS);
}

/// What uses a forbidden thing, unless it is a function that is called without arguments, or a type.
const USES: &[(&str, &str)] = &[
    ("std::time::Instant::elapsed", "let f = |at: std::time::Instant| at.elapsed();"),
    ("std::time::SystemTime::elapsed", "let f = |at: std::time::SystemTime| at.elapsed();"),
    ("std::thread::spawn", "std::thread::spawn(|| ());"),
    ("std::thread::scope", "std::thread::scope(|_| ());"),
    ("std::thread::sleep", "std::thread::sleep(std::time::Duration::ZERO);"),
    ("std::thread::park_timeout", "std::thread::park_timeout(std::time::Duration::ZERO);"),
    ("std::env::var", "let f = std::env::var(\"\");"),
    ("std::env::var_os", "let f = std::env::var_os(\"\");"),
    ("std::env::set_current_dir", "let f = std::env::set_current_dir(\"\");"),
    ("std::process::exit", "let f = || -> u8 { std::process::exit(0) };"),
    ("std::process::abort", "let f = || -> u8 { std::process::abort() };"),
    ("std::fs::copy", "let f = std::fs::copy(\"\", \"\");"),
    ("std::fs::hard_link", "let f = std::fs::hard_link(\"\", \"\");"),
    ("std::fs::rename", "let f = std::fs::rename(\"\", \"\");"),
    ("std::fs::write", "let f = std::fs::write(\"\", \"\");"),
    ("std::fs::set_permissions", "let f = |how| std::fs::set_permissions(\"\", how);"),
    (
        "std::net::ToSocketAddrs::to_socket_addrs",
        "let f = { use std::net::ToSocketAddrs; \"localhost:80\".to_socket_addrs() };",
    ),
    ("std::thread::JoinHandle", "let f: Option<std::thread::JoinHandle<()>> = None;"),
    ("std::thread_local", "std::thread_local! { static F: u8 = const { 0 } }"),
    ("std::sync::Mutex", "static F: std::sync::Mutex<u8> = std::sync::Mutex::new(0);"),
    ("std::cell::LazyCell", "let f: Option<std::cell::LazyCell<u8>> = None;"),
    ("std::cell::OnceCell", "let f: Option<std::cell::OnceCell<u8>> = None;"),
    ("std::sync::LazyLock", "let f: Option<std::sync::LazyLock<u8>> = None;"),
    ("std::sync::MutexGuard", "let f: Option<std::sync::MutexGuard<'static, u8>> = None;"),
    ("std::sync::OnceLock", "let f: Option<std::sync::OnceLock<u8>> = None;"),
    ("std::sync::RwLock", "let f: Option<std::sync::RwLock<u8>> = None;"),
    ("std::sync::RwLockReadGuard", "let f: Option<std::sync::RwLockReadGuard<'static, u8>> = None;"),
    ("std::sync::RwLockWriteGuard", "let f: Option<std::sync::RwLockWriteGuard<'static, u8>> = None;"),
    ("std::sync::atomic::AtomicPtr", "let f: Option<std::sync::atomic::AtomicPtr<u8>> = None;"),
    ("std::sync::mpsc::Receiver", "let f: Option<std::sync::mpsc::Receiver<u8>> = None;"),
    ("std::sync::mpsc::Sender", "let f: Option<std::sync::mpsc::Sender<u8>> = None;"),
    ("std::sync::mpsc::SyncSender", "let f: Option<std::sync::mpsc::SyncSender<u8>> = None;"),
    ("std::thread::LocalKey", "let f: Option<std::thread::LocalKey<u8>> = None;"),
    ("std::thread::Scope", "let f: Option<std::thread::Scope<'static, 'static>> = None;"),
    ("std::thread::ScopedJoinHandle", "let f: Option<std::thread::ScopedJoinHandle<'static, u8>> = None;"),
    ("std::collections::HashMap", "let f: Option<std::collections::HashMap<u8, u8>> = None;"),
    ("std::collections::HashSet", "let f: Option<std::collections::HashSet<u8>> = None;"),
];

/// Macros that the workspace forbids, and what says so.
const MACROS: &[(&str, &str)] = &[
    ("println!();", "print_stdout"),
    ("print!(\"\");", "print_stdout"),
    ("eprintln!();", "print_stderr"),
    ("eprint!(\"\");", "print_stderr"),
    ("let f = dbg!(0);", "dbg_macro"),
];

/// What uses the thing of this name.
fn planted(path: &str) -> String {
    if let Some((_, usage)) = USES.iter().find(|(known, _)| *known == path) {
        return (*usage).to_owned();
    }
    let last = path.rsplit("::").next().unwrap_or_default();
    if last.starts_with(char::is_uppercase) {
        format!("let f: Option<{path}> = None;")
    } else if path.starts_with("std::fs::") {
        format!("let f = {path}(\"\");")
    } else {
        format!("let f = {path}();")
    }
}

#[test]
fn whatever_is_forbidden_in_the_core_is_refused_where_it_is_planted() {
    let clippy = fs::read_to_string(root().join("core/clippy.toml")).expect("the core has lints of its own");
    let paths = clippy.lines().filter_map(|line| line.trim().strip_prefix("{ path = \"")?.split('"').next());
    // A crate without dependencies knows nothing of others.
    let forbidden: Vec<_> = paths.filter(|path| path.starts_with("std::")).collect();
    assert!(forbidden.len() > 60, "{forbidden:?}");

    // One to a line, so that a refusal says by its line which it is.
    let (mut source, mut expected) = (String::new(), BTreeSet::new());
    let lines = forbidden.iter().map(|path| (planted(path), "disallowed"));
    let macros = MACROS.iter().map(|(usage, lint)| ((*usage).to_owned(), *lint));
    for (at, (usage, lint)) in lines.chain(macros).enumerate() {
        writeln!(source, "pub fn f{at}() {{ {usage} }}").expect("a string takes all");
        expected.insert((at + 1, lint.to_owned()));
    }
    let manifest = fs::read_to_string(root().join("Cargo.toml")).expect("the workspace has a manifest");
    let lints = section(&manifest, "[workspace.lints.clippy]");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("planted");
    fs::create_dir_all(folder.join("src")).expect("the folder is ours");
    fs::write(folder.join("src/lib.rs"), &source).expect("the folder is ours");
    let package =
        "[package]\nname = \"planted\"\nedition = \"2024\"\n[workspace]\n[lints.rust]\nunused = \"allow\"\n";
    fs::write(folder.join("Cargo.toml"), format!("{package}[lints.clippy]{lints}\n"))
        .expect("the folder is ours");

    let checked = cargo()
        .args(["clippy", "--quiet", "--message-format", "json", "--manifest-path"])
        .arg(folder.join("Cargo.toml"))
        .env("CLIPPY_CONF_DIR", root().join("core"))
        .env("CARGO_TARGET_DIR", folder.join("target"))
        .output()
        .expect("cargo starts");
    let said = String::from_utf8(checked.stdout).expect("cargo writes text");
    let refused: BTreeSet<_> = said.lines().filter_map(refusal).collect();
    let missed: Vec<_> = expected.iter().filter(|one| !refused.contains(one)).collect();
    let missed: Vec<_> = missed.iter().map(|(line, lint)| (lint, source.lines().nth(line - 1))).collect();
    assert!(missed.is_empty(), "not refused: {missed:#?}\n{}", String::from_utf8_lossy(&checked.stderr));
}

/// The line that a lint refuses, and which of those that matter here it is.
fn refusal(message: &str) -> Option<(usize, String)> {
    let (_, line, lint) = refusal_in(message)?;
    Some((line, lint))
}

/// The same, and the file.
fn refusal_in(message: &str) -> Option<(String, usize, String)> {
    let message: serde_json::Value = serde_json::from_str(message).ok()?;
    let message = &message["message"];
    let lint = message["code"]["code"].as_str()?.strip_prefix("clippy::")?;
    // Of a macro the place where it is called counts, not where it is defined.
    let mut span = &message["spans"][0];
    while span["expansion"].is_object() {
        span = &span["expansion"]["span"];
    }
    let line = span["line_start"].as_u64()?;
    let lint = if lint.starts_with("disallowed_") { "disallowed" } else { lint };
    Some((span["file_name"].as_str()?.to_owned(), line as usize, lint.to_owned()))
}

/// What a core with a lock, a thread-local or a clock of its own could hide behind: a file of it, and a line.
const PLANTS: &[(&str, &str)] = &[
    ("hub/mod.rs", "std::thread_local! { static PLANTED: u8 = const { 0 } }"),
    (
        "hub/publish.rs",
        "extern crate std as other; static PLANTED: other::sync::Mutex<u8> = other::sync::Mutex::new(0);",
    ),
    (
        "outbox/queue.rs",
        "static PLANTED: core::sync::atomic::AtomicU64 = core::sync::atomic::AtomicU64::new(0);",
    ),
    ("websocket/deflate/mod.rs", "use std::sync::{self as s}; pub type Planted = s::RwLock<u8>;"),
    ("websocket/decode.rs", "pub struct Planted { pub lock: std::sync::Mutex<u8> }"),
    ("trace/record.rs", "pub fn planted() -> std::time::Instant { std::time::Instant::now() }"),
    (
        "setting/mod.rs",
        "pub fn planted<T>(of: &'static std::thread::LocalKey<T>) -> bool { of.try_with(|_| ()).is_ok() }",
    ),
];

#[test]
fn a_lock_a_thread_local_or_a_clock_in_the_core_itself_is_refused_under_all_features() {
    let copy = Path::new(env!("CARGO_TARGET_TMPDIR")).join("core-with-plants");
    let _ = fs::remove_dir_all(copy.join("core"));
    copy_core(&copy);
    let mut expected = BTreeSet::new();
    for (file, plant) in PLANTS {
        let path = copy.join("core/src").join(file);
        let source = fs::read_to_string(&path).expect("there is such a file of the core");
        expected.insert((format!("core/src/{file}"), source.lines().count() + 1));
        fs::write(&path, format!("{source}{plant}\n")).expect("the folder is ours");
    }
    let checked = cargo()
        .args(["clippy", "--quiet", "--offline", "--package", "throng-core", "--all-features"])
        .args(["--message-format", "json", "--", "-D", "warnings"])
        .current_dir(&copy)
        .env("CARGO_TARGET_DIR", copy.join("target"))
        .output()
        .expect("cargo starts");
    assert!(!checked.status.success(), "clippy lets them pass");
    let said = String::from_utf8(checked.stdout).expect("cargo writes text");
    let refused: BTreeSet<_> = said
        .lines()
        .filter_map(refusal_in)
        .filter(|(_, _, lint)| lint == "disallowed")
        .map(|(file, line, _)| (file, line))
        .collect();
    // And nothing but what was planted is refused.
    assert_eq!(refused, expected, "{}", String::from_utf8_lossy(&checked.stderr));
}

/// The core in a workspace of its own, with the lints and the locked versions of ours.
fn copy_core(to: &Path) {
    fs::create_dir_all(to).expect("the folder is ours");
    let manifest = fs::read_to_string(root().join("Cargo.toml")).expect("the workspace has a manifest");
    let lines = manifest.lines().map(|line| match line.split_once(" = ") {
        Some(("members" | "default-members", _)) => "members = [\"core\"]",
        _ => line,
    });
    let mut lines: Vec<_> = lines.collect();
    // The default members are the members.
    if let Some(second) = lines.iter().rposition(|line| *line == "members = [\"core\"]") {
        lines.remove(second);
    }
    fs::write(to.join("Cargo.toml"), lines.join("\n")).expect("the folder is ours");
    fs::copy(root().join("Cargo.lock"), to.join("Cargo.lock")).expect("the folder is ours");
    let mut folders = vec![Path::new("core").to_path_buf()];
    while let Some(folder) = folders.pop() {
        fs::create_dir_all(to.join(&folder)).expect("the folder is ours");
        for entry in fs::read_dir(root().join(&folder)).expect("it is a folder") {
            let path = folder.join(entry.expect("it can be read").file_name());
            if path == Path::new("core/runtime") {
                continue;
            }
            if root().join(&path).is_dir() {
                folders.push(path);
            } else {
                fs::copy(root().join(&path), to.join(&path)).expect("the folder is ours");
            }
        }
    }
}
