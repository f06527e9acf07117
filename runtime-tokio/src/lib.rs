//! throng-tokio
