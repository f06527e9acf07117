//! The program as an operator has it: its commands, its start, its reload and its end.

mod support;

use futures_util::SinkExt;
use rustix::process::Signal;
use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use support::{Folder, PATIENCE, Program, closed, output_of, refusal, request, text, throng};
use tokio_tungstenite::tungstenite::Message;

const OPEN: &str = "listen: 127.0.0.1:0\nclients: { anonymous: true }\n";

#[test]
fn the_commands_that_need_no_server() {
    let version = output_of(&["--version"]);
    assert_eq!(String::from_utf8_lossy(&version.stdout), format!("throng {}\n", env!("CARGO_PKG_VERSION")));

    let folder = Folder::new();
    let printed = output_of(&["config"]);
    assert!(printed.status.success());
    let file = folder.write("all.yaml", &String::from_utf8_lossy(&printed.stdout));
    let file = file.to_str().unwrap();
    let checked = output_of(&["check", file]);
    assert_eq!(String::from_utf8_lossy(&checked.stdout), format!("{file} is a valid config\n"));
    assert!(checked.status.success() && checked.stderr.is_empty());

    // The file alone, or with the environment.
    for (more, code, part) in
        [(&[][..], 0, "is a valid config"), (&["--env"], 2, "THRONG_LOG__FORMAT: log.format: \"xml\"")]
    {
        let checked =
            throng().args(["check", file]).args(more).env("THRONG_LOG__FORMAT", "xml").output().unwrap();
        let told = String::from_utf8_lossy(&[checked.stdout, checked.stderr].concat()).into_owned();
        assert!(checked.status.code() == Some(code) && told.contains(part), "{told}");
    }

    let bad = folder.write("bad.yaml", "listn: 1\nlog: { format: xml }\n");
    let bad = bad.to_str().unwrap();
    let checked = output_of(&["check", bad]);
    let told = String::from_utf8_lossy(&checked.stderr).into_owned();
    assert_eq!(checked.status.code(), Some(2));
    assert!(told.contains(&format!("{bad}: listn: unknown key; the nearest is listen")), "{told}");
    assert!(told.contains(&format!("{bad}: log.format: \"xml\" is not allowed: must be one of")), "{told}");
    // So is a start with it.
    let started = output_of(&["--config", bad]);
    assert_eq!((started.status.code(), String::from_utf8_lossy(&started.stderr)), (Some(2), told.into()));
    assert_eq!(output_of(&["--set", "nonsense"]).status.code(), Some(2));
    assert_eq!(output_of(&["--set", "log.format=xml"]).status.code(), Some(2));
}

#[test]
fn it_says_what_is_where() {
    let program = Program::start("listen: 127.0.0.1:0\n");
    let said = program.said.lock().unwrap().clone();
    for path in ["/ws", "/healthz", "/readyz", "/metrics"] {
        assert!(said.contains(&format!("{}{path}", program.address)), "{said}");
    }
    let index = program.get("/");
    assert!(index.status == 200 && index.body.contains("/readyz"), "{index:?}");
    let nothing = program.get("/nothing?x=1");
    assert_eq!(
        (nothing.status, nothing.body.as_str()),
        (404, "Nothing is served at /nothing: / lists what is.\n")
    );
    assert_eq!(program.get("/healthz").json()["alive"], true);
    assert_eq!(
        (program.get("/readyz").status, program.get("/readyz").json()["ready"].as_bool()),
        (200, Some(true))
    );
    let metrics = program.get("/metrics");
    assert!(metrics.body.contains("throng_ready 1"), "{metrics:?}");
    let elsewhere = request(program.address, "GET", "/metrics", &[("Host", "evil.example")], b"");
    assert_eq!(elsewhere.status, 403, "{elsewhere:?}");
}

#[test]
fn it_says_whom_the_back_end_lets_come() {
    let hook = "listen: 127.0.0.1:0\nhooks: { connect: { url: 'http://127.0.0.1:1/' } }\n";
    for (more, part) in [
        ("", "WebSockets, for clients whom the back end of hooks.connect lets come"),
        (
            "auth: { secret: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa }\napi: { keys: [one] }\n",
            "WebSockets, for clients with a token (?token=TOKEN), or whom the back end of hooks.connect lets come",
        ),
    ] {
        let program = Program::start(&format!("{hook}{more}"));
        let said = program.said.lock().unwrap().clone();
        assert!(said.contains(part), "{said}");
        assert!(more.is_empty() || said.contains("by POST: for 1 key, in the header"), "{said}");
    }
}

