//! The example, as a process of its own, with a client that trusts its certificate and no other.

#![allow(clippy::unwrap_used)]

use futures_util::{SinkExt, StreamExt};
use rustix::process::{Pid, Signal, kill_process};
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

const PATIENCE: Duration = Duration::from_secs(30);

struct Server {
    child: Child,
    address: SocketAddr,
    connector: TlsConnector,
    _output: BufReader<std::process::ChildStdout>,
}

impl Server {
    fn start(name: &str) -> Self {
        let file: PathBuf = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.pem"));
        let mut child = Command::new(env!("CARGO_BIN_EXE_tls"))
            .arg("127.0.0.1:0")
            .arg(&file)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (mut output, mut line) = (BufReader::new(child.stdout.take().unwrap()), String::new());
        output.read_line(&mut line).unwrap();
        let address = line.trim_end().rsplit('/').next().unwrap().parse().unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(&file).unwrap()).unwrap();
        let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        Self { child, address, connector: TlsConnector::from(Arc::new(config)), _output: output }
    }

    async fn tls(&self) -> TlsStream<TcpStream> {
        let stream = TcpStream::connect(self.address).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        timeout(PATIENCE, self.connector.connect(name, stream)).await.unwrap().unwrap()
    }

    async fn open(&self) -> Result<WebSocketStream<TlsStream<TcpStream>>, tungstenite::Error> {
        let url = format!("wss://localhost:{}/ws", self.address.port());
        timeout(PATIENCE, client_async(url, self.tls().await)).await.unwrap().map(|(socket, _)| socket)
    }

    fn terminate(&self) {
        kill_process(Pid::from_child(&self.child), Signal::TERM).unwrap();
    }

    fn end(&mut self) {
        let since = Instant::now();
        while since.elapsed() < PATIENCE {
            if let Some(status) = self.child.try_wait().unwrap() {
                assert!(status.success(), "{status}");
                return;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        panic!("it does not end");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn rooms_and_addresses_work_over_tls_and_a_signal_drains() {
    let mut server = Server::start("rooms");
    let mut one = server.open().await.unwrap();
    let mut two = server.open().await.unwrap();
    // The other one may not be in the room yet.
    let heard = timeout(PATIENCE, async {
        loop {
            one.send(Message::text("hello")).await.unwrap();
            if let Ok(message) = timeout(Duration::from_millis(200), two.next()).await {
                return message;
            }
        }
    });
    assert_eq!(heard.await.unwrap().unwrap().unwrap(), Message::text("hello"));

    let mut page = server.tls().await;
    page.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    let _ = timeout(PATIENCE, page.read_to_string(&mut answer)).await.unwrap();
    assert!(answer.ends_with(&format!("Hello, {}.", page.get_ref().0.local_addr().unwrap())), "{answer}");

    // One that never finishes its TLS handshake holds up nothing.
    let _silent = TcpStream::connect(server.address).await.unwrap();
    server.terminate();
    for socket in [&mut one, &mut two] {
        let closed = timeout(PATIENCE, async {
            loop {
                // A drain takes its time; another signal ends that.
                match timeout(Duration::from_millis(200), socket.next()).await {
                    Ok(Some(Ok(Message::Close(frame)))) => return frame.unwrap().code,
                    Ok(message) => assert!(matches!(message, Some(Ok(_))), "{message:?}"),
                    Err(_) => server.terminate(),
                }
            }
        });
        assert_eq!(u16::from(closed.await.unwrap()), 1001);
    }
    drop((one, two));
    server.end();
}

#[tokio::test]
async fn limits_per_address_hold_over_tls() {
    let server = Server::start("limits");
    let mut open = Vec::new();
    for _ in 0..20 {
        open.push(server.open().await.unwrap());
    }
    let Err(tungstenite::Error::Http(refused)) = server.open().await else { panic!("it is one too many") };
    assert_eq!(refused.status(), 429);
}
