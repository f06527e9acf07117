//! Examples, as processes of their own.

mod support;

use std::fs::File;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::{Value, json};
use support::http::{ask, get};
use throng_tests::example::{Example, address_in, binary, program};
use throng_tests::http::{Response, upgrade};
use throng_tests::process::{end_of, signal};
use throng_tests::raw::{Raw, close};
use throng_tests::wait::eventually;

/// What a request for a WebSocket is answered by, and the connection.
fn open(address: SocketAddr, path: &str, header: &str) -> (Response, Raw) {
    let mut raw = Raw::connect(address);
    raw.send(upgrade(path).replacen("\r\n", &format!("\r\n{header}"), 1).as_bytes());
    (raw.response(), raw)
}

fn text(raw: &mut Raw) -> String {
    String::from_utf8(raw.message()).expect("a text")
}

fn json_of(body: &str) -> Value {
    serde_json::from_str(body).expect("JSON")
}

const SECRET: &str = "32 bytes, known to nobody but this test";

fn auth(lifetime: &str) -> Example {
    Example::start("auth", &["--address", "127.0.0.1:0", "--secret", SECRET, "--lifetime", lifetime])
}

fn login(example: &Example, user: &str) -> String {
    let answer = ask(example.address, "POST", &format!("/login/{user}"), "").expect("it answers");
    assert_eq!(answer.status, 200);
    answer.body
}

#[test]
fn who_has_a_token_comes_in_by_header_query_or_first_message() {
    let mut example = auth("600");
    let token = login(&example, "ada");
    let bearer = format!("Authorization: Bearer {token}\r\n");
    let by_header = open(example.address, "/ws", &bearer);
    let by_query = open(example.address, &format!("/ws?token={token}"), "");
    let mut by_message = open(example.address, "/ws", "");
    by_message.1.say(&token);
    let mut guests = [by_header, by_query, by_message];
    for (response, raw) in &mut guests {
        assert_eq!(response.status, 101);
        assert_eq!(text(raw), "Hello ada");
        raw.say("anybody here?");
        assert_eq!(text(raw), "anybody here?");
        raw.send(&close(1000, ""));
        assert_eq!(raw.closed().code, 1000);
    }
    assert!(example.terminate().success());
}

#[test]
fn who_has_no_good_token_is_refused_by_401_or_closed_with_4401() {
    let example = auth("600");
    let mut wrong = login(&example, "ada");
    // Of another secret.
    let end = wrong.len() - 4;
    wrong.replace_range(end.., "AAAA");
    for token in [&*wrong, "", "no token", "a.b.c"] {
        let path = format!("/ws?token={}", token.replace(' ', "%20"));
        let (response, _) = open(example.address, &path, "");
        assert_eq!((response.status, response.header("www-authenticate")), (401, Some("Bearer")));
        let bearer = format!("Authorization: Bearer {token}x\r\n");
        assert_eq!(open(example.address, "/ws", &bearer).0.status, 401);
        let (_, mut raw) = open(example.address, "/ws", "");
        raw.say(token);
        assert_eq!(raw.closed().code, 4401);
    }
}

#[test]
fn a_token_that_expires_closes_its_connection() {
    let example = auth("2");
    let token = login(&example, "ada");
    let (_, mut raw) = open(example.address, &format!("/ws?token={token}"), "");
    assert_eq!(text(&mut raw), "Hello ada");
    assert!(text(&mut raw).starts_with("Your token expires in "));
    let closed = raw.closed();
    assert_eq!((closed.code, &*closed.reason), (4401, "the token has expired"));
    let path = format!("/ws?token={token}");
    // Seconds are whole.
    eventually("it opens nothing any more", || open(example.address, &path, "").0.status == 401);
}

#[test]
fn another_token_of_the_same_user_lets_its_connection_go_on() {
    let example = auth("3");
    let token = login(&example, "ada");
    let (_, mut raw) = open(example.address, &format!("/ws?token={token}"), "");
    assert_eq!(text(&mut raw), "Hello ada");
    for _ in 0..3 {
        assert!(text(&mut raw).starts_with("Your token expires in "));
        raw.say(&format!("token {}", login(&example, "bob")));
        assert_eq!(text(&mut raw), "That is no good token of yours.");
        raw.say(&format!("token {}", login(&example, "ada")));
        assert_eq!(text(&mut raw), "Thank you.");
    }
    assert!(text(&mut raw).starts_with("Your token expires in "));
    assert_eq!(raw.closed().code, 4401);
}

