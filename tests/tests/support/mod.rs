//! What the tests of the chat have in common.

// Each test uses its own part.
#![allow(dead_code)]

pub(crate) mod chat;
pub(crate) mod guest;
pub(crate) mod http;
pub(crate) mod names;
pub(crate) mod network;
pub(crate) mod program;
pub(crate) mod webdriver;
