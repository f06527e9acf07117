//! A checklist for production.
//!
//! The [defaults](crate::Config) are meant for production, except for what only you can know: how many clients may connect, how much they
//! may send, who they are. Each line says what to set, what happens otherwise, and where it is set. Options and their costs
//! are in the chapter on [tuning](super::tuning).
//!
//! # Limits
//!
//! Every quantity that a peer can influence has a limit. These depend on your application and machine:
//!
//! | set | to | otherwise |
//! | --- | --- | --- |
//! | [`admission.connections`](Admission::connections), default none | what memory and descriptors allow, see [below](#memory) | the system refuses connections at random when descriptors or memory run out |
//! | [`outbox.message_bytes`](Outbox::message_bytes), 512 KiB | the longest message of your protocol | each peer may make the server hold an incomplete message of that size |
//! | [`admission.per_address`](Admission::per_address), none; [`admission.connect_rate`](Admission::connect_rate), none | some dozens; some a second. Not behind a proxy that [hides addresses](#behind-a-proxy) | one address may use up all connections |
//! | [`admission.per_user`](Admission::per_user), any number | `RefuseNewest(n)` or `EvictOldest(n)`, as soon as users are authenticated | one user may use up all connections |
//! | [`inbound.messages`](Inbound::messages), [`inbound.bytes`](Inbound::bytes), none | ten times what a person sends, with a generous burst | one peer may keep a core busy |
//! | [`inbound.user_messages`](Inbound::user_messages), [`inbound.user_bytes`](Inbound::user_bytes), none | likewise for a user, who may have several clients and reconnect | a user can evade the rates of a client by reconnecting |
//! | [`inbound.over_rate`](Inbound::over_rate), pause | `Drop`, if a late message is useless; `Close`, if only an attacker can exceed the rate | the peer waits, and nothing is lost |
//! | [`rooms.members`](Rooms::members), none; [`rooms.per_client`](Rooms::per_client), 1,024; [`rooms.total`](Rooms::total), 1,000,000 | what your application needs | if peers choose room names, they may create as many rooms as the limits allow |
//! | [`outbox.messages`](Outbox::messages), 256; [`outbox.bytes`](Outbox::bytes), 1 MiB; [`outbox.hub_bytes`](Outbox::hub_bytes), 256 MiB | see [tuning](super::tuning#outboxes) | |
//! | [`outbox.policy`](Outbox::policy), drop newest | what a slow reader should miss | it misses the latest messages, which is reported to [`dropped`](crate::Handler::dropped) |
//!
//! Your application judges what a client does within these limits: [`before_join`](crate::Handler::before_join) decides who may join which
//! room, [`before_message`](crate::Handler::before_message) what may be sent. When a limit is reached, the hub refuses with a typed error, an
//! HTTP status or a close code, and counts it; the README lists them all.
//!
//! # Memory
//!
//! At most so much, without the memory of the application and without the system's socket buffers:
//!
//! | part | at most | from |
//! | --- | --- | --- |
//! | idle connections | some 1.2 KB each | measured: `tests/peers/README.md` |
//! | open handshakes, at most [`admission.handshakes`](crate::hub::Admission::handshakes) | 4 KiB each and what has come of the head: 0.9 KB while it is silent, under axum 1.5 KB; 3.6 KB while `before_connect` is asked | `tests/tests/handshakes.rs` |
//! | HTTP connections under [`axum::serve`](crate::axum::serve) whose first head is complete: while `before_connect` or another handler is asked, and while they are kept open after an answer | 24 KiB each, most of it two buffers of hyper's of 8 KiB, which cannot be smaller | `tests/tests/handshakes.rs` |
//! | the same under plain `axum::serve` | 33 KiB each; 4 KB while it is silent, 29 KB with half a head | `tests/tests/handshakes.rs` |
//! | WebSockets that are not authenticated yet | 7 KiB each; they count as connections | `tests/tests/handshakes.rs` |
//! | what waits to be written | [`outbox.hub_bytes`](Outbox::hub_bytes) in all: 256 MiB; each frame counts once, however many wait for it | exact: `core/src/hub/tests/budget.rs` |
//! | messages that have come in part | [`outbox.message_bytes`](Outbox::message_bytes) and 16 KiB each, if all peers do it at once; what has arrived counts, not what is announced | `core/src/websocket/tests/memory.rs` |
//! | what an application is given | one message of each client at a time | while its handler runs, a client is not read |
//! | the flight recorder | what it was given, at once | [`Record::Last`](crate::Record::Last) |
//! | compression | a pool of some 3 MB; kept contexts up to 350 KiB each | [`Compression`](crate::Compression), off by default |
//!
//! The system keeps buffers of its own for each socket (Linux: `net.ipv4.tcp_rmem`, `tcp_wmem`, and `tcp_mem` for all together);
//! with many slow readers they are more than all of the above.
//!
//! ## What the allocator keeps
//!
//! Memory that throng gives back goes to the allocator of the process, and that of glibc gives little of it back to the system:
//! resident memory stays near its peak. The next peak uses it again, so it does not grow; but it is missing to other processes,
//! and looks like a leak. Measured with the example `fanout` and 300 peers that each had sent 506 KiB of a message of 512 KiB, which
//! took 509 KiB each, 157 MiB in all; then all of them left:
//!
//! | allocator | at the peak | three seconds later |
//! | --- | --- | --- |
//! | glibc 2.36 | 157 MiB | 142 MiB |
//! | the same with `MALLOC_ARENA_MAX=1` | 157 MiB | 139 MiB |
//! | the same, with a fixed `MALLOC_MMAP_THRESHOLD_` and `MALLOC_TRIM_THRESHOLD_` of 128 KiB | 157 MiB | 129 MiB |
//! | the same, after `malloc_trim(0)` | 157 MiB | 8 MiB, as before the peak |
//! | jemalloc 5.3 | 171 MiB | 117 MiB, still after 20 s |
//! | jemalloc 5.3 with `MALLOC_CONF=background_thread:true` | 172 MiB | 12 MiB after 20 s |
//!
//! So, where it matters: an allocator that gives memory back by itself (jemalloc as above, by `tikv-jemallocator` or `LD_PRELOAD`), or
//! `libc::malloc_trim(0)` now and then, say a minute after [`queued_bytes`](crate::Stats::queued_bytes) or the count of clients has
//! fallen by half. `malloc_trim` takes the locks of the allocator while it works: not in a handler, but in a thread of its own.
//! `MALLOC_ARENA_MAX` bounds what many threads keep apart from each other, and does not help after a peak. In a container, count the
//! peak and not the average towards the limit.
//!
//! A peer that sends a byte of a message now and then keeps what has come of it for as long as it likes.
//! [`deadlines.idle_inbound`](crate::hub::Deadlines::idle_inbound) ends those that finish no message.
//!
//! # Descriptors and the kernel
//!
//! | setting | to | why |
//! | --- | --- | --- |
//! | open files: `ulimit -n`, `LimitNOFILE=` | `admission.connections`, open handshakes (10,000), refused connections (`probes` and `lingering`, 1,280), and a hundred | each connection takes one descriptor. If none is left, `accept` fails, and not even `/healthz` is answered; the listener then pauses for 50 ms at a time and logs it. [`serve`](crate::serve) warns if the limit is lower. Many systems start with 1,024 |
//! | `net.core.somaxconn` | at least 4,096 (the default since Linux 5.4) | [`serve`](crate::serve) asks for a backlog of 4,096, so that clients that reconnect at once are not refused; the system caps the backlog at this value. [`axum::serve`](crate::axum::serve) asks for the same; under another server, such as plain `axum::serve`, set the backlog yourself |
//! | `net.netfilter.nf_conntrack_max` | more than your connections, if the kernel tracks them | otherwise the kernel drops new connections silently |
//! | `net.ipv4.ip_local_port_range` of a proxy | widen it, or give the server several addresses | a proxy has some 28,000 ports for one address and port of the server |
//! | TCP keepalive | nothing | pings find dead peers: a client that is silent for 54 s is pinged, and [ended](crate::hub::Deadlines::pong) if it does not answer within 6 s |
//! | `TCP_NODELAY` | nothing | set by `serve` and `axum` |
//!
//! # Behind a proxy
//!
//! - **Timeouts** of the proxy must be longer than [`deadlines.ping`](crate::hub::Deadlines::ping), 54 s, because an idle connection is
//!   silent for that long. Many proxies end a silent connection after 60 s, some after 30 s: then ping every 20 s (see
//!   [what that costs](super::tuning#pings)).
//! - **Host**: pass the header on as the browser sent it, port included (nginx: `proxy_set_header Host $http_host`), or give the origins
//!   as a [list](crate::Origin): by default the host of the origin must equal the `Host` of the request.
//! - **Upgrade**: pass on `Upgrade` and `Connection` (nginx: `proxy_http_version 1.1`). HTTP/2 to the server cannot be upgraded.
//! - **Addresses**: all connections come from the address of the proxy. Leave the limits per address off, or supply the
//!   client's address: with [`serve_stream`](crate::serve_stream) it is an argument (from the PROXY protocol, for
//!   example); under axum it is the `ConnectInfo` of the request, which a layer may set. Trust a header such as `X-Real-IP`
//!   only if your proxy overwrites the value that the client sent:
//!
//! ```
//! # #[cfg(feature = "axum")]
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use axum::extract::{ConnectInfo, Request};
//! use axum::{Router, middleware::map_request, routing::get};
//! use std::net::{IpAddr, SocketAddr};
//! use throng_tokio::Hub;
//!
//! async fn true_address(mut request: Request) -> Request {
//!     let header = request.headers().get("x-real-ip").and_then(|value| value.to_str().ok());
//!     if let Some(address) = header.and_then(|address| address.parse::<IpAddr>().ok()) {
//!         request.extensions_mut().insert(ConnectInfo(SocketAddr::from((address, 0))));
//!     }
//!     request
//! }
//!
//! let hub = Hub::builder().build()?;
//! let app: Router = Router::new()
//!     .route("/ws", get(throng_tokio::axum::connect))
//!     .layer(map_request(true_address))
//!     .with_state(hub);
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "axum"))]
//! # fn main() {}
//! ```
//!
//! # TLS
//!
//! Terminate TLS at the proxy, or in your process. Under axum, the example `throng-example-tls` of the repository shows how. Without axum: accept the
//! connection, let your TLS library do its handshake, and give the stream to [`serve_stream`](crate::serve_stream). The TLS handshake
//! happens before throng knows of the connection, so put a timeout around it, and limit how many are under way. A page that was loaded by
//! `https:` can open only `wss:`.
//!
//! # Who may connect
//!
//! - **Origins**: a page of another host is refused by default. If you authenticate users by cookies, leave it so; use [`Origin`](crate::Origin)
//!   `Any` only if clients authenticate in another way.
//! - **Tokens** in the query end up in logs of proxies. A page can set no header, so let it send the token in its first
//!   message: [`Connecting::authenticate`](crate::Connecting::authenticate). It has [5 s](crate::Builder::authentication_limit) for that.
//! - **Expiry**: a WebSocket may live longer than its token. Close it when the token expires, as the example `auth` does.
//! - Set the user before the client opens ([`Connecting::set_user`](crate::Connecting::set_user),
//!   [`Authenticating::set_user`](crate::Authenticating::set_user)): then limits per user apply from the first moment.
//!
//! # The process
//!
//! - **Build** with `panic = "unwind"`, which is Cargo's default: a handler that panics then costs its client, and with
//!   [`CatchPanicLayer`](crate::middleware::CatchPanicLayer) only its message. With `abort` it is the whole process.
//! - **Panics** in hooks are printed by the process's panic hook, ten at once and then one every ten seconds, with a count of those
//!   that were not printed: [`Builder::panic_output`](crate::Builder::panic_output). Without that limit a peer that knows a message on which a
//!   handler panics fills a disk, with `RUST_BACKTRACE=1` at 15 MB a second. All panics are counted, by hook. A panic hook of your own that
//!   is set after the hub serves should call the one before it.
//! - **Handlers** must not block a thread: use `spawn_blocking`, or a pool. A handler that awaits for long delays only its own client,
//!   and is dropped after [5 s](crate::Builder::hook_limit).
//! - **Logs** go to `tracing`: install a subscriber. Events that peers can cause at will are logged once a second for each kind.
//! - **A flight recorder** from the first day on: [`Record::Last`](crate::Record::Last), and [`flight`](crate::flight) to write it on a signal
//!   and on a panic. The command `throng-replay` of the repository reads the file. Without a recording an incident cannot be replayed.
//!   [What it costs](super::tuning#recording).
//!
//! # Health
//!
//! | ask | answers | for |
//! | --- | --- | --- |
//! | `/healthz` | 200 while the hub is alive, also during a drain; else 503 | liveness: restart the process if not |
//! | `/readyz` | 200 while newcomers are accepted; 503 before there is a host, when the limit of connections or open handshakes is reached, during and after a drain; `reason` says which | readiness: send newcomers elsewhere if not |
//!
//! `serve`, and `axum::serve`, answer both whatever limit a connection meets: at most
//! [`admission.probes`](Admission::probes) refused connections are read at a time, for 1 s each, so that one address with
//! thousands of silent sockets does not make the server look dead.
//!
//! Under [`serve`](crate::serve) both are on the same port; for axum there are [handlers](crate::axum::readyz). The
//! answers contain no names, but the number of connections: do not expose them if that is a secret. A probe asks the
//! hub itself, so if it gets no answer within a second the hub does not respond.
//!
//! # Deploys
//!
//! On SIGTERM, `serve` (or [`drained`](crate::drained) beside another server) drains: `/readyz` answers 503, newcomers
//! get 503 with Retry-After, idle clients are closed early and all others at random moments of the
//! [spread](crate::Drain::spread), each with 1001 ([`closes.draining`](crate::hub::Cause::Draining)) and after its
//! queued messages.
//!
//! 1. **Allow enough time**: the drain's deadline, 60 s, and `deadlines.close`, 5 s, for the last hooks. So the
//!   orchestrator's grace period must be over 65 s (Kubernetes: `terminationGracePeriodSeconds: 80`, whose default is
//!   30; Docker: `--stop-timeout`, default 10; systemd: `TimeoutStopSec`, default 90). A shorter one kills the process,
//!   and all clients reconnect at once, which the drain is meant to prevent.
//! 2. **Choose the spread for the servers that take over**: 30,000 clients over 30 s are 1,000 handshakes a second there. A handshake takes the
//!    server 12 µs of a core (`tests/peers/result/result.md`); your authentication and TLS take more.
//! 3. **Clients** should wait a random time of some seconds before they reconnect, longer after each failure, and obey Retry-After
//!    if they can see it (a page cannot). The page of the example `chat` does so.
//! 4. **State** that must outlive the process belongs elsewhere: rooms, users and queues end with the process.
//! 5. A second SIGTERM closes all clients at once and ends the process within `deadlines.close`
//!   ([`Force`](crate::Force)), even if hooks block all threads of the runtime, or `main` hangs after serving. Do not let a
//!   script send two. SIGHUP is ignored.
//!
//! # What to watch
//!
//! [`Hub::stats`](crate::Hub::stats) returns the numbers for programs, in O(1). The module [`observe`](crate::observe)
//! has them for Prometheus and people, with alerts and actions for each metric. The most important ones:
//!
//! | number | alarm if it is | meaning |
//! | --- | --- | --- |
//! | [`dropped_hub_full`](crate::Stats::dropped_hub_full) | above 0 | [`outbox.hub_bytes`](Outbox::hub_bytes) is used up: messages are dropped from the largest outboxes |
//! | [`ended_for_budget`](crate::Stats::ended_for_budget) | above 0 | the same, because peers read parts of frames slowly: an attack, or too small a budget |
//! | [`dropped_outbox_full`](crate::Stats::dropped_outbox_full) over [`queued`](crate::Stats::queued) | 1 % | users miss messages: slow networks, or too many or too large messages |
//! | [`queued_bytes`](crate::Stats::queued_bytes) | half of `outbox.hub_bytes` | readers do not keep up |
//! | [`ended_by_transport`](crate::Stats::ended_by_transport), [`pong_timeouts`](crate::Stats::pong_timeouts) | five times the usual | a network is gone, or a proxy's timeout is shorter than the pings |
//! | [`handler_failures`](crate::Stats::handler_failures) | above 0 | a hook panicked or hung: the log names it |
//! | [`refused_connections`](crate::Stats::refused_connections) | above 0, and growing | a limit is reached; or one address floods; or a proxy hides all addresses |

use crate::hub::{Admission, Inbound, Outbox, Rooms};