#[test]
fn a_token_that_never_expires_is_good() {
    let example = auth(&u64::MAX.to_string());
    let (response, mut raw) = open(example.address, &format!("/ws?token={}", login(&example, "ada")), "");
    assert_eq!(response.status, 101);
    assert_eq!(text(&mut raw), "Hello ada");
}

#[test]
fn a_token_for_a_name_that_is_too_long_is_refused_with_the_reason_whichever_way_it_comes() {
    let example = auth("600");
    let token = login(&example, &"a".repeat(300));
    let (response, _) = open(example.address, &format!("/ws?token={token}"), "");
    assert_eq!(response.status, 400);
    assert!(response.body.contains("the name is longer than 255 bytes"), "{response:?}");
    let (_, mut raw) = open(example.address, "/ws", "");
    raw.say(&token);
    let closed = raw.closed();
    assert_eq!((closed.code, &*closed.reason), (1008, "name_too_long"));
}

#[test]
fn a_token_that_is_not_good_yet_opens_nothing() {
    let arguments = ["--address", "127.0.0.1:0", "--secret", SECRET, "--delay", "3"];
    let example = Example::start("auth", &arguments);
    let token = login(&example, "ada");
    let path = format!("/ws?token={token}");
    assert_eq!(open(example.address, &path, "").0.status, 401);
    eventually("it becomes good", || open(example.address, &path, "").0.status == 101);
}

/// What an example says as it fails to start, which it does at once.
fn failure(name: &str, arguments: &[&str]) -> String {
    failure_of(&binary(name), arguments, Stdio::null())
}

fn failure_of(binary: &Path, arguments: &[&str], output: Stdio) -> String {
    let mut child = Command::new(binary)
        .args(arguments)
        .stdout(output)
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let status = end_of(&mut child);
    assert_eq!(status.code().map(|code| code == 0 || code == 101), Some(false), "{binary:?}: {status}");
    io::read_to_string(child.stderr.take().expect("it is piped")).expect("it says something")
}

/// One line that has the sentence, and nothing else but who says it.
fn is_told(said: &str, sentence: &str) -> bool {
    let mut lines = said.lines();
    let line = lines.next().unwrap_or_default();
    let speaker = line.strip_suffix(sentence).or_else(|| {
        // The system's own text ends with its number.
        let (before, number) = line.rsplit_once(" (os error ")?;
        number.strip_suffix(')')?.parse::<u32>().ok()?;
        before.strip_suffix(sentence)
    });
    lines.next().is_none()
        && speaker.is_some_and(|speaker| ["Error: ", "mio_chat: ", "turn_based_game: "].contains(&speaker))
}

#[test]
fn a_secret_that_can_be_guessed_is_refused_and_told_to_nobody() {
    for secret in ["", "secret", "31 bytes are not enough for it."] {
        let said = failure("auth", &["--address", "127.0.0.1:0", "--secret", secret]);
        assert!(said.contains("needs at least 32"), "{secret:?}: {said}");
        assert!(said.contains(&format!("has {} bytes", secret.len())), "{secret:?}: {said}");
        assert!(secret.is_empty() || !said.replace("--secret", "").contains(secret), "{secret:?}: {said}");
    }
}

#[test]
fn an_address_that_is_in_use_is_told_in_a_sentence() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("there is a port");
    let address = taken.local_addr().expect("it has an address").to_string();
    let address = &*address;
    let told = |binary: &Path, arguments: &[&str], address: &str| {
        let said = failure_of(binary, arguments, Stdio::null());
        let sentence = format!("cannot listen on {address}: Address already in use");
        assert!(is_told(&said, &sentence), "{binary:?}: {said}");
    };
    for (name, arguments) in [
        ("auth", &["--address", address, "--secret", SECRET][..]),
        ("axum_app", &[address]),
        ("chat", &["--address", address]),
        ("chat_events", &[address]),
        ("fanout", &[address]),
        ("fanout_async_std", &[address]),
        ("fanout_async_std", &[address, "--executor", "smol"]),
        ("fanout_axum", &[address]),
        ("game", &[address]),
        ("metrics", &[address]),
        ("mio_chat", &[address]),
    ] {
        told(&binary(name), arguments, address);
    }
    told(&program("tls"), &[address], address);
    // These always listen there. If that fails here, somebody else has it.
    const FIXED: &str = "127.0.0.1:8080";
    let _taken = TcpListener::bind(FIXED);
    for name in ["router", "simple", "simple_async_std", "simple_smol"] {
        told(&binary(name), &[], FIXED);
    }
}

