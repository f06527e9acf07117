//! A game server without a socket, a thread or a clock: a script goes in, a transcript comes out, the same on every run.
//!
//! ```text
//! cargo run --example turn_based_game
//! ```
//!
//! Three players in turn take one to three stones; the player that takes the last stone wins; others watch. A player that
//! is late takes one stone by default, a player that vanishes is out, and a client that reads too slowly misses messages
//! but delays no other.
//!
//! The hub and the game together are one function of events and times. So a minute of pings, deadlines and a drain passes
//! within a millisecond, and a test of it neither sleeps nor fails on a busy machine. A stored transcript
//! (`turn_based_game.txt`) shows in review how a change affects a game. A game that went wrong can be replayed move by
//! move, and a server can check moves that were made elsewhere with the same code. For a host with sockets see
//! `mio_chat.rs`.

#![allow(clippy::disallowed_methods, clippy::print_stderr)] // It is a host.

use Does::{Closes, Leaves, Plays, Recovers, Stalls, Takes, Vanishes, Watches};
use std::fmt::Display;
use std::io::{self, Write};
use std::iter::Peekable;
use std::process::ExitCode;
use std::time::Duration;
use throng_core::hub::{Action, Config, Drain, Error, Event, Hub, Policy, Target};
use throng_core::outbox::{Batch, Control, Item, Progress, Then, Transport};
use throng_core::{ClientId, CloseCode, ConnectionId, Frame, Instant, MessageKind};

/// The script: the second, the person, and what happens.
const SCRIPT: &[(u64, &str, Does)] = &[
    (0, "ada", Plays),
    (1, "bob", Plays),
    (2, "cyd", Plays),
    (3, "eve", Watches),
    (5, "ada", Takes(3)),
    (6, "ada", Takes(1)), // not her turn
    (8, "bob", Takes(5)), // too many
    (9, "bob", Takes(2)),
    (10, "cyd", Vanishes), // in the middle of a turn: no move comes, and no pong
    (22, "ada", Takes(3)),
    // Here bob thinks for too long.
    (44, "eve", Stalls),
    (45, "ada", Takes(3)),
    (46, "bob", Takes(1)),
    (48, "ada", Takes(3)),
    (50, "bob", Takes(2)),
    (52, "eve", Recovers),
    (53, "ada", Takes(3)),
    (60, "bob", Leaves),
    (62, "the house", Closes),
];

#[derive(Clone, Copy)]
enum Does {
    Plays,
    Watches,
    Takes(u32),
    /// The peer sends nothing more, without closing.
    Vanishes,
    /// The connection takes no bytes for a while.
    Stalls,
    Recovers,
    Leaves,
    Closes,
}

const ROOM: &str = "table";
const PLAYERS: usize = 3;
const STONES: u32 = 21;
const TURN: Duration = Duration::from_secs(20);

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("turn_based_game: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn std::error::Error>> {
    let mut config = Config::default();
    config.deadlines.ping = Some(Duration::from_secs(10));
    config.deadlines.pong = Some(Duration::from_secs(15));
    // So small that a slow client loses messages.
    config.outbox.messages = 3;
    config.outbox.policy = Policy::DropOldest;
    let mut world = World::new(Hub::new(config)?);
    let played = world.play(SCRIPT.iter().peekable());
    // Not `println`, which panics if nobody reads.
    let written = io::stdout().write_all(world.transcript.as_bytes());
    written.map_err(|error| format!("cannot write the transcript to the standard output: {error}"))?;
    Ok(played?)
}

/// The host: the time, the people and their connections. It does what a host with sockets does.
struct World {
    hub: Hub,
    now: Instant,
    game: Game,
    people: Vec<Person>,
    batch: Batch,
    transcript: String,
    has_stopped: bool,
}

/// A person with a connection.
struct Person {
    name: &'static str,
    /// Named by what the transport does.
    connection: ConnectionId,
    /// Named by what the person does in the game.
    client: ClientId,
    line: Line,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Line {
    Good,
    Stalled,
    /// The connection takes all bytes, but no peer answers.
    Dead,
}

#[derive(Default)]
struct Game {
    players: Vec<ClientId>,
    /// The index of the player whose turn it is.
    turn: usize,
    stones: u32,
    /// When the turn ends. The hub has its own deadlines, and time advances to the earliest of all.
    deadline: Option<Instant>,
}

impl World {
    fn new(hub: Hub) -> Self {
        let (game, people, batch) = (Game::default(), Vec::new(), Batch::default());
        let (now, transcript, has_stopped) = (Instant::ORIGIN, String::new(), false);
        Self { hub, now, game, people, batch, transcript, has_stopped }
    }

