//! Centrifugo's server library for Python works unchanged.

mod support;

use std::path::Path;
use std::process::Command;
use support::Program;

#[test]
#[ignore = "needs Python with cent and websockets"]
fn each_method_of_the_python_library_works() {
    let program = Program::start(
        "
listen: 127.0.0.1:0
api: { keys: [key] }
wshub: { enabled: true, clientKey: user, redis: { address: '127.0.0.1:1' } }
hub:
  history: { by_prefix: { news: { messages: 10 } } }
  presence: { by_prefix: { news: {} } }
log: { filter: error }
",
    );
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let run = Command::new(folder.join("../../tests/.venv/bin/python"))
        .arg(folder.join("tests/library.py"))
        .arg(program.address.to_string())
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .expect("Python starts: tests/run installs it");
    let said = String::from_utf8_lossy(&run.stdout);
    assert!(
        run.status.success() && said.contains("all methods work"),
        "{said}{}",
        String::from_utf8_lossy(&run.stderr)
    );
}