#[test]
fn an_argument_that_is_none_is_told_in_a_sentence() {
    for (name, arguments, sentence) in [
        ("auth", &["--secret", SECRET, "--address", "x"][..], "cannot listen on x: invalid socket address"),
        ("axum_app", &["x"], "cannot listen on x: invalid socket address"),
        ("chat", &["--address", "x"], "cannot parse argument \"x\": invalid socket address syntax"),
        ("chat", &["--bogus"], "invalid option '--bogus'"),
        ("chat_events", &["x"], "cannot listen on x: invalid socket address"),
        ("fanout_axum", &["x"], "cannot listen on x: invalid socket address"),
        ("game", &["x"], "cannot listen on x: invalid socket address"),
        ("metrics", &["x"], "cannot listen on x: invalid socket address"),
        ("mio_chat", &["x"], "cannot listen on x: invalid socket address syntax"),
        (
            "mio_chat",
            &["127.0.0.1:0", "/dev/null", "x"],
            "cannot take PONG `x` as a whole number of seconds: invalid digit found in string",
        ),
        (
            "mio_chat",
            &["127.0.0.1:0", "/dev/null", "0"],
            "config field `deadlines.ping` is 0: it must be more than zero, or `None` for no limit (in a file \"none\")",
        ),
    ] {
        let said = failure(name, arguments);
        assert!(is_told(&said, sentence), "{name} {arguments:?}: {said}");
    }
    // These say besides how they are called.
    for name in ["fanout", "fanout_async_std"] {
        let said = failure(name, &["x"]);
        let sentence = "error: invalid value 'x' for '<ADDRESS>': invalid socket address syntax\n";
        assert!(said.starts_with(sentence), "{name}: {said}");
    }
}

#[test]
fn a_transcript_is_the_same_on_every_run_and_one_that_cannot_be_written_is_told_in_a_sentence() {
    let binary = binary("turn_based_game");
    let played = Command::new(&binary).output().expect("it runs");
    assert!(played.status.success());
    let transcript = include_str!("../../core/examples/turn_based_game.txt");
    assert_eq!(String::from_utf8_lossy(&played.stdout), transcript);
    let full = File::options().write(true).open("/dev/full").expect("Linux");
    let said = failure_of(&binary, &[], full.into());
    let sentence = "cannot write the transcript to the standard output: No space left on device";
    assert!(is_told(&said, sentence), "{said}");
}

#[test]
fn a_server_that_has_said_where_it_listens_has_caught_its_signals() {
    for (name, arguments) in [
        ("auth", &["--address", "127.0.0.1:0", "--secret", SECRET][..]),
        ("axum_app", &["127.0.0.1:0"]),
        ("chat", &["--address", "127.0.0.1:0"]),
        ("chat_events", &["127.0.0.1:0"]),
        ("fanout", &["127.0.0.1:0"]),
        ("fanout_async_std", &["127.0.0.1:0"]),
        ("fanout_async_std", &["127.0.0.1:0", "--executor", "smol"]),
        ("fanout_axum", &["127.0.0.1:0"]),
        ("game", &["127.0.0.1:0"]),
        ("metrics", &["127.0.0.1:0"]),
        ("mio_chat", &["127.0.0.1:0"]),
    ] {
        // A signal that is not caught ends the process, if it comes before.
        for _ in 0..3 {
            let mut example = Example::start(name, arguments);
            example.hang_up();
            let status = example.terminate();
            assert!(status.success(), "{name}: {status}");
        }
    }
}

#[test]
fn a_server_whose_log_nobody_reads_any_more_serves_and_drains() {
    for name in ["fanout", "fanout_async_std", "fanout_axum", "mio_chat"] {
        let mut child = Command::new(binary(name))
            .arg("127.0.0.1:0")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        let address = address_in(&mut child);
        // Whatever it writes fails from now on.
        drop(child.stderr.take());
        let mut raw = Raw::open(address, "/echo");
        // Each is a line of the log, or may be one: a foreign origin, a signal, another one.
        let (refused, _) = open(address, "/echo", "Origin: http://elsewhere.test\r\n");
        assert_eq!(refused.status, 403, "{name}");
        raw.say("still there?");
        assert_eq!(text(&mut raw), "still there?", "{name}");
        signal(&child, Signal::TERM);
        eventually("it drains", || open(address, "/echo", "").0.status == 503);
        signal(&child, Signal::TERM);
        assert_eq!(raw.closed().code, 1001, "{name}");
        raw.send(&close(1001, ""));
        let status = end_of(&mut child);
        assert!(status.success(), "{name}: {status}");
    }
}