    /// The loop of a host, except that it does not wait for time to pass.
    fn play<'a>(
        &mut self,
        mut script: Peekable<impl Iterator<Item = &'a (u64, &'static str, Does)>>,
    ) -> Result<(), Error> {
        while !self.has_stopped {
            let moment = |second: u64| Instant::ORIGIN + Duration::from_secs(second);
            let scripted = script.peek().map(|(second, ..)| moment(*second));
            let moments = [scripted, self.hub.poll_timeout(), self.game.deadline];
            let Some(next) = moments.into_iter().flatten().min() else { break };
            self.now = self.now.max(next);
            while let Some((_, who, does)) = script.next_if(|(second, ..)| moment(*second) <= self.now) {
                self.happens(who, *does)?;
            }
            if self.game.deadline.is_some_and(|deadline| deadline <= self.now) {
                self.is_late();
            }
            self.hub.timeout(self.now)?;
            self.settle()?;
        }
        Ok(())
    }

    /// Plays one line of the script.
    fn happens(&mut self, who: &'static str, does: Does) -> Result<(), Error> {
        match does {
            Plays | Watches => {
                let client = self.hub.admit(self.now, Some(who))?;
                let connection = self.hub.connection_of(client).ok_or(Error::Gone)?;
                self.hub.join(self.now, client, ROOM)?;
                self.people.push(Person { name: who, connection, client, line: Line::Good });
                self.comes(client, matches!(does, Plays));
            }
            Takes(stones) => {
                // A real move would come as a message, which a host reports to the hub.
                let (connection, client) = self.ids(who)?;
                self.hub.received(self.now, connection, MessageKind::Text, 7)?;
                self.note(format_args!("{who} → take {stones}"));
                self.moves(client, stones);
            }
            Vanishes => self.line(who, Line::Dead),
            Stalls => self.line(who, Line::Stalled),
            Recovers => {
                self.line(who, Line::Good);
                let (connection, _) = self.ids(who)?;
                self.hub.handle(self.now, Event::Writable { connection })?;
            }
            Leaves => {
                let ((connection, _), code) = (self.ids(who)?, Some(CloseCode::NORMAL));
                self.hub.handle(self.now, Event::PeerClosed { connection, code, reason: "bye" })?;
            }
            Closes => {
                self.note(format_args!("{who} closes"));
                self.hub.drain(self.now, Drain { idle: Duration::ZERO, spread: Duration::from_secs(2) })?;
            }
        }
        Ok(())
    }

    /// Handles actions and delivers leases until there is nothing left to do at this moment.
    fn settle(&mut self) -> Result<(), Error> {
        loop {
            while let Some(action) = self.hub.poll_action() {
                self.acts(&action)?;
            }
            if self.hub.transmit_ready(self.now, 0, 16, 1 << 16, &mut self.batch)? == 0 {
                return Ok(());
            }
            self.deliver()?;
        }
    }

    fn acts(&mut self, action: &Action) -> Result<(), Error> {
        match *action {
            Action::Disconnected { client, code, by, .. } => {
                self.note(format_args!("{} is out: {code}, by {by:?}", self.name(client)));
                self.goes(client);
            }
            Action::Abort { connection } => {
                self.people.retain(|person| person.connection != connection);
                self.hub.gone(self.now, connection)?;
            }
            Action::Dropped { client, dropped } => {
                self.note(format_args!("{} misses {}", self.name(client), dropped.frames));
            }
            Action::Stopped => {
                self.note("the house is closed");
                self.has_stopped = true;
            }
            // The game does not need `Connected`, `Left`, `Resume` and others.
            _ => {}
        }
        Ok(())
    }

    /// Delivers leases to the people whose connection is good, and answers for them as RFC 6455 demands.
    fn deliver(&mut self) -> Result<(), Error> {
        let mut batch = std::mem::take(&mut self.batch);
        for lease in batch.leases() {
            let connection = lease.connection;
            let person = self.people.iter().find(|person| person.connection == connection);
            let line = person.map(|person| person.line);
            let (progress, transport) = match line {
                Some(Line::Stalled) => (Progress::part(0, 0), Transport::Blocked),
                Some(Line::Good | Line::Dead) => (Progress::All, Transport::Ready),
                None => (Progress::part(0, 0), Transport::Failed),
            };
            if line == Some(Line::Good) {
                for item in batch.run(lease.run) {
                    self.hears(lease.client, connection, item)?;
                }
            }
            self.hub.transmitted(self.now, &[lease.written(progress, transport)])?;
            if line == Some(Line::Good) && lease.then == Then::EndSending {
                // The peer answers with its close frame, unless it sent one before.
                let (code, reason) = (Some(CloseCode::NORMAL), "");
                let _ = self.hub.handle(self.now, Event::PeerClosed { connection, code, reason });
            }
        }
        batch.clear();
        self.batch = batch;
        Ok(())
    }

    fn hears(&mut self, client: ClientId, connection: ConnectionId, item: &Item) -> Result<(), Error> {
        let name = self.name(client);
        match item {
            Item::Frame(frame) => {
                self.note(format_args!("    {name} ← {}", String::from_utf8_lossy(frame.payload())));
            }
            Item::Control(Control::Ping) => {
                self.hub.handle(self.now, Event::Pong { connection })?;
            }
            Item::Control(Control::Pong(_)) => {}
            Item::Control(Control::Close { code, .. }) => {
                self.note(format_args!("    {name} ← close {}", code.unwrap_or(CloseCode::NO_STATUS)));
            }
        }
        Ok(())
    }

    fn say(&mut self, text: impl Display) {
        self.publish(Target::Room(ROOM), &text);
    }

    fn tell(&mut self, client: ClientId, text: impl Display) {
        self.publish(Target::Client(client), &text);
    }

    fn publish(&mut self, target: Target<'_>, text: &dyn Display) {
        let frame = Frame::raw(text.to_string().into());
        // The publish is refused if the room has no members, which is fine here.
        let _ = self.hub.publish(self.now, &[target], &[], &frame, None);
    }

    fn note(&mut self, text: impl Display) {
        self.transcript += &format!("{:>5.1} s  {text}\n", self.now.since(Instant::ORIGIN).as_secs_f64());
    }

    fn name(&self, client: ClientId) -> &'static str {
        let person = self.people.iter().find(|person| person.client == client);
        person.map_or("somebody", |person| person.name)
    }

    fn ids(&self, name: &str) -> Result<(ConnectionId, ClientId), Error> {
        let person = self.people.iter().find(|person| person.name == name);
        person.map(|person| (person.connection, person.client)).ok_or(Error::Gone)
    }

    fn line(&mut self, name: &str, line: Line) {
        let people = self.people.iter_mut().filter(|person| person.name == name);
        people.for_each(|person| person.line = line);
        let is = match line {
            Line::Good => "is back",
            Line::Stalled => "reads nothing",
            Line::Dead => "vanishes",
        };
        self.note(format_args!("{name} {is}"));
    }
}

