//! Tests of the queues below the hub's own.

mod budget;
mod model;
