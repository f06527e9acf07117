//! The room hub: a state machine that takes events and returns actions.

mod action;
mod config;
mod event;
mod outcome;

pub use action::{Action, DropReason, Dropped};
pub use config::{
    Admission, Config, ConfigError, Deadlines, Host, Inbound, Must, Outbox, OverRate, PerUser, Policy, Rooms,
};
pub use event::{Drain, Event, Flush, Progress, Target, Transport, Written};
pub use outcome::{Error, Joined, Outcome, Published, Refusal, State, Verdict};

use crate::close::{CloseCode, ClosedBy};
use crate::frame::{Frame, MessageKind};
use crate::id::{Address, ClientId, Name};
use crate::outbox::Batch;
use crate::time::Instant;
use alloc::vec::Vec;

/// The hub.
#[derive(Debug)]
pub struct Hub {}

/// A snapshot of a hub's numbers. STUB
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {}

#[allow(unused_variables, missing_docs, clippy::todo)]
impl Hub {
    pub fn new(config: Config) -> Result<Self, ConfigError> { todo!() }
    pub fn handle(&mut self, now: Instant, event: Event<'_>) -> Result<Outcome, Error> { todo!() }
    pub fn poll_action(&mut self) -> Option<Action> { todo!() }
    pub fn poll_ready(&mut self) -> Option<ClientId> { todo!() }
    pub fn poll_timeout(&self) -> Option<Instant> { todo!() }
    /// Swaps the hub's batch (filled by Transmit / TransmitReady) with an empty one of the host's.
    pub fn swap_batch(&mut self, batch: &mut Batch) { todo!() }
    /// Whether a client of this lane has something to write (O(1)).
    pub fn has_ready(&self, lane: u8) -> bool { todo!() }

    // typed sugar over handle()
    pub fn accept(&mut self, now: Instant, address: Option<Address>, lane: u8) -> Result<ClientId, Error> { todo!() }
    pub fn reserve(&mut self, now: Instant, client: ClientId, user: Option<&str>) -> Result<(), Error> { todo!() }
    pub fn open(&mut self, now: Instant, client: ClientId) -> Result<(), Error> { todo!() }
    pub fn set_user(&mut self, now: Instant, client: ClientId, user: Option<&str>) -> Result<(), Error> { todo!() }
    pub fn join(&mut self, now: Instant, client: ClientId, room: &str) -> Result<Joined, Error> { todo!() }
    pub fn leave(&mut self, now: Instant, client: ClientId, room: &str) -> Result<(), Error> { todo!() }
    pub fn leave_all(&mut self, now: Instant, client: ClientId) -> Result<u32, Error> { todo!() }
    pub fn publish(&mut self, now: Instant, targets: &[Target<'_>], except: &[ClientId], frame: &Frame, policy: Option<Policy>) -> Result<Published, Error> { todo!() }
    pub fn received(&mut self, now: Instant, client: ClientId, kind: MessageKind, bytes: u32) -> Result<Verdict, Error> { todo!() }
    pub fn close(&mut self, now: Instant, client: ClientId, code: CloseCode, reason: &str, flush: Flush, by: ClosedBy) -> Result<(), Error> { todo!() }
    pub fn gone(&mut self, now: Instant, client: ClientId) -> Result<(), Error> { todo!() }

    // queries
    pub fn state(&self) -> State { todo!() }
    pub fn config(&self) -> &Config { todo!() }
    pub fn is_open(&self, client: ClientId) -> bool { todo!() }
    pub fn user_of(&self, client: ClientId) -> Option<Name> { todo!() }
    pub fn rooms_of(&self, client: ClientId) -> Vec<Name> { todo!() }
    pub fn room_count_of(&self, client: ClientId) -> usize { todo!() }
    pub fn in_room(&self, client: ClientId, room: &str) -> bool { todo!() }
    pub fn members(&self, room: &str) -> Vec<ClientId> { todo!() }
    pub fn member_count(&self, room: &str) -> usize { todo!() }
    pub fn room_exists(&self, room: &str) -> bool { todo!() }
    pub fn room_names(&self) -> Vec<Name> { todo!() }
    pub fn room_count(&self) -> usize { todo!() }
    pub fn clients(&self) -> Vec<ClientId> { todo!() }
    pub fn clients_of(&self, user: &str) -> Vec<ClientId> { todo!() }
    pub fn client_count(&self) -> usize { todo!() }
    /// Connections in any phase.
    pub fn connection_count(&self) -> usize { todo!() }
    /// (messages, bytes) waiting for a client.
    pub fn outbox_of(&self, client: ClientId) -> Option<(u32, u32)> { todo!() }
    pub fn stats(&self) -> Stats { todo!() }
}
