//! Watchers of a room, in the simulation: each keeps the list of who is there by the rules of the guide's chapter, from what it hears over a
//! connection that is slow, cut and lost. In the end it has the list as it is. Members come, leave, go away and return meanwhile.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use throng_core::CloseCode;
use throng_core::hub::{Config, Policy, Presence, PresenceChange, PresentAs};
use throng_runtime::Hub;
use throng_runtime::simulation::{Faults, Peer, PeerError, Run, Simulation};

const ROOM: &str = "lobby";
const GUESTS: u64 = 5;
const WATCHERS: u64 = 2;

/// What has happened in all runs, by name: it is of no use if one of it has not.
type Tally = Arc<Mutex<BTreeMap<&'static str, u64>>>;

/// What the scripts of a run share.
#[derive(Clone)]
struct Book {
    /// Guests whose script is not over.
    guests: Arc<Mutex<u64>>,
    tally: Tally,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn builder(run: &Run) -> throng_runtime::Builder {
    let mut config = Config::default();
    config.sessions.grace = Some(Duration::from_secs(20));
    config.sessions.messages = 2;
    config.outbox.messages = [3, 256][run.random(0..=1) as usize];
    config.outbox.policy = [Policy::DropNewest, Policy::DropOldest][run.random(0..=1) as usize];
    let tick = Duration::from_millis([1, 100, 3_000][run.random(0..=2) as usize]);
    let presence = Presence { users: [2, 1_000][run.random(0..=1) as usize], tick, ..Presence::default() };
    config.presence.by_prefix.insert(ROOM.into(), presence);
    Hub::builder()
        .config(config)
        .before_connect(|connecting| {
            let query = |key| connecting.request().query(key);
            let (session, user, info) = (query("session"), query("user"), query("info"));
            session.into_iter().for_each(|session| connecting.set_session(session));
            user.into_iter().for_each(|user| connecting.set_user(user));
            connecting.join_with_info(ROOM, None, info.unwrap_or_default().into_bytes());
            Ok(())
        })
        .on_message(|client, message| match message.as_bytes() {
            b"watch" => {
                // First it watches, then it reads the list. It may have left the room.
                let _ = client.watch_presence(ROOM);
                let _ = client.send(list(&client.hub()));
            }
            b"list" => _ = client.send(list(&client.hub())),
            b"leave" => drop(client.hub().leave(client.id(), ROOM)),
            b"join" => drop(client.hub().join_with_info(client.id(), ROOM, None, b"z")),
            _ => {}
        })
        .on_presence_change(|hub, room, change| _ = hub.send_to_watchers(room, line(&change)))
}

/// `list VERSION who:info …`
fn list(hub: &Hub) -> String {
    let Some(page) = hub.presence(ROOM, None, 1_000) else { return "list 0".to_owned() };
    let mut users = BTreeMap::new();
    for member in page.members {
        let who = member.user.map_or(PresentAs::Client(member.client), PresentAs::User);
        users.entry(name(&who)).or_insert(member.info);
    }
    let users = users.iter().map(|(who, info)| format!(" {who}:{}", String::from_utf8_lossy(info)));
    format!("list {}{}", page.version, users.collect::<String>())
}

/// `change SINCE VERSION CANCELLED +who:info … -who …`, or `counts SINCE VERSION`.
fn line(change: &PresenceChange) -> String {
    let PresenceChange { since, version, users, .. } = change;
    let Some(users) = users else { return format!("counts {since} {version}") };
    let came = users.appeared.iter();
    let came = came.map(|one| format!(" +{}:{}", name(&one.who), String::from_utf8_lossy(&one.info)));
    let left = users.disappeared.iter().map(|who| format!(" -{}", name(who)));
    format!("change {since} {version} {}{}", users.cancelled, came.chain(left).collect::<String>())
}

fn name(who: &PresentAs) -> String {
    match who {
        PresentAs::User(name) => name.to_string(),
        other => format!("{other:?}").replace(' ', ""),
    }
}

/// A watcher: the list that it keeps.
struct Watcher {
    peer: Peer,
    book: Book,
    users: BTreeSet<String>,
    /// The version of the list; `None` while it waits for one.
    version: Option<u64>,
    /// Changes that came while it waits.
    waiting: Vec<String>,
}

impl Watcher {
    fn count(&self, what: &'static str) {
        *locked(&self.book.tally).entry(what).or_default() += 1;
    }

