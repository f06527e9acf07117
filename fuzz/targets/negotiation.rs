#![no_main]

throng_fuzz::target!(negotiation);
