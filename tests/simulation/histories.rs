//! Clients that return with a position, in the simulation: each message between a join and the end of the connection comes exactly once,
//! or the client is told that it does not get it, for the right reason. Sessions are in play, texts share frames, readers are slow, outboxes
//! are small under several policies, messages expire, and the history is removed now and then.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use throng_core::CloseCode;
use throng_core::hub::{Config, History, Joined, Policy, Recover, Recovery, Target, Unrecoverable};
use throng_core::websocket::deflate::{Compression, Takeover};
use throng_core::{Epoch, Position};
use throng_runtime::simulation::{Faults, Peer, PeerError, Run, Simulation};
use throng_runtime::{Client, Coalesce, Hub, Json, Numbered, Publish, SendError};

const ROOM: &str = "news";
const LISTENERS: u64 = 3;
const MESSAGES: u64 = 80;
const RECOVERED_AT_MOST: u64 = 12;

/// What has happened in all runs, by name: it is of no use if one of it has not.
type Tally = Arc<Mutex<BTreeMap<&'static str, u64>>>;

/// The name of the session, kept with its client.
#[derive(Clone)]
struct Session(String);

/// What the application knows, shared with the scripts of the peers.
#[derive(Clone)]
struct Book {
    pages: Arc<Mutex<Pages>>,
    tally: Tally,
}

#[derive(Default)]
struct Pages {
    /// What each position says, as the hub has answered the publisher.
    published: BTreeMap<(Epoch, u64), u64>,
    number: u64,
    /// Sessions to which a message of the history was dropped.
    dropped: BTreeSet<String>,
    /// Sessions whose peer has seen a hole. The drop may be told later, but is told.
    holes: BTreeSet<String>,
    /// Sessions whose answer to a join found their outbox full.
    unanswered: BTreeSet<String>,
    /// The position of the last message; `None` after the history was removed.
    top: Option<Position>,
    /// The speaker has said all that it says.
    is_over: bool,
}

/// What a peer has been answered to its join.
#[derive(Debug)]
struct Answer {
    top: Position,
    unrecovered: Option<(String, u64)>,
}

impl Book {
    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count(&self, what: &'static str) {
        *self.tally.lock().unwrap_or_else(PoisonError::into_inner).entry(what).or_default() += 1;
    }

    fn builder(&self, run: &Run) -> throng_runtime::Builder {
        let mut config = Config::default();
        config.sessions.grace = Some(Duration::from_secs(20));
        config.outbox.messages = [5, 16, 256][run.random(0..=2) as usize];
        config.outbox.policy =
            [Policy::DropNewest, Policy::DropOldest, Policy::Conflate(1)][run.random(0..=2) as usize];
        let age = Duration::from_secs([5, 60, 600][run.random(0..=2) as usize]);
        let history = History { messages: run.random(3..=30) as u32, age, ..History::default() };
        config.history.by_prefix.insert(ROOM.into(), history);
        config.history.recover_messages = RECOVERED_AT_MOST as u32;
        let coalesce = if run.random(0..=1) == 0 { Coalesce::Nothing } else { Coalesce::Newlines };
        let [joined, dropped, resumed, says] = [(); 4].map(|()| self.clone());
        Hub::builder()
            .config(config)
            .coalesce(coalesce)
            .compression(compression(run))
            .before_connect(|connecting| {
                let query = |key| connecting.request().query(key);
                let (session, since) = (query("session"), query("since"));
                let is_listener = session.is_some();
                if let Some(session) = session {
                    connecting.insert(Session(session.to_string()));
                    connecting.set_session(session);
                }
                match since.and_then(|since| since.parse().ok()) {
                    Some(since) => connecting.join_from(ROOM, Recover::Since(since)),
                    None if is_listener => connecting.join(ROOM),
                    None => {}
                }
                Ok(())
            })
            .on_join(move |client, _, answer| joined.answer(client, answer))
            .on_dropped(move |client, notice| {
                if notice.of_history {
                    dropped.count("dropped");
                    dropped.pages().dropped.extend(client.get::<Session>().map(|Session(name)| name));
                }
            })
            .on_resumed(move |_, _| resumed.count("resumed"))
            .on_message(move |client, message| {
                says.heard(client, &String::from_utf8_lossy(message.as_bytes()));
            })
    }

    fn answer(&self, client: &Client, joined: Joined) {
        let top = joined.position.expect("the room has a history");
        let text = match joined.recovery {
            Some(Recovery::Unrecovered(why)) => {
                self.count(why.reason.name());
                format!("answer {top} {} {}", why.reason.name(), why.oldest)
            }
            _ => {
                self.count("recovered");
                format!("answer {top}")
            }
        };
        // What is recovered may leave no room for it: then the peer has no answer, and comes again.
        if client.send(text) == Err(SendError::Full) {
            self.count("unanswered");
            self.pages().unanswered.extend(client.get::<Session>().map(|Session(name)| name));
        }
    }

