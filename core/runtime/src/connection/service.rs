//! A client's service: the right to call the client's hooks, and the state that this needs. It belongs to the client and not to a
//! connection.
//!
//! The task of a connection has the service while the connection lasts. If the client stays when the connection ends, or
//! continues on another connection, the task hands over the service, with a hook that still runs: see
//! [`handover`](crate::state::handover).

use crate::connection::attendant;
use crate::connection::driver::{Driver, Phase};
use crate::connection::rare_state::Due;
use crate::connection::serves::Serves;
use crate::connection::waiting_hook::WaitingHook;
use crate::handshake::client_handlers::ClientHandlers;
use crate::host::transport::Reader;
use crate::state::connection::{AfterEnd, Ending, IsServed};
use crate::state::handover::{Attended, Handed};
use alloc::boxed::Box;
use alloc::collections::VecDeque;
use core::mem;
use core::task::{Context, Poll};

/// The state that passes from task to task when a client gets another connection, or loses the last one.
pub(crate) struct Service {
    /// The hook that waits.
    hook: Option<Box<WaitingHook>>,
    own: ClientHandlers,
    due: VecDeque<Due>,
    dropped: u64,
    dropped_bytes: u64,
    received: u64,
    received_bytes: u64,
}

impl<R> Driver<R> {
    fn pack(&mut self) -> Service {
        let mut service = Service {
            hook: self.hook.take(),
            own: ClientHandlers::default(),
            due: VecDeque::new(),
            dropped: 0,
            dropped_bytes: 0,
            received: mem::take(&mut self.received),
            received_bytes: mem::take(&mut self.received_bytes),
        };
        if let Some(rare) = &mut self.rare {
            service.own = mem::take(&mut rare.own);
            service.due = mem::take(&mut rare.due);
            service.dropped = mem::take(&mut rare.dropped);
            service.dropped_bytes = mem::take(&mut rare.dropped_bytes);
        }
        service
    }

    fn unpack(&mut self, service: Service) {
        let Service { hook, own, due, dropped, dropped_bytes, received, received_bytes } = service;
        let is_plain = due.is_empty() && dropped == 0 && own.is_empty();
        if !is_plain || self.rare.is_some() {
            let rare = self.rare.get_or_insert_default();
            (rare.own, rare.due, rare.dropped, rare.dropped_bytes) = (own, due, dropped, dropped_bytes);
        }
        (self.hook, self.received, self.received_bytes) = (hook, received, received_bytes);
    }

    /// Hands the service to the task that takes it next.
    fn hand_over(&mut self) {
        let (client, service) = (self.client.id(), Box::new(self.pack()));
        // Messages that were sent to the client in this turn are left to its lane. The call below wakes the lane.
        self.member().turn.end();
        let left = self.connection.shared.with(|inner, _| inner.deposit(client, service));
        drop(left);
        self.serves = Serves::Nobody;
    }

    /// Ends the transport: tells the hub, and keeps the hub's last notices if the client has ended.
    pub(super) fn end_connection(&mut self) {
        self.phase = Phase::Ended;
        (self.rest, self.decoder, self.reader) = (None, None, None);
        if let Some(rare) = &mut self.rare {
            rare.last = None;
        }
        let is_served = match self.serves {
            Serves::Client | Serves::Lost => Some(IsServed::Here),
            Serves::Later => Some(IsServed::NotYet),
            Serves::Nobody => None,
        };
        let after = self.connection.end(is_served.map(|is_served| (&*self.client.member, is_served)));
        if let AfterEnd::Over(ending) = after {
            self.serves = Serves::Client;
            self.ending = Some(Box::new(ending));
            return;
        }
        if is_served == Some(IsServed::Here) {
            self.hand_over();
        }
        self.serves = Serves::Nobody;
        if matches!(after, AfterEnd::Away) {
            let span = self.rare.as_mut().map(|rare| mem::take(&mut rare.span));
            attendant::spawn(&self.connection, &self.client, span);
        }
    }

    /// Leaves the hub in order when the host drops the task before its end.
    pub(super) fn give_up(&mut self) {
        match self.phase {
            Phase::Ended => {}
            Phase::Away => {
                if self.serves == Serves::Lost {
                    self.hand_over();
                }
                let (client, connection) = (self.client.id(), self.connection.id);
                let left = self.connection.shared.with(|inner, _| inner.unserve(client, connection));
                if left.is_none() {
                    return;
                }
            }
            _ => self.end_connection(),
        }
        if self.serves == Serves::Client || self.phase == Phase::Away {
            self.member().set_last_hook_returned();
        }
    }
}

impl<R: Reader> Driver<R> {
    /// Takes the service from an earlier connection's task, or hands it to that of a later one. Pending while another task has
    /// it.
    pub(super) fn poll_handover(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let (client, connection) = (self.client.id(), self.connection.id);
        if self.serves == Serves::Later {
            let shared = &self.connection.shared;
            let (handed, old) = shared.with(|inner, _| inner.take_service(client, connection, cx.waker()));
            drop(old);
            match handed {
                // The other task hands over the service when it is polled next, even if a hook still runs.
                Handed::NotYet => return Poll::Pending,
                Handed::Elsewhere => self.leave_client(),
                Handed::Service(service) => {
                    self.serves = if self.phase == Phase::Away { Serves::Lost } else { Serves::Client };
                    self.has_mail = true;
                    if let Ok(service) = service.downcast() {
                        self.unpack(*service);
                    }
                }
            }
        }
        if self.serves == Serves::Lost {
            let shared = &self.connection.shared;
            let (attended, old) = shared.with(|inner, _| inner.attend(client, connection, cx.waker()));
            drop(old);
            match attended {
                Attended::Away => self.has_mail = true,
                Attended::Elsewhere => {
                    self.hand_over();
                    self.leave_client();
                }
                Attended::Over(mailbox, state) => {
                    (self.serves, self.phase) = (Serves::Client, Phase::Ended);
                    self.ending = Some(Box::new(Ending::new(mailbox, state, &self.connection.shared)));
                    // The end of any transport drops the hook that runs.
                    self.abandon_hook();
                }
            }
        }
        Poll::Ready(())
    }

    /// Notes that another task has the client's service, so that this task only closes its connection.
    fn leave_client(&mut self) {
        self.serves = Serves::Nobody;
        if self.phase == Phase::Away {
            self.phase = Phase::Ended;
        }
        self.begin_closing();
        if let Some(last) = self.rare.as_mut().and_then(|rare| rare.last.take()) {
            self.tell_last(last.0);
        }
    }
}
