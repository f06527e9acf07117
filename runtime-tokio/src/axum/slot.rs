//! What an HTTP connection is for the hub until its first request is known.

use core::mem;
use core::task::{Context, Poll};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use throng_core::websocket::Refusal;
use throng_runtime::{Accepted, Hub, Probe};

/// A connection that [`serve`](super::serve) has taken. Until its first head is complete, the hub counts it as an open
/// handshake, and it is given up when the hub says so; its first request may be the one that opens a WebSocket.
pub(super) struct Slot {
    hub: Hub,
    pub(super) remote: SocketAddr,
    was_refused: bool,
    state: Mutex<State>,
}

/// The slot of a connection, for the extractor of its first request.
#[derive(Clone)]
pub(super) struct FirstRequest(pub(super) Arc<Slot>);

enum State {
    /// The head is awaited under the hub's deadline, or it asks for a WebSocket.
    Accepted(Accepted),
    /// The hub takes no more. The head is read all the same, within `admission.probes`: the request may be one for a page, for
    /// health or for readiness, which are answered whoever is admitted. One for a WebSocket will hear this.
    Refused(Refusal, Probe),
    /// The same, and the head is complete.
    Answering(Refusal),
    /// The hub has nothing to do with it, or has it as a connection of its own.
    Over,
}

/// What a request for a WebSocket finds.
pub(super) enum Taken {
    Accepted(Accepted),
    Refused(Refusal),
    /// It is not the first of its connection, or of another hub.
    Nothing,
}

impl Slot {
    /// Asks the hub.
    pub(super) fn new(hub: &Hub, remote: SocketAddr) -> Self {
        let state = match hub.accept(Some(remote)) {
            Ok(accepted) => State::Accepted(accepted),
            Err(refusal) => State::Refused(refusal, hub.read_refused(Some(remote))),
        };
        let was_refused = matches!(state, State::Refused(..));
        Self { hub: hub.clone(), remote, was_refused, state: Mutex::new(state) }
    }

    /// Ready when the connection is to be dropped although it may want to say more. One task polls it.
    pub(super) fn poll_given_up(&self, cx: &mut Context<'_>) -> Poll<()> {
        match &mut *self.state() {
            State::Accepted(accepted) => accepted.poll_given_up(cx),
            State::Refused(_, probe) => probe.poll_over(cx),
            State::Answering(_) | State::Over => Poll::Pending,
        }
    }

    /// A head is complete. One that asks for no WebSocket is not the hub's business: its place is given back.
    pub(super) fn head_is_complete(&self, asks_for_websocket: bool) {
        let mut state = self.state();
        let next = match (mem::replace(&mut *state, State::Over), asks_for_websocket) {
            (State::Accepted(accepted), true) => State::Accepted(accepted),
            (State::Refused(refusal, _), true) => State::Answering(refusal),
            (old, _) => {
                drop(state);
                drop(old);
                return;
            }
        };
        *state = next;
    }

    /// The request has been answered: if it opened no WebSocket, the place is given back.
    pub(super) fn is_answered(&self) {
        let old = mem::replace(&mut *self.state(), State::Over);
        drop(old);
    }

    /// The place in a hub for a request that opens a WebSocket, which is in that hub and comes from the address that was
    /// counted: an application may know better, as behind a proxy.
    pub(super) fn take(&self, hub: &Hub, remote: Option<SocketAddr>) -> Taken {
        if !self.hub.is_same(hub) || remote != Some(self.remote) {
            return Taken::Nothing;
        }
        let mut state = self.state();
        match mem::replace(&mut *state, State::Over) {
            State::Accepted(accepted) => Taken::Accepted(accepted),
            State::Answering(refusal) | State::Refused(refusal, _) => Taken::Refused(refusal),
            State::Over => Taken::Nothing,
        }
    }

    /// The answer to a connection that the hub has refused and whose head has not come in time.
    pub(super) fn unread(&self) -> Option<Refusal> {
        let old = mem::replace(&mut *self.state(), State::Over);
        if let State::Refused(refusal, _) = old { Some(refusal) } else { None }
    }

    /// Whether the hub had no place for the connection. It is closed after its first answer then: it counts nowhere.
    pub(super) fn was_refused(&self) -> bool {
        self.was_refused
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
