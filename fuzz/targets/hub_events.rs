#![no_main]

throng_fuzz::target!(hub_events);
