//! One client's outbox.

use bytes::Bytes;
use throng_core::Frame;
use throng_core::outbox::{Control, Item};

/// A frame of a publish, by whose number it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) number: u64,
    pub(crate) frame: Frame,
    pub(crate) key: Option<u64>,
    /// It was published to a room with a history.
    pub(crate) of_history: bool,
}

/// Something on lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Thing {
    Message(Message),
    Control(Control),
}

impl Thing {
    pub(crate) fn item(&self) -> Item {
        match self {
            Self::Message(message) => Item::Frame(message.frame.clone()),
            Self::Control(control) => Item::Control(control.clone()),
        }
    }

    /// Bytes on the wire.
    pub(crate) fn size(&self) -> u32 {
        match self {
            Self::Message(message) => message.frame.size(),
            Self::Control(Control::Ping) => 2,
            Self::Control(Control::Pong(payload)) => 2 + payload.len() as u32,
            Self::Control(Control::Close { code, reason }) => {
                let reason = reason.as_ref().map_or(0, |reason| reason.len() as u32);
                2 + code.map_or(0, |_| 2) + reason
            }
        }
    }
}

/// Who may write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Sending {
    /// Nobody wants to: nothing waits.
    #[default]
    Idle,
    Ready,
    Leased,
    Blocked,
    /// No message may be written yet.
    Paced,
    /// There is no connection, or none that works: what waits is kept for the next one.
    Held,
    /// Nothing is written any more.
    Ended,
}

/// What the transport has begun: nobody takes it back.
#[derive(Clone, Debug, Default)]
pub(crate) struct Begun {
    /// In order; on lease, and not here, while a lease is out.
    pub(super) things: Vec<Thing>,
    pub(super) count: usize,
    /// How much of them is written.
    pub(super) bytes: u32,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Outbox {
    pub(crate) sending: Sending,
    pub(crate) queue: Vec<Message>,
    pub(crate) lease: Vec<Thing>,
    /// Pongs and a ping: they go before messages.
    pub(super) controls: Vec<Control>,
    /// It goes behind everything.
    pub(super) close: Option<Control>,
    pub(super) begun: Begun,
    /// The transport took bytes again while the lease was out.
    pub(super) writable_meanwhile: bool,
    /// What comes back from the lease is dropped.
    pub(super) discard: bool,
    /// Somebody waits for room.
    pub(super) awaited: bool,
    /// `poll_ready` has named it.
    pub(crate) offered: bool,
}

impl Outbox {
    /// The messages that the transport has begun, unless they are on lease.
    pub(crate) fn begun_messages(&self) -> impl Iterator<Item = &Message> {
        messages(&self.begun.things)
    }

    /// What waits or is being written.
    pub(crate) fn messages(&self) -> impl Iterator<Item = &Message> {
        messages(&self.lease).chain(self.begun_messages()).chain(&self.queue)
    }

    pub(crate) fn sums(&self) -> (u32, u32) {
        sums(self.messages())
    }

    /// What no drop can take: what is on lease, or what is begun.
    pub(super) fn undroppable(&self) -> (u32, u32) {
        sums(messages(&self.lease).chain(self.begun_messages()))
    }

    /// Whether there is anything that the hub's budget may take.
    pub(crate) fn can_shed(&self) -> bool {
        !self.queue.is_empty()
    }

    pub(super) fn has_pending(&self) -> bool {
        let has_extras = !self.controls.is_empty() || self.close.is_some() || self.begun.count > 0;
        !self.queue.is_empty() || has_extras
    }

    /// Sixteen pongs may wait; one more takes the place of the latest.
    pub(super) fn add_pong(&mut self, payload: Bytes) {
        if matches!(self.sending, Sending::Ended | Sending::Held) {
            return;
        }
        if self.pongs() < 16 {
            return self.controls.push(Control::Pong(payload));
        }
        let latest = self.controls.iter_mut().rev().find(|control| matches!(control, Control::Pong(_)));
        if let Some(latest) = latest {
            *latest = Control::Pong(payload);
        }
    }

    pub(super) fn add_ping(&mut self) {
        let is_over = matches!(self.sending, Sending::Ended | Sending::Held);
        if !is_over && !self.controls.contains(&Control::Ping) {
            self.controls.push(Control::Ping);
        }
    }

    fn pongs(&self) -> usize {
        self.controls.iter().filter(|control| matches!(control, Control::Pong(_))).count()
    }

    /// Takes what a lease of this budget and so many messages holds: what is begun, control frames, messages, and behind
    /// the last of them the close frame.
    pub(super) fn take_lease(&mut self, budget: u32, most: usize) {
        let (begun, mut spent) = sums(self.begun_messages());
        let held_back = self.queue.len().saturating_sub(most.saturating_sub(begun as usize));
        self.lease.append(&mut self.begun.things);
        self.lease.extend(self.controls.drain(..).map(Thing::Control));
        while let Some(first) = self.queue.first() {
            let is_over = spent > 0 && spent + first.frame.size() > budget;
            if is_over || self.queue.len() <= held_back {
                break;
            }
            spent += self.lease_message();
        }
        if self.queue.is_empty() {
            self.lease.extend(self.close.take().map(Thing::Control));
        }
        self.sending = Sending::Leased;
        self.offered = false;
        self.writable_meanwhile = false;
    }

    fn lease_message(&mut self) -> u32 {
        let message = self.queue.remove(0);
        let size = message.frame.size();
        self.lease.push(Thing::Message(message));
        size
    }

    /// Keeps the first things of what was not written for the transport, which has begun them, and puts the others where they
    /// came from.
    pub(super) fn put_back(&mut self, mut left: Vec<Thing>, count: usize, bytes: u32) {
        let rest = left.split_off(count);
        self.begun = Begun { things: left, count, bytes };
        for thing in rest.into_iter().rev() {
            match thing {
                Thing::Message(message) => self.queue.insert(0, message),
                Thing::Control(close @ Control::Close { .. }) => self.close = Some(close),
                // However often a lease comes back, no more wait than may.
                Thing::Control(Control::Ping) if self.controls.contains(&Control::Ping) => {}
                Thing::Control(Control::Pong(_)) if self.pongs() >= 16 => {}
                Thing::Control(control) => self.controls.insert(0, control),
            }
        }
    }
}

fn messages(things: &[Thing]) -> impl Iterator<Item = &Message> {
    things.iter().filter_map(|thing| match thing {
        Thing::Message(message) => Some(message),
        Thing::Control(_) => None,
    })
}

fn sums<'a>(messages: impl Iterator<Item = &'a Message>) -> (u32, u32) {
    messages.fold((0, 0), |(count, bytes), message| (count + 1, bytes + message.frame.size()))
}
