//! Several nodes: hubs on several machines, or in several processes, as one.
//!
//! A hub that is built with a [broker](crate::cluster::Broker) is a **node** of a cluster. What is published on one node to a room, a user or all
//! clients reaches the clients of every node. The broker carries the messages between the nodes:
//!
//! | broker | for | feature |
//! | --- | --- | --- |
//! | [`Memory`](crate::cluster::Memory) | several hubs of one process, tests | |
//! | [`Redis`](crate::redis::Redis): one server, Sentinel, or Redis Cluster | most services | `redis` |
//! | [`Nats`](crate::nats::Nats) | services that have NATS | `nats` |
//! | your own | whatever carries bytes by subject | implement [`Broker`](crate::cluster::Broker) |
//!
//! ```no_run
//! use throng_tokio::cluster::{ClusterEvent, ClusterOptions};
//! use throng_tokio::redis::Redis;
//! use throng_tokio::{Hub, serve};
//! use tokio::net::TcpListener;
//!
//! # async fn run() -> Result<(), throng_tokio::Fatal> {
//! let hub = Hub::builder()
//!     .cluster(Redis::new("redis://127.0.0.1:6379")?, ClusterOptions::default())
//!     .before_connect(|connecting| {
//!         connecting.join("lobby");
//!         Ok(())
//!     })
//!     // The same code as on one node: it reaches the lobby of every node.
//!     .on_message(|client, message| _ = client.hub().send_to_room("lobby", message))
//!     .on_cluster_change(|hub, event| {
//!         if let ClusterEvent::Missed { scope: throng_tokio::cluster::Scope::Room(room), .. } = &event {
//!             // The members of this node are told that something is missing.
//!             let to = [throng_tokio::hub::Target::Room(room)];
//!             let _ = hub.publish(&throng_tokio::Publish::to(&to).local(), "some messages were lost");
//!         }
//!     })
//!     .build()?;
//! serve(TcpListener::bind("0.0.0.0:8080").await?, hub).await;
//! # Ok(())
//! # }
//! ```
//!
//! The example `multinode` is a small chat over two processes and Redis.
//!
//! # What reaches the other nodes
//!
//! | call | reaches |
//! | --- | --- |
//! | [`Hub::broadcast`], [`send_to_room`](Hub::send_to_room), [`send_to_user`](Hub::send_to_user), [`publish`](Hub::publish), [`publish_within`](Hub::publish_within), [`Client::publish`] | every node, unless the [`Publish`] is [`local`](Publish::local). `except_user` holds on every node; a client in `except` is one of this node |
//! | [`Hub::send_to`], [`Client::send`], [`Hub::join`], [`Hub::close`] and whatever else names a [`ClientId`] | this node: a `ClientId` belongs to its hub |
//! | [`ClusterNode::send`](crate::cluster::ClusterNode::send), [`send_and_ask`](crate::cluster::ClusterNode::send_and_ask), [`close`](crate::cluster::ClusterNode::close), [`join`](crate::cluster::ClusterNode::join), [`leave`](crate::cluster::ClusterNode::leave) | one client, on any node, by its [`GlobalId`](crate::cluster::GlobalId); all but the first answer whether it exists |
//! | [`close_user`](crate::cluster::ClusterNode::close_user), [`join_user`](crate::cluster::ClusterNode::join_user), [`leave_user`](crate::cluster::ClusterNode::leave_user) | the clients of a user on every node |
//! | [`Hub::publish_where`], participants, [presence](super::presence), [histories](super::histories) | this node. A room's history and its positions are those of one node: a client that returns to another one is told that its position is of another epoch |
//!
//! - **Joins are local**: a client joins rooms of its own node, and no message is needed for it. The node subscribes to a room with its first member, and
//!   unsubscribes some seconds after its last one has left.
//! - **No recipients here is no error**: a publish to a room without members on this node succeeds, since another node may have some. The counts in
//!   [`Published`] are those of this node.
//! - **A publish never waits for the broker.** Messages go to a queue of bounded bytes (`queue_bytes`, 16 MiB by default). If it is full, other nodes do not
//!   get the message: that is counted, and told as [`ClusterEvent::Dropped`](crate::cluster::ClusterEvent::Dropped), on this node only: the other nodes do
//!   not learn of it. Local clients get it all the same.
//! - **Dropping a future cancels nothing**: a publish is queued when the call returns. If a [`publish_within`](Hub::publish_within) is dropped before its first
//!   poll, nothing is published anywhere; afterwards the message is relayed.
//! - A publish with several targets reaches a client of *this* node once. On other nodes, a client that several of the targets reach gets the message once for
//!   each of them.
//!
//! # Guarantees
//!
//! | | Memory | Redis | NATS |
//! | --- | --- | --- | --- |
//! | order | messages of one node to one room, user or all clients arrive in their order; nothing is promised between two nodes or two subjects | the same | the same |
//! | loss | possible while a link is down or a node too slow; noticed and told | the same; Redis ends the connection of a subscriber that is too slow | the same; NATS drops messages for a subscriber that is too slow |
//! | duplicates | none | none: repeats are recognised and dropped | none |
//! | what is queued while the broker is away | sent when it is back, within `queue_bytes` | the same | the same |
//!
//! Each message has a number per node and subject, so a loss shows as a gap, with the next message or within a second (`tail`):
//! [`ClusterEvent::Missed`](crate::cluster::ClusterEvent::Missed) names the room, the sender's node and the number of messages. Messages that were lost before the
//! first one of a node that arrives after a subscription cannot be noticed. A message that comes after a later one is dropped: its recipients have been told that it is lost.
//!
//! # When the broker is away
//!
//! Local clients are served as on a single node. The node tries to connect again, with growing pauses and jitter, for ever; subscribes again to all that it
//! needs; and sends itself a probe. Only when the probe has come back and every subscription is confirmed is it
//! [ready](crate::cluster::ClusterEvent::Ready). A link over which nothing comes for `probe` (10 s) is probed too, and given up if the probe is not back within
//! `proof` (5 s): a broker that accepts connections and delivers nothing is found.
//!
//! While the link is not proven, `/readyz` answers 503, so that a load balancer prefers other nodes. If the broker is away for all nodes,
//! none is ready: choose a balancer that then uses all of them, or
//! [`Readiness::IgnoresBroker`](crate::cluster::Readiness::IgnoresBroker). `/healthz` does not depend on the broker.
//!
//! # Nodes that come and go
//!
//! Each node has an id, random by default, and an incarnation, the time of its start. A node that has drained or was shut down says goodbye, and the others
//! forget its clients at once. One that is silent for three heartbeats (15 s) is evicted in one step. If two nodes have one id, the one that
//! started later stays, and the other leaves the cluster; both log it. [`ClusterNode::totals`](crate::cluster::ClusterNode::totals) has the counts of
//! all nodes, one load each, as of their last heartbeats; a user or room counts once for each node that has clients of it.
//!
//! # Capacity
//!
//! | what | costs, with N nodes |
//! | --- | --- |
//! | heartbeats | each node gets N − 1 messages of 59 bytes and a node's id every `heartbeat`: at 500 nodes, ids of 16 bytes and 5 s, 100 messages or 7.5 kB each second. The broker delivers N² of them: 50,000 each second at 500 nodes, for which `heartbeat` should be 30 s |
//! | a publish to a room | one message to the broker, and one from it to each other node that has members. Nodes without members get nothing |
//! | a publish to all clients | one message to each node |
//! | a room or user with clients here | one subscription |
//! | a join or leave | nothing, but for the first and the last of a room on this node |
//! | processor time of a relay of 128 bytes over Redis | 2.3 to 3.1 µs for both nodes, with delivery to one client (`tests/brokers/README.md`) |
//!
//! What breaks first: 10 million clients on 100 nodes are 100,000 clients on each, which one hub carries. A message to a room of a million members on 100 nodes costs the broker 100
//! deliveries, and each node 10,000 deliveries to clients. The limit is the broker: one Redis delivers some hundred thousand messages each second, so some thousand
//! publishes to rooms that are on all 100 nodes fill it. Then use Redis Cluster, which spreads rooms over its servers, or let the clients of one room come to few nodes.
//!
//! # Security
//!
//! Whoever can publish to the broker can publish to every room, and can make a node leave the cluster until it is started again, by claiming its id with
//! a later start: nodes check what they receive (version, bounds, UTF-8), but it is not signed. Give the broker a password and TLS, and let only the nodes reach it. Clusters that share a broker need different `prefix`es.
//!
//! # Runbook
//!
//! | alarm | meaning | what to do |
//! | --- | --- | --- |
//! | `throng_cluster_ready` is 0 on one node | its link is down or not proven | its log says why each attempt failed: address, password, network, a full broker. Other nodes are not affected |
//! | it is 0 on all nodes | the broker is away | restart it. Messages wait in each node's queue, and clients are served by their own node meanwhile |
//! | `throng_cluster_not_relayed_total{reason="queue_full"}` grows | the broker takes less than this node publishes | a faster broker, fewer messages, or a larger `queue_bytes` for short peaks |
//! | `throng_cluster_lost_total` grows | messages are lost between nodes | the broker or a node is too slow: its processor load, Redis's `client-output-buffer-limit pubsub`, NATS's slow consumers |
//! | `throng_cluster_malformed_total` grows | something else publishes on the cluster's subjects | another version of throng (finish the upgrade), or two clusters with one prefix |
//! | log: "another node has the id of this one" | two processes have one node id | leave the id out, or derive it from something unique; start the node that has left again: until then its `/readyz` is 503 |
//! | `throng_cluster_nodes` is lower than the number of processes | nodes do not hear each other | the same broker, prefix and database for all? |
use crate::*;
