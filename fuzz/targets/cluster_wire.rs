#![no_main]

throng_fuzz::target!(cluster_wire);
