//! Health of a server with its default config whose places for handshakes one address takes.

use std::collections::VecDeque;
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use throng_core::hub::Config;
use throng_tests::example::Example;
use throng_tests::process::allow_open_files;
use throng_tests::raw::Connect;
use throng_tests::wait::eventually;

/// What is more than the default of `admission.handshakes`.
const MORE: usize = 500;
/// How often a connection of the crowd is replaced by a new one.
const REPLACED: usize = 3_000;

/// Asks for a page, and returns its status if that comes as fast as an orchestrator wants it.
fn status(address: SocketAddr, path: &str) -> Option<u16> {
    let mut raw = Connect::default().to(address);
    raw.patience(Duration::from_secs(2));
    raw.try_send(format!("GET {path} HTTP/1.1\r\nHost: throng.test\r\n\r\n").as_bytes()).ok()?;
    raw.response_head().map(|response| response.status)
}

fn silent(address: SocketAddr) -> TcpStream {
    TcpStream::connect(address).expect("the server takes the connection")
}

fn is_alive(server: &Example, name: &str, connections: usize) {
    assert_eq!(status(server.address, "/healthz"), Some(200), "{name}, at {connections} connections");
    // Whether it is ready depends on how many handshakes have had their time.
    let ready = status(server.address, "/readyz");
    assert!(matches!(ready, Some(200 | 503)), "{name}, at {connections} connections: {ready:?}");
}

#[test]
fn ten_thousand_silent_sockets_of_one_address_do_not_make_a_server_look_dead() {
    let admission = Config::default().admission;
    let handshakes = admission.handshakes.expect("there is a default") as usize;
    let crowd = handshakes + MORE;
    // For this process, and for the servers, which inherit it.
    allow_open_files(crowd + (admission.probes + admission.lingering) as usize);
    for name in ["fanout", "axum_app"] {
        let server = Example::start(name, &["127.0.0.1:0"]);
        is_alive(&server, name, 0);
        eventually("those who asked are gone", || server.descriptors() < 100);
        let before = server.descriptors();
        let mut sockets = VecDeque::with_capacity(crowd + 1);
        for count in 1..=crowd {
            sockets.push_back(silent(server.address));
            if count % 1_000 == 0 || count == crowd {
                is_alive(&server, name, count);
            }
        }
        for count in 1..=REPLACED {
            sockets.pop_front();
            sockets.push_back(silent(server.address));
            if count % 500 == 0 {
                is_alive(&server, name, crowd);
            }
        }
        let most = before + handshakes + (admission.probes + admission.lingering) as usize;
        let open = server.descriptors();
        // What has ended is closed in a moment.
        eventually(&format!("{name}: {open} descriptors, and {most} are allowed"), || {
            server.descriptors() <= most
        });
        drop(sockets);
        eventually(&format!("{name}: descriptors are given back"), || server.descriptors() <= before);
        is_alive(&server, name, 0);
    }
}
