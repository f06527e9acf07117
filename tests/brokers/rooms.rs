//! Two hubs as nodes over real servers: each knows the rooms of both, also after the server was away.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use throng_core::hub::{self, Presence, Target};
use throng_tests::raw::Raw;
use throng_tests::server::serve_on_tokio;
use throng_tests::servers;
use throng_tests::wait::eventually;
use throng_tokio::cluster::{Broker, ClusterOptions, Config, NodeId};
use throng_tokio::nats::Nats;
use throng_tokio::redis::Redis;
use throng_tokio::{Hub, Publish};

/// A node with a thread of its own. Its clients say in the query who they are, and come to the lobby.
struct Node {
    hub: Hub,
    address: SocketAddr,
    thread: Option<JoinHandle<()>>,
}

impl Node {
    fn start<B: Broker>(name: &str, broker: B) -> Self {
        let config = Config {
            heartbeat: Duration::from_millis(200),
            room_tick: Duration::from_millis(50),
            probe: Duration::from_millis(200),
            backoff: Duration::from_millis(10),
            backoff_max: Duration::from_millis(100),
            ..Config::default()
        };
        let options = ClusterOptions::new(config).expect("a valid config");
        let mut config = hub::Config::default();
        config.presence.by_prefix.insert("lobby".into(), Presence::default());
        let hub = Hub::builder()
            .config(config)
            .cluster(broker, options.node(NodeId::new(name).expect("a node id")))
            .before_connect(|connecting| {
                let user = connecting.request().query("user");
                user.into_iter().for_each(|user| connecting.set_user(user));
                connecting.join("lobby");
                Ok(())
            })
            .build()
            .expect("a valid config");
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let serves = hub.clone();
        let thread = Some(thread::spawn(move || serve_on_tokio(listener, serves)));
        Self { hub, address, thread }
    }

    fn client(&self, user: &str) -> Raw {
        Raw::open(self.address, &format!("/ws?user={user}"))
    }

    /// Who is in the lobby of both nodes, as `node:user`.
    fn lobby(&self) -> Vec<String> {
        let page = self.hub.cluster().and_then(|node| node.presence("lobby", None, 100));
        let members = page.into_iter().flat_map(|page| page.members);
        members
            .map(|member| format!("{}:{}", member.client.node, member.user.as_deref().unwrap_or("-")))
            .collect()
    }

    /// The clients and users of the lobby of both nodes.
    fn counts(&self) -> (u64, u64) {
        let counts = self.hub.cluster().and_then(|node| node.room_counts("lobby")).unwrap_or_default();
        (counts.clients, counts.users)
    }

    fn is_ready(&self) -> bool {
        self.hub.cluster().is_some_and(|node| node.is_ready())
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.hub.shutdown();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
            && !thread::panicking()
        {
            panic!("the server panicked");
        }
    }
}

fn both_know(nodes: &[Node; 2], expected: &[&str], users: u64) {
    for node in nodes {
        eventually(&format!("{expected:?} are in the lobby"), || node.lobby() == expected);
        assert_eq!(node.counts(), (expected.len() as u64, users));
    }
}

fn rooms_come_together<B: Broker>(broker: impl Fn() -> B, away: impl FnOnce(), back: impl FnOnce()) {
    let nodes = [Node::start("one", broker()), Node::start("two", broker())];
    for node in &nodes {
        eventually("the node is ready", || node.is_ready());
    }
    let (first, mut ada) = (nodes[0].client("ada"), nodes[1].client("ada"));
    let second = nodes[1].client("bob");
    both_know(&nodes, &["one:ada", "two:ada", "two:bob"], 2);

    // A publish to a room and a user comes once to whom both reach.
    let targets = [Target::Room("lobby"), Target::User("ada")];
    nodes[0].hub.publish(&Publish::to(&targets), "to both").expect("a publish");
    nodes[0].hub.broadcast("the end").expect("a publish");
    assert_eq!(ada.message(), b"to both");
    assert_eq!(ada.message(), b"the end");

    away();
    eventually("the link is gone", || !nodes[0].is_ready() && !nodes[1].is_ready());
    drop(second);
    let third = nodes[0].client("eve");
    eventually("the node knows its own", || nodes[0].lobby().contains(&"one:eve".to_owned()));
    assert!(nodes[1].lobby().contains(&"one:ada".to_owned()), "what it was told stays");
    back();
    both_know(&nodes, &["one:ada", "one:eve", "two:ada"], 2);

    drop((first, third));
    both_know(&nodes, &["two:ada"], 1);
    nodes[1].hub.shutdown();
    eventually("the rooms of a node that has left are gone", || nodes[0].counts() == (0, 0));
}

#[test]
fn rooms_come_together_over_redis() {
    let server = std::cell::RefCell::new(servers::Redis::start(&[]));
    let url = server.borrow().url();
    let broker = || Redis::new(&url).expect("a URL");
    rooms_come_together(broker, || server.borrow_mut().server.kill(), || server.borrow_mut().start_again());
}

#[test]
fn rooms_come_together_over_nats() {
    let server = std::cell::RefCell::new(servers::Nats::start(""));
    let url = server.borrow().url();
    let broker = || Nats::new([url.as_str()]).expect("a URL");
    rooms_come_together(broker, || server.borrow_mut().server.kill(), || server.borrow_mut().start_again());
}
