//! The program as a process of its own, and plain HTTP.

#![allow(dead_code, reason = "each test takes what it needs")]
#![allow(clippy::print_stderr, reason = "a test that fails shows the log")]

pub(crate) mod back_end;
pub(crate) mod gateway;
pub(crate) mod jwks;
pub(crate) mod proxy_server;
pub(crate) mod redis_server;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// Longer than anything here takes on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) type Socket = WebSocketStream<MaybeTlsStream<tokio::net::TcpStream>>;

/// A folder of its own, removed at the end.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("throng-server-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).expect("a folder can be made");
        Self(path)
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, text).expect("a file can be written");
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// `throng`, without the environment of the tests.
pub(crate) fn throng() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_throng"));
    command.env_clear();
    command
}

/// Runs the program until it ends by itself.
pub(crate) fn output_of(arguments: &[&str]) -> Output {
    throng().args(arguments).output().expect("the program starts")
}

/// The program that runs in a folder of its own. Dropped, it is killed.
pub(crate) struct Program {
    pub(crate) address: SocketAddr,
    pub(crate) said: Arc<Mutex<String>>,
    pub(crate) log: Arc<Mutex<String>>,
    pub(crate) folder: Folder,
    child: Child,
}

impl Program {
    /// Starts it with `throng.yaml` of this text. It should listen on port 0.
    pub(crate) fn start(config: &str) -> Self {
        Self::start_with("throng.yaml", config, &[])
    }

    /// Starts it with `throng.yaml` of this text in a folder that has more files.
    pub(crate) fn start_in(folder: Folder, config: &str) -> Self {
        Self::begin(folder, "throng.yaml", config, &[])
    }

    pub(crate) fn start_with(name: &str, config: &str, arguments: &[&str]) -> Self {
        Self::begin(Folder::new(), name, config, arguments)
    }

    fn begin(folder: Folder, name: &str, config: &str, arguments: &[&str]) -> Self {
        if !config.is_empty() {
            folder.write(name, config);
        }
        let mut command = throng();
        command.args(arguments);
        Self::launch(folder, command)
    }

    /// Runs a command that becomes the program, in this folder.
    pub(crate) fn launch(folder: Folder, mut command: Command) -> Self {
        command.current_dir(&folder.0);
        Self::run(folder, command)
    }

    /// Runs a command that becomes the program.
    pub(crate) fn run(folder: Folder, mut command: Command) -> Self {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        let log = collect(child.stderr.take().expect("stderr is a pipe"));
        let said = collect(child.stdout.take().expect("stdout is a pipe"));
        let first = within("the program says where it listens", || {
            let said = said.lock().expect("no reader panics");
            said.split_once("\n").map(|(first, _)| first.to_owned())
        });
        let address = first.rsplit('/').next().and_then(|address| address.parse().ok());
        let address =
            address.unwrap_or_else(|| panic!("{first} ends with an address; {}", log.lock().expect("log")));
        Self { address, said, log, folder, child }
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let pid = Pid::from_child(&self.child);
        kill_process(pid, signal).expect("the program runs");
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn rewrite(&self, text: &str) {
        self.folder.write("throng.yaml", text);
    }

    /// Waits until the log has this.
    pub(crate) fn logs(&self, part: &str) {
        within(&format!("the log has {part:?}"), || {
            self.log.lock().expect("no reader panics").contains(part).then_some(())
        });
    }

    /// Waits for its end.
    pub(crate) fn end(&mut self) -> ExitStatus {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("the child can be waited for") {
                return status;
            }
            assert!(
                begun.elapsed() < PATIENCE,
                "the program does not end: {}",
                self.log.lock().expect("log")
            );
            thread::sleep(Duration::from_millis(10));
        }
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        request(self.address, "GET", path, &[], b"")
    }

    pub(crate) fn post(&self, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        request(self.address, "POST", path, headers, body.as_bytes())
    }

    /// A WebSocket at this path.
    pub(crate) async fn connect(&self, path: &str) -> Socket {
        self.try_connect(path, &[]).await.unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    pub(crate) async fn try_connect(
        &self,
        path: &str,
        headers: &[(&'static str, &str)],
    ) -> Result<Socket, Error> {
        let mut request = format!("ws://{}{path}", self.address).into_client_request()?;
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().expect("a header's value"));
        }
        Ok(connect_async(request).await?.0)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if thread::panicking() {
            let log = self.log.lock().map(|log| log.clone()).unwrap_or_default();
            eprintln!("the log of the program:\n{log}");
        }
    }
}

/// What a stream has said so far.
fn collect(stream: impl Read + Send + 'static) -> Arc<Mutex<String>> {
    let said = Arc::new(Mutex::new(String::new()));
    let all = Arc::clone(&said);
    thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            let mut all = all.lock().expect("nobody panics with it");
            all.push_str(&line);
            all.push('\n');
        }
    });
    said
}

/// Asks until there is an answer.
pub(crate) fn within<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(begun.elapsed() < PATIENCE, "it is not so that {what}");
        thread::sleep(Duration::from_millis(10));
    }
}

/// The same in a task.
pub(crate) async fn soon<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(begun.elapsed() < PATIENCE, "it is not so that {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// An answer by HTTP.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// One request on a connection of its own.
pub(crate) fn request(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Answer {
    let mut head = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\n");
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
        head.push_str(&format!("Host: {address}\r\n"));
    }
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    if !body.is_empty() {
        head.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    let answer = exchange(address, &[head.as_bytes(), b"\r\n", body].concat());
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    let status = status.unwrap_or_else(|| panic!("{method} {path}: {answer:?}"));
    let chunked = head.to_lowercase().contains("transfer-encoding: chunked");
    Answer { status, head: head.into(), body: if chunked { unchunked(body) } else { body.into() } }
}

/// Sends these bytes, and reads until the server closes the connection.
pub(crate) fn exchange(address: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE).expect("it listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a time limit can be set");
    // It may answer before it has read all, and reset the rest.
    let _ = stream.write_all(bytes);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

fn unchunked(mut body: &str) -> String {
    let mut whole = String::new();
    while let Some((length, rest)) = body.split_once("\r\n") {
        let length = usize::from_str_radix(length, 16).expect("a chunk has a length");
        whole.push_str(&rest[..length]);
        body = rest[length..].trim_start_matches("\r\n");
        if length == 0 {
            break;
        }
    }
    whole
}

/// The status of a refused handshake, and the body.
pub(crate) fn refusal(error: Result<Socket, Error>) -> (u16, String) {
    match error {
        Err(Error::Http(answer)) => {
            let body = answer.body().as_deref().map(String::from_utf8_lossy).unwrap_or_default();
            (answer.status().as_u16(), body.into_owned())
        }
        other => panic!("{:?} is no refusal", other.map(drop)),
    }
}

/// The next message that is no ping.
pub(crate) async fn next(socket: &mut Socket) -> Message {
    use futures_util::StreamExt;
    let next = async {
        loop {
            match socket.next().await {
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(message)) => return message,
                other => panic!("{other:?} in place of a message"),
            }
        }
    };
    tokio::time::timeout(PATIENCE, next).await.expect("a message comes")
}

/// The code and reason of the close frame that comes next.
pub(crate) async fn closed(socket: &mut Socket) -> (u16, String) {
    match next(socket).await {
        Message::Close(Some(frame)) => (frame.code.into(), frame.reason.to_string()),
        other => panic!("{other:?} in place of a close frame"),
    }
}

pub(crate) fn text(text: &str) -> Message {
    Message::text(text)
}
