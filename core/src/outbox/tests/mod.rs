//! Unit tests of the outboxes, below those of the hub.

mod budget;
mod marks;
mod model;
mod ready;
mod sabotage;
