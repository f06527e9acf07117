//! What the hub promises, one file per behaviour. [`bench`] is what they all stand on.

mod bench;

mod admission;
mod budget;
mod config;
mod controls;
mod ids;
mod keepalive;
mod policies;
mod publish;
mod rates;
mod rooms;
mod transmit;
mod users;
