//! The load generator and the raw limit, end to end: what they report is true, and what a faulty server does to
//! messages is found out.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod command;
mod hub;

use serde_json::Value;

use self::command::{Load, RawLimit};
use self::hub::{Fault, Hub};

fn count(report: &Value, name: &str) -> u64 {
    report["accounting"][name].as_u64().unwrap_or_else(|| panic!("no {name} in {report}"))
}

#[test]
fn fifty_connections_get_every_broadcast_of_the_raw_limit_once_and_in_order() {
    for mode in ["per-message", "batched"] {
        let server = RawLimit::start(mode);
        for publishers in ["1", "4"] {
            let load = Load::run(
                &server.address,
                &[
                    "fanout --connections 50 --messages 400 --outstanding 16 --publishers",
                    publishers,
                    "--pid",
                    &server.pid(),
                ],
            );
            assert!(load.succeeded, "{mode}: {}", load.output);
            assert_eq!(count(&load.report, "expected"), 400 * 50, "{mode}");
            assert_eq!(count(&load.report, "delivered"), 400 * 50, "{mode}");
            assert!(load.report["figures"]["server_cpu_s"].is_number());
        }
    }
}

#[test]
fn the_raw_limit_echoes_and_takes_large_messages() {
    let server = RawLimit::start("batched");
    for scenario in [
        "echo --connections 20 --messages 500 --outstanding 4",
        "fanout --connections 5 --messages 20 --outstanding 4 --message-bytes 100000",
        "fanout --connections 5 --messages 4 --message-bytes 3000000",
    ] {
        let load = Load::run(&server.address, &[scenario]);
        assert!(load.succeeded, "{scenario}: {}", load.output);
    }
}

#[test]
fn every_scenario_ends_by_itself_with_exact_accounting() {
    let hub = Hub::start(Fault::None);
    for scenario in [
        "fanout --connections 20 --rate 200 --seconds 0.3",
        "fanout --connections 20 --path /room/hall --publishers 20 --outstanding 40 --seconds 0.3",
        "rooms --rooms 5 --members 4 --publishers 2 --outstanding 4 --seconds 0.3",
        "direct --connections 10 --seconds 0.3",
        "echo --connections 10 --outstanding 2 --seconds 0.3",
        "connect --connections 20 --seconds 0.05",
        "idle --connections 20 --seconds 0.3",
        "churn --concurrency 5 --seconds 0.5",
        "slow --connections 20 --stalled 0.5 --seconds 0.3",
        "storm --connections 20",
        "mixed --connections 20 --pairs 5 --seconds 0.5",
        "mixed --connections 20 --pairs 0 --seconds 0.3",
        "fanout --connections 20 --sources 4 --messages 10",
    ] {
        let load = Load::run(&hub.address, &[scenario, "--warmup-ms 50"]);
        assert!(load.succeeded, "{scenario}: {}", load.output);
        assert!(load.report["figures"]["measured_s"].as_f64().unwrap() > 0.0, "{scenario}");
    }
}

#[test]
fn a_faulty_server_is_found_out() {
    let cases = [
        (Fault::Lose, "missing"),
        (Fault::Repeat, "duplicated"),
        (Fault::Swap, "out_of_order"),
        (Fault::Damage, "damaged"),
    ];
    for (fault, counter) in cases {
        let hub = Hub::start(fault);
        let scenario = "fanout --connections 10 --rate 500 --messages 200 --patience 0.5";
        let load = Load::run(&hub.address, &[scenario]);
        assert!(!load.succeeded, "{fault:?}: {}", load.output);
        assert!(count(&load.report, counter) > 0, "{fault:?}: {}", load.report);
    }
}

#[test]
fn a_closed_loop_that_lost_a_message_is_given_up() {
    let hub = Hub::start(Fault::Lose);
    let load = Load::run(&hub.address, &["fanout --connections 10 --seconds 20 --patience 0.5"]);
    assert!(!load.succeeded, "{}", load.output);
    assert!(count(&load.report, "missing") > 0);
}

#[test]
fn a_rate_is_kept_and_latency_is_measured_from_the_intended_send() {
    let hub = Hub::start(Fault::None);
    let load = Load::run(&hub.address, &["fanout --connections 4 --rate 100 --seconds 1 --warmup-ms 100"]);
    assert!(load.succeeded, "{}", load.output);
    let latency = &load.report["latency_us"][0];
    assert_eq!(latency["measured_from"], "intended send");
    let count = latency["count"].as_u64().unwrap();
    assert!((360..=440).contains(&count), "{count} deliveries, 400 were due");
}

#[test]
fn what_cannot_be_done_is_said_clearly() {
    let cases = [
        ("fanout --connections 100000000", "open files"),
        ("fanout --connections 4 --publishers 5", "--publishers"),
        ("fanout --connections 2 --path /nowhere", "status 404"),
        ("fanout --connections 2 --rate 0", "sends nothing"),
        ("fanout --connections 2 --message-bytes 8", "stamp"),
    ];
    let hub = Hub::start(Fault::None);
    for (scenario, expected) in cases {
        let load = Load::run(&hub.address, &[scenario]);
        assert!(!load.succeeded, "{scenario}");
        assert!(load.output.contains(expected), "{scenario}: {}", load.output);
    }
}