/// The rules.
impl World {
    fn comes(&mut self, client: ClientId, plays: bool) {
        let name = self.name(client);
        if !plays {
            return self.say(format_args!("{name} watches"));
        }
        self.say(format_args!("{name} plays"));
        self.game.players.push(client);
        if self.game.players.len() == PLAYERS {
            self.game.stones = STONES;
            self.say(format_args!("there are {STONES} stones"));
            self.turn(0);
        }
    }

    fn turn(&mut self, turn: usize) {
        self.game.turn = turn % self.game.players.len();
        self.game.deadline = Some(self.now + TURN);
        let player = self.game.players[self.game.turn];
        self.tell(player, format_args!("it is your turn, for {} seconds", TURN.as_secs()));
    }

    fn moves(&mut self, client: ClientId, stones: u32) {
        let is_turn = self.game.deadline.is_some() && self.game.players.get(self.game.turn) == Some(&client);
        if !is_turn {
            return self.tell(client, "it is not your turn");
        }
        let there_are = self.game.stones;
        if !(1..=3.min(there_are)).contains(&stones) {
            return self.tell(client, format_args!("one to three, of {there_are}"));
        }
        let (name, left) = (self.name(client), there_are - stones);
        self.game.stones = left;
        self.say(format_args!("{name} takes {stones}, {left} are left"));
        if left == 0 { self.wins(client) } else { self.turn(self.game.turn + 1) }
    }

    /// Ends a turn that lasted too long.
    fn is_late(&mut self) {
        let player = self.game.players[self.game.turn];
        let name = self.name(player);
        self.say(format_args!("{name} is late"));
        self.moves(player, 1);
    }

    fn goes(&mut self, client: ClientId) {
        let Some(place) = self.game.players.iter().position(|player| *player == client) else { return };
        self.game.players.remove(place);
        let name = self.name(client);
        self.say(format_args!("{name} has left the game"));
        if self.game.deadline.is_none() {
            return;
        }
        match (self.game.players.as_slice(), place.cmp(&self.game.turn)) {
            ([winner], _) => self.wins(*winner),
            (_, std::cmp::Ordering::Less) => self.game.turn -= 1,
            (_, std::cmp::Ordering::Equal) => self.turn(place),
            (_, std::cmp::Ordering::Greater) => {}
        }
    }

    fn wins(&mut self, client: ClientId) {
        let name = self.name(client);
        self.say(format_args!("{name} wins"));
        self.game = Game::default();
    }
}
