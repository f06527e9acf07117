//! A server with a JWK set, over HTTP or HTTPS.

use super::Folder;
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::{ServerConfig, ServerConnection, StreamOwned};

/// The folder with keys for tests.
pub(crate) const KEYS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/keys");

/// The path of a file with a key.
pub(crate) fn key(file: &str) -> String {
    format!("{KEYS}/{file}")
}

/// A set with these keys of `set.json`.
pub(crate) fn set_of(kids: &[&str]) -> String {
    let all: Value = serde_json::from_str(include_str!("../keys/set.json")).expect("it is JSON");
    let all = all["keys"].as_array().expect("a list");
    let keys: Vec<&Value> = all.iter().filter(|key| kids.iter().any(|kid| key["kid"] == **kid)).collect();
    json!({ "keys": keys }).to_string()
}

/// A server that answers each request with what it was told last, and counts.
pub(crate) struct KeyServer {
    address: SocketAddr,
    said: Arc<Mutex<(u16, String, u32)>>,
    folder: Folder,
}

impl KeyServer {
    pub(crate) fn start(set: String) -> Self {
        Self::begin(set, None)
    }

    /// Over HTTPS, with a certificate of its own.
    pub(crate) fn start_secure(set: String) -> Self {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
        let key = PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .expect("a certificate with its key");
        let server = Self::begin(set, Some(Arc::new(config)));
        server.folder.write("ca.pem", &made.cert.pem());
        server
    }

    fn begin(set: String, tls: Option<Arc<ServerConfig>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = listener.local_addr().expect("an address");
        let said = Arc::new(Mutex::new((200, set, 0)));
        let to_say = Arc::clone(&said);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let _ = stream.set_read_timeout(Some(Duration::from_secs(5)));
                match &tls {
                    None => answer(stream, &to_say),
                    Some(tls) => {
                        let Ok(connection) = ServerConnection::new(Arc::clone(tls)) else { continue };
                        answer(StreamOwned::<_, TcpStream>::new(connection, stream), &to_say);
                    }
                }
            }
        });
        Self { address, said, folder: Folder::new() }
    }

    pub(crate) fn url(&self, scheme: &str) -> String {
        format!("{scheme}://localhost:{}/keys?a=b", self.address.port())
    }

    /// The file with the certificate to trust.
    pub(crate) fn authority(&self) -> String {
        self.folder.0.join("ca.pem").display().to_string()
    }

    pub(crate) fn say(&self, status: u16, body: String) {
        let mut said = self.said.lock().expect("nobody panics with it");
        (said.0, said.1) = (status, body);
    }

    /// How many requests there were.
    pub(crate) fn count(&self) -> u32 {
        self.said.lock().expect("nobody panics with it").2
    }
}

fn answer(mut stream: impl Read + Write, said: &Mutex<(u16, String, u32)>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        match stream.read(&mut byte) {
            Ok(1) => head.push(byte[0]),
            _ => return,
        }
    }
    assert!(head.starts_with(b"GET /keys?a=b HTTP/1.1\r\n"), "{}", head.escape_ascii());
    let (status, body) = {
        let mut said = said.lock().expect("nobody panics with it");
        said.2 += 1;
        (said.0, said.1.clone())
    };
    let head = format!("HTTP/1.1 {status} OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    let _ = stream.write_all(&[head.as_bytes(), body.as_bytes()].concat());
    let _ = stream.flush();
}
