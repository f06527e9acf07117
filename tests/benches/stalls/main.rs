//! How long everybody else waits while one event has consequences for many: `cargo bench -p throng-tests --bench stalls`.
//! An argument measures only those events whose name contains it.
//!
//! The first table is of the core alone: how long one event and its actions take at most, which is as long as a host holds its
//! lock, and how many events it takes until all is done. The second is of a hub on its hosts: how long an honest client waits for
//! its echo over loopback. On a quiet machine nothing there should take more than 5 ms.
#![allow(clippy::print_stdout)]

mod alone;
mod honest;

fn main() {
    let filter = std::env::args().skip(1).find(|argument| !argument.starts_with('-')).unwrap_or_default();
    alone::run(&filter);
    honest::run(&filter);
}
