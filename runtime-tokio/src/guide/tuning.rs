//! Options: the purpose and cost of each.
//!
//! You need not change any of them. The figures are the project's own measurements, on one core of a server, over loopback:
//! `tests/peers/result/result.md` has them all, and `tests/peers/README.md` says how to measure each again. Where there is no figure, the
//! entry says what to measure: `throng-load`, in the project's `tests`, makes the load.
//!
//! # Overview
//!
//! | option | default | for | costs |
//! | --- | --- | --- | --- |
//! | [`Builder::lanes`] | one a core | writing on several cores | [a task each](#lanes-and-threads) |
//! | [`outbox.messages`](Outbox::messages), [`outbox.bytes`](Outbox::bytes) | 256, 1 MiB | slow readers miss less | [memory, and older messages](#outboxes) |
//! | [`outbox.policy`](Outbox::policy) | drop newest | what slow readers miss | [`Conflate` looks at what waits](#policies) |
//! | [`outbox.rate`](Outbox::rate) | none | peers that must not be flooded | latency of messages over the rate; a delayed client shares no write |
//! | [`deadlines.ping`](Deadlines::ping), [`deadlines.pong`](Deadlines::pong) | 54 s, 60 s | find dead peers sooner | [one message for each ping](#pings) |
//! | [`deadlines.write_rate`](Deadlines::write_rate) | 1,024 bytes/s | a client that reads more slowly than that does not hold memory | a slower reader is ended: `None` for links of some hundred bytes a second |
//! | [`deadlines.idle`](Deadlines::idle) | none | free the slots of unused clients | clients that neither send nor receive for this long are closed |
//! | [`deadlines.idle_inbound`](Deadlines::idle_inbound) | none | free the slots of clients that send nothing | clients that only listen are closed |
//! | [`deadlines.standstill`](Deadlines::standstill) | 1 s | shorter values also excuse shorter pauses of the process | a process that is often late finds dead peers later |
//! | [`Builder::hook_limit`] | 5 s | hooks that hang | [a timer for a hook that waits](#hooks) |
//! | layers of `tower` | none | see [`middleware`](crate::middleware) | 0.1 µs a message, and 0.13 µs for four of ours |
//! | [`Builder::keep_requests`] | until connected | headers and query later on | a few hundred bytes per client |
//! | [`Builder::record`] | nothing | [replay](#recording) of what went wrong | [at most 5 % of throughput](#recording), as a target |
//! | [`Builder::record_payloads`] | redacted | replay with the payloads | memory, and users' messages in a file |
//! | [`Builder::observe`] | nothing | times and sizes | [0.4 % of broadcasts, 3 % of echoes](#observation) |
//! | [`Builder::write_delay`] | none | [fewer system calls](#batching) | latency of everything written |
//! | [`Builder::coalesce`] | nothing | fewer frames for a peer that reads lines | a copy of what is joined |
//! | [`Builder::compression`] | none | [fewer bytes](#compression) | 10 to 20 µs a KiB, once for a broadcast |
//! | [`host.capacity`](crate::hub::Host::capacity) | 0 | tables that need not grow under load | 192 bytes for each entry, from the start |
//!
//! # Lanes and threads
//!
//! The hub is one state machine behind one lock, held for one event or one slice of writes at a time. Reading,
//! decoding, handlers and encoding run on the runtime's threads. Lanes write: one task each, with the clients divided
//! among them. So:
//!
//! - The default, as many lanes as cores, is right for a runtime that has all cores. On two cores a broadcast to 10,000 keeps
//!   0.97 of one core's deliveries per CPU-second.
//! - A runtime with fewer threads than the machine has cores should have as many lanes as threads: more lanes only
//!   yield to each other. A current-thread runtime needs one.
//! - Nearly all of the time goes to the kernel: 93 % of a broadcast (`sendto`, 90 %). More lanes help until the cores
//!   are used up; after that, other processes on other machines do.
//! - Rooms without common members can be in different hubs, each with its own lock. A process can have several hubs.
//!
//! # Outboxes
//!
//! A frame is stored once, however many clients wait for it, and each recipient's queue entry costs a counter. So for
//! broadcasts a client's bounds are less about memory than about age: 256 messages at 10 a second are 25 seconds old.
//!
//! | traffic | bounds | policy |
//! | --- | --- | --- |
//! | chat: each message counts | the defaults | `DropNewest`, and tell the client to ask again ([`dropped`](crate::Handler::dropped)); or `Disconnect`, and let it reconnect and reload |
//! | positions, prices: the latest counts | 16 to 64 messages | `Conflate(key)` for each publish |
//! | video, logs: the latest hundred count | by bytes | `DropOldest` |
//! | answers to one client | the defaults | `Wait`: [`Client::send_wait`] delays its sender, which is this client's own handler |
//!
//! [`outbox.hub_bytes`](Outbox::hub_bytes) bounds all outboxes together. When it is reached, the largest outboxes are dropped until an eighth
//! of it is free. A frame that a client has taken in part cannot be dropped. If such frames hold the rest, the clients
//! that hold the most are ended, at most 64 at a time, told as 1006 "out of memory for its messages" and counted
//! ([`ended_for_budget`](crate::Stats::ended_for_budget)). Give the hub the memory that you can spare, at least
//! [`outbox.bytes`](Outbox::bytes); nothing is allocated in advance.
//!
//! ## Policies
//!
//! | policy | costs | loses |
//! | --- | --- | --- |
//! | [`DropNewest`](crate::Policy::DropNewest) | nothing | the latest messages, until there is room |
//! | [`DropOldest`](crate::Policy::DropOldest) | O(dropped) | the first in the queue |
//! | [`Conflate`](crate::Policy::Conflate) | O(waiting frames) per recipient: for short queues | replaced messages, as intended |
//! | [`Disconnect`](crate::Policy::Disconnect) | a connection | the client, with 1013 ([`closes.too_slow`](crate::hub::Cause::TooSlow)) |
//! | [`Wait`](crate::Policy::Wait) | at most 64 waits per client | nothing: the sender waits |
//!
//! # Fan-out
//!
//! - **Encode once**: a message is encoded into a [`Frame`](crate::Frame). If you send the same message repeatedly,
//!   make the frame once. [`Json`](struct@crate::Json) is encoded once for all recipients.
//! - **Send in batches**: messages that are queued together leave in one send per recipient. With 16 broadcasts
//!   outstanding a core delivers 6.4 million messages a second to 1,000 connections, with one at a time 450,000.
//! - **Large rooms wait behind small ones**: a publish to more than 256 clients is written after messages to few
//!   clients, so that a message between two clients does not wait for a large room. While a room of 10,000 is written
//!   to, 99 % of messages between pairs arrive within 2.3 ms.
//! - **Long messages** are written without a copy. To 1,000 connections a core delivers 1.8 million of 4 KiB a second,
//!   16 at a time.
//!
//! # Pings
//!
//! A ping is written and wakes the peer, and the pong wakes the connection's task. That costs about as much as an echo,
//! of which a core does 240,000 a second. Hence these estimates of the share of one core:
//!
//! | connections | ping every 54 s | every 20 s | every 5 s |
//! | --- | --- | --- | --- |
//! | 10,000 | 0.1 % | 0.2 % | 0.8 % |
//! | 100,000 | 0.8 % | 2.1 % | 8.3 % |
//! | 1,000,000 | 7.7 % | 21 % | 83 % |
//!
//! A connection uses no more memory after a ping than before (`tests/tests/idle.rs`). Phones pay more than servers:
//! each ping wakes a radio. The pong deadline must be longer than the ping's interval; the difference is how late a
//! pong may be.
//!
//! # Hooks
//!
//! - A hook that is not written costs nothing: its events are not even recorded for it.
//! - A hook that is ready at its first poll needs no timer; a hook that waits makes one.
//! - [`Builder::message_limit`] applies only to the handler of messages. A handler that waits with `send_wait` for its
//!   own slow reader may need up to [`deadlines.write`](Deadlines::write), 10 s.
//! - While a hook waits, its client is not read: that is the backpressure of your database. If the order within a
//!   client does not matter, spawn a task, and limit their number: [`InFlightLayer`](crate::middleware::InFlightLayer)
//!   does that for messages.
//! - [`deadlines.pong`](Deadlines::pong) ends a handler that has not returned by then, with 1011
//!   ([`closes.no_answer`](crate::hub::Cause::NoAnswer)), whatever its limit.
//!
//! # Recording
//!
//! The target is that a hub that records its last events delivers at most 5 % less than one that does not. What was measured
//! last, and the command that measures it again, is in the project's `tests/peers/README.md`.
//!
//! Memory: the given amount, of which a quarter is for the hub's state. Allow about 400 bytes per connection and 20
//! bytes per event to keep: 16 MiB are 10,000 connections and the last half a million events.
//! [`Record::Events`](crate::Record::Events) keeps all events and grows until it is taken: for tests.
//!
//! # Observation
//!
//! [`Hub::stats`] costs a read under the lock per call, and nothing otherwise: the hub counts anyway. Times and sizes
//! are measured only if the hub is observed ([`Builder::observe`]), and then for one event in 61, a prime that
//! [`Builder::observe_one_in`] changes: a larger number costs less, and percentiles need longer to become meaningful.
//! With both observers, and all numbers rendered once a second, a server delivers 0.4 % fewer broadcasts to 1,000
//! clients for its processor time, and 3 % fewer echoes, the worst case (`--observe` of the example `fanout`). A span
//! per connection costs nothing while no subscriber enables `DEBUG`.
//!
//! # Batching
//!
//! Everything that waits for a client always leaves in one write. Two options go further. Both leave all writing to the
//! lanes, including answers to a client's own messages, which otherwise the client's own task writes at once.
//!
//! - [`Builder::write_delay`]: a lane waits this long after the first queued message. It helps if single messages
//!   trickle in for the same recipients: each message that arrives during the wait saves a send per recipient. Use a
//!   few milliseconds; pongs and close frames wait as well. The wait ends early once an outbox has half of its allowed
//!   messages, or a transport that was full takes bytes again. So no burst is lost by it, unless large messages reach
//!   the outbox's limit of bytes first. It saves nothing for single messages to different clients, or where messages
//!   come in bursts anyway. Measure it with your own traffic, with `throng-load fanout --rate`.
//! - [`Builder::coalesce`]: texts without newlines share a frame of up to 4 KiB, joined by newlines. It saves the peer work and one to three
//! bytes a message, but no system call: bursts of small messages were delivered 1.05 times as fast. Only for peers that expect it.
//!
//! # Compression
//!
//! [`Builder::compression`], off by default. It pays for text messages of a few hundred bytes and more, where the
//! network costs more than processors.
//!
//! | | contexts dropped, the default | contexts kept ([`Takeover`](crate::Takeover)) |
//! | --- | --- | --- |
//! | a broadcast | deflated once, for all | once for each recipient |
//! | an idle connection | nothing | 230 to 350 KiB, by the window |
//! | bounded by | a pool of 8 compressors and 8 inflaters, some 3 MB | [`Takeover::connections`](crate::Takeover::connections), 100 by default |
//!
//! Messages below [`Compression::min_bytes`](crate::Compression::min_bytes), 256, are sent uncompressed. A waiting
//! frame holds both of its variants, and both count against [`outbox.hub_bytes`](Outbox::hub_bytes). Never compress
//! secrets together with text of strangers: the compressed length reveals them. The module [`deflate`](crate::deflate)
//! explains the details.
//!
//! # Transports
//!
//! [`serve`](crate::serve) and [`axum`](crate::axum) over plain TCP perform the same once the WebSocket is open:
//! `serve` has 0.93 to 1.07 times the deliveries of a route, which is the noise of the runs. A handshake costs 12 µs of
//! a core under `serve`, 16 µs under axum. [`serve_stream`](crate::serve_stream) is for streams other than TCP: both
//! halves share a lock.

use crate::hub::{Deadlines, Outbox};
use crate::{Builder, Client, Hub};
