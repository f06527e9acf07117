//! The example `metrics`: a chat, and what Prometheus reads of it.

#[path = "support/http.rs"]
#[allow(dead_code)]
mod http;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use rustix::process::Signal;
use throng_tests::example::binary;
use throng_tests::process::{end_of, signal};
use throng_tests::raw::Raw;
use throng_tests::wait::eventually;

/// The example. Dropped, it is killed.
struct Watched {
    child: Child,
    address: SocketAddr,
}

impl Watched {
    fn start() -> Self {
        let mut child = Command::new(binary("metrics"))
            .arg("127.0.0.1:0")
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut line = String::new();
        let output = child.stdout.take().expect("its output is piped");
        BufReader::new(output).read_line(&mut line).expect("it writes text");
        let address = line.trim_end().rsplit('/').next().and_then(|address| address.parse().ok());
        let address = address.unwrap_or_else(|| panic!("no address in {line:?}"));
        Self { child, address }
    }

    fn get(&self, path: &str) -> http::Answer {
        http::get(self.address, path).expect("it answers")
    }

    /// Each series with its value.
    fn metrics(&self) -> BTreeMap<String, f64> {
        let page = self.get("/metrics");
        assert_eq!(page.status, 200);
        let lines = page.body.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        let parsed = lines.map(|line| {
            let (series, value) = line.rsplit_once(' ').expect("a series and its value");
            (series.to_owned(), value.parse().expect("a number"))
        });
        parsed.collect()
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_chat_is_seen_by_prometheus_by_a_load_balancer_and_by_people() {
    let mut watched = Watched::start();
    // Nothing has come yet, and nobody else has begun.
    let ready = watched.get("/readyz");
    assert_eq!(ready.status, 200, "{}", ready.body);
    assert!(ready.head.to_lowercase().contains("cache-control: no-store"), "{}", ready.head);
    assert!(http::ask(watched.address, "HEAD", "/healthz", "").is_ok_and(|answer| answer.status == 200));

    let (mut ada, mut bob) = (Raw::open(watched.address, "/ws"), Raw::open(watched.address, "/ws"));
    eventually("both are clients", || watched.metrics()["throng_connections{phase=\"open\"}"] == 2.0);
    for _ in 0..100 {
        ada.say("hello");
        assert_eq!((ada.message(), bob.message()), (b"hello".to_vec(), b"hello".to_vec()));
    }
    // Not masked.
    ada.send(&[0x81, 0x00]);
    assert_eq!(ada.closed().code, 1002);

    let mut metrics = watched.metrics();
    eventually("all is counted", || {
        metrics = watched.metrics();
        metrics["throng_messages_sent_total"] == 200.0
            && metrics["throng_bad_input_total{kind=\"unmasked frame\"}"] == 1.0
    });
    let exactly = [
        ("throng_ready", 1.0),
        ("throng_connections{phase=\"open\"}", 1.0),
        ("throng_clients_total", 2.0),
        ("throng_messages_received_total", 100.0),
        ("throng_received_bytes_total", 500.0),
        ("throng_messages_published_total", 100.0),
        ("throng_messages_dropped_total{reason=\"outbox_full\"}", 0.0),
        ("throng_clients_ended_total{by=\"hub\",code=\"protocol\"}", 1.0),
        ("throng_errors_total{type=\"bad_input\"}", 1.0),
        ("throng_messages_handled_total{route=\"none\",result=\"ok\"}", 100.0),
        // Measured once, by the layer.
        ("throng_message_seconds_count{route=\"none\"}", 100.0),
    ];
    for (series, value) in exactly {
        assert_eq!(metrics.get(series), Some(&value), "{series}");
    }
    // One in so many is measured.
    for series in [
        "throng_lock_held_seconds",
        "throng_publish_seconds",
        "throng_publish_to_written_seconds",
        "throng_flush_clients",
    ] {
        let count = metrics.get(&format!("{series}_count")).copied().unwrap_or_default();
        assert!(count >= 1.0, "{series}");
    }

    let summary = watched.get("/summary").body;
    assert!(summary.contains("messages received") && summary.contains("unmasked frame 1"), "{summary}");
    assert_eq!(http::ask(watched.address, "POST", "/summary", "").expect("it answers").status, 200);
    assert!(watched.get("/summary").body.contains("since the last reset"));

    signal(&watched.child, Signal::TERM);
    eventually("a load balancer hears of the drain", || watched.get("/readyz").status == 503);
    assert_eq!(watched.get("/healthz").status, 200, "it is alive");
    assert_eq!(watched.metrics()["throng_ready"], 0.0);
    signal(&watched.child, Signal::TERM);
    assert_eq!(bob.closed().code, 1001);
    drop((ada, bob));
    assert!(end_of(&mut watched.child).success());
}
