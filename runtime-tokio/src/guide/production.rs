//! A checklist for production.
//!
//! The [defaults](crate::Config) are meant for production, except for what only you can know: how many clients may
//! connect, how much they may send, who they are. Each row of a table names a setting, the value to choose, and the
//! reason or the consequence of the default. The chapter on [tuning](super::tuning) has more options and their costs.
//!
//! # Limits
//!
//! Every quantity that a peer can influence has a limit. These depend on your application and machine:
//!
//! | setting, default | set it to | otherwise |
//! | --- | --- | --- |
//! | [`admission.connections`](Admission::connections), default none | what memory and descriptors allow, see [below](#memory) | the system refuses connections at random when descriptors or memory run out |
//! | [`outbox.message_bytes`](Outbox::message_bytes), 512 KiB | the longest message of your protocol | each peer may make the server hold an incomplete message of 512 KiB |
//! | [`admission.per_address`](Admission::per_address), none; [`admission.connect_rate`](Admission::connect_rate), none | some dozens of connections; some connections per second. Leave both unset behind a proxy that [hides addresses](#behind-a-proxy) | one address may use up all connections |
//! | [`admission.per_user`](Admission::per_user), any number | `RefuseNewest(n)` or `EvictOldest(n)`, as soon as users are authenticated | one user may use up all connections |
//! | [`inbound.messages`](Inbound::messages), [`inbound.bytes`](Inbound::bytes), none | ten times what a person sends, with a generous burst | one peer may keep a core busy |
//! | [`inbound.user_messages`](Inbound::user_messages), [`inbound.user_bytes`](Inbound::user_bytes), none | the same, for all clients of one user together | a user can evade the rates per client with more clients, or by reconnecting |
//! | [`inbound.over_rate`](Inbound::over_rate), pause | `Drop`, if a late message is useless; `Close`, if only an attacker can exceed the rate | the server stops reading from the client until it is within its rate again, and loses nothing |
//! | [`rooms.members`](Rooms::members), none; [`rooms.per_client`](Rooms::per_client), 1,024; [`rooms.total`](Rooms::total), 1,000,000 | what your application needs | if peers choose room names, they may create as many rooms as the limits allow |
//! | [`outbox.messages`](Outbox::messages), 256; [`outbox.bytes`](Outbox::bytes), 1 MiB; [`outbox.hub_bytes`](Outbox::hub_bytes), 256 MiB | see [tuning](super::tuning#outboxes) | |
//! | [`outbox.policy`](Outbox::policy), drop newest | the policy that drops what a slow reader can best do without | a slow reader misses the latest messages, and [`dropped`](crate::Handler::dropped) is called |
//!
//! Within these limits your application decides: in [`before_join`](crate::Handler::before_join) who may join which
//! room, in [`before_message`](crate::Handler::before_message) which messages are handled. When a limit is reached, the
//! hub refuses with a typed error, an HTTP status or a close code, and counts the refusal. The README lists all limits
//! and what happens at each.
//!
//! # Memory
//!
//! Upper bounds of the memory that throng takes. The application's own memory and the system's socket buffers are not
//! included:
//!
//! | part | at most | source |
//! | --- | --- | --- |
//! | idle connections | some 1.3 KB each, measured | `tests/peers/README.md` |
//! | open handshakes, at most [`admission.handshakes`](crate::hub::Admission::handshakes) | 4 KiB each, and the bytes of the request head that have arrived. Measured: 0.9 KB for a silent connection (1.5 KB under axum), 3.9 KB while `before_connect` runs | `tests/tests/handshakes.rs` |
//! | HTTP connections under [`axum::serve`](crate::axum::serve) whose first request head is complete: while `before_connect` or another handler runs, and while they are kept open after an answer | 25 KiB each, most of it hyper's two buffers of 8 KiB, the smallest that hyper allows | `tests/tests/handshakes.rs` |
//! | the same under plain `axum::serve` | 34 KiB each. Measured: 4 KB for a silent connection, 29 KB for one that has sent half a head | `tests/tests/handshakes.rs` |
//! | WebSockets that are not authenticated yet | 6½ KiB each; they count as connections | `tests/tests/handshakes.rs` |
//! | frames that wait to be written | [`outbox.hub_bytes`](Outbox::hub_bytes) in all, default 256 MiB, exactly; a frame counts once, however many outboxes it is in | `core/src/hub/tests/budget.rs` |
//! | incomplete messages from peers | [`outbox.message_bytes`](Outbox::message_bytes) and 16 KiB for each connection; only bytes that have arrived take memory, not the length that a frame announces | `core/src/websocket/tests/memory.rs` |
//! | messages that handlers have | one for each client | the server does not read from a client while its handler runs |
//! | the flight recorder | its `bytes`, allocated at the start | [`Record::Last`](crate::Record::Last), off by default |
//! | compression | a pool of some 3 MB; kept contexts up to 350 KiB each | [`Compression`](crate::Compression), off by default |
//!
//! The system keeps buffers of its own for each socket (Linux: `net.ipv4.tcp_rmem`, `tcp_wmem`, and `tcp_mem` for all
//! together). With many slow readers, these buffers take more memory than all of the above.
//!
//! ## What the allocator keeps
//!
//! Memory that throng frees goes to the allocator of the process, and glibc's allocator returns little of it to the
//! system: resident memory stays near its peak. The next peak uses this memory again, so it does not grow; but other
//! processes cannot have it, and it looks like a leak. The table shows the resident memory of the example `fanout`,
//! 8 MiB before the peak. At the peak, 300 peers had each sent 506 KiB of a message of 512 KiB, which took 509 KiB each.
//! Then all peers left:
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
//! If this matters to you, use an allocator that returns memory by itself (jemalloc as above, through
//! `tikv-jemallocator` or `LD_PRELOAD`). Or call `libc::malloc_trim(0)` now and then, for example a minute after
//! [`queued_bytes`](crate::Stats::queued_bytes) or the number of clients has fallen by half; call it in a thread of its
//! own and not in a handler, because it holds the locks of the allocator while it works. `MALLOC_ARENA_MAX` bounds the
//! memory that threads keep separately, and does not help after a peak. The memory limit of a container must allow for
//! the peak, not for the average.
//!
//! A peer that sends a byte of a message now and then makes the server hold the incomplete message for as long as the
//! peer likes. Set [`deadlines.idle_inbound`](crate::hub::Deadlines::idle_inbound), default none, to end clients that
//! complete no message for that time.
//!
//! # Descriptors and the kernel
//!
//! | setting | set it to | why |
//! | --- | --- | --- |
//! | open files: `ulimit -n`, `LimitNOFILE=` | the sum of the connections that you expect, open handshakes (10,000), [`probes`](Admission::probes) (256), [`lingering`](Admission::lingering) (1,024), and a hundred | each connection takes one descriptor. If none is left, `accept` fails, and not even `/healthz` is answered; the listener logs the error and pauses for 50 ms after each. [`serve`](crate::serve) warns if the limit is lower than this sum, with `admission.connections` for the connections. Many systems start with 1,024 |
//! | `net.core.somaxconn` | at least 4,096 (the default since Linux 5.4) | [`serve`](crate::serve) asks for a backlog of 4,096, so that clients that reconnect at once are not refused; the system caps the backlog at this value. [`axum::serve`](crate::axum::serve) asks for the same; under another server, such as plain `axum::serve`, set the backlog yourself |
//! | `net.netfilter.nf_conntrack_max` | more than your connections, if the kernel tracks them | otherwise the kernel drops new connections silently |
//! | `net.ipv4.ip_local_port_range` of a proxy | widen it, or give the server several addresses | a proxy has some 28,000 ports for one address and port of the server |
//! | TCP keepalive | leave it off | pings find dead peers: a client that is silent for 54 s is pinged, and [ended](crate::hub::Deadlines::pong) if it does not answer within 6 s |
//! | `TCP_NODELAY` | leave it | throng sets it on every connection of `serve` and of a route under axum |
//!
//! # Behind a proxy
//!
//! - **Timeouts** of the proxy must be longer than [`deadlines.ping`](crate::hub::Deadlines::ping), 54 s, because an
//!   idle connection is silent for that long. Many proxies end a silent connection after 60 s. Some do after 30 s: then
//!   ping every 20 s (see [what that costs](super::tuning#pings)).
//! - **Host**: by default, the host of the `Origin` header must equal the `Host` header of the request. So let the
//!   proxy pass `Host` on as the browser sent it, port included (nginx: `proxy_set_header Host $http_host`), or
//!   [list](crate::Origin) the origins that you allow.
//! - **Upgrade**: let the proxy pass on `Upgrade` and `Connection`, and speak HTTP/1.1 to the server (nginx:
//!   `proxy_http_version 1.1`), because an HTTP/2 connection cannot be upgraded.
//! - **Addresses**: all connections come from the address of the proxy. Leave the limits per address unset, or supply
//!   the client's address: with [`serve_stream`](crate::serve_stream) it is an argument (from the PROXY protocol, for
//!   example); under axum, [`axum::serve_through`](crate::axum::serve_through) asks which peers are proxies, and for whom their requests
//!   are. Believe a header such as `X-Forwarded-For` only of a proxy, and of a list only what your proxies have added: its end. A
//!   layer that replaces `ConnectInfo` also works, but then the connections of the proxy count for its own address until their requests
//!   are complete.
//!
//! # TLS
//!
//! Terminate TLS at the proxy or in your process: a page that was loaded over `https:` can open only `wss:`. With axum,
//! use [`axum::serve_over`](crate::axum::serve_over), as the example `throng-example-tls` of the repository does.
//! Without axum, accept the connection, let your TLS library do its handshake, and give the stream to
//! [`serve_stream`](crate::serve_stream). That TLS handshake happens before throng knows of the connection, so put a
//! timeout around it, and limit the number of TLS handshakes at a time.
//!
//! # Who may connect
//!
//! - **Origins**: by default, a WebSocket from a page of another host is refused. Keep this default if you authenticate
//!   users by cookies; use [`Origin`](crate::Origin) `Any` only if clients authenticate in another way.
//! - **Tokens** in the query of a URL end up in the logs of proxies. A page cannot set a header of a WebSocket request,
//!   so let it send the token in its first message: [`Connecting::authenticate`](crate::Connecting::authenticate). The
//!   page has [5 s](crate::Builder::authentication_limit) for that.
//! - **Expiry**: a WebSocket may live longer than its token. Close it when the token expires, as the example `auth`
//!   does.
//! - **Users**: set the user before the client opens ([`Connecting::set_user`](crate::Connecting::set_user),
//!   [`Authenticating::set_user`](crate::Authenticating::set_user)): then limits per user apply from the first moment.
//!
//! # The process
//!
//! - **Build** with `panic = "unwind"`, which is Cargo's default: a handler that panics then closes only its client,
//!   or, with [`CatchPanicLayer`](crate::middleware::CatchPanicLayer), loses only its message. With `abort`, a panic
//!   ends the process.
//! - **Panics** in hooks are printed by the process's panic hook: ten at once, then one every ten seconds with the
//!   number of panics that were not printed ([`Builder::panic_output`](crate::Builder::panic_output)). Without this
//!   limit, a peer that knows a message on which a handler panics could fill a disk, at 15 MB a second with
//!   `RUST_BACKTRACE=1`. All panics are counted, by hook. If you set a panic hook after the hub has begun to serve,
//!   call the previous hook in it.
//! - **Handlers** must not block a thread: use `spawn_blocking`, or a pool. A handler that awaits something for long
//!   delays only its own client, and is dropped after [5 s](crate::Builder::hook_limit).
//! - **Logs** go to `tracing`: install a subscriber. Events that peers can cause at will are logged at most once a
//!   second for each kind. `tracing_subscriber::fmt` panics if standard error cannot be written, for example because its
//!   reader has ended: throng loses that line and goes on, but in a hook of yours the panic closes the hook's client. Build that
//!   subscriber with `log_internal_errors(false)`.
//! - **Flight recorder**: use one from the first day on, because an incident without a recording cannot be replayed.
//!   Set [`Record::Last`](crate::Record::Last), and let [`flight`](crate::flight) write the recording on a signal and
//!   on a panic. The command `throng-replay` of the repository reads the file. See [what recording
//!   costs](super::tuning#recording).
//!
//! # Health
//!
//! | path | answer | use |
//! | --- | --- | --- |
//! | `/healthz` | 200 while the hub is alive, also during a drain; otherwise 503 | liveness: restart the process if the answer is not 200 |
//! | `/readyz` | 200 while new connections are accepted; 503 before the hub is served, when the limit of connections or open handshakes is reached, and during and after a drain; `reason` in the JSON body says which | readiness: send new connections elsewhere if the answer is not 200 |
//!
//! `serve` and [`axum::serve`](crate::axum::serve) answer both paths even to connections that the hub refuses. To find
//! such requests, up to [`admission.probes`](Admission::probes) refused connections are read at a time, for 1 s each.
//! So an address with thousands of silent sockets does not make the server look dead.
//!
//! Under [`serve`](crate::serve) both paths are on the port of the WebSockets; for axum there are
//! [`healthz`](crate::axum::healthz) and [`readyz`](crate::axum::readyz) to route. The answers contain no names, but
//! the number of connections: do not expose the paths if that number is a secret. The hub itself answers, so no answer
//! within a second means that the hub does not respond.
//!
//! # Deploys
//!
//! On SIGTERM, `serve` (or [`drained`](crate::drained) beside another server) drains the hub. `/readyz` answers 503,
//! and new connections get 503 with Retry-After. Clients that were [idle](crate::Drain::idle) for 30 s are closed
//! early, all others at moments spread over 30 s ([`Drain::spread`](crate::Drain::spread)). Each client gets its queued
//! messages first, then close code 1001 ([`closes.draining`](crate::hub::Cause::Draining)).
//!
//! 1. **Allow enough time**: the drain's deadline, 60 s, and `deadlines.close`, 5 s, for the last hooks. So the
//!   orchestrator's grace period must be over 65 s (Kubernetes: `terminationGracePeriodSeconds: 80`, whose default is
//!   30; Docker: `--stop-timeout`, default 10; systemd: `TimeoutStopSec`, default 90). After a shorter period the
//!   process is killed, and all clients reconnect at once, which the drain is meant to prevent.
//! 2. **Choose the spread for the servers that take over**: 30,000 clients over 30 s are 1,000 handshakes a second
//!   there. A handshake takes the server 12 µs of a core (`tests/peers/result/result.md`); your authentication and TLS
//!   take more.
//! 3. **Clients** should wait a random time of some seconds before they reconnect, longer after each failure, and obey
//!   Retry-After if they can see it (a page cannot). The page of the example `chat` does so.
//! 4. **State** that must outlive the process belongs elsewhere: rooms, users and queues end with the process.
//! 5. **Send one SIGTERM**: a second one closes all clients at once and ends the process within `deadlines.close`
//!   ([`Force`](crate::Force)), even if hooks block all threads of the runtime, or `main` hangs after serving. SIGHUP
//!   is ignored.
//!
//! # What to watch
//!
//! [`Hub::stats`](crate::Hub::stats) returns the numbers for programs, in O(1). The module [`observe`](crate::observe)
//! offers them to Prometheus and to people, and says for each metric when to alert and what to do. The most important
//! numbers:
//!
//! | number | alarm if it is | meaning |
//! | --- | --- | --- |
//! | [`dropped_hub_full`](crate::Stats::dropped_hub_full) | above 0 | [`outbox.hub_bytes`](Outbox::hub_bytes) is used up: messages are dropped from the largest outboxes |
//! | [`ended_for_budget`](crate::Stats::ended_for_budget) | above 0 | connections were ended because `outbox.hub_bytes` was used up by frames that peers have read in part: an attack, or too small a budget |
//! | [`dropped_outbox_full`](crate::Stats::dropped_outbox_full) over [`queued`](crate::Stats::queued) | 1 % | users miss messages: slow networks, or too many or too large messages |
//! | [`queued_bytes`](crate::Stats::queued_bytes) | half of `outbox.hub_bytes` | readers do not keep up |
//! | [`ended_by_transport`](crate::Stats::ended_by_transport), [`pong_timeouts`](crate::Stats::pong_timeouts) | five times the usual | a network is gone, or a proxy's timeout is shorter than the pings |
//! | [`handler_failures`](crate::Stats::handler_failures) | above 0 | clients were closed because a hook panicked or hung: the log names the hook |
//! | [`refused_connections`](crate::Stats::refused_connections) | above 0, and growing | a limit is reached; one address opens too many connections; or a proxy hides all addresses |

use crate::hub::{Admission, Inbound, Outbox, Rooms};
