//! The application: it does what peers ask for, and writes everything into the ledger.

use std::collections::BTreeSet;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use throng_core::hub::{DropReason, Error, Joined, Refusal, Target};
use throng_core::websocket::{self, Message};
use throng_core::{ClientId, CloseCode, CloseFrame};
use throng_runtime::hosting::{Host, Sleep};
use throng_runtime::simulation::engine::host::SimulatedHost;
use throng_runtime::{
    Client, Connecting, Disconnected, DropNotice, Handler, Hub, Left, Newcomer, Placement, Publish, SendError,
};

use super::ledger::{EVICTED, Fate, Ledger, Stage};
use super::plan::{ROOMS, USERS};
use super::rooms::room;
use super::speech::{self, Command, Verb};
use super::{Answers, lock};

/// The number of a peer, kept with its client.
#[derive(Clone, Copy)]
struct Serial(usize);

#[derive(Clone)]
pub(super) struct Application {
    ledger: Arc<Mutex<Ledger>>,
    host: Arc<SimulatedHost>,
    answers: Answers,
}

/// What remains of a message's hook.
enum After {
    Nothing,
    Hang(u64),
    Panic,
}

impl Application {
    pub(super) fn new(ledger: Arc<Mutex<Ledger>>, host: Arc<SimulatedHost>, answers: Answers) -> Self {
        Self { ledger, host, answers }
    }

