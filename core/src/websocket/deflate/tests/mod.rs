//! Unit tests of compression.
#![allow(clippy::unwrap_used)]

mod codec;
mod config;
mod differential;
mod hostile;
mod negotiate;
mod sealed;

use super::Compressor;

/// A typical chat message: about 1 KiB of JSON.
fn json(seed: usize) -> String {
    let lines: Vec<String> = (seed..seed + 12)
        .map(|n| {
            format!(
                r#"{{"id":{n},"user":"user-{}","text":"message number {} of many","at":{}}}"#,
                n * 7 % 23,
                n * n,
                1_700_000_000 + n * 61
            )
        })
        .collect();
    format!("[{}]", lines.join(","))
}

fn deflated(payload: &[u8]) -> Vec<u8> {
    Compressor::new(6).compress(payload).unwrap().to_vec()
}