    /// The speaker has something to say, or lets the history begin anew.
    fn heard(&self, client: &Client, text: &str) {
        let hub = client.hub();
        let mut pages = self.pages();
        match text {
            "say" => {
                pages.number += 1;
                let number = pages.number;
                let published =
                    hub.send_to_room(ROOM, Numbered::new(ROOM, Json(text_of(number)))).expect("it is kept");
                let Position { epoch, offset } = published.position.expect("the room has a history");
                pages.top = published.position;
                let before = pages.published.insert((epoch, offset), number);
                assert_eq!(before, None, "an offset is given twice");
            }
            // Sent again under its key, as a service does that saw no answer.
            "say twice" => {
                pages.number += 1;
                let (number, to) = (pages.number, [Target::Room(ROOM)]);
                let key = number.to_string();
                let publish = Publish::to(&to).key(&key);
                let [first, again] = [(); 2].map(|()| {
                    hub.publish(&publish, Numbered::new(ROOM, Json(text_of(number)))).expect("it is kept")
                });
                let Position { epoch, offset } = first.position.expect("the room has a history");
                pages.published.insert((epoch, offset), number);
                pages.top = first.position;
                assert!(again.position == first.position && again.ignored.is_some(), "{again:?}");
            }
            "remove" => {
                // It may not have begun.
                let _ = hub.remove_history(ROOM);
                pages.top = None;
            }
            _ => {
                let _ = client.send("pong");
            }
        }
    }
}

/// In half of the runs, and in half of those some connections keep their context, for which each message is compressed anew.
fn compression(run: &Run) -> Option<Compression> {
    let mut compression = Compression::default();
    compression.min_bytes = 0;
    let kind = run.random(0..=3);
    if kind == 0 {
        let mut takeover = Takeover::default();
        takeover.connections = 2;
        compression.takeover = Some(takeover);
    }
    (kind < 2).then_some(compression)
}

/// A listener: what it has, and what may come next.
struct Listener {
    peer: Peer,
    book: Book,
    /// All messages up to here have come, or it was told that they do not.
    at: Option<Position>,
    /// The name of its session, and how often it had another.
    session: (String, u64),
}

/// Why a listener gives its connection up.
enum Stop {
    /// A message is missing, or is of a history that has begun anew: the next join must say so.
    Hole,
    Error(PeerError),
}

impl From<PeerError> for Stop {
    fn from(error: PeerError) -> Self {
        Self::Error(error)
    }
}

impl Listener {
    fn name(&self) -> String {
        format!("{}-{}", self.session.0, self.session.1)
    }

    /// Connects, as a new client with the position or as the one that it was.
    async fn connect(&mut self, is_continued: bool) -> Result<(), PeerError> {
        if !is_continued {
            self.session.1 += 1;
        }
        let since = self.at.map_or(String::new(), |at| format!("&since={at}"));
        let path = format!("/?session={}{since}", self.name());
        self.peer.offer_compression(self.peer.random(0..=1) == 0);
        self.peer.connect(&path).await
    }

    /// The next lines: texts may share a frame.
    async fn lines(&mut self, time: Duration) -> Result<Option<Vec<String>>, PeerError> {
        let message = self.peer.receive_within(time).await?;
        Ok(message
            .map(|message| String::from_utf8_lossy(message.as_bytes()).lines().map(str::to_owned).collect()))
    }

    /// Receives until the answer to the join is there, which must be right, and then for some time.
    async fn stay(&mut self, time: Duration) -> Result<(), Stop> {
        let mut early = Vec::new();
        let answer = loop {
            let Some(lines) = self.lines(Duration::from_secs(30)).await? else { return Err(Stop::Hole) };
            let mut found = None;
            for line in lines {
                match parse_answer(&line) {
                    Some(answer) if found.is_none() => found = Some(answer),
                    _ => early.push(line),
                }
            }
            if let Some(answer) = found {
                break answer;
            }
        };
        self.check_answer(&answer)?;
        let base = match (&answer.unrecovered, self.at) {
            (None, Some(at)) => at.offset,
            _ => answer.top.offset,
        };
        self.at = Some(Position { offset: base, ..answer.top });
        for line in early {
            self.take(&line, false)?;
        }
        self.go_on(time, false).await
    }

    /// Receives for some time.
    async fn go_on(&mut self, time: Duration, is_continued: bool) -> Result<(), Stop> {
        while let Some(lines) = self.lines(time).await? {
            for line in lines {
                self.take(&line, is_continued)?;
            }
            if self.peer.random(0..=6) == 0 {
                break;
            }
        }
        Ok(())
    }

