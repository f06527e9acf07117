#![no_main]

throng_fuzz::target!(utf8);
