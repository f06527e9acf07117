#![no_main]

throng_fuzz::target!(protocol);
