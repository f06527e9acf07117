//! RFC 6455, behaviour by behaviour, over real sockets, against every host and against servers that are not ours.

mod case;
mod cases;
mod handshake;
mod hosts;
mod report;
mod run;

/// Two tests for each host: one for what it says, one for how it is opened.
macro_rules! hosts {
    ($($(#[$attribute:meta])* $name:ident: $host:expr;)*) => {$(
        mod $name {
            #[test]
            $(#[$attribute])*
            fn every_case_is_answered_as_it_must_be() {
                crate::report::conforms(&$host);
            }

            #[test]
            $(#[$attribute])*
            fn every_request_is_answered_as_it_must_be() {
                crate::handshake::shakes_hands(&$host);
            }
        }
    )*};
}

hosts! {
    tokio: crate::hosts::tokio::BARE;
    tokio_axum: crate::hosts::tokio::AXUM;
    mio: crate::hosts::mio::CHAT;
    tokio_tungstenite: crate::hosts::reference::TUNGSTENITE;
    #[ignore = "needs the Python package websockets (tests/run installs it)"]
    python_websockets: crate::hosts::reference::WEBSOCKETS;
}
