//! Clients with sessions, in the simulation: they lose their network, return in time or too late, or come back before the hub knows that
//! they are gone. Hooks come in their order, and nothing is lost that was sent to a client while it was away.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use throng_core::hub::{Config, DropReason};
use throng_core::{ClientId, CloseCode};
use throng_runtime::simulation::{Faults, Peer, PeerError, Run, Simulation};
use throng_runtime::{Client, Hub};

const GRACE: Duration = Duration::from_secs(30);
const LISTENERS: u64 = 3;

/// What the application knows, shared with the scripts of the peers.
#[derive(Clone, Default)]
struct Book(Arc<Mutex<Pages>>);

#[derive(Default)]
struct Pages {
    /// The number of the last message.
    number: u64,
    clients: BTreeMap<ClientId, Page>,
    /// What a session must receive, since its client has returned.
    due: BTreeMap<String, BTreeSet<u64>>,
    /// What its clients have been told in all.
    resumed: u64,
    ended: u64,
}

/// What is known of a client.
#[derive(Debug, Default)]
struct Page {
    is_away: bool,
    is_in_room: bool,
    has_ended: bool,
    /// The messages that were sent to it while it was away.
    missed: BTreeSet<u64>,
}

impl Book {
    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A hook of a client that has not ended.
    fn told(&self, client: &Client, what: &str, tell: impl FnOnce(&mut Page) -> bool) {
        let mut pages = self.pages();
        let page = pages.clients.entry(client.id()).or_default();
        assert!(!page.has_ended, "{what} after the end of {client:?}");
        assert!(tell(page), "{what} of {client:?}, which is {page:?}");
    }

    fn builder(&self) -> throng_runtime::Builder {
        let mut config = Config::default();
        config.sessions.grace = Some(GRACE);
        let [connected, joined, left, away, resumed, ended, says] = [(); 7].map(|()| self.clone());
        Hub::builder()
            .config(config)
            .before_connect(|connecting| {
                if let Some(session) = connecting.request().query("session") {
                    connecting.set_session(session);
                    connecting.join("lobby");
                }
                Ok(())
            })
            .on_connect(move |client| {
                assert!(!connected.pages().clients.contains_key(&client.id()), "{client:?} connects twice");
                connected.told(client, "connected", |_| true);
            })
            .on_join(move |client, _, _| {
                joined.told(client, "joined", |page| !std::mem::replace(&mut page.is_in_room, true));
            })
            .on_leave(move |client, _, _| {
                left.told(client, "left", |page| std::mem::replace(&mut page.is_in_room, false));
            })
            .on_away(move |client, _| {
                away.told(client, "away", |page| !std::mem::replace(&mut page.is_away, true));
            })
            .on_resumed(move |client, how| {
                resumed.told(client, "resumed", |page| {
                    std::mem::replace(&mut page.is_away, false) == how.away.is_some()
                });
                let mut pages = resumed.pages();
                pages.resumed += 1;
            })
            .on_disconnect(move |client, _| {
                ended.told(client, "disconnected", |page| {
                    !page.is_in_room && !std::mem::replace(&mut page.has_ended, true)
                });
                ended.pages().ended += 1;
            })
            .on_dropped(|client, dropped| assert_eq!(dropped.reason, DropReason::Closed, "{client:?}"))
            .on_message(move |client, message| {
                says.heard(client, &String::from_utf8_lossy(message.as_bytes()));
            })
    }

    /// A listener asks whether it has all that waited for it, or the speaker has something to say.
    fn heard(&self, client: &Client, text: &str) {
        if text != "say" {
            let (mut pages, session) = (self.pages(), client.session().expect("it has one"));
            let missed = pages.clients.get_mut(&client.id()).map(|page| std::mem::take(&mut page.missed));
            pages.due.insert(session.to_string(), missed.unwrap_or_default());
            drop(pages);
            // What waited was written before this.
            let _ = client.send(text.to_owned());
            return;
        }
        let hub = client.hub();
        let mut pages = self.pages();
        pages.number += 1;
        let number = pages.number;
        for id in hub.members("lobby") {
            if hub.client(id).is_some_and(|member| member.is_away()) {
                pages.clients.entry(id).or_default().missed.insert(number);
            }
        }
        drop(pages);
        let _ = hub.send_to_room("lobby", number.to_string());
    }
}

/// Connects, and receives until the answer to a question has come, behind everything that waited.
async fn catch_up(peer: &mut Peer, book: &Book, session: &str) -> Result<(), PeerError> {
    peer.connect(&format!("/?session={session}")).await?;
    peer.send("is that all?").await?;
    let (mut got, mut last) = (BTreeSet::new(), 0);
    loop {
        let message = peer.receive().await?;
        let Ok(number) = String::from_utf8_lossy(message.as_bytes()).parse() else { break };
        if number <= last {
            return Err(PeerError::wrong(format!("{number} after {last}")));
        }
        last = number;
        got.insert(number);
    }
    let due = book.pages().due.remove(session).unwrap_or_default();
    let lost: Vec<_> = due.difference(&got).collect();
    if lost.is_empty() { Ok(()) } else { Err(PeerError::wrong(format!("{lost:?} are lost, of {due:?}"))) }
}