#[test]
fn an_address_that_is_taken_ends_the_start() {
    let program = Program::start("listen: 127.0.0.1:0\n");
    let output = output_of(&["--listen", &program.address.to_string()]);
    let log = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.code() == Some(1) && log.contains(&format!("cannot listen on {}", program.address)),
        "{log}"
    );
}

#[test]
fn flags_and_the_environment_reach_the_program() {
    let program = Program::start_with(
        "throng.yaml",
        "listen: nowhere:1",
        &["--listen", "127.0.0.1:0", "--set", "log.format=json"],
    );
    assert!(program.get("/").status == 200);
    let output = throng().env("THRONG_LOG__FORMAT", "xml").output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("environment variable THRONG_LOG__FORMAT: log.format: \"xml\""), "{told}");
}

#[tokio::test]
async fn unknown_clients_are_refused_unless_the_config_lets_them_come() {
    let program = Program::start("listen: 127.0.0.1:0\n");
    let (status, body) = refusal(program.try_connect("/ws", &[]).await);
    assert!(status == 401 && body.contains("clients.anonymous"), "{body}");
    program.rewrite(OPEN);
    program.signal(Signal::HUP);
    program.logs("the config was reloaded");
    let mut socket = program.connect("/ws").await;
    // Nobody is there to whom it could go: it is counted.
    socket.send(text("hello")).await.unwrap();
    support::soon("the message is counted", || {
        program.get("/metrics").body.contains("throng_server_messages_ignored_total 1").then_some(())
    })
    .await;
    let foreign = program.try_connect("/ws", &[("Origin", "https://elsewhere.example")]).await;
    assert_eq!(refusal(foreign).0, 403);
}

