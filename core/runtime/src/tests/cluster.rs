//! Hubs as nodes of a cluster over a broker in memory: what reaches the clients of other nodes, and what is told.

use super::host::World;
use super::peer::Peer;
use crate::cluster::{Answer, ClusterEvent, ClusterOptions, Config, GlobalId, Memory, NodeId, Readiness};
use crate::hosting::Report;
use crate::{Builder, Hub, Numbered, Publish, SendError};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use throng_core::hub::Target;
use throng_core::{ClientId, CloseCode};

/// What the hook is told, as text.
type Told = Arc<Mutex<Vec<String>>>;

fn told(told: &Told) -> Vec<String> {
    std::mem::take(&mut *told.lock().unwrap_or_else(PoisonError::into_inner))
}

/// A few nodes over one broker.
struct Nodes {
    memory: Memory,
    worlds: Vec<World>,
    told: Vec<Told>,
}

fn builder(memory: &Memory, name: &str, told: &Told) -> Builder {
    let options = ClusterOptions::default().node(NodeId::new(name).expect("a node id"));
    let told = Arc::clone(told);
    let mut config = throng_core::hub::Config::default();
    config.presence.by_prefix.insert("lobby".into(), throng_core::hub::Presence::default());
    Hub::builder()
        .config(config)
        .cluster(memory.clone(), options)
        .before_connect(|connecting| {
            let query = |key: &str| connecting.request().query(key);
            let (user, room) = (query("user"), query("room"));
            user.into_iter().for_each(|user| connecting.set_user(user));
            room.into_iter().for_each(|room| connecting.join(room));
            Ok(())
        })
        .on_cluster_change(move |_, event| {
            told.lock().unwrap_or_else(PoisonError::into_inner).push(event.to_string());
        })
}

impl Nodes {
    /// So many nodes, called `a`, `b`, `c`, that have heard of each other.
    fn new(count: usize) -> Self {
        let memory = Memory::new();
        let told: Vec<Told> = (0..count).map(|_| Told::default()).collect();
        let names = ["a", "b", "c"];
        let world = |(told, name): (&Told, _)| World::new(builder(&memory, name, told));
        let worlds = told.iter().zip(names).map(world).collect();
        let mut nodes = Self { memory, worlds, told };
        nodes.wait(Duration::from_secs(6));
        nodes
    }

    fn run(&mut self) {
        // Each may have something for the others.
        for _ in 0..10 {
            self.worlds.iter_mut().for_each(World::run);
        }
    }

    /// Time passes on all nodes.
    fn wait(&mut self, time: Duration) {
        const STEP: Duration = Duration::from_millis(100);
        self.run();
        for _ in 0..time.as_millis() / STEP.as_millis() {
            for world in &mut self.worlds {
                world.advance(STEP);
            }
            self.run();
        }
    }

    fn client(&mut self, node: usize, query: &str) -> Peer {
        let peer = self.worlds[node].accept();
        peer.ask_for(&format!("/ws?{query}"), b"");
        // The subscription is confirmed, too.
        self.wait(Duration::from_millis(200));
        let _ = peer.answer();
        peer
    }

    fn hub(&self, node: usize) -> &Hub {
        &self.worlds[node].hub
    }

    fn global(&self, node: usize, client: ClientId) -> GlobalId {
        self.hub(node).cluster().and_then(|cluster| cluster.global_id(client)).expect("it is a node")
    }
}

/// The answer, if it is there.
fn poll(asked: &mut (impl Future<Output = Answer> + Unpin)) -> Option<Answer> {
    match Pin::new(asked).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => Some(answer),
        Poll::Pending => None,
    }
}

#[test]
fn what_is_published_on_one_node_reaches_the_clients_of_the_others() {
    let mut nodes = Nodes::new(2);
    let (here, there) = (nodes.client(0, "user=ada&room=lobby"), nodes.client(1, "user=bob&room=lobby"));
    let other = nodes.client(1, "user=eve");
    nodes.hub(0).send_to_room("lobby", "to the room").expect("it has members");
    nodes.hub(0).broadcast("to all").expect("there are clients");
    nodes.hub(1).send_to_user("ada", "to a user who is elsewhere").expect("in a cluster that is no error");
    nodes.hub(1).send_to_room("nowhere", "to nobody").expect("another node may have the room");
    nodes.run();
    assert_eq!(here.texts(), ["to the room", "to all", "to a user who is elsewhere"]);
    assert_eq!(there.texts(), ["to the room", "to all"]);
    assert_eq!(other.texts(), ["to all"]);
}

