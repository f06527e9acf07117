//! throng-async-std