    /// Asks for the list in place of the one that it has.
    async fn reload(&mut self, what: &str) -> Result<(), PeerError> {
        self.version = None;
        self.waiting.clear();
        self.peer.send(what).await
    }

    /// Takes what comes, until nothing has come for this time.
    async fn listen(&mut self, time: Duration) -> Result<(), PeerError> {
        while let Some(message) = self.peer.receive_within(time).await? {
            let text = String::from_utf8_lossy(message.as_bytes()).into_owned();
            if !self.take(text)? {
                self.reload("list").await?;
            }
            // Now and then it looks whether its list is that of the hub.
            if self.version.is_some() && self.peer.random(0..=4) == 0 {
                self.peer.send("list").await?;
            }
        }
        Ok(())
    }

    /// Whether the list is still good.
    fn take(&mut self, text: String) -> Result<bool, PeerError> {
        if let Some(list) = text.strip_prefix("list ") {
            return self.take_list(list);
        }
        let Some(mine) = self.version else {
            self.waiting.push(text);
            return Ok(true);
        };
        let mut words = text.split(' ');
        let kind = words.next().unwrap_or_default();
        let mut number = || words.next().and_then(|word| word.parse::<u64>().ok());
        let wrong = || PeerError::wrong(format!("{text:?} makes no sense"));
        let (since, version) = (number().ok_or_else(wrong)?, number().ok_or_else(wrong)?);
        if version <= mine {
            self.count("known");
            return Ok(true);
        }
        if kind == "counts" {
            self.count("counts");
            return Ok(false);
        }
        let cancelled = number().ok_or_else(wrong)?;
        if since > mine {
            self.count("missed");
            return Ok(false);
        }
        if since < mine && cancelled > 0 {
            self.count("cancelled");
            return Ok(false);
        }
        for word in words {
            let (who, is_there) = (word.get(1..).unwrap_or_default(), word.starts_with('+'));
            let known = format!("{}:", who.split(':').next().unwrap_or_default());
            self.users.retain(|user| !user.starts_with(&known));
            if is_there {
                self.users.insert(who.to_owned());
            }
        }
        self.version = Some(version);
        self.count("applied");
        Ok(true)
    }

