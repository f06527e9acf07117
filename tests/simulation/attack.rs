//! A server under attack, in the simulation: one address holds all open handshakes and more, by silence, by half a head or by a byte
//! now and then. Each such connection ends in its time, what is refused stays within its limits, and whoever asks for health from
//! another address is answered all the same. When the attack is over, a client comes in.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use throng_core::hub::Config;
use throng_runtime::Hub;
use throng_runtime::simulation::{Faults, Peer, PeerError, Run, Simulation};

/// All attackers are of one address, and more than refused connections are read.
const ATTACKERS: u64 = 8;
const ATTACKER: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
/// Each of them is of an address of its own. They have fewer slots than the attackers, whatever they do.
const PROBERS: u64 = 2;
const PROBES: u64 = 6;
/// Clients that use up all connections, where those are limited.
const HOLDERS: u64 = 2;
const REQUEST: &str = "GET /ws HTTP/1.1\r\nHost: simulation\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
                       Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
const REFUSED: &[u8] = b"HTTP/1.1 503";
/// What a connection may take besides its deadline: it is refused and read for a second, or lingers for one; timers and the network
/// are late.
const BESIDES: Duration = Duration::from_secs(3);

/// What has happened in all runs, by name: it is of no use if one of it has not.
type Tally = Arc<Mutex<BTreeMap<&'static str, u64>>>;

/// What the scripts of a run share.
#[derive(Clone)]
struct Book {
    /// Probers whose script is not over, and attackers.
    probing: Arc<AtomicU64>,
    attacking: Arc<AtomicU64>,
    /// Clients that hold connections, of those that are to.
    holding: Arc<AtomicU64>,
    holders: u64,
    deadline: Duration,
    tally: Tally,
}

impl Book {
    fn count(&self, what: &'static str) {
        *self.tally.lock().unwrap_or_else(PoisonError::into_inner).entry(what).or_default() += 1;
    }

    fn is_probed(&self) -> bool {
        self.probing.load(Ordering::Relaxed) > 0
    }

    fn has_holders(&self) -> bool {
        self.holding.load(Ordering::Relaxed) == self.holders
    }
}

/// Begins a request and does not end it, again and again, as long as somebody asks for health.
async fn attack(peer: &mut Peer, book: &Book) -> Result<(), PeerError> {
    peer.set_address(ATTACKER);
    while book.is_probed() {
        if !book.has_holders() {
            peer.sleep(Duration::from_millis(100)).await;
            continue;
        }
        let is_after_faults = peer.is_after_faults();
        let since = peer.time().now();
        peer.dial()?;
        let half = peer.random(1..=REQUEST.len() as u64 - 1) as usize;
        let answer = match peer.random(0..=3) {
            0 => peer.read_to_end().await,
            1 => match peer.send_bytes(&REQUEST.as_bytes()[..half]).await {
                Ok(()) => peer.read_to_end().await,
                Err(stop) => Err(stop),
            },
            2 => dawdle(peer).await,
            _ => {
                peer.sleep(Duration::from_millis(peer.random(0..=3_000))).await;
                if peer.random(0..=1) == 0 {
                    peer.reset();
                } else {
                    peer.vanish();
                }
                book.count("an attacker that goes");
                continue;
            }
        };
        let took = peer.time().now().saturating_sub(since);
        if is_after_faults && took > book.deadline + BESIDES {
            return Err(PeerError::wrong(format!(
                "a head that does not come to its end is read for {took:?}"
            )));
        }
        match answer {
            Ok(answer) if answer.is_empty() => book.count("an end without an answer"),
            Ok(answer) if answer.starts_with(REFUSED) => book.count("a refusal"),
            // Where too many linger, the hub writes what the transport takes at once.
            Ok(answer) if !is_after_faults && REFUSED.starts_with(&answer) => {}
            Ok(answer) => {
                return Err(PeerError::wrong(format!("answered by {:?}", String::from_utf8_lossy(&answer))));
            }
            Err(PeerError::Fault) => {}
            Err(stop) => return Err(stop),
        }
        peer.sleep(Duration::from_millis(peer.random(0..=500))).await;
    }
    Ok(())
}

/// Sends a byte now and then.
async fn dawdle(peer: &mut Peer) -> Result<Vec<u8>, PeerError> {
    let pause = Duration::from_millis(peer.random(10..=400));
    for byte in REQUEST.bytes().take(REQUEST.len() - 1) {
        match peer.send_bytes(&[byte]).await {
            Ok(()) => peer.sleep(pause).await,
            Err(PeerError::NotConnected) => break,
            Err(stop) => return Err(stop),
        }
    }
    peer.read_to_end().await
}

