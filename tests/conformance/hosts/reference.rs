//! Servers that are not ours. What they get wrong is listed, with the reason; an entry that is not true any more fails.

use futures_util::{SinkExt, StreamExt};
use throng_tests::script::Script;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;
use tokio_tungstenite::accept_async_with_config;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

use super::{Deviation, Host, Running, Standard};
use crate::cases::LARGEST;

pub(crate) const TUNGSTENITE: Host =
    Host::apart("tokio-tungstenite", tungstenite, Standard::Legal(TUNGSTENITE_DEVIATES), TUNGSTENITE_TAKES);
pub(crate) const WEBSOCKETS: Host =
    Host::apart("websockets (Python)", websockets, Standard::Legal(WEBSOCKETS_DEVIATES), WEBSOCKETS_TAKES);

/// With compression only: what else there is the other two are asked.
pub(crate) const WS: Host = Host::apart("ws (Node)", ws, Standard::Legal(WS_DEVIATES), &[]);

const TUNGSTENITE_DEVIATES: &[Deviation] = &[
    Deviation { case: "1.3.4", why: "it takes lengths in more bytes than they need" },
    Deviation { case: "1.3.5", why: "it takes lengths in more bytes than they need" },
    Deviation { case: "7.7.1014*", why: "it knows the codes that were registered up to 1013" },
];

const WEBSOCKETS_DEVIATES: &[Deviation] = &[
    Deviation { case: "1.3.4", why: "it takes lengths in more bytes than they need" },
    Deviation { case: "1.3.5", why: "it takes lengths in more bytes than they need" },
    Deviation { case: "5.27", why: "it calls a close frame within a message an error" },
    Deviation { case: "7.1.5", why: "it calls a close frame within a message an error" },
    Deviation { case: "9.3.1", why: "it takes fewer fragments than the Autobahn suite sends" },
    Deviation { case: "9.3.2", why: "it takes fewer fragments than the Autobahn suite sends" },
    Deviation { case: "9.4.1", why: "it takes fewer fragments than the Autobahn suite sends" },
    Deviation { case: "9.4.2", why: "it takes fewer fragments than the Autobahn suite sends" },
    Deviation {
        case: "12.6.10",
        why: "it does not see that deflated data is cut short if all of it is missing",
    },
    // It may decline what it likes (RFC 7692 section 7.1).
    Deviation { case: "13.9.2.*", why: "it declines a window of 8 bits, which its zlib does not have" },
];

const WS_DEVIATES: &[Deviation] = &[
    Deviation {
        case: "12.6.10",
        why: "it does not see that deflated data is cut short if all of it is missing",
    },
    // A server must decline these offers, and look at the next (RFC 7692 section 7.1).
    Deviation { case: "13.7.*", why: "it answers 400 to an offer that makes no sense" },
    Deviation { case: "13.8.1.*", why: "it answers 400 to an offer that makes no sense" },
    Deviation { case: "13.8.2.*", why: "it answers 400 to an offer that makes no sense" },
    Deviation { case: "13.8.3.*", why: "it answers 400 to an offer that makes no sense" },
    Deviation { case: "13.8.4.*", why: "it answers 400 to an offer that makes no sense" },
    Deviation { case: "13.8.5.*", why: "it answers 400 to an offer that makes no sense" },
    Deviation { case: "13.8.6.*", why: "it takes a number with a leading zero" },
    Deviation { case: "13.8.7.*", why: "it answers 400 to an offer that makes no sense" },
    Deviation { case: "13.10.5", why: "it answers 400 to an offer that makes no sense" },
];

/// It looks at less of a request, and for a value where there may be a list.
const TUNGSTENITE_TAKES: &[(&str, u16)] = &[
    ("Connection as two headers", 400),
    ("Upgrade as a list", 400),
    ("a key that is no canonical base64", 400),
    ("no host", 101),
    ("two hosts", 101),
    ("two keys", 101),
    ("a subprotocol that is no token", 101),
    ("a subprotocol of quotes", 101),
    ("a subprotocol of spaces", 101),
    ("an extension without a name", 101),
    ("an extension with an open quote", 101),
    ("an extension of spaces", 101),
];
/// It does not look at what it will not use: hosts.
const WEBSOCKETS_TAKES: &[(&str, u16)] = &[
    ("Upgrade as a list", 426),
    // It takes the empty line for the request, and hangs up: RFC 9112 section 2.2 only says that a server should ignore it.
    ("an empty line before the request", HANGS_UP),
    // RFC 9110 section 8.6: a length is one or more digits.
    ("a body of no bytes in two digits", HANGS_UP),
    ("no host", 101),
    ("two hosts", 101),
];
/// No status: there is no answer.
const HANGS_UP: u16 = 0;

fn tungstenite() -> Running {
    let runtime =
        Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime starts");
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a port is free");
    let address = listener.local_addr().expect("it listens");
    runtime.spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(echo(stream));
        }
    });
    Running::new(address, "/", runtime)
}

/// As in its own example for the Autobahn suite.
async fn echo(stream: TcpStream) {
    let _ = stream.set_nodelay(true);
    let config = WebSocketConfig::default()
        .read_buffer_size(4 << 10)
        .max_message_size(Some(LARGEST))
        .max_frame_size(Some(LARGEST));
    let Ok(mut socket) = accept_async_with_config(stream, Some(config)).await else { return };
    while let Some(Ok(message)) = socket.next().await {
        let is_data = message.is_text() || message.is_binary();
        if is_data && socket.send(message).await.is_err() {
            return;
        }
    }
}

fn websockets() -> Running {
    script("echo.py")
}

fn ws() -> Running {
    script("echo.mjs")
}

fn script(name: &str) -> Running {
    let mut script = Script::start(name, &[]);
    let port: u16 = script.line().parse().expect("it says where it listens");
    Running::new(([127, 0, 0, 1], port).into(), "/", script)
}
