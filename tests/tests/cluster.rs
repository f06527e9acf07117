//! Hubs on different runtimes in one process as nodes of one cluster, over real sockets.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use throng_async_std::{ServeOptions, Stop};
use throng_core::hub::Target;
use throng_runtime::cluster::{ClusterEvent, ClusterOptions, Config, Departure, Memory, NodeId};
use throng_runtime::{Hub, Publish};
use throng_tests::raw::{Connect, Raw};
use throng_tests::server::serve_on_tokio;
use throng_tests::wait::eventually;

/// A node on a runtime of its own.
struct Node {
    hub: Hub,
    address: SocketAddr,
    told: Arc<Mutex<Vec<ClusterEvent>>>,
    thread: Option<JoinHandle<()>>,
}

type Serve = fn(TcpListener, Hub);

const HOSTS: [(&str, Serve); 3] = [("tokio", serve_on_tokio), ("async-std", on_async_std), ("smol", on_smol)];

fn until_the_hub_ends() -> ServeOptions {
    let mut options = ServeOptions::default();
    options.stop = Stop::OnHub;
    options
}

fn on_async_std(listener: TcpListener, hub: Hub) {
    let serving = throng_async_std::serve_with(listener, hub, until_the_hub_ends());
    async_std::task::block_on(serving).expect("the listener can be watched");
}

fn on_smol(listener: TcpListener, hub: Hub) {
    let serving = throng_async_std::smol::serve_with(listener, hub, until_the_hub_ends());
    smol::block_on(serving).expect("the listener can be watched");
}

impl Node {
    /// What a client says goes to the others in its room, which the query names.
    fn start(name: &str, serve: Serve, memory: &Memory) -> Self {
        let config = Config {
            heartbeat: Duration::from_millis(200),
            probe: Duration::from_millis(200),
            proof: Duration::from_millis(200),
            backoff: Duration::from_millis(10),
            backoff_max: Duration::from_millis(100),
            ..Config::default()
        };
        let options = ClusterOptions::new(config).expect("a valid config");
        let told = Arc::<Mutex<Vec<ClusterEvent>>>::default();
        let hears = Arc::clone(&told);
        let hub = Hub::builder()
            .cluster(memory.clone(), options.node(NodeId::new(name).expect("a node id")))
            .before_connect(|connecting| {
                let room = connecting.request().query("room");
                room.into_iter().for_each(|room| connecting.join(room));
                Ok(())
            })
            .on_message(|client, message| {
                let except = [client.id()];
                for room in client.rooms() {
                    let to = [Target::Room(&room)];
                    let publish = Publish::to(&to).except(&except);
                    let _ = client.publish(&publish, message.clone());
                }
            })
            .on_cluster_change(move |_, event| {
                hears.lock().unwrap_or_else(PoisonError::into_inner).push(event);
            })
            .build()
            .expect("a valid config");
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let serves = hub.clone();
        let thread = Some(thread::spawn(move || serve(listener, serves)));
        Self { hub, address, told, thread }
    }

    fn readiness(&self) -> (u16, String) {
        let mut raw = Connect::default().to(self.address);
        raw.send(b"GET /readyz HTTP/1.1\r\nHost: throng.test\r\nConnection: close\r\n\r\n");
        let response = raw.response();
        (response.status, response.body)
    }

    fn has_heard(&self, event: &ClusterEvent) -> bool {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).contains(event)
    }

    fn knows_nodes(&self, nodes: u64) -> bool {
        self.hub.cluster().is_some_and(|cluster| cluster.totals().nodes == nodes)
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

/// Three nodes that are ready and know each other.
fn nodes(memory: &Memory) -> Vec<Node> {
    let nodes: Vec<_> = HOSTS.iter().map(|&(name, serve)| Node::start(name, serve, memory)).collect();
    for node in &nodes {
        eventually("it is ready", || node.readiness().0 == 200);
        eventually("it knows the others", || node.knows_nodes(HOSTS.len() as u64));
    }
    nodes
}

/// A client of each node in the same room, all of whose subscriptions stand.
fn members(nodes: &[Node], room: &str) -> Vec<Raw> {
    let members = nodes.iter().map(|node| Raw::open(node.address, &format!("/ws?room={room}"))).collect();
    for node in nodes {
        let cluster = node.hub.cluster().expect("it is a node");
        eventually("the room is subscribed to", || cluster.is_ready() && cluster.stats().subscriptions >= 3);
    }
    thread::sleep(Duration::from_millis(50));
    members
}

#[test]
fn what_a_client_of_one_runtime_says_reaches_the_clients_of_the_others_once() {
    let memory = Memory::new();
    let nodes = nodes(&memory);
    let mut members = members(&nodes, "lobby");
    for speaker in 0..members.len() {
        for line in 0..100 {
            members[speaker].say(&format!("{speaker} {line}"));
        }
        for (listener, member) in members.iter_mut().enumerate().filter(|(listener, _)| *listener != speaker)
        {
            for line in 0..100 {
                let text = String::from_utf8(member.message()).expect("text");
                assert_eq!(text, format!("{speaker} {line}"), "from {speaker} to {listener}");
            }
        }
    }
    // Nothing came twice: the next message is the next that is said.
    let sent = nodes[0].hub.broadcast("the end");
    assert!(sent.is_ok());
    assert!(members.iter_mut().all(|member| member.message() == b"the end"));
    for node in &nodes {
        eventually("all clients are counted", || {
            node.hub.cluster().is_some_and(|cluster| cluster.client_count() as usize == nodes.len())
        });
    }
}

#[test]
fn an_outage_of_the_broker_shows_in_readyz_and_costs_local_clients_nothing() {
    let memory = Memory::new();
    let nodes = nodes(&memory);
    let mut members = members(&nodes, "lobby");
    memory.stop();
    for node in &nodes {
        eventually("it is not ready", || node.readiness().0 == 503);
        assert!(node.readiness().1.contains("the link to the broker is not proven"));
    }
    let mut local = Raw::open(nodes[0].address, "/ws?room=lobby");
    local.say("to those who are here");
    assert_eq!(members[0].message(), b"to those who are here");
    memory.start();
    for node in &nodes {
        eventually("it is ready again", || node.readiness().0 == 200);
        assert!(node.has_heard(&ClusterEvent::Ready));
    }
    // What was said meanwhile waited in the queue, and what is said now comes after it.
    local.say("to all again");
    for member in &mut members[1..] {
        let mut heard = member.message();
        if heard == b"to those who are here" {
            heard = member.message();
        }
        assert_eq!(heard, b"to all again");
    }
}

#[test]
fn a_node_that_is_shut_down_is_gone_at_once_for_the_others() {
    let memory = Memory::new();
    let mut nodes = nodes(&memory);
    let _members = members(&nodes, "lobby");
    eventually("all are counted", || {
        nodes.iter().all(|node| node.hub.cluster().is_some_and(|cluster| cluster.client_count() == 3))
    });
    let last = nodes.pop().expect("there are three");
    drop(last);
    let goodbye =
        ClusterEvent::NodeGone { node: NodeId::new("smol").expect("a node id"), why: Departure::Goodbye };
    for node in &nodes {
        eventually("its goodbye is told", || node.has_heard(&goodbye));
        eventually("its client is not counted", || {
            node.hub
                .cluster()
                .is_some_and(|cluster| (cluster.client_count(), cluster.totals().nodes) == (2, 2))
        });
    }
}