#[tokio::test]
async fn a_token_says_who_a_client_is() {
    let config =
        "listen: 127.0.0.1:0\nauth: { secret: hush }\napi: { keys: [key] }\nclients: { rooms: [all] }\n";
    let program = Program::start(config);
    let file = program.folder.0.join("throng.yaml");
    let token_of = |arguments: &[&str]| {
        let made = output_of(&[&["token"], arguments, &["--config", file.to_str().unwrap()]].concat());
        assert!(made.status.success(), "{made:?}");
        String::from_utf8(made.stdout).unwrap().trim().to_owned()
    };
    let token = token_of(&["ann", "--channels", "a,b"]);
    let mut ann = program.connect(&format!("/ws?x=1&token={token}")).await;
    let bearer = format!("Bearer {}", token_of(&["bob", "--ttl", "4"]));
    let mut bob = program.try_connect("/ws", &[("Authorization", &bearer)]).await.unwrap();
    let key = [("X-API-Key", "key")];
    let post = |method: &str, body: &str| program.post(&format!("/api/{method}"), &key, body).body;
    support::soon("both are there", || {
        let all = r#"{"result":{"channels":{"a":{"num_clients":1},"all":{"num_clients":2},"b":{"num_clients":1}}}}"#;
        (post("channels", "{}") == all).then_some(())
    })
    .await;
    post("send", r#"{"user": "ann", "data": {"for": "ann"}}"#);
    assert_eq!(support::next(&mut ann).await, text(r#"{"for": "ann"}"#));
    // His authorisation is over.
    assert_eq!(closed(&mut bob).await, (1008, "authorisation expired".into()));
    let forged = format!("/ws?token={}x", &token[..token.len() - 1]);
    for (path, part) in [
        ("/ws", "Nobody knows this client"),
        (forged.as_str(), "The token is not valid: its signature is wrong"),
    ] {
        let (status, body) = refusal(program.try_connect(path, &[]).await);
        assert!(status == 401 && body.contains(part), "{body}");
    }
    let without = output_of(&["token", "ann"]);
    let told = String::from_utf8_lossy(&without.stderr);
    assert!(without.status.code() == Some(2) && told.contains("no auth.secret"), "{told}");
}

#[tokio::test]
async fn a_reload_is_all_or_nothing() {
    let program = Program::start(OPEN);
    let reload = |text: &str| {
        program.rewrite(text);
        program.signal(Signal::HUP);
    };
    reload("listen: 127.0.0.1:0\nclients: { anonymous: fals }\nhub: { rooms: { members: -1 } }");
    program.logs("the config was not reloaded: ");
    program.logs("clients.anonymous: \"fals\" is not allowed");
    program.logs("hub.rooms.members: ");
    drop(program.connect("/ws").await);
    // What cannot change is named, and the rest does not change either.
    reload("listen: 127.0.0.1:1\nclients: { anonymous: false, path: /other }\n");
    program.logs("listen cannot change while the program runs");
    program.logs("clients.path cannot change while the program runs");
    drop(program.connect("/ws").await);
    // The hub's part is in force at once.
    reload(&format!(
        "{OPEN}hub: {{ outbox: {{ message_bytes: 5 }}, closes: {{ draining: {{ code: 4001 }} }} }}\nlog: {{ filter: debug }}"
    ));
    program.logs("the config was reloaded");
    let mut socket = program.connect("/ws").await;
    socket.send(text("123456")).await.unwrap();
    assert_eq!(closed(&mut socket).await.0, 1009);
    program.logs("DEBUG");
}

#[tokio::test]
async fn a_file_that_is_gone_is_no_new_config() {
    let program = Program::start(OPEN);
    std::fs::remove_file(program.folder.0.join("throng.yaml")).unwrap();
    program.signal(Signal::HUP);
    program.logs("throng.yaml: cannot be opened");
    drop(program.connect("/ws").await);
}

/// Has a lease on a file, for which whoever opens it waits up to 45 s, as for a disk that does not answer.
fn hold(file: &Path) -> Child {
    const LEASE: &str = "
import fcntl, signal, sys, time
signal.signal(signal.SIGIO, signal.SIG_IGN)
held = open(sys.argv[1], 'r+')
fcntl.fcntl(held, fcntl.F_SETLEASE, fcntl.F_WRLCK)
print('held', flush=True)
time.sleep(120)
";
    let mut python = Command::new("python3");
    let mut child =
        python.args(["-c", LEASE]).arg(file).stdout(Stdio::piped()).spawn().expect("python3 starts");
    let mut said = [0; 5];
    child.stdout.as_mut().expect("it is piped").read_exact(&mut said).expect("the lease is held");
    assert_eq!(&said, b"held\n");
    child
}

#[tokio::test]
async fn a_file_that_never_answers_stops_neither_clients_nor_the_end() {
    let mut program = Program::start(OPEN);
    let file = program.folder.0.join("throng.yaml");
    let mut holder = hold(&file);
    program.signal(Signal::HUP);
    // Time for the program to open it: it is not told when that is.
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    drop(tokio::time::timeout(PATIENCE, program.connect("/ws")).await.expect("clients are served"));
    program.signal(Signal::TERM);
    assert!(program.end().success());
    let log = program.log.lock().unwrap().clone();
    assert!(!log.contains("reloaded"), "the file did not answer: {log}");
    holder.kill().unwrap();
    holder.wait().unwrap();
}

#[test]
fn a_pipe_in_place_of_the_config_does_not_stop_later_reloads() {
    let program = Program::start(OPEN);
    let file = program.folder.0.join("throng.yaml");
    std::fs::remove_file(&file).unwrap();
    assert!(Command::new("mkfifo").arg(&file).status().unwrap().success());
    program.signal(Signal::HUP);
    program.logs("throng.yaml: is no regular file, but a directory, a pipe or a device");
    std::fs::remove_file(&file).unwrap();
    program.folder.write("throng.yaml", OPEN);
    program.signal(Signal::HUP);
    program.logs("the config was reloaded");
}

#[tokio::test]
async fn sigterm_drains_and_ends() {
    let config = format!("{OPEN}hub: {{ drain: {{ spread: 0s, idle: 0s }} }}\n");
    let mut program = Program::start(&config);
    let mut socket = program.connect("/ws").await;
    program.signal(Signal::TERM);
    assert_eq!(closed(&mut socket).await, (1001, "going away".into()));
    let _ = socket.send(Message::Close(None)).await;
    assert!(program.end().success());
}

#[tokio::test]
async fn the_log_is_json_if_the_config_says_so() {
    let mut program = Program::start(&format!("{OPEN}log: {{ format: json }}\nwshub: {{ clientKey: k }}\n"));
    program.logs("\"message\":\"wshub.enabled is false: the other keys of wshub have no effect\"");
    program.signal(Signal::TERM);
    program.end();
    for line in program.log.lock().unwrap().lines() {
        assert!(
            serde_json::from_str::<serde_json::Value>(line).is_ok_and(|line| line["level"].is_string()),
            "{line}"
        );
    }
}
