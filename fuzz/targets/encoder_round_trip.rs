#![no_main]

throng_fuzz::target!(encoder_round_trip);
