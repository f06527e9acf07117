//! A hub's numbers: for programs, for Prometheus, for people.
//!
//! | for | use | cost |
//! | --- | --- | --- |
//! | programs | [`Hub::numbers`](crate::Hub::numbers): all counters and gauges; [`Hub::stats`](crate::Hub::stats): only the bare hub's | a read under the lock per call |
//! | load balancers | [`Hub::health`](crate::Hub::health), and `/healthz` and `/readyz` on every host | the same |
//! | Prometheus and the like | [`Meters`]: the same numbers through the `metrics` facade, per scrape | the same, and a look-up for each of about 130 series |
//! | Prometheus, histograms | [`Histograms`], an [`Observer`] | one event in 61 is measured: below |
//! | people on call | [`Summary`], an [`Observer`]: averages, medians and maxima since the last reset, on a page of text | likewise |
//! | logs | `tracing`: errors, at most one line per second and kind, and a span per connection | nothing while no subscriber enables the span's level, `DEBUG` |
//!
//! Counters and gauges are numbers that the hub keeps anyway, so they cost nothing per message. Times and sizes are
//! measured only if the hub is [observed](crate::Builder::observe), and then for [one event in
//! 61](crate::Builder::observe_one_in) by default. With both observers, and all numbers reported and rendered every
//! second (`--observe` of the example `fanout`), a server of one core delivers 0.4 % fewer broadcasts to 1,000 clients
//! per second of processor time, and 3 % fewer echoes, the worst case: messages that only their own sender receives.
//! Observing allocates nothing. An unobserved hub pays one check per lock.
//!
//! ```
//! # #[cfg(feature = "metrics")]
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use throng_runtime::Hub;
//! use throng_runtime::observe::{Histograms, Meters};
//!
//! // First install the recorder: metrics_exporter_prometheus::PrometheusBuilder::new().install_recorder()
//! let hub = Hub::builder().observe(Histograms::new()).build()?;
//! let meters = Meters::new(&hub);
//! // At each scrape, before the page is rendered:
//! meters.publish();
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "metrics"))]
//! # fn main() {}
//! ```
//!
//! # The metrics
//!
//! | name | kind | labels | meaning |
//! | --- | --- | --- | --- |
//! | `throng_ready` | gauge | | 1 while newcomers are accepted, else 0 |
//! | `throng_uptime_seconds` | gauge | | time since the hub got its host |
//! | `throng_connections` | gauge | `phase` | connections: in `handshake`, `reserved`, `open`, `closing` |
//! | `throng_refused_connections` | gauge | `phase` | refused connections that are still open: `reading` until their request has arrived, at most `admission.probes`; `lingering` until their peer has hung up, at most `admission.lingering` |
//! | `throng_refused_early_total` | counter | `how` | refused connections that were answered without their request (`unread`: it did not arrive within 1 s, or a newer connection took the slot), or closed right after the answer (`cut`: too many lingered) |
//! | `throng_connections_total` | counter | | connections accepted |
//! | `throng_clients_total` | counter | | clients opened |
//! | `throng_clients_ended_total` | counter | `by`, `code` | clients ended, by initiator (`peer`, `application`, `hub`, `transport`) and [class](throng_core::CodeClass) of close code |
//! | `throng_away_clients` | gauge | | clients that are away: they have lost their connection and may return. `throng_connections` does not count them |
//! | `throng_users` | gauge | | users with a client |
//! | `throng_rooms` | gauge | | rooms |
//! | `throng_histories` | gauge | | rooms with a [history](throng_core::hub::History) |
//! | `throng_idle_rooms` | gauge | | rooms without members that exist for their history: at most `history.idle_rooms` |
//! | `throng_history_messages` | gauge | | messages in all histories; `throng_queued_bytes` has their bytes |
//! | `throng_present` | gauge | | memberships in rooms with [presence](throng_core::hub::Presence) |
//! | `throng_watchers` | gauge | | members that watch the presence of a room, once per room |
//! | `throng_memberships` | gauge | | memberships: clients, once per room |
//! | `throng_joins_total` | counter | | joins |
//! | `throng_leaves_total` | counter | | leaves, those of ended clients included |
//! | `throng_messages_received_total` | counter | | messages received |
//! | `throng_received_bytes_total` | counter | | bytes of their payloads |
//! | `throng_controls_received_total` | counter | | pings and pongs received |
//! | `throng_messages_over_rate_total` | counter | | messages received over a rate |
//! | `throng_messages_published_total` | counter | | publishes, each counted once |
//! | `throng_messages_queued_total` | counter | | messages for a client, once per recipient |
//! | `throng_messages_sent_total` | counter | | messages written completely |
//! | `throng_messages_dropped_total` | counter | `reason` | messages dropped: `outbox_full`, `conflated`, `hub_full`, `closed` |
//! | `throng_messages_missed_total` | counter | | those of the dropped messages that were of a history: their clients have a hole until they recover |
//! | `throng_history_published_total` | counter | | messages that got an offset in a history |
//! | `throng_history_ignored_total` | counter | `reason` | publishes to a history that sent nothing: `repeated` (their key was known), `outdated` (a later version was there) |
//! | `throng_history_discarded_total` | counter | `reason` | messages that left a history: `trimmed` (its bounds), `expired` (its age), `evicted` (`outbox.hub_bytes`) |
//! | `throng_idle_rooms_evicted_total` | counter | | idle rooms that ended because there were too many |
//! | `throng_recoveries_total` | counter | `outcome` | joins from a position: `recovered`, or why not: `epoch_changed`, `trimmed`, `expired`, `over_limit`, `none_kept` |
//! | `throng_recovered_total` | counter | | messages that these joins queued |
//! | `throng_presence_changes_total` | counter | | joins, leaves and changes of users in rooms with presence |
//! | `throng_presence_told_total` | counter | `what` | changes that were told to the application, at most once for each room and tick: `users`, or only `counts`, since there were more users than `Presence::users` |
//! | `throng_presence_cancelled_total` | counter | | changes that were not told, since others took them back within the tick |
//! | `throng_sent_bytes_total` | counter | | bytes that clients' transports took, heads and control frames included |
//! | `throng_messages_pending` | gauge | | messages waiting to be written, once per recipient |
//! | `throng_queued_frames` | gauge | | frames waiting to be written, each counted once |
//! | `throng_queued_bytes` | gauge | | bytes of these frames and of the outboxes: `outbox.hub_bytes` limits them |
//! | `throng_ready_clients` | gauge | | clients waiting for their writer: the length of the ready lists |
//! | `throng_blocked_clients` | gauge | | clients whose transport takes no more bytes at present |
//! | `throng_refusals_total` | counter | `reason` | refusals by the hub (connections, joins, messages), by [`hub::Refusal::name`](throng_core::hub::Refusal::name) |
//! | `throng_requests_refused_total` | counter | `reason` | requests refused by an HTTP answer, by [`Refusal::name`](throng_core::websocket::handshake::Refusal::name) |
//! | `throng_rejections_total` | counter | | connections that failed authentication |
//! | `throng_handshakes_abandoned_total` | counter | | peers that left while the application was asked about their request |
//! | `throng_evictions_total` | counter | | clients ended because their user opened another one |
//! | `throng_away_total` | counter | | how often a client lost its connection and stayed |
//! | `throng_resumed_total` | counter | | how often a client got another connection, by a return or a takeover |
//! | `throng_replaced_total` | counter | | connections that were closed because another one took over their client |
//! | `throng_not_returned_total` | counter | | clients that ended because they did not return within `sessions.grace` |
//! | `throng_away_refused_total` | counter | | clients that ended with their connection because a limit of `sessions` was reached |
//! | `throng_asks` | gauge | | questions to peers that wait for a reply |
//! | `throng_asks_total` | counter | | questions to peers |
//! | `throng_asks_ended_total` | counter | `how` | ends of questions: `answered`, `late`, `cancelled`, `resumed` (failed on another connection), `client_ended`. Replies that match none: `throng_refusals_total{reason="no_such_ask"}` |
//! | `throng_asked_again_total` | counter | | questions that were due again on another connection |
//! | `throng_expired_total` | counter | | clients that ended because their authorisation had expired: [`Client::set_expiry`](crate::Client::set_expiry) |
//! | `throng_expiry_notices_total` | counter | | how often [`Handler::expiring`](crate::Handler::expiring) was due |
//! | `throng_bad_input_total` | counter | `kind` | peers that broke the protocol, by [`ProtocolError::name`](throng_core::websocket::ProtocolError::name) |
//! | `throng_hooks_failed_total` | counter | `hook`, `how` | hooks that exceeded their time limit (`late`) or `panicked` |
//! | `throng_standstills_total` | counter | | standstills of the process: [`Deadlines::standstill`](throng_core::hub::Deadlines::standstill) |
//! | `throng_stood_still_seconds_total` | counter | | duration of all standstills, in whole seconds |
//! | `throng_errors_total` | counter | `type` | errors: `bad_input`, `hook_late`, `hook_panicked`, `handler_panicked`, `handshake_timeout`, `write_timeout`, `pong_timeout`, `idle_timeout`, `idle_inbound_timeout`, `ended_for_budget`, `too_slow`, `transport`, `accept` |
//!
//! If the hub is a node of a [cluster](crate::cluster):
//!
//! | name | kind | labels | meaning |
//! | --- | --- | --- | --- |
//! | `throng_cluster_ready` | gauge | | 1 while the link to the broker is proven: a probe of this node has come back over it in time, and all subscriptions are confirmed |
//! | `throng_cluster_nodes` | gauge | | nodes of the cluster, this one included |
//! | `throng_cluster_clients` | gauge | | clients of all nodes, as of their last heartbeats |
//! | `throng_cluster_users` | gauge | | users of all nodes; a user counts once for each node that has a client of it |
//! | `throng_cluster_rooms` | gauge | | rooms of all nodes; a room counts once for each node that has members of it |
//! | `throng_cluster_known_rooms` | gauge | | rooms of all nodes that this node knows of, each once: `tell_rooms` says which are told |
//! | `throng_cluster_room_bytes` | gauge | | bytes of what other nodes have told of their rooms: `room_bytes` limits them |
//! | `throng_cluster_nodes_behind` | gauge | | nodes of whose rooms this node does not know all: a change was lost and the rooms are asked for again, or they do not fit in `room_bytes` |
//! | `throng_cluster_queued_messages` | gauge | | messages that wait for the broker |
//! | `throng_cluster_queued_bytes` | gauge | | their bytes: the cluster's `queue_bytes` limits them |
//! | `throng_cluster_subscriptions` | gauge | | subjects to which the node is subscribed: rooms and users with clients here, and two |
//! | `throng_cluster_probe_seconds` | gauge | | time that the last probe took to the broker and back |
//! | `throng_cluster_relayed_total` | counter | | messages and commands that were queued for other nodes |
//! | `throng_cluster_relayed_bytes_total` | counter | | bytes of their payloads |
//! | `throng_cluster_not_relayed_total` | counter | `reason` | messages that no other node gets, and rooms or users of which this node hears nothing: `queue_full`, or `refused` by a limit |
//! | `throng_cluster_received_total` | counter | | messages that the broker handed in |
//! | `throng_cluster_received_bytes_total` | counter | | their bytes |
//! | `throng_cluster_delivered_total` | counter | | messages and commands of other nodes that were handed to this hub |
//! | `throng_cluster_lost_total` | counter | | messages of other nodes that were lost on the way, as far as it was noticed |
//! | `throng_cluster_ignored_total` | counter | `reason` | messages from the broker that were not delivered: `own`, `repeated`, `late` (also in `lost`), `outdated` (of a node's earlier start), `unwanted` (of a room that has just emptied), `gone` (for an earlier start of this node), `too_many_nodes`, `overrun`, and `broker` (dropped by the broker before they came) |
//! | `throng_cluster_room_pages_total` | counter | | pages of rooms that this node has asked for, since changes were lost |
//! | `throng_cluster_rooms_cut_total` | counter | `reason` | rooms and members of other nodes that were left out (`room_bytes`), and infos (`info_too_long`) |
//! | `throng_cluster_malformed_total` | counter | `kind` | messages from the broker that cannot be read: `version`, `kind`, `truncated`, `trailing`, `oversized`, `value`, `misplaced` |
//! | `throng_cluster_links_total` | counter | `what` | links to the broker that were `opened`, and those that were `lost` |
//!
//! If [`Histograms`] observe the hub:
//!
//! | name | unit | meaning |
//! | --- | --- | --- |
//! | `throng_lock_held_seconds` | seconds | how long the hub's lock was held at a time |
//! | `throng_publish_seconds` | seconds | time to queue a message for all its recipients |
//! | `throng_publish_to_written_seconds` | seconds | time from a publish until a transport took the message; of a flush, which writes to at most 256 clients, at most 16 values are reported |
//! | `throng_flush_clients` | clients | clients that a lane wrote to in one flush |
//! | `throng_received_message_bytes` | bytes | sizes of received messages |
//! | `throng_published_message_bytes` | bytes | sizes of published messages, once for all recipients |
//!
//! The time that **handlers** take is measured only by the layer `middleware::MetricsLayer`:
//! `throng_message_seconds` by route, and `throng_messages_handled_total` by route and result. Without layers, use
//! [`after_message`](crate::Handler::after_message), which is told the time that each message took.
//!
//! [Label](Meters::label) each hub if a process has several.
//!
//! # Alerts
//!
//! | metric | shows | alert | action |
//! | --- | --- | --- | --- |
//! | `throng_ready` | newcomers are accepted | 0 while no drain runs: a limit is reached | read the reason at `/readyz`; raise the limit or add nodes |
//! | `throng_publish_to_written_seconds` | the delay that users feel | page: 99th percentile over 100 ms for minutes | check the processor load, then the lock and the ready list below |
//! | `throng_lock_held_seconds` | how long every thread waits for one | maximum over 10 ms: a broadcast to a million clients, or `clients()` and `members()` of as many | smaller rooms, fewer such calls |
//! | `throng_ready_clients` | clients that wait for their writer | grows for a minute while `throng_blocked_clients` does not: the lanes do not keep up | more [lanes](crate::Builder::lanes) and cores, fewer or smaller messages |
//! | `throng_blocked_clients` | peers that read slowly | a tenth of `throng_connections{phase="open"}`: the network is slow, not single peers | check the network; a shorter `deadlines.write` frees their memory |
//! | `throng_queued_bytes` | memory of waiting messages | page: half of `outbox.hub_bytes`. At the limit the largest outboxes are shed, and clients are ended that hold the memory with partly written frames (`throng_errors_total`, `ended_for_budget`) | a smaller `outbox.bytes`, another `Policy`; more memory and `hub_bytes` |
//! | `throng_messages_dropped_total` | messages that users miss | any `hub_full`; `outbox_full` over 1 % of `throng_messages_queued_total` | as for queued bytes; `conflated` is intended, `closed` follows from ended clients |
//! | `throng_clients_ended_total` | why clients end | page: `transport` or `hub` five times the usual | `transport`: a proxy's timeout or a deploy; `hub`: see the code and the refusals |
//! | `throng_hooks_failed_total`, `throng_errors_total{type="handler_panicked"}` | the application fails or is slow | any panic; `late` over 0.1 % of messages | read the log, which names hook and client; check the services that the hooks wait for |
//! | `throng_refusals_total`, `throng_requests_refused_total` | refused newcomers, joins and messages | `too_many_connections`, `too_many_handshakes`: a limit is reached; `connect_rate`, `too_many_of_address`: one address floods, or a proxy hides all addresses | raise the limit or add nodes; pass on the true address |
//! | `throng_handshakes_abandoned_total` | peers do not wait for `before_connect` | a number that grows | check what the hook waits for; load balancers and browsers have time limits of their own |
//! | `throng_rejections_total` | failed authentications | ten times the usual: an attack, or wrong keys | check the issuer of the tokens |
//! | `throng_bad_input_total` | broken or hostile peers | no page (each harms only itself): ten times the usual | `message too big`: the limit may be too small for a new version of the clients |
//! | `throng_messages_over_rate_total` | peers over their rate | a tenth of `throng_messages_received_total` | check your own clients for a loop |
//! | `throng_errors_total{type="pong_timeout"}` | peers that vanished | ten times the usual: a network failed | find out which networks they came from |
//! | `throng_standstills_total` | the process was stopped, suspended or starved, or a hook blocked its thread | any unintended one: peers wait as long (none is closed for it) | move blocking work to a thread of its own; give the process more processor time |
//! | `throng_cluster_ready` | messages of other nodes arrive | page: 0 for longer than a restart of the broker takes | read the log, which says why each link failed; check the broker. Local clients are served meanwhile |
//! | `throng_cluster_lost_total` | messages that members of a room miss | any, while the broker was up | the broker or this node is too slow: check its processor load, and the broker's limits for slow consumers |
//! | `throng_cluster_not_relayed_total` | messages that other nodes miss | any | `queue_full`: the broker is away or too slow; a larger `queue_bytes` bridges longer outages |
//! | `throng_cluster_malformed_total` | something else publishes on the cluster's subjects, or another version | any | give each cluster its own prefix; finish the upgrade |
//! | `throng_errors_total{type="accept"}` | out of file descriptors or memory | page: any | raise the limit of open files |
//! | `throng_message_seconds` | how long handlers take | 99th percentile over a quarter of the hook limit | check what the route waits for |

#[cfg(feature = "metrics")]
mod cluster;
#[cfg(feature = "metrics")]
mod metrics;
mod numbers;
mod summary;

#[cfg(feature = "metrics")]
pub use self::metrics::{Histograms, Meters};
pub use crate::measure::counts::Tally;
pub use crate::measure::distribution::Distribution;
pub use crate::measure::observer::Observer;
pub use numbers::Numbers;
pub use summary::{Reading, Summary};
