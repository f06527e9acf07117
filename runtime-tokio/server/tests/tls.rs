//! TLS: the certificate of the config, another one while the program runs, and files that are none.

#![allow(clippy::unwrap_used)]

mod support;

use futures_util::{SinkExt, StreamExt};
use rustix::process::Signal;
use std::path::Path;
use std::sync::Arc;
use support::{Folder, PATIENCE, Program, output_of, text};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, ProtocolVersion, RootCertStore, SupportedProtocolVersion, version};
use tokio_tungstenite::client_async;

/// A certificate of its own in the folder: `NAME.crt` and `NAME.key`.
fn certificate(folder: &Path, name: &str) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(folder.join(format!("{name}.crt")), made.cert.pem()).unwrap();
    std::fs::write(folder.join(format!("{name}.key")), made.signing_key.serialize_pem()).unwrap();
}

/// A client that trusts the certificate in a file.
fn trusting(file: &Path, versions: &[&'static SupportedProtocolVersion]) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(file).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let config = config.with_protocol_versions(versions).unwrap();
    let mut config = config.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    TlsConnector::from(Arc::new(config))
}

async fn handshake(program: &Program, connector: &TlsConnector) -> std::io::Result<TlsStream<TcpStream>> {
    let stream = TcpStream::connect(program.address).await?;
    let name = ServerName::try_from("localhost").unwrap();
    tokio::time::timeout(PATIENCE, connector.connect(name, stream)).await.unwrap()
}

const ALL: &[&SupportedProtocolVersion] = &[&version::TLS12, &version::TLS13];

/// A program whose certificate is in its own folder.
fn secure(more: &str) -> Program {
    let folder = Folder::new();
    certificate(&folder.0, "one");
    let text = format!(
        "listen: 127.0.0.1:0\nclients: {{ anonymous: true, rooms: [lobby] }}\napi: {{ keys: [key] }}\npages: {{ open: true }}\ntls: \
         {{ certificate: one.crt, key: one.key{more} }}\n"
    );
    Program::start_in(folder, &text)
}

async fn get(program: &Program, connector: &TlsConnector, path: &str) -> String {
    let mut stream = handshake(program, connector).await.unwrap();
    let head = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn pages_and_websockets_are_served_over_tls() {
    let program = secure("");
    let said = program.said.lock().unwrap().clone();
    assert!(said.contains("wss://127.0.0.1:") && said.contains("https://127.0.0.1:"), "{said}");
    let trusted = program.folder.0.join("one.crt");
    let connector = trusting(&trusted, ALL);
    assert!(get(&program, &connector, "/healthz").await.starts_with("HTTP/1.1 200 "));
    let stream = handshake(&program, &connector).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]), "of h2 and http/1.1");
    let url = format!("wss://localhost:{}/ws", program.address.port());
    let (mut socket, _) = client_async(url, stream).await.unwrap();
    let mut publish = handshake(&program, &connector).await.unwrap();
    let body = r#"{"channel": "lobby", "data": "over TLS"}"#;
    let head = format!(
        "POST /api/publish HTTP/1.1\r\nHost: localhost\r\nX-API-Key: key\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    publish.write_all(head.as_bytes()).await.unwrap();
    let message = tokio::time::timeout(PATIENCE, socket.next()).await.unwrap();
    assert_eq!(message.unwrap().unwrap(), text("\"over TLS\""));
    // Both versions are spoken.
    for (only, expected) in
        [(&version::TLS12, ProtocolVersion::TLSv1_2), (&version::TLS13, ProtocolVersion::TLSv1_3)]
    {
        let stream = handshake(&program, &trusting(&trusted, &[only])).await.unwrap();
        assert_eq!(stream.get_ref().1.protocol_version(), Some(expected));
    }
    // Plain HTTP is none.
    let mut plain = TcpStream::connect(program.address).await.unwrap();
    plain.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    let _ = plain.read_to_end(&mut answer).await;
    assert!(!answer.starts_with(b"HTTP"), "{}", answer.escape_ascii());
    let page = get(&program, &connector, "/metrics").await;
    assert!(page.contains("throng_server_tls_handshakes_failed_total 1\n"), "{page}");
    // The drain says goodbye over TLS, too.
    program.signal(Signal::TERM);
    socket.flush().await.unwrap();
    let ended = tokio::time::timeout(PATIENCE, socket.next()).await.unwrap();
    assert!(ended.unwrap().unwrap().is_close());
}

#[tokio::test]
async fn an_older_version_than_the_config_says_is_refused() {
    let program = secure(", min_version: '1.3'");
    let trusted = program.folder.0.join("one.crt");
    assert!(handshake(&program, &trusting(&trusted, &[&version::TLS13])).await.is_ok());
    assert!(handshake(&program, &trusting(&trusted, &[&version::TLS12])).await.is_err());
}