    fn check_answer(&self, answer: &Answer) -> Result<(), PeerError> {
        let (Some(at), Some((reason, oldest))) = (self.at, &answer.unrecovered) else {
            let is_same =
                self.at.is_none_or(|at| at.epoch == answer.top.epoch && at.offset <= answer.top.offset);
            return if is_same {
                Ok(())
            } else {
                Err(PeerError::wrong(format!("{answer:?} at {:?}", self.at)))
            };
        };
        let is_other = at.epoch != answer.top.epoch;
        let missed = answer.top.offset.saturating_sub(at.offset);
        let is_right = match reason.as_str() {
            "epoch_changed" => is_other,
            "trimmed" | "expired" => !is_other && at.offset + 1 < *oldest,
            // The outbox may have had no room either.
            "over_limit" => {
                !is_other && at.offset + 1 >= *oldest && (missed > RECOVERED_AT_MOST || missed > 3)
            }
            _ => false,
        };
        if is_right { Ok(()) } else { Err(PeerError::wrong(format!("{answer:?} at {at:?}"))) }
    }

    /// Takes a message of the room: it must be the next one.
    fn take(&mut self, line: &str, is_continued: bool) -> Result<(), Stop> {
        let Some((offset, number)) = parse(line) else { return Ok(()) };
        let Some(at) = self.at else { return Err(PeerError::wrong("a message before any answer").into()) };
        let known = self.book.pages().published.get(&(at.epoch, offset)).copied();
        if known != Some(number) {
            // It may be of a history that has begun anew, of which nobody has told: the next join does.
            let what = format!("{offset} says {number}, not {known:?}");
            return Err(if self.is_anew(offset, number) {
                Stop::Hole
            } else {
                PeerError::wrong(what).into()
            });
        }
        if offset == at.offset + 1 {
            self.at = Some(Position { offset, ..at });
            return Ok(());
        }
        if offset > at.offset {
            self.book.count("hole");
            if !is_continued {
                self.book.pages().holes.insert(self.name());
            }
            return Err(Stop::Hole);
        }
        if is_continued {
            self.book.count("repeated");
            return Ok(());
        }
        Err(PeerError::wrong(format!("{offset} comes twice, at {at:?} of {}", self.name())).into())
    }

    /// Whether a message is of another history than that of the position.
    fn is_anew(&self, offset: u64, number: u64) -> bool {
        let (pages, at) = (self.book.pages(), self.at);
        let is_it = |((epoch, other), said): (&(Epoch, u64), &u64)| {
            at.is_none_or(|at| at.epoch != *epoch) && (*other, *said) == (offset, number)
        };
        pages.published.iter().any(is_it)
    }

    async fn visit(&mut self, is_continued: bool) -> Result<(), Stop> {
        self.connect(is_continued).await?;
        let time = Duration::from_millis(self.peer.random(0..=4_000));
        // A client that is continued gets no answer.
        if is_continued { self.go_on(time, true).await } else { self.stay(time).await }
    }

    /// At last nothing is published any more: what is missing comes, or is said not to, and the position is that of the room.
    async fn catch_up(&mut self) -> Result<(), PeerError> {
        for _ in 0..3 {
            self.connect(false).await?;
            let came = self.stay(Duration::from_secs(5)).await;
            if let Err(Stop::Error(error)) = came {
                return Err(error);
            }
            let top = self.book.pages().top;
            if top.is_none() || self.at == top {
                return self.peer.close(CloseCode(1000)).await.map(drop);
            }
            let _ = self.lose().await;
        }
        // The answer to the join may displace what is missing each time: its first message if it fills the outbox, all of it if
        // messages conflate. Then the application was told of the drop; of a hole that the peer has seen, this is checked at the end.
        // Or what is missing leaves no room for the answer, of which the application was told, too.
        let (name, pages) = (self.name(), self.book.pages());
        if [&pages.dropped, &pages.holes, &pages.unanswered].iter().any(|names| names.contains(&name)) {
            return Ok(());
        }
        drop(pages);
        Err(PeerError::wrong(format!("at {:?}, and the room at {:?}", self.at, self.book.pages().top)))
    }

    async fn lose(&mut self) -> Result<(), PeerError> {
        match self.peer.random(0..=3) {
            0 => self.peer.reset(),
            1 => drop(self.peer.close(CloseCode(1001)).await?),
            2 => drop(self.peer.close(CloseCode(1000)).await?),
            _ => self.peer.vanish(),
        }
        Ok(())
    }
}

fn parse_answer(line: &str) -> Option<Answer> {
    let mut words = line.strip_prefix("answer ")?.split(' ');
    let top = words.next()?.parse().ok()?;
    let unrecovered = words.next().zip(words.next().and_then(|oldest| oldest.parse().ok()));
    Some(Answer { top, unrecovered: unrecovered.map(|(reason, oldest)| (reason.to_owned(), oldest)) })
}