    pub(super) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        lock(&self.ledger)
    }

    /// The hook of a message, for a hub whose hooks do not wait.
    pub(super) fn message_at_once(&self, client: &Client, message: &Message) {
        let Some((_busy, serial, command)) = self.hear(client, message) else { return };
        if let After::Panic = self.obey(client, serial, command) {
            panic_quietly();
        }
    }

    async fn sleep(&self, time: Duration) {
        let mut alarm = self.host.alarm();
        let until = self.host.now() + time;
        poll_fn(|cx| alarm.poll_until(cx, until)).await;
    }

    /// A message arrived: it must be the next one of its client.
    fn hear(&self, client: &Client, message: &Message) -> Option<(Busy, usize, Command)> {
        let busy = Busy::begin(&self.ledger, client)?;
        let serial = busy.serial;
        let mut ledger = lock(&self.ledger);
        let command = match message {
            Message::Text(text) => Command::parse(text),
            Message::Binary(bytes) => std::str::from_utf8(bytes).ok().and_then(Command::parse),
        };
        let Some(command) = command else {
            ledger.violation(format!("client {serial} was heard saying something else: {message:?}"));
            return None;
        };
        ledger.see("message", serial, command.number);
        if let Some(wrong) = ledger.accounts[serial].told_message() {
            ledger.violation(format!("client {serial}: out of order: {wrong}"));
        }
        let account = &mut ledger.accounts[serial];
        let (last, stage) = (account.heard, account.stage);
        account.unheard += command.number.saturating_sub(last + 1);
        account.heard = command.number;
        ledger.require(stage == Stage::Connected, || format!("client {serial}: a message while {stage:?}"));
        let number = command.number;
        ledger.require(number > last, || format!("client {serial}: message {number} after {last}"));
        Some((busy, serial, command))
    }

    fn obey(&self, client: &Client, serial: usize, command: Command) -> After {
        let hub = &client.hub();
        let Command { verb, whom, size, .. } = command;
        let policy = speech::policy(command.policy);
        let (room, next) = (room(whom), room(whom + 1));
        let user = user(whom);
        match verb {
            Verb::Join => self.join(hub, client.id(), serial, whom % ROOMS),
            Verb::Leave => self.leave(hub, client.id(), serial, whom % ROOMS),
            Verb::LeaveAll => self.leave_all(client, serial),
            Verb::Say => self.publish(hub, &[Target::Room(&room)], &[], size, policy),
            Verb::Two => {
                let targets = [Target::Room(&room), Target::User(&user), Target::Room(&next)];
                self.publish(hub, &targets, &[client.id()], size, policy);
            }
            Verb::All => self.publish(hub, &[Target::All], &[client.id()], size, policy),
            Verb::User => self.publish(hub, &[Target::User(&user)], &[], size, policy),
            Verb::Echo if self.answers == Answers::AtOnce && policy.is_none() => {
                self.answer(client, serial, size);
            }
            Verb::Echo => self.publish(hub, &[Target::Client(client.id())], &[], size, policy),
            Verb::Wait => self.send_wait(client, serial, size),
            Verb::Bye => self.dismiss(hub, serial),
            Verb::Kick => self.dismiss(hub, whom as usize),
            Verb::Rename => self.rename(client, serial, whom),
            Verb::Hang => {
                lock(&self.ledger).accounts[serial].causes.failed = true;
                return After::Hang(size);
            }
            Verb::Panic => {
                lock(&self.ledger).accounts[serial].causes.failed = true;
                return After::Panic;
            }
        }
        After::Nothing
    }

    fn rename(&self, client: &Client, serial: usize, whom: u64) {
        let number = (whom < USERS).then_some(whom);
        let name = number.map(user);
        if client.set_user(name.as_deref()).is_ok() {
            lock(&self.ledger).accounts[serial].user = number;
        }
    }

    /// Closes a client.
    pub(super) fn dismiss(&self, hub: &Hub, serial: usize) {
        let mut ledger = lock(&self.ledger);
        let Some(account) = ledger.accounts.get_mut(serial) else { return };
        let Some(client) = account.client else { return };
        account.causes.dismissed = true;
        drop(ledger);
        // It may be gone.
        let _ = hub.close(client, CloseCode(4000), "dismissed");
    }

    /// Sends, and expects for each recipient what the hub says has become of it.
    pub(super) fn publish(
        &self,
        hub: &Hub,
        targets: &[Target<'_>],
        except: &[ClientId],
        size: u64,
        policy: Option<throng_core::hub::Policy>,
    ) {
        let mut ledger = lock(&self.ledger);
        let id = ledger.next_message();
        let Some(frame) = speech::frame(id, size) else { return };
        let reached = self.reached(hub, targets, &mut ledger);
        let serials: Vec<usize> = reached
            .iter()
            .filter(|client| !except.contains(client))
            .filter_map(|client| serial_of(&ledger, hub, *client))
            .collect();
        if policy == Some(throng_core::hub::Policy::Disconnect) {
            serials.iter().for_each(|serial| ledger.accounts[*serial].causes.may_overflow = true);
        }
        let mut publish = Publish::to(targets).except(except);
        if let Some(policy) = policy {
            publish = publish.policy(policy);
        }
        match hub.publish(&publish, &frame) {
            Ok(published) => {
                let count = published.queued + published.dropped;
                ledger.require(count as usize == serials.len() && published.refused == 0, || {
                    format!("message {id} was for clients {serials:?}: {published:?}")
                });
                ledger.see("published", serials.len(), (published, id));
                ledger.expect(&serials, id, frame.size());
            }
            Err(SendError::Hub(
                Error::Refused(Refusal::NoSuchRoom | Refusal::NoSuchUser) | Error::Gone | Error::NotOpen,
            )) => {
                ledger.require(reached.is_empty(), || format!("message {id} is for nobody, not {serials:?}"));
            }
            Err(SendError::Hub(Error::Refused(Refusal::Stopped | Refusal::MessageTooBig { .. }))) => {}
            Err(error) => ledger.violation(format!("message {id}: {error}")),
        }
    }

    /// Whom the targets reach as things are, and whether that is as the ledger has it.
    fn reached(&self, hub: &Hub, targets: &[Target<'_>], ledger: &mut Ledger) -> BTreeSet<ClientId> {
        let mut reached = BTreeSet::new();
        for target in targets {
            match target {
                Target::All => reached.extend(hub.clients()),
                Target::Client(client) => reached.extend(hub.client(*client).map(|client| client.id())),
                Target::User(name) => {
                    let clients = hub.clients_of(name);
                    for client in &clients {
                        let serial = serial_of(ledger, hub, *client);
                        let known = serial.and_then(|serial| ledger.accounts[serial].user).map(user);
                        ledger.require(known.as_deref() == Some(name), || {
                            format!("client {serial:?} of {known:?} is said to be of {name}")
                        });
                    }
                    reached.extend(clients);
                }
                Target::Room(name) => {
                    let members = hub.members(name);
                    self.compare_members(hub, name, &members, ledger);
                    reached.extend(members);
                }
                _ => {}
            }
        }
        reached
    }

    /// Sends to the client whose hook this is.
    fn answer(&self, client: &Client, serial: usize, size: u64) {
        let mut ledger = lock(&self.ledger);
        let id = ledger.next_message();
        let Some(frame) = speech::frame(id, size) else { return };
        let bytes = frame.size();
        match client.send(frame) {
            Ok(()) | Err(SendError::Full) => ledger.expect(&[serial], id, bytes),
            Err(SendError::Hub(Error::Gone | Error::NotOpen | Error::Refused(_))) => {}
            Err(error) => ledger.violation(format!("message {id}: {error}")),
        }
    }

    fn send_wait(&self, client: &Client, serial: usize, size: u64) {
        let mut ledger = lock(&self.ledger);
        let id = ledger.next_message();
        ledger.waiting += 1;
        drop(ledger);
        let Some(frame) = speech::frame(id, size) else { return };
        let bytes = frame.size();
        let mut send = client.send_wait(frame);
        let ledger = Arc::clone(&self.ledger);
        self.host.spawn(Box::pin(async move {
            let result = poll_fn(|cx| {
                let poll = Pin::new(&mut send).poll(cx);
                // At once, before anything else is queued.
                if let std::task::Poll::Ready(Ok(()) | Err(SendError::Full)) = &poll {
                    lock(&ledger).expect(&[serial], id, bytes);
                }
                poll
            })
            .await;
            drop(send);
            let mut ledger = lock(&ledger);
            ledger.waiting -= 1;
            ledger.see("waited", serial, (id, result.is_ok()));
        }));
    }
}

impl Handler for Application {
    async fn before_connect(&self, connecting: &mut Connecting) -> Result<(), websocket::handshake::Refusal> {
        let number =
            |name: &str| connecting.request().query(name).and_then(|value| value.parse::<u64>().ok());
        let Some(serial) = number("serial").map(|serial| serial as usize) else {
            return Err(forbidden());
        };
        let (user_number, room_number) = (number("user"), number("room"));
        let (ponder, refuse) = (number("ponder"), number("refuse"));
        {
            let mut ledger = lock(&self.ledger);
            ledger.see("asked", serial, 0);
            let account = &mut ledger.accounts[serial];
            let stage = std::mem::replace(&mut account.stage, Stage::Asked);
            account.user = user_number;
            account.rooms.extend(room_number);
            ledger.require(stage == Stage::New, || format!("client {serial} asks while {stage:?}"));
        }
        connecting.insert(Serial(serial));
        if let Some(number) = user_number {
            connecting.set_user(user(number));
        }
        if let Some(number) = room_number {
            connecting.join(room(number));
        }
        if let Some(ponder) = ponder {
            self.sleep(Duration::from_millis(ponder)).await;
        }
        if refuse.is_some() { Err(forbidden()) } else { Ok(()) }
    }

    async fn connected(&self, client: &Client) {
        let Some(busy) = Busy::begin(&self.ledger, client) else { return };
        let mut ledger = lock(&self.ledger);
        let serial = busy.serial;
        ledger.see("connected", serial, client.id());
        ledger.serials.insert(client.id(), serial);
        let account = &mut ledger.accounts[serial];
        account.client = Some(client.id());
        let stage = std::mem::replace(&mut account.stage, Stage::Connected);
        ledger.require(stage == Stage::Asked, || format!("client {serial} connected while {stage:?}"));
    }

    async fn message(&self, client: &Client, message: Message) {
        let Some((_busy, serial, command)) = self.hear(client, &message) else { return };
        match self.obey(client, serial, command) {
            After::Nothing => {}
            After::Hang(millis) => self.sleep(Duration::from_millis(millis)).await,
            After::Panic => panic_quietly(),
        }
    }

    async fn dropped(&self, client: &Client, dropped: DropNotice) {
        let Some(busy) = Busy::begin(&self.ledger, client) else { return };
        let mut ledger = lock(&self.ledger);
        ledger.see("dropped", busy.serial, (dropped.frames, dropped.bytes, dropped.reason));
        let account = &mut ledger.accounts[busy.serial];
        account.told += u64::from(dropped.frames);
        account.told_bytes += dropped.bytes;
        account.lost_by_its_end |= dropped.reason == DropReason::Closed;
    }

    async fn over_rate(&self, client: &Client, messages: u32) {
        let Some(busy) = Busy::begin(&self.ledger, client) else { return };
        let mut ledger = lock(&self.ledger);
        ledger.see("over rate", busy.serial, messages);
        ledger.accounts[busy.serial].told_unheard += u64::from(messages);
    }

    async fn joined(&self, client: &Client, name: &str, joined: Joined) {
        let Some(busy) = Busy::begin(&self.ledger, client) else { return };
        self.watch(client, |account| account.told_joined(name));
        lock(&self.ledger).see("joined", busy.serial, (name, joined.members));
    }

    async fn left(&self, client: &Client, name: &str, left: Left) {
        self.watch(client, |account| account.told_left(name, left));
        let Some(busy) = Busy::begin(&self.ledger, client) else { return };
        let serial = busy.serial;
        let mut ledger = lock(&self.ledger);
        ledger.see("left", serial, name);
        // The application has taken it out itself.
        if left != Left::Ended {
            return;
        }
        let rooms = &mut ledger.accounts[serial].rooms;
        let before = rooms.len();
        rooms.retain(|number| room(*number) != name);
        let was_in = rooms.len() < before;
        ledger.require(was_in, || format!("client {serial} left {name}, where it was not"));
    }

    async fn disconnected(&self, client: &Client, end: Disconnected) {
        let Some(busy) = Busy::begin(&self.ledger, client) else { return };
        self.watch(client, |account| account.told_disconnected(&end));
        let serial = busy.serial;
        let mut ledger = lock(&self.ledger);
        let account = &mut ledger.accounts[serial];
        if account.causes.may_not_join && end.code == CloseCode::TRY_AGAIN_LATER {
            account.rooms.clear();
        }
        let ran_short = end.reason.as_deref() == Some("out of memory for its messages");
        account.causes.ran_short = ran_short;
        ledger.ran_short += u64::from(ran_short);
        ledger.ended(serial, Fate { by: end.by, code: end.code });
    }
}

/// A user has so many clients at most: one more goes, or those that came first do.
pub(super) fn place(newcomer: &Newcomer<'_>, roster: &[Client], most: usize) -> Placement {
    let too_many = (roster.len() + 1).saturating_sub(most);
    let goes = newcomer.get::<Serial>().is_some_and(|Serial(serial)| serial % 3 == 0);
    match too_many {
        0 => Placement::Admit,
        _ if goes => Placement::refuse(CloseFrame::new(CloseCode::POLICY, "too many")),
        _ => Placement::evict(&roster[..too_many], CloseFrame::new(EVICTED, "another one came")),
    }
}

/// A hook that runs: no two of one client at a time.
struct Busy {
    ledger: Arc<Mutex<Ledger>>,
    serial: usize,
}

impl Busy {
    fn begin(ledger: &Arc<Mutex<Ledger>>, client: &Client) -> Option<Self> {
        let serial = serial(client);
        let mut locked = lock(ledger);
        let Some(serial) = serial else {
            locked.violation(format!("client {} has lost its serial number", client.id()));
            return None;
        };
        let was_busy = std::mem::replace(&mut locked.accounts[serial].in_hook, true);
        locked.require(!was_busy, || format!("client {serial}: two hooks at a time"));
        Some(Self { ledger: Arc::clone(ledger), serial })
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        lock(&self.ledger).accounts[self.serial].in_hook = false;
    }
}

/// The serial number of a client's peer.
pub(super) fn serial(client: &Client) -> Option<usize> {
    client.get::<Serial>().map(|serial| serial.0)
}

pub(super) fn serial_of(ledger: &Ledger, hub: &Hub, client: ClientId) -> Option<usize> {
    // One that has just opened is not known yet.
    let known = ledger.serials.get(&client).copied();
    known.or_else(|| hub.client(client)?.get::<Serial>().map(|serial| serial.0))
}

pub(super) fn user(number: u64) -> String {
    format!("user {number}")
}

fn forbidden() -> websocket::handshake::Refusal {
    websocket::handshake::Refusal::Custom { status: http::StatusCode::FORBIDDEN, body: "No.\n".into() }
}

/// Without a word on standard error.
fn panic_quietly() {
    std::panic::resume_unwind(Box::new("as was asked for"));
}