#[test]
fn text_stays_text_and_bytes_stay_bytes() {
    let mut nodes = Nodes::new(2);
    let there = nodes.client(1, "room=lobby");
    nodes.hub(0).send_to_room("lobby", "grüße").expect("a relay");
    nodes.hub(0).send_to_room("lobby", &[0xff, 0x00][..]).expect("a relay");
    nodes.run();
    assert_eq!(there.take(), [&b"\x81\x07gr\xc3\xbc\xc3\x9fe"[..], b"\x82\x02\xff\x00"].concat());
}

#[test]
fn a_numbered_message_has_the_number_of_each_nodes_own_history() {
    let memory = Memory::new();
    let world = |name: &str| {
        let mut config = throng_core::hub::Config::default();
        config.history.by_prefix.insert("log".into(), throng_core::hub::History::default());
        World::new(builder(&memory, name, &Told::default()).config(config))
    };
    let worlds = vec![world("a"), world("b")];
    let mut nodes = Nodes { memory, worlds, told: vec![Told::default(), Told::default()] };
    nodes.wait(Duration::from_secs(6));
    let (here, there) = (nodes.client(0, "room=log"), nodes.client(1, "room=log"));
    let number = |text: &str| Numbered::new("log", text.as_bytes().to_vec());
    let local = Publish::to(&[Target::Room("log")]).local();
    nodes.hub(0).publish(&local, number("here")).expect("a room");
    nodes.hub(0).send_to_room("log", number("everywhere")).expect("a room");
    nodes.run();
    let frame = |offset: u8, text: &str| {
        let mut bytes = vec![0x82, text.len() as u8 + 8, 0, 0, 0, 0, 0, 0, 0, offset];
        bytes.extend(text.as_bytes());
        bytes
    };
    assert_eq!(here.take(), [frame(1, "here"), frame(2, "everywhere")].concat());
    assert_eq!(there.take(), frame(1, "everywhere"));
}

#[test]
fn a_user_or_client_that_is_excepted_gets_nothing_on_any_node() {
    let mut nodes = Nodes::new(2);
    let (ada, bob) = (nodes.client(0, "user=ada&room=lobby"), nodes.client(1, "user=bob&room=lobby"));
    let also_ada = nodes.client(1, "user=ada&room=lobby");
    let to = [Target::Room("lobby")];
    nodes.hub(0).publish(&Publish::to(&to).except_user("ada"), "not for ada").expect("a room");
    let sender = nodes.hub(0).clients_of("ada");
    nodes.hub(0).publish(&Publish::to(&to).except(&sender), "not for the sender").expect("a room");
    nodes.run();
    assert_eq!(ada.texts(), Vec::<String>::new());
    assert_eq!(bob.texts(), ["not for ada", "not for the sender"]);
    assert_eq!(also_ada.texts(), ["not for the sender"]);
}

#[test]
fn a_local_publish_stays_on_its_node() {
    let mut nodes = Nodes::new(2);
    let (here, there) = (nodes.client(0, "room=lobby"), nodes.client(1, "room=lobby"));
    nodes.hub(0).publish(&Publish::to(&[Target::Room("lobby")]).local(), "here").expect("a room");
    nodes.run();
    assert_eq!((here.texts(), there.texts()), (vec!["here".to_owned()], vec![]));
    let elsewhere = nodes.hub(0).publish(&Publish::to(&[Target::Room("other")]).local(), "nobody");
    assert!(elsewhere.is_err(), "without the other nodes there is no such room");
}