#[test]
fn a_file_that_cannot_be_written_is_told_at_the_start() {
    let file = concat!(env!("CARGO_TARGET_TMPDIR"), "/no such folder/hub.throng");
    for (name, arguments, what) in [
        ("fanout", &["127.0.0.1:0", "--record", file][..], "the recording"),
        ("fanout_async_std", &["127.0.0.1:0", "--record", file], "the recording"),
        ("mio_chat", &["127.0.0.1:0", file], "the log"),
    ] {
        let said = failure(name, arguments);
        let sentence = format!("cannot write {what} to {file}: No such file or directory");
        assert!(is_told(&said, &sentence), "{name}: {said}");
    }
    let said = failure_of(&program("tls"), &["127.0.0.1:0", file], Stdio::null());
    assert!(is_told(&said, &format!("cannot write {file}: No such file or directory")), "{said}");
}

#[test]
fn a_log_that_cannot_be_written_any_more_is_told_in_a_sentence() {
    let mut child = Command::new(binary("mio_chat"))
        .args(["127.0.0.1:0", "/dev/full"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let address = address_in(&mut child);
    let _peer = Raw::connect(address);
    assert_eq!(end_of(&mut child).code(), Some(1));
    let said = io::read_to_string(child.stderr.take().expect("it is piped")).expect("it says something");
    assert!(is_told(&said, "cannot write the log: No space left on device"), "{said}");
}

#[test]
fn no_page_of_an_example_can_be_framed() {
    for (name, arguments) in [
        ("axum_app", &["127.0.0.1:0"][..]),
        ("chat", &["--address", "127.0.0.1:0"]),
        ("chat_events", &["127.0.0.1:0"]),
        ("game", &["127.0.0.1:0"]),
    ] {
        let example = Example::start(name, arguments);
        let page = get(example.address, "/").expect("it answers");
        assert!(page.body.contains("<!doctype html>"), "{name}: {page:?}");
        let header = "\r\ncontent-security-policy: frame-ancestors 'none'\r\n";
        assert!(page.head.contains(header), "{name}: {}", page.head);
    }
}

#[test]
fn an_application_on_axum_shares_its_state_with_the_rooms() {
    let mut example = Example::start("axum_app", &["127.0.0.1:0"]);
    let page = get(example.address, "/").expect("it answers");
    assert!(page.status == 200 && page.body.contains("<!doctype html>"));
    let (_, mut ada) = open(example.address, "/ws?name=ada", "");
    let (_, mut bo) = open(example.address, "/ws?name=bo&room=tea", "");
    ada.say("hello");
    assert_eq!(text(&mut ada), "hello");
    bo.say("hi");
    assert_eq!(text(&mut bo), "hi");

    let who = get(example.address, "/who").expect("it answers");
    assert_eq!(json_of(&who.body), json!({"lobby": ["ada"], "tea": ["bo"]}));
    let announce = |room: &str| {
        let body = json!({"room": room, "text": "Tea is ready."}).to_string();
        ask(example.address, "POST", "/announce", &body).expect("it answers")
    };
    for announced in 1..=2 {
        assert_eq!(json_of(&announce("lobby").body), json!({"reached": 1, "announced": announced}));
        assert_eq!(text(&mut ada), "Tea is ready.");
    }
    let nowhere = announce("nowhere");
    assert_eq!((nowhere.status, &*nowhere.body), (404, "nowhere: there is no such room\n"));
    assert_eq!(get(example.address, "/readyz").expect("it answers").status, 200);

    for raw in [&mut ada, &mut bo] {
        raw.send(&close(1000, ""));
        assert_eq!(raw.closed().code, 1000);
    }
    assert!(example.terminate().success());
}

#[test]
fn no_half_of_a_request_keeps_an_example_alive() {
    let listen = &["127.0.0.1:0"][..];
    for (name, arguments) in [
        ("axum_app", listen),
        ("chat", &["--address", "127.0.0.1:0"]),
        ("chat_events", listen),
        ("game", listen),
        ("auth", &["--address", "127.0.0.1:0", "--secret", SECRET]),
    ] {
        let mut example = Example::start(name, arguments);
        let silent = Raw::connect(example.address);
        let mut half = Raw::connect(example.address);
        half.send(b"GET /ws HTTP/1.1\r\nHost: throng.te");
        // Both are accepted: a connection that came later is answered.
        get(example.address, "/readyz").expect("it answers");
        let asked = Instant::now();
        assert!(example.terminate().success(), "{name}");
        assert!(asked.elapsed() < Duration::from_secs(10), "{name}: {:?}", asked.elapsed());
        drop((silent, half));
    }
}