/// Asks for health during the attack, and is answered.
async fn probe(peer: &mut Peer, book: &Book) -> Result<(), PeerError> {
    peer.after_faults().await;
    while !book.has_holders() {
        peer.sleep(Duration::from_millis(100)).await;
    }
    peer.sleep(book.deadline + Duration::from_secs(2)).await;
    for _ in 0..PROBES {
        let path = ["/healthz", "/readyz"][peer.random(0..=1) as usize];
        let request = format!("GET {path} HTTP/1.1\r\nHost: simulation\r\n\r\n");
        let cut = peer.random(0..=request.len() as u64 - 1) as usize;
        peer.dial()?;
        let (first, second) = request.as_bytes().split_at(cut);
        peer.send_bytes(first).await?;
        peer.sleep(Duration::from_millis(peer.random(0..=200))).await;
        peer.send_bytes(second).await?;
        let answer = peer.read_to_end().await?;
        let answer = String::from_utf8_lossy(&answer);
        // Where too many linger, the hub writes what the transport takes at once, and some of these take little.
        let is_whole = answer.ends_with('}');
        let is = |status: u16, ready: bool| {
            let body = [r#""alive":true"#, if ready { r#""ready":true"# } else { r#","reason":""# }];
            answer.starts_with(&format!("HTTP/1.1 {status}"))
                && (!is_whole || body.iter().all(|part| answer.contains(part)))
        };
        let is_right = match path {
            "/healthz" => is(200, true) || is(200, false),
            _ => is(503, false) || (book.holders == 0 && is(200, true)),
        };
        if !is_right {
            return Err(PeerError::wrong(format!("{path} is answered by {answer:?}")));
        }
        if answer.contains("handshake") {
            book.count("health while all handshakes are taken");
        } else if answer.contains("connection limit") {
            book.count("health while all connections are taken");
        }
        peer.sleep(Duration::from_millis(peer.random(0..=1_000))).await;
    }
    Ok(())
}

/// Holds a connection as long as anybody asks for health.
async fn hold(peer: &mut Peer, book: &Book) -> Result<(), PeerError> {
    peer.after_faults().await;
    // The other one may hold the only handshake.
    while let Err(refused) = peer.connect("/").await {
        if refused != PeerError::Refused(503) {
            return Err(refused);
        }
        peer.sleep(Duration::from_millis(10)).await;
    }
    book.holding.fetch_add(1, Ordering::Relaxed);
    while book.is_probed() {
        peer.sleep(Duration::from_secs(1)).await;
    }
    Ok(())
}

/// Comes when the attack is over, and is let in.
async fn come(peer: &mut Peer, book: &Book) -> Result<(), PeerError> {
    while book.is_probed() || book.attacking.load(Ordering::Relaxed) > 0 {
        peer.sleep(Duration::from_millis(500)).await;
    }
    peer.sleep(book.deadline + BESIDES).await;
    peer.connect("/").await?;
    peer.send("hello").await?;
    peer.expect("hello").await
}

fn describe(run: &mut Run, tally: &Tally) {
    let mut config = Config::default();
    let holders = if run.random(0..=2) == 0 { HOLDERS } else { 0 };
    let admission = &mut config.admission;
    admission.handshakes = Some(run.random(1..=3) as u32);
    admission.connections = (holders > 0).then_some(holders as u32);
    (admission.probes, admission.lingering) = (run.random(4..=6) as u32, run.random(1..=3) as u32);
    config.deadlines.handshake = Duration::from_millis([700, 2_000, 10_000][run.random(0..=2) as usize]);
    let book = Book {
        probing: Arc::new(AtomicU64::new(PROBERS)),
        attacking: Arc::new(AtomicU64::new(ATTACKERS)),
        holding: Arc::default(),
        holders,
        deadline: config.deadlines.handshake,
        tally: Arc::clone(tally),
    };
    let limits = config.admission.clone();
    run.hub(Hub::builder().config(config).on_message(|client, message| _ = client.send(message)));
    for number in 0..ATTACKERS {
        let book = book.clone();
        run.peer(format!("attacker {number}"), async move |mut peer| {
            let attacked = attack(&mut peer, &book).await;
            book.attacking.fetch_sub(1, Ordering::Relaxed);
            attacked
        });
    }
    for number in 0..PROBERS {
        let book = book.clone();
        run.peer(format!("prober {number}"), async move |mut peer| {
            let probed = probe(&mut peer, &book).await;
            book.probing.fetch_sub(1, Ordering::Relaxed);
            probed
        });
    }
    for number in 0..holders {
        let book = book.clone();
        run.peer(format!("holder {number}"), async move |mut peer| hold(&mut peer, &book).await);
    }
    {
        let book = book.clone();
        run.peer("newcomer", async move |mut peer| come(&mut peer, &book).await);
    }
    run.always("limits hold of what is not open", move |hub| {
        let (stats, refused) = (hub.stats(), hub.numbers().refused_connections);
        let most = limits.handshakes.unwrap_or(u32::MAX);
        let is_bounded = stats.handshakes <= most
            && refused.reading <= limits.probes
            && refused.lingering <= limits.lingering;
        if is_bounded { Ok(()) } else { Err(format!("{} handshakes, {refused:?}", stats.handshakes)) }
    });
    run.finally("nothing is left of the attack", move |hub| {
        let (stats, refused) = (hub.stats(), hub.numbers().refused_connections);
        book_of(&book, stats.handshake_timeouts, refused.unread, refused.cut);
        let is_left = stats.handshakes > 0 || refused.reading > 0 || refused.lingering > 0;
        if is_left { Err(format!("{} handshakes, {refused:?}", stats.handshakes)) } else { Ok(()) }
    });
}

fn book_of(book: &Book, timeouts: u64, unread: u64, cut: u64) {
    for (what, count) in
        [("a handshake that is late", timeouts), ("refused unread", unread), ("refused and cut", cut)]
    {
        if count > 0 {
            book.count(what);
        }
    }
}

#[test]
fn under_attack_limits_hold_health_is_answered_and_later_a_client_comes_in() {
    let tally = Tally::default();
    Simulation::new(|run| describe(run, &tally)).faults(Faults::default()).seeds(0..crate::seeds()).run();
    let tally = tally.lock().unwrap_or_else(PoisonError::into_inner);
    for what in [
        "an attacker that goes",
        "an end without an answer",
        "a refusal",
        "health while all handshakes are taken",
        "health while all connections are taken",
        "a handshake that is late",
        "refused unread",
        "refused and cut",
    ] {
        assert!(tally.contains_key(what), "{what} is missing in {tally:?}");
    }
}
