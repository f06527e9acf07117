//! `throng-simulate`, the command: which seeds it takes, and which exit code says what.

use std::process::{Command, Stdio};

/// Exit code, output, errors.
fn simulate(arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_throng-simulate"))
        .args(arguments)
        .output()
        .expect("the command starts");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn what_names_no_seed_is_refused() {
    let table: [(&[&str], &str); 5] = [
        (&["--seeds", "7..3"], "7..3"),
        (&["--seeds", "7..7"], "7..7"),
        (&["--seeds", "18446744073709551615"], "18446744073709551615"),
        (&["--seeds", "1..x"], "1..x"),
        (&["--seeds", "1", "--threads", "0"], "0"),
    ];
    for (arguments, value) in table {
        let (code, out, errors) = simulate(arguments);
        assert_eq!((code, out.as_str()), (Some(2), ""), "{arguments:?}");
        assert!(errors.starts_with(&format!("error: invalid value '{value}' for ")), "{errors}");
    }
}

#[test]
fn the_seeds_that_are_named_are_run() {
    let (code, out, errors) = simulate(&["--seeds", "0..2", "--threads", "3", "--twice"]);
    assert!(out.starts_with("2 seeds, ") && out.ends_with(": 0 failed\n"), "{out}");
    assert_eq!((code, errors.as_str()), (Some(0), ""));
}

#[test]
fn that_nobody_reads_what_is_printed_is_no_failure() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_throng-simulate"))
        .args(["--seeds", "0..2", "--verbose"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!((output.status.code(), &*output.stderr), (Some(0), &b""[..]));
}
