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
    /// Nothing is written any more.
    Ended,
}

/// How much of the first thing is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cut {
    pub(crate) bytes: u32,
    /// It is the first message, not a control frame.
    pub(crate) is_message: bool,
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
    pub(super) cut: Option<Cut>,
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
    fn leased_messages(&self) -> impl Iterator<Item = &Message> {
        self.lease.iter().filter_map(|thing| match thing {
            Thing::Message(message) => Some(message),
            Thing::Control(_) => None,
        })
    }

    /// What waits or is being written.
    pub(crate) fn messages(&self) -> impl Iterator<Item = &Message> {
        self.leased_messages().chain(&self.queue)
    }

    pub(crate) fn sums(&self) -> (u32, u32) {
        sums(self.messages())
    }

    /// What no drop can take: what is on lease, or else a message that is half written.
    pub(super) fn undroppable(&self) -> (u32, u32) {
        if self.sending == Sending::Leased {
            return sums(self.leased_messages());
        }
        sums(self.queue.iter().take(self.first_droppable()))
    }

    /// Where in the queue the messages begin that may be dropped.
    pub(super) fn first_droppable(&self) -> usize {
        let is_cut = self.cut.is_some_and(|cut| cut.is_message);
        usize::from(is_cut && self.sending != Sending::Leased)
    }

    /// Whether there is anything that the hub's budget may take.
    pub(crate) fn can_shed(&self) -> bool {
        self.queue.len() > self.first_droppable()
    }

    pub(super) fn has_pending(&self) -> bool {
        let has_extras = !self.controls.is_empty() || self.close.is_some() || self.cut.is_some();
        !self.queue.is_empty() || has_extras
    }

    /// Sixteen pongs may wait; one more takes the place of the latest.
    pub(super) fn add_pong(&mut self, payload: Bytes) {
        if self.sending == Sending::Ended {
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
        if self.sending != Sending::Ended && !self.controls.contains(&Control::Ping) {
            self.controls.push(Control::Ping);
        }
    }

    fn pongs(&self) -> usize {
        self.controls.iter().filter(|control| matches!(control, Control::Pong(_))).count()
    }

    /// Takes what a lease of this budget and so many messages holds: a message that is half written, control frames,
    /// messages, and behind the last of them the close frame.
    pub(super) fn take_lease(&mut self, budget: u32, most: usize) {
        let held_back = self.queue.len().saturating_sub(most);
        let mut spent = 0;
        if self.cut.is_some_and(|cut| cut.is_message) {
            spent += self.lease_message();
        }
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

    /// Puts what was not written where it came from, and remembers how much of its first thing was.
    pub(super) fn put_back(&mut self, left: Vec<Thing>, bytes: u32) {
        let is_message = matches!(left.first(), Some(Thing::Message(_)));
        self.cut = (bytes > 0).then_some(Cut { bytes, is_message });
        for (at, thing) in left.into_iter().enumerate().rev() {
            let is_cut = at == 0 && bytes > 0;
            match thing {
                Thing::Message(message) => self.queue.insert(0, message),
                Thing::Control(close @ Control::Close { .. }) => self.close = Some(close),
                // However often a lease comes back, no more wait than may.
                Thing::Control(Control::Ping) if !is_cut && self.controls.contains(&Control::Ping) => {}
                Thing::Control(Control::Pong(_)) if !is_cut && self.pongs() >= 16 => {}
                Thing::Control(control) => self.controls.insert(0, control),
            }
        }
    }
}

fn sums<'a>(messages: impl Iterator<Item = &'a Message>) -> (u32, u32) {
    messages.fold((0, 0), |(count, bytes), message| (count + 1, bytes + message.frame.size()))
}
