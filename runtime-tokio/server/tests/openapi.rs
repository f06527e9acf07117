//! The OpenAPI document says of the API what is so.

mod support;

use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;
use support::{Folder, Program};

const CONFIG: &str = "
listen: 127.0.0.1:0
api: { keys: [key], body_bytes: 100000, channels: 50 }
hub:
  history: { by_prefix: { news: { messages: 3 } } }
  presence: { by_prefix: { chat: {} } }
log: { filter: error }
";

const TRANSPORT: [(&str, &str); 2] = [("X-API-Key", "key"), ("X-Centrifugo-Error-Mode", "transport")];

const ALL_BUT_DRAIN: &str = "[{ key: key, methods: [publish, broadcast, send, subscribe, unsubscribe, disconnect, refresh, presence, \
    presence_stats, history, history_remove, channels, info, clients, users, rooms, stats, events, config] }]";

fn document(program: &Program) -> Value {
    let answer = program.get("/api/openapi.json");
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

/// The schema of the body of a method.
fn parameters<'a>(document: &'a Value, path: &str) -> &'a Value {
    let body = &document["paths"][path]["post"]["requestBody"];
    &body["content"]["application/json"]["schema"]
}

#[test]
fn the_document_has_every_method_and_only_those() {
    let program = Program::start(CONFIG);
    let document = document(&program);
    let unknown = program.post("/api/nothing", &TRANSPORT, "{}").body;
    let (_, listed) = unknown.trim().split_once("there are ").expect("the methods are listed");
    let mut listed: Vec<_> =
        listed.trim_end_matches('.').split(", ").map(|name| format!("/api/{name}")).collect();
    listed.sort();
    let paths: Vec<_> = document["paths"].as_object().expect("a table").keys().cloned().collect();
    assert_eq!(paths, listed);
    assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));
}

#[test]
fn every_parameter_of_the_document_is_read_as_the_type_that_it_says() {
    let program = Program::start(CONFIG);
    let document = document(&program);
    let mut read = 0;
    for path in document["paths"].as_object().expect("a table").keys() {
        let schema = parameters(&document, path);
        for (name, parameter) in schema["properties"].as_object().into_iter().flatten() {
            // Any JSON will do for a parameter without a type.
            if parameter["type"].is_null() {
                continue;
            }
            let mut body = json!({"user": "nobody", "channel": "news", "channels": ["news"], "data": 1});
            body["commands"] = json!([]);
            // No parameter of the API has this type.
            body[name] = json!([[true]]);
            let answer = program.post(path, &TRANSPORT, &body.to_string());
            assert_eq!(
                (answer.status, &answer.json()["code"]),
                (400, &json!(107)),
                "{path} {name}: {answer:?}"
            );
            read += 1;
        }
    }
    assert!(read > 40, "{read} parameters");
}

#[test]
fn parameters_are_an_object() {
    let program = Program::start(CONFIG);
    for body in ["[]", "[\"news\"]", "7", "null", "\"news\""] {
        let answer = program.post("/api/channels", &TRANSPORT, body);
        assert!(answer.status == 400 && answer.body.contains("must be an object"), "{body}: {answer:?}");
    }
    assert_eq!(program.post("/api/channels", &TRANSPORT, " \n{}").status, 200);
}

/// Schemathesis makes requests of the document, right ones and wrong ones, and looks whether the answers are those of the document.
#[test]
#[ignore = "needs Python with schemathesis"]
fn schemathesis_finds_nothing() {
    // A drain, also one in a batch, would end the program.
    let program = Program::start(&CONFIG.replace("[key]", ALL_BUT_DRAIN));
    let tool = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/.venv/bin/schemathesis");
    let folder = Folder::new();
    // Limits in bytes and what the hub has at the moment are in no JSON schema: `positive_data_acceptance` would report them.
    let run = Command::new(tool)
        .current_dir(&folder.0)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .args(["run", &format!("http://{}/api/openapi.json", program.address)])
        .args(["--header", "X-API-Key: key", "--header", "X-Centrifugo-Error-Mode: transport"])
        .args(["--checks", "all", "--exclude-checks", "positive_data_acceptance"])
        .args(["--phases", "examples,coverage,fuzzing", "--seed", "7", "--generation-deterministic"])
        .args(["--max-examples", "60", "--max-time", "40", "--request-timeout", "10"])
        .args(["--no-color"])
        .output()
        .expect("schemathesis starts: tests/run installs it");
    let said = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success(), "{said}\n{}", String::from_utf8_lossy(&run.stderr));
    assert!(said.contains("Tested: 21"), "nothing was tested: {said}");
    // The program has answered all of it without an error of its own.
    let metrics = program.get("/metrics").body;
    assert!(!metrics.contains("code=\"100\"") && !metrics.contains("code=\"500\""), "{metrics}");
    assert!(metrics.contains("throng_api_requests_total{method=\"broadcast\",code=\"0\"}"), "{metrics}");
}
