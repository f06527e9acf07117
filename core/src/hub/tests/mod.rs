//! Unit tests of the hub, one file per behaviour. All use [`bench`].

mod begun;
mod bench;
mod words;

mod actions;
mod admission;
mod arrivals;
mod asks;
mod at_once;
mod attach;
mod away;
mod budget;
mod check;
mod close_exchange;
mod closes;
mod closing;
mod config;
#[cfg(feature = "serde")]
mod config_file;
mod controls;
mod drain;
mod ending_later;
mod expiry;
mod failing;
mod ids;
mod keepalive;
mod pacing;
mod place;
mod policies;
mod publish;
mod queries;
mod queues;
mod rates;
mod ready;
mod reconfigure;
mod room_close;
mod room_config;
mod rooms;
mod sequence;
mod session_runs;
mod sessions;
mod shutdown;
mod slices;
#[cfg(feature = "trace")]
mod snapshots;
mod standstill;
mod stats;
mod taken_back;
mod takeover;
mod transmit;
mod users;
mod write_deadline;
