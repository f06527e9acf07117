//! What stands in `deploy` works: rules and board have metrics that there are, manifests and image fit the program.
#![cfg(unix)]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use support::redis_server::RedisServer;
use support::{Folder, Program, output_of, within};

fn deploy() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy")
}

/// Runs the checks that are in Python.
fn python(arguments: [&str; 2]) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let run = Command::new(folder.join("../../tests/.venv/bin/python"))
        .arg(folder.join("tests/deploy.py"))
        .args(arguments)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .expect("Python starts: tests/run installs it");
    said(&run)
}

/// What a command has said. It must have ended well.
fn said(run: &Output) -> String {
    let said = String::from_utf8_lossy(&[run.stdout.clone(), run.stderr.clone()].concat()).into_owned();
    assert!(run.status.success(), "{said}");
    said
}

#[tokio::test]
#[ignore = "needs redis-server, and Python with PyYAML"]
async fn the_alerts_and_the_board_have_metrics_that_there_are() {
    let redis = RedisServer::start();
    let program = Program::start(&format!(
        "
listen: 127.0.0.1:0
api: {{ keys: [key] }}
clients: {{ anonymous: true, rooms: [lobby] }}
cluster: {{ broker: 'redis://127.0.0.1:{}' }}
log: {{ filter: error }}
",
        redis.port
    ));
    let ann = program.connect("/ws").await;
    program.post("/api/publish", &[("X-API-Key", "key")], r#"{"channel": "lobby", "data": 1}"#);
    program.post("/api/publish", &[("X-API-Key", "wrong")], "{}");
    let _ = program.try_connect("/ws?token=wrong", &[]).await;
    let _ = program.try_connect("/ws", &[("origin", "https://elsewhere.example")]).await;
    drop(ann);
    within("the client has ended", || {
        program.get("/metrics").body.contains("throng_connections{phase=\"open\"} 0").then_some(())
    });
    let folder = Folder::new();
    let scrape = folder.write("scrape", &program.get("/metrics").body);
    assert!(python(["metrics", &scrape.display().to_string()]).contains("metrics: "));
}

#[test]
#[ignore = "needs promtool"]
fn prometheus_takes_the_rules() {
    let rules = deploy().join("prometheus/alerts.yaml");
    let run = Command::new("promtool").args(["check", "rules"]).arg(rules).output();
    assert!(said(&run.expect("promtool starts: tests/run installs it")).contains("SUCCESS"));
}

#[test]
#[ignore = "needs promtool"]
fn prometheus_takes_the_page_of_the_metrics() {
    use std::io::Write;
    let program = Program::start("listen: 127.0.0.1:0\n");
    let mut tool = Command::new("promtool");
    tool.args(["check", "metrics"]).stdin(std::process::Stdio::piped());
    tool.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let mut tool = tool.spawn().expect("promtool starts: tests/run installs it");
    let mut page = tool.stdin.take().expect("it is a pipe");
    page.write_all(program.get("/metrics").body.as_bytes()).expect("it is read");
    drop(page);
    let run = tool.wait_with_output().expect("it ends");
    // 3: it has advice about names. 1: it cannot read the page.
    assert!(matches!(run.status.code(), Some(0 | 3)), "{}", String::from_utf8_lossy(&run.stderr));
}

#[test]
#[ignore = "needs Python with PyYAML"]
fn the_manifests_fit_each_other_and_the_program() {
    let folder = Folder::new();
    assert!(python(["manifests", &folder.0.display().to_string()]).contains("manifests: 5 documents"));
    for name in ["plain.yaml", "chart.yaml"] {
        let file = folder.0.join(name).display().to_string();
        said(&output_of(&["check", &file]));
    }
}

/// The instructions of the Dockerfile: name and rest.
fn instructions() -> Vec<(String, String)> {
    let text = fs::read_to_string(deploy().join("Dockerfile")).expect("it is there");
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let parts = lines.map(|line| line.split_once(' ').expect("an instruction has arguments"));
    parts.map(|(name, rest)| (name.into(), rest.into())).collect()
}

#[test]
fn the_image_is_built_in_two_stages_and_runs_without_rights() {
    let instructions = instructions();
    let of = |name: &str| -> Vec<&str> {
        instructions.iter().filter(|(given, _)| given == name).map(|(_, rest)| rest.as_str()).collect()
    };
    let manifest = fs::read_to_string(deploy().join("../../../Cargo.toml")).expect("it is there");
    let oldest = manifest.lines().find_map(|line| line.strip_prefix("rust-version = ")).expect("a version");
    let from = of("FROM");
    assert!(from.len() == 2 && from[1] == "scratch", "{from:?}");
    assert_eq!(from[0], format!("rust:{}-slim-bookworm AS build", oldest.trim_matches('"')));
    assert_eq!(of("USER"), ["65532:65532"]);
    // Without a shell: as lists of words.
    for words in [of("ENTRYPOINT"), of("HEALTHCHECK")] {
        assert!(words.len() == 1 && words[0].contains("[\"/usr/local/bin/throng\""), "{words:?}");
    }
    assert!(of("HEALTHCHECK")[0].ends_with("\"health\"]"));
    assert!(of("RUN").iter().any(|run| run.contains("cargo build --locked --release -p throng-server")));
    assert!(of("RUN").contains(&"runtime-tokio/server/deploy/image.sh target/release/throng /image"));
    assert!(of("ADD").is_empty());
    let known = [
        "FROM",
        "WORKDIR",
        "COPY",
        "RUN",
        "ENV",
        "USER",
        "EXPOSE",
        "STOPSIGNAL",
        "HEALTHCHECK",
        "ENTRYPOINT",
    ];
    for (name, _) in &instructions {
        assert!(known.contains(&name.as_str()), "{name}");
    }
}

/// The files of the image, with this program, as the root folder of a process.
#[test]
#[ignore = "needs root"]
fn the_files_of_the_image_are_all_that_the_program_needs() {
    let image = Folder::new();
    let script = deploy().join("image.sh");
    said(&Command::new(script).arg(env!("CARGO_BIN_EXE_throng")).arg(&image.0).output().expect("sh starts"));
    // The config of WS-HUB, where its image has it.
    fs::write(image.0.join("root/config.yaml"), "address: \"127.0.0.1:0\"\nclientKey: user\n")
        .expect("it is written");
    let inside = |arguments: &[&str]| {
        let mut command = Command::new("unshare");
        command.arg("--root").arg(&image.0).args(["--wd", "/root", "--setgid", "65532", "--setuid", "65532"]);
        command.arg("/usr/local/bin/throng").args(arguments).env_clear();
        command
    };
    let version = inside(&["--version"]).output().expect("unshare starts");
    assert_eq!(said(&version).trim(), format!("throng {}", env!("CARGO_PKG_VERSION")));
    let program = Program::run(Folder::new(), inside(&[]));
    program.logs("is a config of WS-HUB: the program takes its place");
    let listen = format!("wshub.address={}", program.address);
    said(&inside(&["health", "--set", &listen]).output().expect("unshare starts"));
}