#[tokio::test]
async fn a_new_certificate_is_taken_at_a_reload_and_a_bad_one_is_not() {
    let program = secure(", watch: 0");
    let folder = &program.folder.0;
    std::fs::copy(folder.join("one.crt"), folder.join("old.crt")).unwrap();
    let old = trusting(&folder.join("old.crt"), ALL);
    let url = format!("wss://localhost:{}/ws", program.address.port());
    let (mut kept, _) = client_async(url, handshake(&program, &old).await.unwrap()).await.unwrap();
    // The key of another certificate.
    certificate(folder, "two");
    std::fs::copy(folder.join("two.key"), folder.join("one.key")).unwrap();
    program.signal(Signal::HUP);
    program.logs("the config was not reloaded: tls.certificate: one.crt with one.key: ");
    std::fs::write(folder.join("one.crt"), "nothing").unwrap();
    program.signal(Signal::HUP);
    program.logs("the config was not reloaded: tls.certificate: one.crt has no certificate in PEM");
    std::fs::remove_file(folder.join("one.crt")).unwrap();
    program.signal(Signal::HUP);
    program.logs("the config was not reloaded: tls.certificate: one.crt cannot be opened");
    assert!(handshake(&program, &old).await.is_ok(), "the one of before stays");
    std::fs::copy(folder.join("two.crt"), folder.join("one.crt")).unwrap();
    program.signal(Signal::HUP);
    program.logs("the config was reloaded");
    assert!(handshake(&program, &old).await.is_err());
    let new = trusting(&folder.join("two.crt"), ALL);
    assert!(handshake(&program, &new).await.is_ok());
    // Connections of before go on.
    kept.send(tokio_tungstenite::tungstenite::Message::Ping("?".into())).await.unwrap();
    let answer = tokio::time::timeout(PATIENCE, kept.next()).await.unwrap();
    assert!(answer.unwrap().unwrap().is_pong());
}

#[tokio::test]
async fn a_certificate_that_changes_is_taken_without_a_reload() {
    let program = secure(", watch: 1");
    let folder = &program.folder.0;
    certificate(folder, "two");
    // Written one after the other: for a moment the files do not fit.
    std::fs::copy(folder.join("two.crt"), folder.join("one.crt")).unwrap();
    program.logs("the TLS certificate of before stays in use: tls.certificate: one.crt with one.key: ");
    std::fs::copy(folder.join("two.key"), folder.join("one.key")).unwrap();
    program.logs("the TLS certificate has changed");
    let new = trusting(&folder.join("two.crt"), ALL);
    assert!(handshake(&program, &new).await.is_ok());
    let log = program.log.lock().unwrap().clone();
    assert_eq!(log.matches("stays in use").count(), 1, "{log}");
}

#[tokio::test]
async fn a_pipe_in_place_of_a_file_does_not_stop_later_reloads() {
    let program = secure("");
    let folder = &program.folder.0;
    std::fs::rename(folder.join("one.crt"), folder.join("kept.crt")).unwrap();
    let made = std::process::Command::new("mkfifo").arg(folder.join("one.crt")).status().unwrap();
    assert!(made.success());
    program.signal(Signal::HUP);
    program.logs("the config was not reloaded: tls.certificate: one.crt is no regular file");
    std::fs::rename(folder.join("kept.crt"), folder.join("one.crt")).unwrap();
    program.signal(Signal::HUP);
    program.logs("the config was reloaded");
    let connector = trusting(&folder.join("one.crt"), ALL);
    assert!(handshake(&program, &connector).await.is_ok());
}

#[test]
fn files_that_are_none_end_the_start_and_the_check() {
    let folder = Folder::new();
    certificate(&folder.0, "one");
    certificate(&folder.0, "two");
    folder.write("empty.pem", "");
    let path = |name: &str| folder.0.join(name).display().to_string();
    for (chain, key, part) in [
        ("missing.crt", "one.key", "missing.crt cannot be opened"),
        ("one.crt", "missing.key", "missing.key cannot be opened"),
        ("empty.pem", "one.key", "tls.certificate: "),
        ("one.key", "one.key", "has no certificate in PEM"),
        ("one.crt", "empty.pem", "has no private key in PEM"),
        ("one.crt", "one.crt", "has no private key in PEM"),
        ("one.crt", "two.key", "tls.certificate: "),
    ] {
        let config =
            format!("listen: 127.0.0.1:0\ntls: {{ certificate: {}, key: {} }}\n", path(chain), path(key));
        let file = folder.write("throng.yaml", &config).display().to_string();
        for arguments in [&["check", &file][..], &["--config", &file]] {
            let output = output_of(arguments);
            let told = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.code() == Some(2) && told.contains(part), "{chain} {key}: {told}");
            assert!(!told.contains("-----"), "no part of a key is shown: {told}");
        }
    }
}
