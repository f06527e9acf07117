//! Rooms on axum over TLS, with a certificate that the server makes for itself. Limits per address hold, deadlines hold for the
//! TLS handshake, too, and SIGTERM drains.
//!
//! Run `cargo run --release -p throng-example-tls`, open https://localhost:8443, accept the certificate, and say in the console
//! of that page:
//!
//! ```js
//! socket = new WebSocket("wss://localhost:8443/ws"); socket.onmessage = (event) => console.log(event.data)
//! socket.send("Hello")
//! ```
//!
//! For a certificate of your own, read `certificate` and `key` from PEM files by `rustls::pki_types::pem::PemObject`.

#![allow(clippy::print_stdout)]

use axum::extract::ConnectInfo;
use axum::{Router, routing::get};
use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;
use throng_tokio::axum::{connect, healthz, readyz, serve_over};
use throng_tokio::{Config, Fatal, Hub, ServeOptions};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

/// TLS with a certificate that nobody has signed but the server itself; and the certificate, for clients that are to trust it.
fn acceptor() -> Result<(TlsAcceptor, String), Box<dyn Error>> {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned(), "127.0.0.1".to_owned()])?;
    let (certificate, key) =
        (made.cert.der().clone(), PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into()));
    let mut tls = ServerConfig::builder().with_no_client_auth().with_single_cert(vec![certificate], key)?;
    // WebSockets are spoken over HTTP/1.1.
    tls.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok((TlsAcceptor::from(Arc::new(tls)), made.cert.pem()))
}

#[tokio::main]
async fn main() -> Result<(), Fatal> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let mut config = Config::default();
    config.admission.per_address = Some(20);
    let hub = Hub::builder()
        .config(config)
        .on_connect(|client| _ = client.hub().join(client.id(), "lobby"))
        .on_message(|client, message| _ = client.hub().send_to_room("lobby", message))
        .build()?;
    let app = Router::new()
        .route(
            "/",
            get(|ConnectInfo(peer): ConnectInfo<SocketAddr>| async move { format!("Hello, {peer}.") }),
        )
        .route("/ws", get(connect))
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .with_state(hub.clone());
    let (acceptor, certificate) = acceptor()?;
    let mut args = std::env::args().skip(1);
    let address = args.next().unwrap_or_else(|| "127.0.0.1:8443".into());
    let listening = TcpListener::bind(&address).await;
    let listener = listening.map_err(|error| format!("cannot listen on {address}: {error}"))?;
    if let Some(file) = args.next() {
        std::fs::write(&file, certificate).map_err(|error| format!("cannot write {file}: {error}"))?;
    }
    let address = listener.local_addr()?;
    let secure = move |stream: TcpStream| acceptor.accept(stream);
    let serving = serve_over(listener, app, hub, ServeOptions::default(), secure);
    // Said once signals are caught: whoever reads it may send one.
    println!("rooms on https://{address}");
    serving.await;
    Ok(())
}