async fn listen(mut peer: Peer, book: Book) -> Result<(), PeerError> {
    let session = peer.name().to_owned();
    for _ in 0..6 {
        catch_up(&mut peer, &book, &session).await?;
        let millis = peer.random(0..=4_000);
        while peer.receive_within(Duration::from_millis(millis)).await?.is_some() && peer.random(0..=5) > 0 {}
        match peer.random(0..=3) {
            0 => peer.reset(),
            1 => drop(peer.close(CloseCode(1001)).await?),
            _ => peer.vanish(),
        }
        // At once, in time, or too late.
        let longest = [0, 20_000, 45_000][peer.random(0..=2) as usize];
        let millis = peer.random(0..=longest);
        peer.sleep(Duration::from_millis(millis)).await;
    }
    catch_up(&mut peer, &book, &session).await?;
    peer.close(CloseCode(1000)).await.map(drop)
}

async fn speak(mut peer: Peer) -> Result<(), PeerError> {
    peer.connect("/").await?;
    for _ in 0..60 {
        peer.send("say").await?;
        let millis = peer.random(0..=3_000);
        peer.receive_within(Duration::from_millis(millis)).await?;
    }
    peer.close(CloseCode(1000)).await.map(drop)
}

fn describe(run: &mut Run, book: &Book) {
    run.hub(book.builder());
    for number in 0..LISTENERS {
        let book = book.clone();
        run.peer(format!("listener{number}"), move |peer| listen(peer, book));
    }
    run.peer("speaker", speak);
    let last = book.clone();
    run.finally("every client has ended, and left its room before", move |hub| {
        let pages = last.pages();
        let left: Vec<_> = pages.clients.iter().filter(|(_, page)| !page.has_ended).collect();
        if left.is_empty() && hub.client_count() == 0 { Ok(()) } else { Err(format!("{left:?}")) }
    });
}

/// The network is slow and cuts messages into pieces, but whoever loses its connection means it.
#[test]
fn what_is_sent_to_clients_that_are_away_reaches_those_that_return() {
    let (resumed, ended) = (Arc::new(Mutex::new(0)), Arc::new(Mutex::new(0)));
    let (more_resumed, more_ended) = (Arc::clone(&resumed), Arc::clone(&ended));
    let mut faults = Faults::default();
    faults.lost_connections = false;
    faults.slow_readers = false;
    let summary = Simulation::new(move |run: &mut Run| {
        let book = Book::default();
        describe(run, &book);
        let (resumed, ended) = (Arc::clone(&more_resumed), Arc::clone(&more_ended));
        run.finally("it is counted", move |hub| {
            let pages = book.pages();
            *resumed.lock().unwrap_or_else(PoisonError::into_inner) += pages.resumed;
            *ended.lock().unwrap_or_else(PoisonError::into_inner) += pages.ended;
            let stats = hub.stats();
            let told = (stats.resumed, stats.opened);
            let seen = (pages.resumed, pages.ended);
            if told == seen {
                Ok(())
            } else {
                Err(format!("the hub counts {told:?}, and {seen:?} were told"))
            }
        });
    })
    .faults(faults)
    .seeds(0..super::seeds())
    .run();
    assert_eq!(summary.runs, super::seeds());
    // It is of no use if nobody returns, or nobody is too late.
    let (resumed, ended) = (*resumed.lock().unwrap(), *ended.lock().unwrap());
    assert!(resumed > 8 * summary.runs && ended > summary.runs * (LISTENERS + 1), "{resumed} {ended}");
}

/// Connections are lost at any moment, also in the handshake: the order of the hooks holds all the same.
#[test]
fn hooks_come_in_their_order_whatever_happens_to_connections() {
    let summary = Simulation::new(|run: &mut Run| {
        let book = Book::default();
        run.hub(book.builder());
        for number in 0..LISTENERS {
            run.peer(format!("listener{number}"), async move |mut peer| {
                let path = format!("/?session={}", peer.name());
                for _ in 0..20 {
                    if peer.connect(&path).await.is_ok() {
                        let _ = peer.send("is that all?").await;
                        let millis = peer.random(0..=5_000);
                        let _ = peer.receive_within(Duration::from_millis(millis)).await;
                    }
                    let millis = peer.random(0..=5_000);
                    peer.sleep(Duration::from_millis(millis)).await;
                }
                Ok(())
            });
        }
        run.finally("every client has ended", move |_| {
            let pages = book.pages();
            if pages.clients.values().all(|page| page.has_ended) { Ok(()) } else { Err("one has not".into()) }
        });
    })
    .seeds(0..super::seeds())
    .run();
    assert_eq!(summary.runs, super::seeds());
}
