//! RFC 6455 and what a hub does, behaviour by behaviour, over real sockets: against every host, and as far as it can be
//! asked of them, against servers that are not ours.

mod behaviours;
mod case;
mod cases;
mod clients;
mod deflate;
mod handshake;
mod hosts;
mod report;
mod run;
mod suites;

/// A module for each host, with the tests of the suites that stand behind its name: see [`suites`].
macro_rules! hosts {
    ($($(#[$attribute:meta])* $name:ident [$($suite:ident)*]: $host:path;)*) => {$(
        crate::suites::host! { [$(#[$attribute])*] $name [$($suite)*] $host }
    )*};
}

hosts! {
    tokio [cases wire clients compression deflating hub heads ends stopped]: crate::hosts::tokio::BARE;
    tokio_axum [cases wire clients compression deflating hub heads_by_http ends stopped]: crate::hosts::tokio::AXUM;
    async_std [cases wire clients compression deflating hub heads ends stopped]: crate::hosts::async_std::ASYNC_STD;
    smol [cases wire clients compression deflating hub heads ends stopped]: crate::hosts::async_std::SMOL;
    mio [cases wire clients compression stopped_apart]: crate::hosts::mio::CHAT;
    tokio_tungstenite [cases]: crate::hosts::reference::TUNGSTENITE;
    #[ignore = "needs the Python package websockets (tests/run installs it)"]
    python_websockets [cases compression]: crate::hosts::reference::WEBSOCKETS;
    #[ignore = "needs Node and its package ws (tests/run installs them)"]
    node_ws [compression]: crate::hosts::reference::WS;
}