#[test]
fn a_node_without_members_of_a_room_receives_nothing_of_it() {
    let mut nodes = Nodes::new(3);
    let _member = nodes.client(1, "room=lobby");
    let received =
        |nodes: &Nodes, node: usize| nodes.hub(node).cluster().expect("a node").stats().received_bytes;
    let before = received(&nodes, 2);
    for _ in 0..100 {
        nodes.hub(0).send_to_room("lobby", "x").expect("a relay");
    }
    nodes.run();
    assert_eq!(received(&nodes, 2), before);
    assert_eq!(nodes.hub(1).cluster().expect("a node").stats().delivered, 100);
}

#[test]
fn a_client_of_another_node_gets_messages_and_commands_and_is_answered_for() {
    let mut nodes = Nodes::new(2);
    let peer = nodes.client(1, "user=bob");
    let client = nodes.hub(1).clients_of("bob")[0];
    let (id, cluster) = (nodes.global(1, client), nodes.hub(0).cluster().expect("a node"));
    let mut asked = cluster.send_and_ask(&id, "hello").expect("a relay");
    assert_eq!(poll(&mut asked), None);
    nodes.run();
    assert_eq!(poll(&mut asked), Some(Answer::Exists));
    let mut joined = cluster.join(&id, "den").expect("a relay");
    nodes.run();
    assert_eq!(poll(&mut joined), Some(Answer::Exists));
    assert_eq!(nodes.hub(1).members("den"), [client]);
    let left = cluster.leave(&id, "den").expect("a relay");
    nodes.run();
    assert_eq!(nodes.hub(1).member_count("den"), 0);
    drop(left);
    let closed = cluster.close(&id, CloseCode(4_001), "moved").expect("a relay");
    nodes.run();
    assert_eq!(peer.texts(), ["hello", "closed Some(4001)"]);
    drop(closed);
    let mut late = cluster.send_and_ask(&id, "too late").expect("a relay");
    nodes.run();
    assert_eq!(poll(&mut late), Some(Answer::Gone));
    let nobody = GlobalId { node: NodeId::new("nobody").expect("a node id"), ..id };
    let mut unknown = cluster.send_and_ask(&nobody, "hello").expect("a relay");
    nodes.wait(Duration::from_secs(6));
    assert!(matches!(poll(&mut unknown), Some(Answer::UnknownNode | Answer::NoAnswer)));
}

#[test]
fn a_client_of_this_node_is_reached_by_its_global_id_without_the_broker() {
    let mut nodes = Nodes::new(1);
    nodes.memory.stop();
    let peer = nodes.client(0, "user=bob");
    let client = nodes.hub(0).clients_of("bob")[0];
    let (id, cluster) = (nodes.global(0, client), nodes.hub(0).cluster().expect("a node"));
    assert_eq!(poll(&mut cluster.send_and_ask(&id, "hello").expect("here")), Some(Answer::Exists));
    assert_eq!(poll(&mut cluster.close(&id, CloseCode(4_001), "").expect("here")), Some(Answer::Exists));
    nodes.run();
    assert_eq!(peer.texts(), ["hello", "closed Some(4001)"]);
    assert_eq!(poll(&mut cluster.close(&id, CloseCode(4_001), "").expect("here")), Some(Answer::Gone));
    assert!(cluster.send(&id, "hello").is_err());
}

#[test]
fn the_clients_of_a_user_are_commanded_on_every_node() {
    let mut nodes = Nodes::new(2);
    let peers = [nodes.client(0, "user=ada"), nodes.client(1, "user=ada")];
    let cluster = nodes.hub(0).cluster().expect("a node");
    cluster.join_user("ada", "den").expect("a relay");
    nodes.run();
    assert_eq!([0, 1].map(|node| nodes.hub(node).member_count("den")), [1, 1]);
    cluster.leave_user("ada", "den").expect("a relay");
    nodes.run();
    assert_eq!([0, 1].map(|node| nodes.hub(node).member_count("den")), [0, 0]);
    cluster.close_user("ada", CloseCode(4_002), "bye").expect("a relay");
    nodes.run();
    assert!(peers.iter().all(|peer| peer.texts() == ["closed Some(4002)"]));
}