    /// A list of the version that it has must be the one that it has.
    fn take_list(&mut self, list: &str) -> Result<bool, PeerError> {
        let mut words = list.split(' ');
        let version = words.next().and_then(|word| word.parse().ok()).unwrap_or_default();
        let users: BTreeSet<String> = words.map(str::to_owned).collect();
        match self.version {
            Some(mine) if mine == version && users != self.users => {
                let has = &self.users;
                Err(PeerError::wrong(format!("the list is {users:?} at {version}, and it has {has:?}")))
            }
            Some(mine) if mine >= version => {
                self.count(if mine == version { "same" } else { "older" });
                Ok(true)
            }
            _ => {
                (self.users, self.version) = (users, Some(version));
                // A change that came before the list may be later than it.
                for change in std::mem::take(&mut self.waiting) {
                    if !self.take(change)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
        }
    }

    async fn visit(&mut self) -> Result<(), PeerError> {
        let path = format!("/?session={}&user={}&info=i", self.peer.name(), self.peer.name());
        self.peer.connect(&path).await?;
        // If it goes on as the client that it was, it still watches, and has missed what was dropped for it.
        if self.version.is_none() || self.peer.random(0..=1) == 0 {
            self.reload("watch").await?;
        }
        let millis = self.peer.random(0..=3_000);
        self.listen(Duration::from_millis(millis)).await
    }

    /// At last nobody comes or goes any more: the list must be that of the hub.
    async fn compare(&mut self) -> Result<(), PeerError> {
        self.peer.send("watch").await?;
        for _ in 0..3 {
            self.listen(Duration::from_secs(10)).await?;
            let before = self.version;
            self.peer.send("list").await?;
            self.listen(Duration::from_secs(10)).await?;
            if before.is_some() && before == self.version {
                return Ok(());
            }
        }
        Err(PeerError::wrong(format!("it has no list that stays: {:?}", self.version)))
    }
}

async fn watch(peer: Peer, book: Book) -> Result<(), PeerError> {
    let mut watcher = Watcher { peer, book, users: BTreeSet::new(), version: None, waiting: Vec::new() };
    for _ in 0..8 {
        if let Err(error @ PeerError::Wrong(_)) = watcher.visit().await {
            return Err(error);
        }
        lose(&mut watcher.peer).await;
        let millis = watcher.peer.random(0..=10_000);
        watcher.peer.sleep(Duration::from_millis(millis)).await;
    }
    watcher.peer.after_faults().await;
    while *locked(&watcher.book.guests) > 0 {
        watcher.peer.sleep(Duration::from_secs(1)).await;
    }
    // Longer than any grace: nobody ends from here on. The other watcher may come a little later.
    watcher.peer.sleep(Duration::from_secs(60)).await;
    watcher.visit().await?;
    watcher.peer.sleep(Duration::from_secs(5)).await;
    watcher.compare().await?;
    // As long as the other one compares, nothing changes.
    watcher.peer.sleep(Duration::from_secs(100)).await;
    watcher.peer.close(CloseCode(1000)).await.map(drop)
}

async fn lose(peer: &mut Peer) {
    match peer.random(0..=3) {
        0 => peer.reset(),
        1 => drop(peer.close(CloseCode(1000)).await),
        _ => peer.vanish(),
    }
}

/// Comes and goes; two guests are clients of one user, and one is of none.
async fn guest(mut peer: Peer, book: Book) -> Result<(), PeerError> {
    let user = ["&user=ann", "&user=ann", "&user=bob", "&user=cleo", ""][peer.number() % GUESTS as usize];
    for _ in 0..12 {
        let info = ["x", "y"][peer.random(0..=1) as usize];
        if peer.connect(&format!("/?session={}{user}&info={info}", peer.name())).await.is_ok() {
            let millis = peer.random(0..=4_000);
            let _ = peer.receive_within(Duration::from_millis(millis)).await;
            // Out and in again within a tick, or out.
            for _ in 0..peer.random(0..=3) {
                let _ = peer.send("leave").await;
                let millis = peer.random(0..=400);
                peer.sleep(Duration::from_millis(millis)).await;
                if peer.random(0..=3) > 0 {
                    let _ = peer.send("join").await;
                }
            }
            lose(&mut peer).await;
        }
        let longest = [0, 300, 30_000][peer.random(0..=2) as usize];
        let millis = peer.random(0..=longest);
        peer.sleep(Duration::from_millis(millis)).await;
    }
    *locked(&book.guests) -= 1;
    Ok(())
}

#[test]
fn a_watcher_that_keeps_to_the_rules_has_the_list_as_it_is() {
    let tally = Tally::default();
    let shared = Arc::clone(&tally);
    let summary = Simulation::new(move |run: &mut Run| {
        let book = Book { guests: Arc::new(Mutex::new(GUESTS)), tally: Arc::clone(&shared) };
        let builder = builder(run);
        run.hub(builder);
        for number in 0..GUESTS {
            let book = book.clone();
            run.peer(format!("guest{number}"), move |peer| guest(peer, book));
        }
        for number in 0..WATCHERS {
            let book = book.clone();
            run.peer(format!("watcher{number}"), move |peer| watch(peer, book));
        }
    })
    .faults(Faults::default())
    .seeds(0..super::seeds())
    .run();
    assert_eq!(summary.runs, super::seeds());
    let tally = locked(&tally);
    for what in ["applied", "known", "counts", "missed", "cancelled", "same"] {
        assert!(tally.get(what).is_some_and(|count| *count > 0), "{what}: {tally:?}");
    }
}
