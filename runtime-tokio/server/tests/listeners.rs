//! Back ends of strangers, behind WS-HUB's own config file: the examples, with a real redis-server that is killed and comes back.

#[allow(dead_code, reason = "its main function is not called")]
#[path = "../examples/listener.rs"]
mod listener;
mod support;

use futures_util::SinkExt;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use support::redis_server::RedisServer;
use support::{PATIENCE, Program, next, soon, text};

fn config(redis: &RedisServer) -> String {
    format!(
        "address: \"127.0.0.1:0\"\nclientKey: session_key\nserverUrl: /ws\nredis:\n  address: \"127.0.0.1:{}\"\n  \
         timeout: 120\n  idleConn: 4\n  channelPrefix: \"ws-hub:\"\n  db: 0\n\
         webSocket:\n  writeWait: 10\n  pongWait: 60\n  maxMessageSize: 128\n",
        redis.port
    )
}

async fn ready(program: &Program) {
    soon("it is ready", || (program.get("/readyz").status == 200).then_some(())).await;
}

/// Waits for a line of a listener.
fn hears(lines: &Receiver<String>, line: &str) {
    loop {
        let heard = lines.recv_timeout(PATIENCE).unwrap_or_else(|error| panic!("{line}: {error}"));
        if heard == line {
            return;
        }
    }
}

/// The same page and the same clients, whoever is the back end.
async fn is_served(
    program: &Program,
    lines: &Receiver<String>,
    said: impl Fn(&str, &str) -> String,
    gone: &str,
) {
    let mut ann = program.connect("/ws?session_key=ann").await;
    hears(lines, "new ann");
    let mut bob = program.connect("/ws?session_key=bob").await;
    hears(lines, "new bob");
    soon("both have their groups", || {
        (program.get("/clients").body == r#"{"ann":["1","2","all","news"],"bob":["1","2","all","news"]}"#)
            .then_some(())
    })
    .await;
    ann.send(text("hello")).await.expect("it listens");
    hears(lines, &said("ann", "hello"));
    assert_eq!((next(&mut ann).await, next(&mut bob).await), (text("hello"), text("hello")));
    bob.close(None).await.expect("it listens");
    hears(lines, gone);
    drop(ann);
    soon("both are gone", || (program.get("/status").body == "0\n").then_some(())).await;
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn a_listener_in_rust_serves_the_clients_before_and_after_redis_is_killed() {
    let mut redis = RedisServer::start();
    let program = Program::start_with("config.yaml", &config(&redis), &[]);
    ready(&program).await;
    for round in 0..2 {
        let (say, lines) = channel();
        let address = format!("127.0.0.1:{}", redis.port);
        thread::spawn(move || {
            // It ends with Redis.
            let _ = listener::listen(&address, "ws-hub:", |line| _ = say.send(line.to_owned()));
        });
        hears(&lines, "waits");
        let gone = r#"gone {"code":1005,"key":"bob","reason":""}"#;
        is_served(&program, &lines, |key, text| format!("said {key} {text}"), gone).await;
        if round == 0 {
            redis.kill();
            soon("it is not ready", || (program.get("/readyz").status == 503).then_some(())).await;
            redis.begin();
            ready(&program).await;
        }
    }
}

/// A script that runs. Dropped, it is killed.
struct Script(Child);

impl Drop for Script {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
#[ignore = "needs redis-server, and Python with redis-py"]
async fn a_listener_in_python_serves_the_clients() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let own = folder.join("../../tests/.venv/bin/python");
    let python = if own.exists() { own } else { "python3".into() };
    let redis = RedisServer::start();
    let program = Program::start_with("config.yaml", &config(&redis), &[]);
    ready(&program).await;
    let mut child = Command::new(python)
        .arg(folder.join("examples/listener.py"))
        .args([format!("127.0.0.1:{}", redis.port), "ws-hub:".into()])
        .stdout(Stdio::piped())
        .spawn()
        .expect("there is Python");
    let stdout = child.stdout.take().expect("it is a pipe");
    let _script = Script(child);
    let (say, lines) = channel();
    thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            let _ = say.send(line);
        }
    });
    // It has subscribed a moment after each of these.
    hears(&lines, "waits");
    let mut connection = redis::Client::open(("127.0.0.1", redis.port)).unwrap().get_connection().unwrap();
    soon("it has subscribed", || {
        let channels: Vec<String> = redis::cmd("PUBSUB").arg("CHANNELS").query(&mut connection).unwrap();
        let patterns: i64 = redis::cmd("PUBSUB").arg("NUMPAT").query(&mut connection).unwrap();
        let has = |name: &str| channels.iter().any(|channel| channel == name);
        (patterns == 3 && has("ws-hub:client-new") && has("ws-hub:client-gone")).then_some(())
    })
    .await;
    is_served(&program, &lines, |key, text| format!("said {key} b'{text}'"), "gone bob 1005").await;
}