fn parse(line: &str) -> Option<(u64, u64)> {
    let message: serde_json::Value = serde_json::from_str(line).ok()?;
    let number = message.get("message")?.as_str()?.split(' ').next()?.parse().ok()?;
    Some((message.get("offset")?.as_u64()?, number))
}

/// The number, and for every other one enough text that it gets shorter when it is compressed.
fn text_of(number: u64) -> String {
    format!("{number}{}", " la".repeat(if number.is_multiple_of(2) { 40 } else { 0 }))
}

async fn listen(peer: Peer, book: Book) -> Result<(), PeerError> {
    let session = (peer.name().to_owned(), 0);
    let mut listener = Listener { peer, book, at: None, session };
    let mut is_continued = false;
    for _ in 0..12 {
        let came = listener.visit(is_continued).await;
        is_continued = match came {
            Err(Stop::Error(error @ PeerError::Wrong(_))) => return Err(error),
            Err(Stop::Hole) => false,
            // Its connection was cut, or it read too slowly.
            _ => listener.at.is_some() && listener.peer.random(0..=1) == 0,
        };
        // It may have lost it already.
        let _ = listener.lose().await;
        let longest =
            if is_continued { 5_000 } else { [0, 5_000, 40_000][listener.peer.random(0..=2) as usize] };
        let millis = listener.peer.random(0..=longest);
        listener.peer.sleep(Duration::from_millis(millis)).await;
    }
    listener.peer.after_faults().await;
    while !listener.book.pages().is_over {
        listener.peer.sleep(Duration::from_secs(1)).await;
    }
    listener.catch_up().await
}

async fn speak(mut peer: Peer, book: Book) -> Result<(), PeerError> {
    let mut said = 0;
    while said < MESSAGES {
        // It may lose its connection as any other.
        if peer.connect("/").await.is_err() {
            peer.sleep(Duration::from_secs(1)).await;
            continue;
        }
        while said < MESSAGES {
            let what = match peer.random(0..=60) {
                0 => "remove",
                1..=5 => "say twice",
                _ => "say",
            };
            said += 1;
            let millis = peer.random(0..=2_500);
            let is_lost = peer.send(what).await.is_err()
                || peer.receive_within(Duration::from_millis(millis)).await.is_err();
            if is_lost {
                break;
            }
        }
    }
    book.pages().is_over = true;
    let _ = peer.close(CloseCode(1000)).await;
    Ok(())
}

fn simulated(faults: Faults, seeds: u64) -> BTreeMap<&'static str, u64> {
    let tally = Tally::default();
    let shared = Arc::clone(&tally);
    let summary = Simulation::new(move |run: &mut Run| {
        let book = Book { pages: Arc::default(), tally: Arc::clone(&shared) };
        let builder = book.builder(run);
        run.hub(builder);
        for number in 0..LISTENERS {
            let book = book.clone();
            run.peer(format!("listener{number}"), move |peer| listen(peer, book));
        }
        let speaks = book.clone();
        run.peer("speaker", move |peer| speak(peer, speaks));
        run.finally("the hub knows what was published", move |hub| {
            if hub.compression_stats().deflated > 0 {
                book.count("compressed");
            }
            let (pages, position) = (book.pages(), hub.position(ROOM));
            let untold: Vec<_> = pages.holes.difference(&pages.dropped).collect();
            if !untold.is_empty() {
                return Err(format!("nobody was told of a drop for {untold:?}"));
            }
            let Some(Position { epoch, offset }) = position else { return Ok(()) };
            let last = pages.published.range((epoch, 0)..=(epoch, u64::MAX)).next_back();
            let top = last.map_or(0, |((_, offset), _)| *offset);
            if top == offset { Ok(()) } else { Err(format!("{offset}, and {top} were published")) }
        });
    })
    .faults(faults)
    .seeds(0..seeds)
    .run();
    assert_eq!(summary.runs, seeds);
    Arc::try_unwrap(tally).map_or_else(
        |tally| tally.lock().unwrap_or_else(PoisonError::into_inner).clone(),
        |tally| tally.into_inner().unwrap_or_else(PoisonError::into_inner),
    )
}

/// The network is slow, cuts messages into pieces and fails, readers are slow, and the host stands still.
#[test]
fn each_message_comes_once_or_the_client_is_told_why_not() {
    let mut faults = Faults::default();
    faults.lasting = Duration::from_secs(60);
    let tally = simulated(faults, super::seeds());
    let reasons = [Unrecoverable::EpochChanged, Unrecoverable::Trimmed, Unrecoverable::OverLimit];
    let names = reasons.iter().map(|reason| reason.name());
    for what in names.chain(["recovered", "expired", "resumed", "dropped", "hole", "compressed"]) {
        assert!(tally.get(what).is_some_and(|count| *count > 0), "{what}: {tally:?}");
    }
}
