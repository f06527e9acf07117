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
//! | [`room_counts`](crate::cluster::ClusterNode::room_counts), [`presence`](crate::cluster::ClusterNode::presence), [`rooms`](crate::cluster::ClusterNode::rooms), [`totals`](crate::cluster::ClusterNode::totals) | no other node: they answer for all nodes from what these have told |
//! | [`close_user`](crate::cluster::ClusterNode::close_user), [`join_user`](crate::cluster::ClusterNode::join_user), [`leave_user`](crate::cluster::ClusterNode::leave_user) | the clients of a user on every node |
//! | [`Hub::publish_where`], participants, [histories](super::histories), notices of [presence](super::presence) | this node. A room's history and its positions are those of one node: a client that returns to another one is told that its position is of another epoch |
//!
//! - **Joins are local**: a client joins rooms of its own node, and no message is needed for it. The node subscribes to a room with its first member, and
//!   unsubscribes some seconds after its last one has left.
//! - **No recipients here is no error**: a publish to a room without members on this node succeeds, since another node may have some. The counts in
//!   [`Published`] are those of this node.
//! - **A publish never waits for the broker.** Messages go to a queue of bounded bytes (`queue_bytes`, 16 MiB by default). If it is full, other nodes do not
//!   get the message: that is counted, and told as [`ClusterEvent::Dropped`](crate::cluster::ClusterEvent::Dropped) on this node, and as
//!   [`ClusterEvent::Missed`](crate::cluster::ClusterEvent::Missed) on the nodes that would have got it. Local clients get it all the same.
//! - **Dropping a future cancels nothing**: a publish is queued when the call returns. If a [`publish_within`](Hub::publish_within) is dropped before its first
//!   poll, nothing is published anywhere; afterwards the message is relayed.
//! - A publish with several targets reaches a client once, on every node. There is one message for each target; it names the targets before its own, whose members
//!   do not get it again. A client that joins or leaves one of the rooms while the messages are on their way may get it twice or not at all; and behind 255
//!   targets, or 4,096 bytes of names with 3 for each, once for each target.
//!
//! # What nodes tell each other of their rooms
//!
//! | what | of which rooms | when | who has it |
//! | --- | --- | --- | --- |
//! | how many clients, users and rooms a node has: [`totals`](crate::cluster::ClusterNode::totals) | all | with each heartbeat | every node; a user or room counts once for each node |
//! | how many clients a room has: [`room_counts`](crate::cluster::ClusterNode::room_counts), [`rooms`](crate::cluster::ClusterNode::rooms) | those with members (`tell_rooms = "all"`, the default) | once a `room_tick` (1 s), if it has changed | every node |
//! | who is in a room, with user and information: [`presence`](crate::cluster::ClusterNode::presence); how many distinct users | those with [presence](super::presence) (also with `tell_rooms = "presence"`) | the same | every node |
//! | who came and left, to those who watch ([`on_presence_change`](crate::Builder::on_presence_change)) | those with presence | | this node: only its own members |
//!
//! - A node asks its own memory; nothing is sent for an answer, and there is nothing to wait for. It is behind by a `room_tick` and the way over the broker.
//! - Changes have a version and a digest of all that a node has told. A node that lost some notices it with the next ones, or with the next heartbeat,
//!   and asks for the rooms of that node, page by page, for at most 16 nodes at a time. So all nodes agree again within a heartbeat, and the time of the pages.
//! - While this node is not ready, what the others have told stays as it was. The rooms of a node that said goodbye, or is silent, are gone: 1,024 rooms and members at
//!   once, the rest in slices.
//! - What other nodes tell takes at most `room_bytes` (256 MiB): about 256 bytes and the name for each room of each node, 128 bytes, the user and the information for each
//!   member of a room with presence. What does not fit is left out, and counted as `throng_cluster_rooms_cut_total`; `throng_cluster_nodes_behind` then is not 0.
//! - Information that is longer than 32 KiB, or than a message may be, is left out.
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
//! forget its clients at once. One that is silent for three heartbeats (15 s) is evicted. If two nodes have one id, the one that
//! started later stays, and the other leaves the cluster; both log it. [`ClusterNode::totals`](crate::cluster::ClusterNode::totals) has the counts of
//! all nodes, one load each, as of their last heartbeats; a user or room counts once for each node that has clients of it.
//!
//! # Capacity
//!
//! | what | costs, with N nodes |
//! | --- | --- |
//! | heartbeats | each node gets N − 1 messages of 76 bytes and a node's id every `heartbeat`: at 500 nodes, ids of 16 bytes and 5 s, 100 messages or 9.2 kB each second, however many rooms each has: idle rooms cost nothing but 16 bytes for all of them. The broker delivers N² of them: 50,000 each second at 500 nodes, for which `heartbeat` should be 30 s |
//! | a publish to a room | one message to the broker, and one from it to each other node that has members. Nodes without members get nothing |
//! | a publish to all clients | one message to each node |
//! | a room or user with clients here | one subscription |
//! | a join or leave | the new count of its room to every node, once a `room_tick` however many there are: 11 bytes and the room's name, with presence also 14 bytes, user and information. With J rooms that change each second on each node, every node gets N · J such records each second: with `tell_rooms = "none"` nothing is told |
//! | a new node | a page of 32 KiB at a time of all rooms of each other node |
//! | memory | `room_bytes`: 500 nodes of 1,000 rooms without presence take 140 MB of it |
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
//! | `throng_cluster_nodes_behind` is not 0 for minutes | rooms of other nodes do not fit in `room_bytes`, or changes are lost all the time | if `throng_cluster_rooms_cut_total` grows, raise `room_bytes` or tell fewer rooms (`tell_rooms`); else as for `throng_cluster_lost_total` |
//! | `throng_cluster_lost_total` grows | messages are lost between nodes | the broker or a node is too slow: its processor load, Redis's `client-output-buffer-limit pubsub`, NATS's slow consumers |
//! | `throng_cluster_malformed_total` grows | something else publishes on the cluster's subjects | another version of throng (finish the upgrade), or two clusters with one prefix |
//! | log: "another node has the id of this one" | two processes have one node id | leave the id out, or derive it from something unique; start the node that has left again: until then its `/readyz` is 503 and says so |
//! | `throng_cluster_nodes` is lower than the number of processes | nodes do not hear each other | the same broker, prefix and database for all? |
use crate::*;
