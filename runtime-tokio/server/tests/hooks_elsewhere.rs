//! Back ends of others: the example in Python, which checks signatures, and one behind TLS.

mod support;

use futures_util::SinkExt;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use support::{Folder, PATIENCE, Program, closed, next, soon, text};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

/// The example as a process. Dropped, it is killed.
struct Example {
    child: Child,
    port: u16,
    lines: Receiver<String>,
}

impl Example {
    fn start(secret: &str) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/back_end.py");
        let mut python = Command::new("python3");
        let mut child =
            python.arg(script).args(["0", secret]).stdout(Stdio::piped()).spawn().expect("python3");
        let stdout = child.stdout.take().expect("a pipe");
        let (sender, lines) = channel();
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        let first: String = lines.recv_timeout(PATIENCE).expect("it says where it listens");
        let port = first.strip_prefix("listening ").and_then(|port| port.parse().ok()).expect("a port");
        Self { child, port, lines }
    }

    fn config(&self, secret: &str) -> String {
        let port = self.port;
        format!(
            "listen: 127.0.0.1:0\nlog: {{ filter: warn }}\nhooks:\n  secrets: [{secret}]\n  timeout: 4s\n\
             \x20 connect: {{ url: 'http://127.0.0.1:{port}/connect' }}\n\
             \x20 message: {{ url: 'http://127.0.0.1:{port}/message' }}\n\
             \x20 notices: {{ url: 'http://127.0.0.1:{port}/notices' }}\n"
        )
    }

    fn prints(&self, line: &str) {
        let printed = self.lines.recv_timeout(PATIENCE);
        assert_eq!(printed.as_deref(), Ok(line));
    }
}

impl Drop for Example {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
#[ignore = "needs python3"]
async fn the_example_in_python_knows_whose_requests_it_gets() {
    for secret in ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "a secret of letters"] {
        let example = Example::start(secret);
        let program = Program::start(&example.config(secret));
        let mut nobody = program.connect("/ws").await;
        assert_eq!(closed(&mut nobody).await, (4401, "say who you are: ?name=NAME".into()));
        let mut ann = program.connect("/ws?name=ann").await;
        example.prints("occupied  lobby");
        ann.send(text("hello")).await.expect("it listens");
        assert_eq!(next(&mut ann).await, text(r#"{"from": "ann", "said": "hello"}"#));
        ann.close(None).await.expect("it listens");
        let mut ended: Vec<_> = (0..3).filter_map(|_| example.lines.recv_timeout(PATIENCE).ok()).collect();
        ended.sort();
        assert_eq!(ended, ["disconnect ann ", "unsubscribe ann lobby", "vacated  lobby"]);
    }
}

#[tokio::test]
#[ignore = "needs python3"]
async fn the_example_in_python_refuses_what_is_signed_with_another_secret() {
    let example = Example::start("the secret of letters");
    let program = Program::start(&example.config("another secret of letters"));
    let mut ann = program.connect("/ws?name=ann").await;
    assert_eq!(closed(&mut ann).await.0, 1013);
    program.logs("the answer has the status 401");
}

#[test]
fn the_readme_has_the_check_of_the_example() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).expect("it is there");
    let example = read("examples/back_end.py");
    let (start, end) = (example.find("def is_genuine"), example.find("\n\n\nclass"));
    let check = &example[start.expect("it is there")..end.expect("it is there")];
    assert!(read("README.md").contains(check), "the README has another check than examples/back_end.py");
}

/// A back end behind TLS that answers each request with this body. Returns its port.
async fn serve_tls(config: ServerConfig, answer: &'static str) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let port = listener.local_addr().expect("it is bound").port();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut stream) = acceptor.accept(stream).await else { return };
                let mut request = Vec::new();
                // The question is in one piece, and ends the request.
                while !request.ends_with(b"}") {
                    if stream.read_buf(&mut request).await.is_ok_and(|count| count > 0) {
                        continue;
                    }
                    return;
                }
                let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", answer.len());
                let _ = stream.write_all(format!("{head}{answer}").as_bytes()).await;
            });
        }
    });
    port
}

#[tokio::test]
async fn a_back_end_behind_tls_must_have_a_certificate_that_is_trusted() {
    let mut params = CertificateParams::new(Vec::new()).expect("no names");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().expect("keys")).expect("signed");
    let key = KeyPair::generate().expect("keys");
    let names = CertificateParams::new(vec!["localhost".into()]).expect("a name");
    let certificate = names.signed_by(&key, &authority).expect("signed");
    let private = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
    let server = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], private)
        .expect("a certificate and its key");
    let port = serve_tls(server, r#"{"result": {"data": "over TLS"}}"#).await;
    let folder = Folder::new();
    let file = folder.write("ca.pem", &authority.pem());
    let config = |host: &str, more: &str| {
        format!(
            "listen: 127.0.0.1:0\nlog: {{ filter: warn }}\nhooks:\n  timeout: 4s\n\
             \x20 connect: {{ url: 'https://{host}:{port}/connect' }}\n{more}"
        )
    };
    let trusting = format!("  ca_file: '{}'\n", file.display());
    let program = Program::start(&config("localhost", &trusting));
    let mut ann = program.connect("/ws").await;
    assert_eq!(next(&mut ann).await, text("\"over TLS\""));
    for (host, more) in [("127.0.0.1", trusting.as_str()), ("localhost", "")] {
        let program = Program::start(&config(host, more));
        let mut ann = program.connect("/ws").await;
        assert_eq!(closed(&mut ann).await.0, 1013);
        soon("the log says why", || {
            program.log.lock().expect("log").contains("invalid peer certificate").then_some(())
        })
        .await;
    }
}
