//! The state of one connection: what its client may say now, and what is due.

use super::check::Checked;
use super::code::{Disconnect, ErrorCode, UnsubscribeCode};
use super::command::{Command, Incoming, Request, Said};
use super::json::{Object, text_of};
use super::limits::Options;
use super::reply::{Connected, Failure, Reply, Subscribed};
use super::subscriptions::{By, Subscriptions};
use super::timers::{Due, Timers};
use super::{data, push, reply};
use crate::close::CloseFrame;
use crate::time::Instant;
use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::string::String;
use core::time::Duration;

/// Frames of the longest size that may wait for the host: it answers one command after the other.
const WAITING_FRAMES: usize = 4;

/// The server's side of one connection, sans-IO: see the [module](super).
#[derive(Debug)]
pub struct Conversation {
    options: Options,
    phase: Phase,
    /// Commands that have arrived and whose turn has not come.
    incoming: VecDeque<Incoming>,
    /// The bytes of the frames that they came in, until the last of them has had its turn.
    waiting: usize,
    outputs: VecDeque<Output>,
    /// The number of the command that the host has and has not answered.
    asked: Option<u32>,
    subscriptions: Subscriptions,
    timers: Timers,
    /// The id of the client and the version of the server, for `refresh`.
    names: (String, String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// The connect command has not come.
    New,
    /// The host decides about the connect command.
    Connecting,
    /// The host has refused the connect command. The SDK closes the connection; what it had sent with the command is ignored.
    Refused,
    Open,
    Closed,
}

/// What the host has to do, in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Send this text to the client.
    Send(String),
    /// Send this text, which is an error reply of this code.
    Error(u32, String),
    /// Take the client out of a channel, whose subscription has expired. The client has been told.
    Leave(Box<str>),
    /// Close the connection. Nothing follows.
    Close(CloseFrame),
}

impl Conversation {
    /// A connection whose WebSocket has just opened.
    #[must_use]
    pub fn new(options: Options, now: Instant) -> Self {
        let timers = Timers::new(now + options.connect);
        Self {
            options,
            phase: Phase::New,
            incoming: VecDeque::new(),
            waiting: 0,
            outputs: VecDeque::new(),
            asked: None,
            subscriptions: Subscriptions::default(),
            timers,
            names: Default::default(),
        }
    }

    /// A message of the client has arrived: a frame of one or more objects. O(bytes).
    pub fn handle_frame(&mut self, frame: &str) {
        if self.phase == Phase::Closed {
            return;
        }
        let most = self.options.frame_bytes as usize;
        if frame.len() > most {
            return self.violated("a frame is too long");
        }
        if !data::is_within(frame, self.options.nesting) {
            return self.violated("a frame is nested too deep");
        }
        if self.incoming.is_empty() {
            self.waiting = 0;
        }
        self.waiting = self.waiting.saturating_add(frame.len());
        if self.waiting > most.saturating_mul(WAITING_FRAMES) {
            return self.close(Disconnect::TooManyRequests.close());
        }
        let mut is_empty = true;
        for object in serde_json::Deserializer::from_str(frame).into_iter::<Object<Incoming>>() {
            is_empty = false;
            match object.map(|Object(incoming)| incoming) {
                Err(_) => {
                    return self.violated("a frame is not of JSON objects, or a field has another type");
                }
                Ok(_) if self.incoming.len() >= self.options.commands as usize => {
                    return self.close(Disconnect::TooManyRequests.close());
                }
                // A pong does not wait for the commands before it: its deadline would pass meanwhile.
                Ok(object) if object.is_empty() => self.take_pong(),
                Ok(object) => self.incoming.push_back(object),
            }
        }
        if is_empty {
            self.violated("an empty frame");
        }
    }

    /// The time has come that [`poll_timeout`](Self::poll_timeout) told. Call it after what has arrived was handed in. O(channels).
    pub fn handle_timeout(&mut self, now: Instant) {
        while self.phase != Phase::Closed {
            match self.timers.due(now, &self.options) {
                None => break,
                Some(Due::Ping) => self.send("{}".into()),
                Some(Due::Connect) => self.close(Disconnect::Stale.close()),
                Some(Due::Pong) => self.close(Disconnect::NoPong.close()),
                Some(Due::Expiry) => self.close(Disconnect::Expired.close()),
            }
        }
        if self.phase == Phase::Open {
            for channel in self.subscriptions.expired(now) {
                self.send(push::unsubscribe(&channel, UnsubscribeCode::Expired));
                self.outputs.push_back(Output::Leave(channel));
            }
        }
    }

