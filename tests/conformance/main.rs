//! RFC 6455, behaviour by behaviour, over real sockets, against every host and against servers that are not ours.

mod case;
mod cases;
mod hosts;
mod report;
mod run;

use hosts::{reference, tokio};
use report::conforms;

/// A test for each host.
macro_rules! hosts {
    ($($(#[$attribute:meta])* $name:ident: $host:expr;)*) => {$(
        #[test]
        $(#[$attribute])*
        fn $name() {
            conforms(&$host);
        }
    )*};
}

hosts! {
    on_tokio_every_case_is_answered_in_the_best_way: tokio::BARE;
    under_axum_every_case_is_answered_in_the_best_way: tokio::AXUM;
    tokio_tungstenite_agrees: reference::TUNGSTENITE;
    #[ignore = "needs the Python package websockets (tests/run installs it)"]
    websockets_for_python_agrees: reference::WEBSOCKETS;
}
