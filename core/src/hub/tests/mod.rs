//! What the hub promises, one file per behaviour. [`bench`] is what they all stand on.

mod bench;

mod admission;
mod budget;
mod config;
mod ids;
mod policies;
mod publish;
mod rooms;
mod users;
