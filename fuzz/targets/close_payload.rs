#![no_main]

throng_fuzz::target!(close_payload);
