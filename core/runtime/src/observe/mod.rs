//! The numbers of a hub: for programs, for Prometheus, for people.
//!
//! (The examples name `throng_runtime` and `throng_core`. An application that depends on throng-tokio alone writes
//! `throng_tokio::runtime` and `throng_tokio::core` in their place; throng-async-std has modules of the same names.)
//!
//! | for | what | costs |
//! | --- | --- | --- |
//! | programs | [`Hub::numbers`](crate::Hub::numbers): everything that is counted; [`Hub::stats`](crate::Hub::stats): the bare hub's part | a look under the lock each time it is asked |
//! | load balancers | [`Hub::health`](crate::Hub::health), and `/healthz` and `/readyz` of every host | the same |
//! | Prometheus and the like | [`Meters`]: the same numbers by the `metrics` facade, whenever they are fetched | the same, and a look-up for each of some 130 series |
//! | Prometheus, histograms | [`Histograms`], an [`Observer`] | one in 61 is measured: below |
//! | people on call | [`Summary`], an [`Observer`]: averages, medians and maxima since the last reset, on a page of text | likewise |
//! | logs | `tracing`: what goes wrong, once a second of a kind, and a span for each connection | nothing while nobody listens to the span's level, `DEBUG` |
//!
//! Counters and gauges are numbers that the hub has anyway; nothing is added where messages pass. Times and sizes have to be
//! measured where they arise: only if the hub is [observed](crate::Builder::observe), and one in
//! [so many](crate::Builder::observe_one_in). With both observers on, and all numbers told and rendered every second
//! (`--observe` of the example `fanout`), a server of one core makes in a second of processor time 0.4 % fewer deliveries of
//! broadcasts to a thousand, and 3 % fewer echoes, which is the worst there is: a message that nothing but its own client
//! hears. Nothing is allocated for it, and a hub that is not observed asks itself once a lock whether it is.
//!
//! ```
//! # #[cfg(feature = "metrics")]
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use throng_runtime::Hub;
//! use throng_runtime::observe::{Histograms, Meters};
//!
//! // First the recorder: metrics_exporter_prometheus::PrometheusBuilder::new().install_recorder()
//! let hub = Hub::builder().observe(Histograms::new()).build()?;
//! let meters = Meters::new(&hub);
//! // Whenever somebody fetches the page with the metrics, before it is rendered:
//! meters.publish();
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "metrics"))]
//! # fn main() {}
//! ```
//!
//! # The metrics
//!
//! | name | kind | labels | what |
//! | --- | --- | --- | --- |
//! | `throng_ready` | gauge | | 1 while newcomers are taken, else 0 |
//! | `throng_uptime_seconds` | gauge | | since the hub was given its host |
//! | `throng_connections` | gauge | `phase` | connections: in `handshake`, `reserved`, `open`, `closing` |
//! | `throng_refused_connections` | gauge | `phase` | connections that the hub refused and that are still open: `reading` until their request has come, at most `admission.probes`; `lingering` until their peer has hung up, at most `admission.lingering` |
//! | `throng_refused_early_total` | counter | `how` | refused connections that were answered without their request (`unread`: it did not come within a second, or a newer one took the place), or closed right after the answer (`cut`: too many lingered) |
//! | `throng_connections_total` | counter | | connections accepted |
//! | `throng_clients_total` | counter | | clients opened |
//! | `throng_clients_ended_total` | counter | `by`, `code` | clients ended, by whom (`peer`, `application`, `hub`, `transport`) and with what [class](throng_core::CodeClass) of code |
//! | `throng_users` | gauge | | users with a connection |
//! | `throng_rooms` | gauge | | rooms |
//! | `throng_memberships` | gauge | | clients, once for each room they are in |
//! | `throng_joins_total` | counter | | joins |
//! | `throng_leaves_total` | counter | | leaves, those of ended clients included |
//! | `throng_messages_received_total` | counter | | messages received |
//! | `throng_received_bytes_total` | counter | | bytes of their payloads |
//! | `throng_controls_received_total` | counter | | pings and pongs received |
//! | `throng_messages_over_rate_total` | counter | | messages received over a rate |
//! | `throng_messages_published_total` | counter | | publishes, to however many |
//! | `throng_messages_queued_total` | counter | | messages meant for a client, once for each |
//! | `throng_messages_sent_total` | counter | | those that were written, whole |
//! | `throng_messages_dropped_total` | counter | `reason` | those that were dropped: `outbox_full`, `conflated`, `hub_full`, `closed` |
//! | `throng_sent_bytes_total` | counter | | bytes that clients' transports took, heads and control frames included |
//! | `throng_messages_pending` | gauge | | messages that wait to be written, once for each recipient |
//! | `throng_queued_frames` | gauge | | messages that wait for anybody, each once |
//! | `throng_queued_bytes` | gauge | | their bytes, and those of the queues: what `outbox.hub_bytes` bounds |
//! | `throng_ready_clients` | gauge | | clients that wait for their writer: the length of the ready lists |
//! | `throng_blocked_clients` | gauge | | clients whose transport takes nothing just now |
//! | `throng_refusals_total` | counter | `reason` | what the hub refused: connections, joins, messages; by [`hub::Refusal::name`](throng_core::hub::Refusal::name) |
//! | `throng_requests_refused_total` | counter | `reason` | requests answered by an HTTP refusal, by [`Refusal::name`](throng_core::websocket::Refusal::name) |
//! | `throng_rejections_total` | counter | | connections that were not authenticated |
//! | `throng_handshakes_abandoned_total` | counter | | peers that left while the application was asked about their request |
//! | `throng_evictions_total` | counter | | clients ended because their user opened another one |
//! | `throng_bad_input_total` | counter | `kind` | peers that broke the protocol, by [`ProtocolError::name`](throng_core::websocket::ProtocolError::name) |
//! | `throng_hooks_failed_total` | counter | `hook`, `how` | hooks that were `late` or `panicked` |
//! | `throng_standstills_total` | counter | | times that the process stood still: [`Deadlines::standstill`](throng_core::hub::Deadlines::standstill) |
//! | `throng_stood_still_seconds_total` | counter | | whole seconds for which it did |
//! | `throng_errors_total` | counter | `type` | all that went wrong, by type: `bad_input`, `hook_late`, `hook_panicked`, `handler_panicked`, `handshake_timeout`, `write_timeout`, `pong_timeout`, `idle_timeout`, `idle_inbound_timeout`, `ended_for_budget`, `too_slow`, `transport`, `accept` |
//!
//! Of the [`Histograms`], if they observe the hub:
//!
//! | name | unit | what |
//! | --- | --- | --- |
//! | `throng_lock_held_seconds` | seconds | how long the hub's lock was held at a time |
//! | `throng_publish_seconds` | seconds | how long it took to queue a message for all its recipients |
//! | `throng_publish_to_written_seconds` | seconds | from there until a transport had taken it; of those that were written to in one go, up to 256, at most 16 are told |
//! | `throng_flush_clients` | clients | how many clients a lane wrote to in one go |
//! | `throng_received_message_bytes` | bytes | sizes of messages received |
//! | `throng_published_message_bytes` | bytes | sizes of messages published, once for all recipients |
//!
//! How long **handlers** take is not among them: it is measured in one place only, by the layer
//! `runtime::middleware::MetricsLayer`, as `throng_message_seconds` by route, with `throng_messages_handled_total` by route and
//! result. Who has no layers measures by [`after_message`](crate::Handler::after_message), which is told the time that a
//! message took.
//!
//! With several hubs in a process, [label](Meters::label) each.
//!
//! # What to watch, and when to wake somebody
//!
//! | metric | means | is bad | do |
//! | --- | --- | --- | --- |
//! | `throng_ready` | newcomers are taken | 0, and nobody drains: full | `/readyz` says the reason; raise the limit or add nodes |
//! | `throng_publish_to_written_seconds` | what users feel of the server | 99 of 100 over 100 ms for minutes: wake somebody | is the processor used up? else see the lock and the ready list below |
//! | `throng_lock_held_seconds` | how long all others wait for one | most over 10 ms: a broadcast to a million, or `clients()` and `members()` of as many | smaller rooms, fewer such questions |
//! | `throng_ready_clients` | written to later | grows for a minute while `throng_blocked_clients` does not: the lanes do not keep up | more [lanes](crate::Builder::lanes) and cores, fewer or smaller messages |
//! | `throng_blocked_clients` | peers that read slowly | a tenth of `throng_connections{phase="open"}`: the network, not a peer | look at the network; a shorter `deadlines.write` frees their memory |
//! | `throng_queued_bytes` | memory for what waits | half of `outbox.hub_bytes`: wake somebody; at all of it the largest outboxes are shed, and clients ended that hold it by frames they have taken in part (`throng_errors_total`, `ended_for_budget`) | a smaller `outbox.bytes`, another `Policy`; more memory and `hub_bytes` |
//! | `throng_messages_dropped_total` | users miss something | any `hub_full`; `outbox_full` over 1 % of `throng_messages_queued_total` | as for queued bytes; `conflated` is as it was asked for, `closed` follows from ends |
//! | `throng_clients_ended_total` | why clients go | `transport` or `hub` five times the usual: wake somebody | `transport`: a proxy's timeout, a deploy; `hub`: see the code, and refusals |
//! | `throng_hooks_failed_total`, `throng_errors_total{type="handler_panicked"}` | the application is broken or too slow | any panic; late ones over 0.1 % of messages | read the log, which names hook and client; is what they wait for down? |
//! | `throng_refusals_total`, `throng_requests_refused_total` | newcomers, joins or messages that could not be | `too_many_connections`, `too_many_handshakes`: full; `connect_rate`, `too_many_of_address`: one address storms, or a proxy hides all | raise the limit or add nodes; give the true address |
//! | `throng_handshakes_abandoned_total` | peers do not wait for `before_connect` | any that grows | look at what the hook waits for; load balancers and browsers have time limits of their own |
//! | `throng_rejections_total` | strangers | ten times the usual: an attack, or the keys are wrong | look at what issues the tokens |
//! | `throng_bad_input_total` | broken or hostile peers | ten times the usual; nobody need be woken: each costs only itself | `message too big`: the limit may be too small for a new version of the clients |
//! | `throng_messages_over_rate_total` | peers over their rate | a tenth of `throng_messages_received_total` | is a client of ours in a loop? |
//! | `throng_errors_total{type="pong_timeout"}` | peers that vanished | ten times the usual: a network is gone | look at where they came from |
//! | `throng_standstills_total` | the process was stopped, suspended or starved, or a hook blocked its thread | any that nobody asked for: peers wait as long | move what blocks to a thread of its own; give the process its processor; nobody is closed for it |
//! | `throng_errors_total{type="accept"}` | no more descriptors or memory | any: wake somebody | raise the limit of open files |
//! | `throng_message_seconds` | how long handlers take | 99 of 100 over a quarter of the hook limit | see what the route waits for |

#[cfg(feature = "metrics")]
mod metrics;
mod numbers;
mod summary;

#[cfg(feature = "metrics")]
pub use self::metrics::{Histograms, Meters};
pub use crate::measure::counts::Tally;
pub use crate::measure::observer::Observer;
pub use crate::measure::spread::Spread;
pub use numbers::Numbers;
pub use summary::{Reading, Summary};
