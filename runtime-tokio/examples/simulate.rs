//! An application in simulation: a list of who is online. `cargo run --example simulate --features simulation` runs it with 100
//! seeds; with `-- --bug` it has a bug, and a seed finds it.

#![allow(clippy::print_stdout)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use throng_tokio::simulation::{Peer, PeerError, Run, Simulation};
use throng_tokio::{Client, ClientId, CloseCode, Connecting, Disconnected, Handler, Hub, Message, Refusal};

/// The application: whoever says something is answered with the names of all who are online.
struct Lobby {
    online: Mutex<BTreeMap<String, BTreeSet<ClientId>>>,
    has_bug: bool,
}

impl Lobby {
    fn online(&self) -> MutexGuard<'_, BTreeMap<String, BTreeSet<ClientId>>> {
        self.online.lock().expect("nobody panics with it")
    }
}

struct Handlers(Arc<Lobby>);

impl Handler for Handlers {
    async fn before_connect(&self, connecting: &mut Connecting) -> Result<(), Refusal> {
        let unnamed = Refusal::custom(401, "Say who you are: /?name=ada\n");
        let name = connecting.request().query("name").ok_or(unnamed)?;
        connecting.set_user(&name);
        Ok(())
    }

    async fn connected(&self, client: &Client) {
        let Some(name) = client.user() else { return };
        self.0.online().entry(name.to_string()).or_default().insert(client.id());
    }

    async fn message(&self, client: &Client, _: Message) {
        let names: Vec<String> = self.0.online().keys().cloned().collect();
        _ = client.send(names.join(" "));
    }

    async fn disconnected(&self, client: &Client, _: Disconnected) {
        let Some(name) = client.user() else { return };
        let mut online = self.0.online();
        let Some(clients) = online.get_mut(&*name) else { return };
        clients.remove(&client.id());
        // The bug: whoever lost its connection and came back is off the list when the hub notices the loss, a minute later.
        if clients.is_empty() || self.0.has_bug {
            online.remove(&*name);
        }
    }
}

/// A peer that comes and goes while there are faults. Then it stays, and must be on the list all the time.
async fn stay(peer: &mut Peer) -> Result<(), PeerError> {
    let path = format!("/?name={}", peer.name());
    while !peer.is_after_faults() {
        match peer.connect(&path).await {
            Ok(()) | Err(PeerError::Fault) => {}
            Err(stop) => return Err(stop),
        }
        peer.sleep(Duration::from_millis(peer.random(0..=5_000))).await;
    }
    peer.connect(&path).await?;
    for _ in 0..100 {
        peer.send("who is there?").await?;
        let list = peer.receive().await?;
        let list = String::from_utf8_lossy(list.as_bytes());
        if !list.split(' ').any(|name| name == peer.name()) {
            return Err(PeerError::wrong(format!("is online, and the list is {list:?}")));
        }
        peer.sleep(Duration::from_secs(1)).await;
    }
    peer.close(CloseCode::NORMAL).await.map(drop)
}

/// 100 runs. The closure describes one: its hub, its peers, and what must hold in the end.
pub(crate) fn simulation(has_bug: bool) -> Simulation<impl Fn(&mut Run)> {
    let describe = move |run: &mut Run| {
        let lobby = Arc::new(Lobby { online: Mutex::default(), has_bug });
        run.hub(Hub::builder().handler(Handlers(Arc::clone(&lobby))));
        for name in ["ada", "bob", "eve"] {
            run.peer(name, async |mut peer| stay(&mut peer).await);
        }
        run.finally("nobody is online", move |_| match lobby.online().len() {
            0 => Ok(()),
            left => Err(format!("{left} are on the list")),
        });
    };
    Simulation::new(describe).seeds(0..100)
}

fn main() {
    let has_bug = std::env::args().any(|argument| argument == "--bug");
    println!("{:?}", simulation(has_bug).run());
}
