//! The admission of an HTTP connection: what the hub says to it, until its first request is known.

use core::mem;
use core::sync::atomic::{AtomicBool, Ordering};
use core::task::{Context, Poll};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use throng_core::websocket::handshake::Refusal;
use throng_runtime::hosting::{Accepted, HostedHub, Probe};

/// The admission of a connection that [`serve`](super::serve) has accepted. Until the head of its first request is complete, the
/// hub counts it as an open handshake and may give it up. That request may open a WebSocket.
pub(super) struct HttpAdmission {
    hub: HostedHub,
    was_refused: AtomicBool,
    /// A WebSocket, or another protocol, has the connection.
    is_upgraded: AtomicBool,
    /// The server ends, and waits for no peer to hang up.
    is_ending: AtomicBool,
    state: Mutex<State>,
}

struct State {
    phase: Phase,
    /// The address for which the hub counts the connection; `None` while the client of a proxy is not known.
    counted: Option<SocketAddr>,
}

/// The admission of a connection, which its first request carries to the extractor.
#[derive(Clone)]
pub(super) struct FirstRequest(pub(super) Arc<HttpAdmission>);

enum Phase {
    /// The head has not arrived yet, and the hub's deadline runs; or it asks for a WebSocket.
    Accepted(Accepted),
    /// The hub has refused the connection. The head is read all the same, within `admission.probes`, because requests for a page,
    /// for health or for readiness are answered nevertheless. A request for a WebSocket gets this refusal.
    Refused(Refusal, Probe),
    /// The hub has refused the connection, and the head is complete.
    Answering(Refusal),
    /// The hub does not count the connection any more, or a WebSocket has taken it over.
    Over,
}

/// The admission that a request for a WebSocket takes over.
pub(super) enum Taken {
    Accepted(Accepted),
    Refused(Refusal),
    /// The request is not the first of its connection, or it goes to another hub.
    Nothing,
}

impl HttpAdmission {
    /// Asks the hub to accept the connection. `counted` is the address of the peer, or `None` if that is a proxy.
    pub(super) fn new(hub: &HostedHub, counted: Option<SocketAddr>) -> Self {
        let accepted = counted.map_or_else(|| hub.accept_from_proxy(), |peer| hub.accept(Some(peer)));
        let phase = Self::phase(hub, accepted, counted);
        Self {
            hub: hub.clone(),
            was_refused: AtomicBool::new(matches!(phase, Phase::Refused(..))),
            is_upgraded: AtomicBool::new(false),
            is_ending: AtomicBool::new(false),
            state: Mutex::new(State { phase, counted }),
        }
    }

    fn phase(hub: &HostedHub, accepted: Result<Accepted, Refusal>, counted: Option<SocketAddr>) -> Phase {
        match accepted {
            Ok(accepted) => Phase::Accepted(accepted),
            Err(refusal) => Phase::Refused(refusal, hub.read_refused(counted)),
        }
    }

    /// Notes for whom a connection of a proxy is, and asks the hub to accept the connection for that address. Its handshake begins anew
    /// then. Nothing changes for a connection whose address was known, or that the hub has refused already.
    pub(super) fn learn(&self, client: SocketAddr) {
        let mut state = self.state();
        if state.counted.is_some() || !matches!(state.phase, Phase::Accepted(_)) {
            return;
        }
        let old = mem::replace(&mut state.phase, Phase::Over);
        // Its slot is free before the next is taken, and the hub is asked without this lock. The task that calls this is the one that
        // polls, so nobody sees the phase between.
        drop(state);
        drop(old);
        let phase = Self::phase(&self.hub, self.hub.accept(Some(client)), Some(client));
        self.was_refused.store(matches!(phase, Phase::Refused(..)), Ordering::Relaxed);
        *self.state() = State { phase, counted: Some(client) };
    }

    /// Ready when the connection must be dropped, although its request has not arrived. One task polls it.
    pub(super) fn poll_given_up(&self, cx: &mut Context<'_>) -> Poll<()> {
        match &mut self.state().phase {
            Phase::Accepted(accepted) => accepted.poll_given_up(cx),
            Phase::Refused(_, probe) => probe.poll_over(cx),
            Phase::Answering(_) | Phase::Over => Poll::Pending,
        }
    }

    /// The head is complete. If it asks for no WebSocket, the connection counts as an open handshake no more.
    pub(super) fn head_is_complete(&self, asks_for_websocket: bool) {
        let mut state = self.state();
        let next = match (mem::replace(&mut state.phase, Phase::Over), asks_for_websocket) {
            (Phase::Accepted(accepted), true) => Phase::Accepted(accepted),
            (Phase::Refused(refusal, _), true) => Phase::Answering(refusal),
            (old, _) => {
                drop(state);
                drop(old);
                return;
            }
        };
        state.phase = next;
    }

    /// The request was answered. If it opened no WebSocket, the connection counts as an open handshake no more.
    pub(super) fn is_answered(&self) {
        let old = mem::replace(&mut self.state().phase, Phase::Over);
        drop(old);
    }

    /// Takes the admission over for a request that opens a WebSocket. It must be for the same hub and for the address that was
    /// counted: behind a proxy an application may have replaced that address.
    pub(super) fn take(&self, hub: &HostedHub, remote: Option<SocketAddr>) -> Taken {
        let mut state = self.state();
        if !self.hub.is_same(hub) || remote != state.counted {
            return Taken::Nothing;
        }
        match mem::replace(&mut state.phase, Phase::Over) {
            Phase::Accepted(accepted) => Taken::Accepted(accepted),
            Phase::Answering(refusal) | Phase::Refused(refusal, _) => Taken::Refused(refusal),
            Phase::Over => Taken::Nothing,
        }
    }

    /// The refusal, if the hub has refused the connection and its head has not arrived.
    pub(super) fn unread(&self) -> Option<Refusal> {
        let old = mem::replace(&mut self.state().phase, Phase::Over);
        if let Phase::Refused(refusal, _) = old { Some(refusal) } else { None }
    }

    /// The refusal, if the hub has refused the connection.
    pub(super) fn refusal(&self) -> Option<Refusal> {
        match &self.state().phase {
            Phase::Refused(refusal, _) | Phase::Answering(refusal) => Some(refusal.clone()),
            Phase::Accepted(_) | Phase::Over => None,
        }
    }

    /// Whether the hub refused the connection. It is closed after its first answer then, because no limit counts it.
    pub(super) fn was_refused(&self) -> bool {
        self.was_refused.load(Ordering::Relaxed)
    }

    /// The connection was answered with 101.
    pub(super) fn upgraded(&self) {
        self.is_upgraded.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_upgraded(&self) -> bool {
        self.is_upgraded.load(Ordering::Relaxed)
    }

    /// The server ends.
    pub(super) fn end(&self) {
        self.is_ending.store(true, Ordering::Relaxed);
    }

    /// Whether the connection is closed without waiting for its peer to hang up.
    pub(super) fn ends_at_once(&self) -> bool {
        self.is_upgraded() || self.is_ending.load(Ordering::Relaxed)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
