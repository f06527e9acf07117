//! Centrifugo's SDKs for JavaScript and Python, unmodified: `sdk/table.mjs` has what is tested, case by case, `sdk/table.py` a part of it.

mod support;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use support::Program;

const SECRET: &str = "a secret of the tests";

const CONFIG: &str = "
api: { keys: [key] }
auth: { secret: 'a secret of the tests', leeway: 0 }
protocol:
  grace: 5
  namespaces:
    chat: { subscribe: users, publish: subscribers, presence: subscribers, join_leave: true }
    news: { subscribe: everybody, publish: subscribers, history: subscribers, recover: true }
hub:
  history: { by_prefix: { 'news:': { messages: 50 } } }
  presence: { by_prefix: { 'chat:': {} } }
log: { filter: error }
";

fn start(listen: &str) -> Program {
    Program::start(&format!("listen: '{listen}'\n{CONFIG}"))
}

/// Plays a case in Node.
fn play(program: &Program, case: &str) -> Child {
    let table = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sdk/table.mjs");
    Command::new("node")
        .arg(table)
        .args([&program.address.to_string(), "key", SECRET, case])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .expect("node starts")
}

fn succeeds(mut node: Child) {
    let status = node.wait().expect("node can be waited for");
    assert!(status.success(), "what fails stands on standard error");
}

macro_rules! cases {
    ($($case:ident: $test:ident;)+) => {$(
        #[test]
        #[ignore = "needs node, and npm ci in tests/sdk"]
        fn $test() {
            let program = start("127.0.0.1:0");
            succeeds(play(&program, stringify!($case)));
        }
    )+};
}

cases! {
    publish: clients_publish_and_hear_each_other_and_the_back_end;
    presence: clients_see_who_is_there_and_who_comes_and_goes;
    history: clients_read_the_history;
    permissions: what_is_not_allowed_is_an_error_of_the_right_code;
    recovery: a_client_that_returns_gets_what_it_missed_once_or_is_told_why_not;
    tokens: tokens_are_renewed_in_time;
    server_side: subscriptions_that_the_server_makes_come_and_go_and_recover;
    limit: of_500_channels_those_above_the_limit_are_refused;
    crowd: each_of_many_clients_gets_all_in_order;
}

#[test]
#[ignore = "needs node, npm ci in tests/sdk, and python3"]
fn the_example_of_a_back_end_decides_what_clients_may_do() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/back_end.py");
    let mut python = Command::new("python3");
    let started = python.arg(example).args(["0", "a secret of letters"]).stdout(Stdio::piped()).spawn();
    let mut back_end = Ended(started.expect("there is Python"));
    let mut said = String::new();
    let stdout = back_end.0.stdout.take().expect("stdout is a pipe");
    BufReader::new(stdout).read_line(&mut said).expect("it says where it listens");
    let port: u16 =
        said.trim().strip_prefix("listening ").and_then(|port| port.parse().ok()).expect("a port");
    let url = |path: &str| format!("  {path}: {{ url: 'http://127.0.0.1:{port}/{path}' }}\n");
    let urls: String = ["connect", "message", "subscribe", "publish", "rpc"].into_iter().map(url).collect();
    let program = Program::start(&format!(
        "listen: 127.0.0.1:0\nprotocol: {{ namespaces: {{ ask: {{ subscribe: hook, publish: hook }} }} }}\n\
         log: {{ filter: error }}\nhooks:\n  timeout: 4s\n  secrets: [a secret of letters]\n{urls}"
    ));
    succeeds(play(&program, "hooks"));
}

/// A process that ends with the test.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
#[ignore = "needs node, and npm ci in tests/sdk"]
fn after_a_restart_a_client_is_told_that_it_cannot_recover() {
    let program = start("127.0.0.1:0");
    let address = program.address;
    let mut node = play(&program, "restart");
    let mut said = String::new();
    let stdout = node.stdout.take().expect("stdout is a pipe");
    BufReader::new(stdout).read_line(&mut said).expect("node says something");
    assert_eq!(said, "restart\n");
    // Killed: no client is told.
    drop(program);
    let _program = start(&address.to_string());
    succeeds(node);
}

#[test]
#[ignore = "needs Python with centrifuge-python"]
fn the_sdk_for_python_recovers_sees_who_is_there_and_renews_its_token() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let own = folder.join("../../tests/.venv/bin/python");
    let python = if own.exists() { own } else { "python3".into() };
    let program = start("127.0.0.1:0");
    let script = Command::new(python)
        .arg(folder.join("tests/sdk/table.py"))
        .args([&program.address.to_string(), "key", SECRET])
        .spawn()
        .expect("there is Python");
    succeeds(script);
}