#[test]
fn the_counts_of_all_nodes_come_together() {
    let mut nodes = Nodes::new(2);
    let _peers = [nodes.client(0, "user=ada&room=a"), nodes.client(1, "user=bob&room=b")];
    nodes.wait(Duration::from_secs(12));
    for node in [0, 1] {
        let cluster = nodes.hub(node).cluster().expect("a node");
        let totals = cluster.totals();
        assert_eq!((totals.nodes, totals.counts.clients), (2, 2));
        assert_eq!((totals.counts.users, totals.counts.rooms, cluster.client_count()), (2, 2, 2));
        let other = if node == 0 { "b" } else { "a" };
        assert_eq!(cluster.nodes().iter().map(|(node, _)| node.as_str()).collect::<Vec<_>>(), [other]);
    }
}

#[test]
fn the_rooms_of_all_nodes_come_together() {
    let mut nodes = Nodes::new(2);
    let _peers = [
        nodes.client(0, "user=ada&room=lobby"),
        nodes.client(1, "user=ada&room=lobby"),
        nodes.client(1, "user=bob&room=lobby"),
        nodes.client(1, "user=bob&room=other"),
    ];
    nodes.wait(Duration::from_secs(2));
    for node in [0, 1] {
        let cluster = nodes.hub(node).cluster().expect("a node");
        let rooms: Vec<_> = cluster
            .rooms(None, 10)
            .into_iter()
            .map(|(room, counts)| (room.to_string(), counts.clients))
            .collect();
        assert_eq!(rooms, [("lobby".to_owned(), 3), ("other".to_owned(), 1)]);
        assert_eq!(cluster.rooms(Some("lobby"), 10).len(), 1);
        assert_eq!(cluster.rooms(None, 1).len(), 1);
        assert_eq!(cluster.room_counts("other").map(|counts| counts.users), Some(0), "without presence");
        assert_eq!(cluster.room_counts("nowhere"), None);
        // The room has presence.
        assert_eq!(cluster.room_counts("lobby").map(|counts| counts.users), Some(2));
        let first = cluster.presence("lobby", None, 2).expect("a room");
        let rest = cluster.presence("lobby", first.next.as_ref(), 2).expect("a room");
        assert!(first.next.is_some() && rest.next.is_none());
        let members = first.members.iter().chain(&rest.members);
        let members: Vec<_> = members
            .map(|member| (member.client.node.as_str(), member.user.as_deref().unwrap_or("-")))
            .collect();
        assert_eq!(members, [("a", "ada"), ("b", "ada"), ("b", "bob")]);
    }
    nodes.hub(1).shutdown();
    nodes.wait(Duration::from_secs(2));
    let cluster = nodes.hub(0).cluster().expect("a node");
    assert_eq!(cluster.rooms(None, 10).len(), 1);
    assert_eq!(cluster.room_counts("lobby").map(|counts| (counts.clients, counts.users)), Some((1, 1)));
}

