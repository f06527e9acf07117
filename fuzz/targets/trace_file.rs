#![no_main]

throng_fuzz::target!(trace_file);
