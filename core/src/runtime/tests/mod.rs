mod answer;
mod driver;
mod flat;
mod host;
mod lane;
mod memory;