#[test]
fn a_node_whose_place_is_taken_says_so_and_knows_only_its_own_rooms() {
    let mut nodes = Nodes::new(2);
    let _peers = [nodes.client(0, "room=here"), nodes.client(1, "room=there")];
    nodes.wait(Duration::from_secs(2));
    let options = ClusterOptions::default().node(NodeId::new("a").expect("a node id")).incarnation(u64::MAX);
    nodes.worlds.push(World::new(Hub::builder().cluster(nodes.memory.clone(), options)));
    nodes.wait(Duration::from_secs(12));
    let health = nodes.hub(0).health();
    assert!(!health.is_ready);
    let reason = "another node has the id of this one and was started later: give each node an id of its own";
    assert!(health.to_json().contains(reason), "{}", health.to_json());
    let rooms = |node: usize| {
        let rooms = nodes.hub(node).cluster().expect("a node").rooms(None, 10);
        rooms.into_iter().map(|(room, _)| room.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(
        (rooms(0), rooms(1), rooms(2)),
        (vec!["here".into()], vec!["there".into()], vec!["there".into()])
    );
}

#[test]
fn an_outage_is_told_and_over_when_a_probe_has_come_back() {
    let mut nodes = Nodes::new(2);
    let (here, there) = (nodes.client(0, "room=lobby"), nodes.client(1, "room=lobby"));
    assert!(nodes.hub(0).health().is_ready);
    nodes.told.iter().for_each(|list| drop(told(list)));
    nodes.memory.stop();
    nodes.wait(Duration::from_secs(1));
    let health = nodes.hub(0).health();
    assert_eq!((health.is_alive, health.is_ready, health.has_broker), (true, false, Some(false)));
    assert!(health.to_json().contains("the link to the broker is not proven"), "{}", health.to_json());
    nodes.hub(0).send_to_room("lobby", "during").expect("local members are served");
    nodes.run();
    assert_eq!(here.texts(), ["during"]);
    let reports = nodes.worlds[0].reports();
    assert!(reports.iter().any(|report| matches!(report, Report::BrokerFailed { broker: "memory", .. })));
    nodes.memory.start();
    nodes.wait(Duration::from_secs(30));
    assert!(nodes.hub(0).health().is_ready && nodes.hub(1).health().is_ready);
    nodes.hub(0).send_to_room("lobby", "after").expect("a room");
    nodes.run();
    assert_eq!(there.texts().last().map(String::as_str), Some("after"));
    let list = told(&nodes.told[0]);
    let first = |what: &str| list.iter().position(|line| line.contains(what));
    assert!(first("not proven any more") < first("is proven; messages"), "{list:?}");
}

#[test]
fn a_hub_that_may_do_without_its_broker_is_ready_without_it() {
    let memory = Memory::new();
    memory.stop();
    let options = ClusterOptions::default().readiness(Readiness::IgnoresBroker);
    let mut world = World::new(Hub::builder().cluster(memory, options));
    world.run();
    let health = world.hub.health();
    assert_eq!((health.is_ready, health.has_broker), (true, None));
}

#[test]
fn a_node_that_has_stopped_says_goodbye_before_its_end_is_told() {
    let mut nodes = Nodes::new(2);
    nodes.told.iter().for_each(|list| drop(told(list)));
    let stopped = nodes.hub(0).stopped();
    let stopped = nodes.worlds[0].spawn(stopped);
    nodes.hub(0).shutdown();
    nodes.run();
    assert!(nodes.worlds[0].has_ended(stopped));
    assert_eq!(told(&nodes.told[0]), ["this node leaves the cluster"]);
    assert_eq!(told(&nodes.told[1]), ["node a said goodbye; its clients are gone"]);
    assert!(!nodes.hub(0).cluster().expect("it was a node").is_ready());
    let alone = nodes.hub(0).cluster().expect("it was a node").close_user("ada", CloseCode::NORMAL, "");
    assert_eq!(alone, Err(SendError::NotRelayed));
}

#[test]
fn a_node_whose_broker_is_away_stops_all_the_same() {
    let mut nodes = Nodes::new(1);
    nodes.memory.stop();
    nodes.wait(Duration::from_secs(1));
    let stopped = nodes.hub(0).stopped();
    let stopped = nodes.worlds[0].spawn(stopped);
    nodes.hub(0).shutdown();
    nodes.wait(Duration::from_secs(2));
    assert!(nodes.worlds[0].has_ended(stopped));
}

#[test]
fn a_full_queue_for_the_broker_is_told_and_costs_local_members_nothing() {
    let memory = Memory::new();
    memory.stop();
    let list = Told::default();
    let config = Config { queue_bytes: 8 << 10, message_bytes: 1 << 10, ..Config::default() };
    let options = ClusterOptions::new(config).expect("a valid config");
    let heard = Arc::clone(&list);
    let mut world = World::new(Hub::builder().cluster(memory, options).on_cluster_change(move |_, event| {
        if let ClusterEvent::Dropped { .. } = event {
            heard.lock().unwrap_or_else(PoisonError::into_inner).push(event.to_string());
        }
    }));
    let peer = world.connect();
    for _ in 0..100 {
        world.hub.broadcast(vec![b'x'; 100]).expect("there is a client");
        world.run();
    }
    assert_eq!(peer.take().len(), 100 * 102);
    assert!(!told(&list).is_empty());
    assert!(world.hub.cluster().expect("a node").stats().dropped > 0);
}

#[test]
fn a_config_that_cannot_be_is_refused_with_its_field() {
    let wrong = ClusterOptions::new(Config { queue_bytes: 0, ..Config::default() });
    assert!(wrong.expect_err("nothing could be sent").to_string().contains("queue_bytes"));
}
