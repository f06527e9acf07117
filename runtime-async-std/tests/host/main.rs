//! What is special to this crate, on async-std and on smol. What every host does is tested by the project's conformance
//! suite.

#![cfg(all(unix, feature = "async-std", feature = "smol"))]
#![allow(clippy::unwrap_used)]

mod common;

mod executors;
mod flight;
mod listener;
mod signals;
mod streams;

/// Each of these functions is two tests: it is given async-std, and it is given smol.
macro_rules! on_both {
    ($($name:ident),* $(,)?) => {
        mod on_async_std {
            $(#[test]
            fn $name() {
                super::$name(&crate::common::ASYNC_STD);
            })*
        }

        mod on_smol {
            $(#[test]
            fn $name() {
                super::$name(&crate::common::SMOL);
            })*
        }
    };
}
pub(crate) use on_both;