    /// The next command, for the host to carry out and to answer by [`reply`](Self::reply) or another method. The next but one
    /// is given out when this one was answered. There may be output besides, in any case.
    pub fn poll_request(&mut self) -> Option<Request> {
        while self.asked.is_none() {
            let incoming = self.incoming.pop_front()?;
            if let Some(request) = self.take(incoming) {
                let has_reply = !matches!(request.command, Command::Send(_));
                self.asked = has_reply.then_some(request.id);
                return Some(request);
            }
        }
        None
    }

    /// What the host has to do next. Call it after every other method that changes something, until there is nothing.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When [`handle_timeout`](Self::handle_timeout) is to be called. `None`: nothing is due. O(channels).
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        match self.phase {
            Phase::Closed => None,
            _ => self.timers.next().into_iter().chain(self.subscriptions.next_expiry()).min(),
        }
    }

    /// The client may connect. The first ping follows after `first_ping`, which a host chooses at random below [`Options::ping`], so that
    /// the pings of many clients that connect at once are spread.
    pub fn connected(&mut self, now: Instant, connected: &Connected, first_ping: Duration) {
        let (Phase::Connecting, Some(id)) = (self.phase, self.asked) else { return };
        self.phase = Phase::Open;
        self.timers.open(now, &self.options, first_ping);
        self.timers.expire(self.deadline(now, connected.ttl));
        for (channel, subscribed) in &connected.subs {
            let expiry = self.deadline(now, subscribed.ttl);
            self.subscriptions.insert(channel, By::Server, expiry);
        }
        self.names = (connected.client.clone(), connected.version.clone());
        self.answer(id, connected.text(id, self.options.ping));
    }

    /// The client is subscribed to the channel that it asked for. The host sends what [`poll_output`](Self::poll_output) gives out before it puts the
    /// client into the room of the channel: an SDK ignores publications before the reply.
    pub fn subscribed(&mut self, now: Instant, id: u32, channel: &str, subscribed: &Subscribed) {
        if self.phase == Phase::Open {
            let expiry = self.deadline(now, subscribed.ttl);
            self.subscriptions.insert(channel, By::Client, expiry);
            self.answer(id, format_reply(id, subscribed));
        }
    }

    /// The client's subscription has ended, as it asked.
    pub fn unsubscribed(&mut self, id: u32, channel: &str) {
        self.subscriptions.remove(channel);
        self.answer(id, reply::empty(id, "unsubscribe"));
    }

    /// The connection's token was renewed.
    pub fn refreshed(&mut self, now: Instant, id: u32, ttl: Option<Duration>) {
        self.timers.expire(self.deadline(now, ttl));
        let names = Some((&*self.names.0, &*self.names.1));
        let text = reply::refreshed(id, "refresh", names, ttl);
        self.answer(id, text);
    }

    /// The token of a subscription was renewed.
    pub fn sub_refreshed(&mut self, now: Instant, id: u32, channel: &str, ttl: Option<Duration>) {
        let expiry = self.deadline(now, ttl);
        if self.subscriptions.renew(channel, expiry) {
            self.answer(id, reply::refreshed(id, "sub_refresh", None, ttl));
        } else {
            self.refuse(id, &ErrorCode::PermissionDenied.into());
        }
    }

    /// A command was carried out that changes nothing here.
    pub fn reply(&mut self, id: u32, reply: &Reply) {
        self.answer(id, reply.text(id));
    }

    /// A command was not carried out.
    pub fn refuse(&mut self, id: u32, failure: &Failure) {
        if self.phase == Phase::Connecting {
            self.phase = Phase::Refused;
            self.incoming.clear();
        }
        if self.asked == Some(id) {
            self.asked = None;
            self.fail(id, failure);
        }
    }

    /// The server subscribes the client to a channel. Returns whether it was not subscribed; the host sends the output before it puts the
    /// client into the room.
    pub fn subscribe(&mut self, now: Instant, channel: &str, subscribed: &Subscribed) -> bool {
        let is_new = self.phase == Phase::Open && !self.subscriptions.has(channel);
        if is_new {
            let expiry = self.deadline(now, subscribed.ttl);
            self.subscriptions.insert(channel, By::Server, expiry);
            self.send(push::subscribe(channel, subscribed));
        }
        is_new
    }

    /// The server ends a subscription. A client that is not subscribed is told nothing. A subscription that the server made cannot be made again by
    /// the SDK: if its state is lost, the connection is closed, so that it recovers with the next one.
    pub fn unsubscribe(&mut self, channel: &str, code: UnsubscribeCode) {
        match self.subscriptions.remove(channel) {
            None => {}
            Some(By::Server) if code == UnsubscribeCode::InsufficientState => {
                self.close(Disconnect::InsufficientState.close());
            }
            Some(_) => self.send(push::unsubscribe(channel, code)),
        }
    }

    /// The connection's time is another one from now on, without a command of the client; `None`: it has no end.
    pub fn set_ttl(&mut self, now: Instant, ttl: Option<Duration>) {
        if self.phase == Phase::Open {
            self.timers.expire(self.deadline(now, ttl));
        }
    }

    /// A subscription's time is another one from now on, without a command of the client; `None`: it has no end. Nothing happens if the client is
    /// not subscribed.
    pub fn set_subscription_ttl(&mut self, now: Instant, channel: &str, ttl: Option<Duration>) {
        let expiry = self.deadline(now, ttl);
        self.subscriptions.renew(channel, expiry);
    }

    /// Closes the connection.
    pub fn close(&mut self, close: CloseFrame) {
        if self.phase != Phase::Closed {
            self.phase = Phase::Closed;
            self.incoming.clear();
            self.outputs.push_back(Output::Close(close));
        }
    }

    /// Whether the client has connected and the connection is not being closed.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.phase == Phase::Open
    }

    /// Whether the client is subscribed to a channel, by itself or by the server.
    #[must_use]
    pub fn is_subscribed(&self, channel: &str) -> bool {
        self.subscriptions.has(channel)
    }

    /// The channels that the client is subscribed to, sorted.
    pub fn channels(&self) -> impl Iterator<Item = &str> {
        self.subscriptions.names()
    }

    /// The turn of a command has come. Returns it if the host is to carry it out.
    fn take(&mut self, incoming: Incoming) -> Option<Request> {
        let id = incoming.id;
        let command = match (incoming.said(), self.phase) {
            (_, Phase::Closed | Phase::Refused) => return None,
            (Said::Command(command), _) => command,
            (said, phase) => {
                self.take_other(id, &said, phase);
                return None;
            }
        };
        let violation = match (&command, self.phase, id) {
            (Command::Send(_), Phase::Open, _) => None,
            (_, _, 0) => Some("a command without a number"),
            (Command::Connect(_), Phase::New, _) => {
                self.phase = Phase::Connecting;
                None
            }
            (Command::Connect(_), ..) => Some("a second connect"),
            (_, Phase::New, _) => Some("a command before connect"),
            _ => None,
        };
        if let Some(what) = violation {
            self.violated(what);
            return None;
        }
        match Checked::new(&command, &self.options, &self.subscriptions) {
            Checked::Good => return Some(Request { id, command }),
            // It has no number, and so no reply.
            Checked::Bad(_) if id == 0 => self.violated("a send without data"),
            Checked::Bad(failure) => self.fail(id, &failure),
        }
        None
    }

    fn take_pong(&mut self) {
        if !self.timers.pong() {
            self.violated("a pong without a ping");
        }
    }

    /// Takes an object that has not exactly one of the commands for the host.
    fn take_other(&mut self, id: u32, said: &Said, phase: Phase) {
        match (said, phase, id) {
            (Said::TooMuch, ..) => self.violated("several commands in one object"),
            (_, Phase::New, _) => self.violated("a command before connect"),
            (_, _, 0) => self.violated("a command without a number"),
            (Said::Ping, ..) => self.send(reply::empty(id, "ping")),
            _ => self.fail(id, &ErrorCode::MethodNotFound.into()),
        }
    }

    fn violated(&mut self, what: &'static str) {
        self.close(Disconnect::BadRequest.close_because(what));
    }

    /// Sends the reply to a command, once.
    fn answer(&mut self, id: u32, text: String) {
        if self.asked == Some(id) {
            self.asked = None;
            self.send(text);
        }
    }

    fn fail(&mut self, id: u32, failure: &Failure) {
        if self.phase != Phase::Closed {
            self.outputs.push_back(Output::Error(failure.code, reply::failed(id, failure)));
        }
    }

    fn send(&mut self, text: String) {
        if self.phase != Phase::Closed {
            self.outputs.push_back(Output::Send(text));
        }
    }

    /// When something that is valid for so long is ended.
    fn deadline(&self, now: Instant, ttl: Option<Duration>) -> Option<Instant> {
        ttl.map(|ttl| now + ttl.saturating_add(self.options.grace))
    }
}

fn format_reply(id: u32, subscribed: &Subscribed) -> String {
    alloc::format!(r#"{{"id":{id},"subscribe":{}}}"#, text_of(&subscribed.json()))
}
