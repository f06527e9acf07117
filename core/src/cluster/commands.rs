//! The events as methods.

use super::Cluster;
use super::event::{Asker, Counts, Directive, Event, Member, Message, Topic};
use super::outcome::{Outcome, Refusal};
use super::traffic::Delivery;
use crate::id::ClientId;
use crate::time::Instant;

/// Each is [`handle`](Self::handle) with the event of its name.
#[expect(clippy::missing_errors_doc, reason = "those of the event")]
impl Cluster {
    /// [`Event::LinkUp`].
    pub fn link_up(&mut self, now: Instant, link: u64) -> Result<(), Refusal> {
        self.handle(now, Event::LinkUp { link }).map(drop)
    }

    /// [`Event::LinkDown`].
    pub fn link_down(&mut self, now: Instant, link: u64) -> Result<(), Refusal> {
        self.handle(now, Event::LinkDown { link }).map(drop)
    }

    /// [`Event::Sent`].
    pub fn sent(&mut self, now: Instant, link: u64) -> Result<(), Refusal> {
        self.handle(now, Event::Sent { link }).map(drop)
    }

    /// [`Event::Received`].
    pub fn received(&mut self, now: Instant, link: u64, delivery: &Delivery) -> Result<(), Refusal> {
        self.handle(now, Event::Received { link, delivery }).map(drop)
    }

    /// [`Event::Interest`].
    pub fn interest(&mut self, now: Instant, topic: Topic<'_>, wanted: bool) -> Result<(), Refusal> {
        self.handle(now, Event::Interest { topic, wanted }).map(drop)
    }

    /// [`Event::Publish`].
    pub fn publish(&mut self, now: Instant, message: Message<'_>) -> Result<Outcome, Refusal> {
        self.handle(now, Event::Publish(message))
    }

    /// [`Event::Command`].
    pub fn command(
        &mut self,
        now: Instant,
        to: Member<'_>,
        directive: &Directive,
        asks: bool,
    ) -> Result<Outcome, Refusal> {
        self.handle(now, Event::Command { to, directive, asks })
    }

    /// [`Event::Answer`].
    pub fn answer(&mut self, now: Instant, asker: &Asker, exists: bool) -> Result<Outcome, Refusal> {
        self.handle(now, Event::Answer { asker, exists })
    }

    /// [`Event::Counts`].
    pub fn counts(&mut self, now: Instant, counts: Counts) -> Result<(), Refusal> {
        self.handle(now, Event::Counts(counts)).map(drop)
    }

    /// [`Event::Room`].
    pub fn room(&mut self, now: Instant, room: &str, clients: u32, users: u32) -> Result<(), Refusal> {
        self.handle(now, Event::Room { room, clients, users }).map(drop)
    }

    /// [`Event::Present`].
    pub fn present(
        &mut self,
        now: Instant,
        room: &str,
        client: ClientId,
        user: Option<&str>,
        info: &[u8],
    ) -> Result<(), Refusal> {
        self.handle(now, Event::Present { room, client, user, info }).map(drop)
    }

    /// [`Event::Absent`].
    pub fn absent(&mut self, now: Instant, room: &str, client: ClientId) -> Result<(), Refusal> {
        self.handle(now, Event::Absent { room, client }).map(drop)
    }

    /// [`Event::Goodbye`].
    pub fn goodbye(&mut self, now: Instant) -> Result<(), Refusal> {
        self.handle(now, Event::Goodbye).map(drop)
    }

    /// [`Event::Timeout`].
    pub fn timeout(&mut self, now: Instant) -> Result<(), Refusal> {
        self.handle(now, Event::Timeout).map(drop)
    }
}
