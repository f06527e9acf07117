//! Tests of the queues below the hub's own.

mod budget;
mod marks;
mod model;
mod ready;
mod sabotage;
