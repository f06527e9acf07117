//! Calls of a connection's hooks: their order, and the results.

use crate::connection::driver::Driver;
use crate::connection::rare_state::{Due, RareState};
use crate::connection::serves::Serves;
use crate::connection::waiting_hook::{Call, Finish, WaitingHook};
use crate::handler::application::Application;
use crate::handler::hooks::{Asked, Running};
use crate::handler::limit::Failure;
use crate::handshake::participation::Participation;
use crate::host::transport::Reader;
use crate::notice::ask::UnmatchedReply;
use crate::notice::dropped::DropNotice;
use crate::notice::hook::{ClientError, Handled, HandledAs, Hook, Ruling};
use crate::panic::caught;
use crate::state::mailbox::{Disconnected, End, Notice};
use crate::state::settings::KeepRequests;
use alloc::boxed::Box;
use core::mem;
use core::task::{Context, Poll};
use throng_core::hub::{Cause, Event, Flush};
use throng_core::websocket::Message;
use throng_core::{CloseFrame, ClosedBy, Instant};

/// The result of calling a hook: the future if it waits, `None` if it has finished.
type Called = Result<Option<Running>, ()>;

impl<R: Reader> Driver<R> {
    /// Calls the next hook that is not about a message; false if there is none.
    pub(crate) fn tell_next(&mut self, cx: &mut Context<'_>) -> bool {
        if let Some(due) = self.rare.as_mut().and_then(|rare| rare.due.pop_front()) {
            self.tell_due(due, cx);
        } else if let Some(notice) = self.next_notice() {
            self.tell(notice, cx);
        } else {
            return false;
        }
        true
    }

    /// The next notice of the mailbox.
    fn next_notice(&mut self) -> Option<Notice> {
        if let Some(ending) = &mut self.ending {
            return ending.mailbox.pop();
        }
        if !mem::take(&mut self.has_mail) || matches!(self.serves, Serves::Later | Serves::Nobody) {
            return None;
        }
        let (member, connection) = (&self.client.member, self.connection.id);
        let (notice, is_lost) = member.shared.with(|inner, _| {
            let notice = inner.client_state(member.id).and_then(|state| state.mailbox().pop());
            let is_lost = matches!(notice, Some(Notice::Away(_)))
                && inner.hub.connection_of(member.id) != Some(connection);
            (notice, is_lost)
        });
        self.has_mail = notice.is_some();
        if is_lost {
            self.serves = Serves::Lost;
        }
        notice
    }

    fn tell(&mut self, notice: Notice, cx: &mut Context<'_>) {
        match &notice {
            Notice::Connected => self.owe_join(false),
            Notice::Resumed(_) => self.owe_join(true),
            Notice::Left(room, left) => {
                if let Some(participation) = participation(&mut self.rare) {
                    participation.left(&self.client, room, *left);
                }
            }
            _ => {}
        }
        let client = &self.client;
        let handler = &Application::of(&client.member.shared).hooks;
        let (hook, called) = match notice {
            Notice::Connected => (Hook::Connected, caught(|| handler.connected(client))),
            Notice::Joined(room, joined) => (Hook::Joined, caught(|| handler.joined(client, room, joined))),
            Notice::Left(room, left) => (Hook::Left, caught(|| handler.left(client, room, left))),
            Notice::Dropped(dropped) => return self.tell_dropped(dropped, cx),
            Notice::OverRate(messages) => (Hook::OverRate, caught(|| handler.over_rate(client, messages))),
            Notice::Error(error) => return self.tell_due(Due::Error(error), cx),
            Notice::Away(away) => (Hook::Away, caught(|| handler.away(client, away))),
            Notice::Resumed(resumed) => (Hook::Resumed, caught(|| handler.resumed(client, resumed))),
            Notice::Expiring(expiring) => (Hook::Expiring, caught(|| handler.expiring(client, expiring))),
            Notice::Disconnected(end) => return self.tell_disconnected(end, cx),
        };
        self.called(hook, called, None, cx);
    }

    fn tell_due(&mut self, due: Due, cx: &mut Context<'_>) {
        let Self { client, rare, .. } = self;
        let handler = &Application::of(&client.member.shared).hooks;
        let (hook, called) = match due {
            Due::Handled(handled) => (Hook::AfterMessage, caught(|| handler.after_message(client, handled))),
            Due::Error(error) => {
                let own = rare.as_mut().filter(|rare| rare.own.error.is_some());
                if let Some(rare) = own {
                    rare.due.push_front(Due::ErrorToHandler(error.clone()));
                    let own = &mut rare.own.error;
                    (Hook::Error, caught(|| own.as_mut().and_then(|own| own(client, error))))
                } else {
                    (Hook::Error, caught(|| handler.error(client, error)))
                }
            }
            Due::ErrorToHandler(error) => (Hook::Error, caught(|| handler.error(client, error))),
            Due::Disconnected(disconnected) => {
                let own = rare.as_mut().filter(|rare| rare.own.close.is_some());
                if let Some(rare) = own {
                    rare.due.push_back(Due::DisconnectedToHandler(disconnected.clone()));
                    let own = &mut rare.own.close;
                    (Hook::Disconnected, caught(|| own.as_mut().and_then(|own| own(client, disconnected))))
                } else {
                    (Hook::Disconnected, caught(|| handler.disconnected(client, disconnected)))
                }
            }
            Due::Join { reconnect } => {
                let hook = if reconnect { Hook::Resumed } else { Hook::Connected };
                (hook, caught(|| participation(rare)?.join(client, reconnect)))
            }
            Due::DisconnectedToHandler(disconnected) => {
                (Hook::Disconnected, caught(|| handler.disconnected(client, disconnected)))
            }
        };
        self.called(hook, called, None, cx);
    }

    fn tell_dropped(&mut self, dropped: DropNotice, cx: &mut Context<'_>) {
        let rare = self.rare.get_or_insert_default();
        rare.dropped += u64::from(dropped.frames);
        rare.dropped_bytes += dropped.bytes;
        let handler = &Application::of(&self.client.member.shared).hooks;
        let called = caught(|| handler.dropped(&self.client, dropped));
        self.called(Hook::Dropped, called, None, cx);
    }

    fn tell_disconnected(&mut self, end: End, cx: &mut Context<'_>) {
        self.begin_closing();
        let disconnected = self.disconnected(end);
        let Some(rare) = self.rare.as_mut().filter(|rare| rare.own.participation.is_some()) else {
            return self.tell_due(Due::Disconnected(disconnected), cx);
        };
        rare.due.push_back(Due::Disconnected(disconnected.clone()));
        let (client, participation) = (&self.client, &mut rare.own.participation);
        let called = caught(|| participation.as_mut()?.disconnected(client, &disconnected));
        self.called(Hook::Disconnected, called, None, cx);
    }

    /// After the handler has been told, a participant joins.
    fn owe_join(&mut self, reconnect: bool) {
        if let Some(rare) = self.rare.as_mut().filter(|rare| rare.own.participation.is_some()) {
            rare.due.push_back(Due::Join { reconnect });
        }
    }

    /// Whether the request is still needed for a participant that is to join.
    fn owes_join(&self) -> bool {
        let is_join = |due: &Due| matches!(due, Due::Join { .. });
        self.rare.as_ref().is_some_and(|rare| rare.due.iter().any(is_join))
    }

    fn disconnected(&self, end: End) -> Disconnected {
        let End { code, reason, by } = end;
        let member = &self.client.member;
        let until = member.closed().unwrap_or_else(|| member.shared.now());
        let duration = member.opened().map(|opened| until.since(opened)).unwrap_or_default();
        let (dropped, dropped_bytes) =
            self.rare.as_ref().map_or((0, 0), |rare| (rare.dropped, rare.dropped_bytes));
        let (sent, sent_bytes) = member.sent.get();
        let (received, received_bytes) = (self.received, self.received_bytes);
        Disconnected {
            code,
            reason,
            by,
            duration,
            received,
            received_bytes,
            sent,
            sent_bytes,
            dropped,
            dropped_bytes,
        }
    }

    /// Hands a message to the application. Calls only those of the message hooks that the application has implemented.
    pub(crate) fn handle(&mut self, message: Message, cx: &mut Context<'_>) {
        let shared = &self.client.member.shared;
        if shared.settings.replies.is_some() {
            return self.handle_reply(message, cx);
        }
        self.handle_message(message, cx);
    }

    /// Gives a reply to whoever waits for it. Other messages are handled as ever.
    fn handle_reply(&mut self, message: Message, cx: &mut Context<'_>) {
        let shared = &self.client.member.shared;
        let replies = shared.settings.replies.as_ref();
        let ask = match caught(|| replies.and_then(|find| find(&message))) {
            Ok(Some(ask)) => ask,
            Ok(None) => return self.handle_message(message, cx),
            Err(()) => {
                let failed = Finish::Failed(Failure::Panicked);
                return self.finished(Hook::UnmatchedReply, failed, None, cx);
            }
        };
        if let Err(message) = self.client.resolve(ask, message) {
            let reply = UnmatchedReply { ask, message };
            let called = caught(|| Application::of(shared).hooks.unmatched_reply(&self.client, reply));
            self.called(Hook::UnmatchedReply, called, None, cx);
        }
    }

    fn handle_message(&mut self, message: Message, cx: &mut Context<'_>) {
        let shared = &self.client.member.shared;
        let written_hooks = shared.settings.written_hooks;
        if !written_hooks.before_message && !written_hooks.after_message {
            return self.call_message(message, None, cx);
        }
        let begun = written_hooks.after_message.then(|| shared.now());
        if !written_hooks.before_message {
            return self.call_message(message, begun, cx);
        }
        match caught(|| Application::of(shared).hooks.before_message(&self.client, message)) {
            Ok(Asked::Ruled(message, ruling)) => self.ruled(message, ruling, begun, cx),
            Ok(Asked::Running(running)) => self.start(Hook::BeforeMessage, Call::Ask(running), begun, cx),
            Err(()) => self.finished(Hook::BeforeMessage, Finish::Failed(Failure::Panicked), begun, cx),
        }
    }

    fn ruled(&mut self, message: Message, ruling: Ruling, begun: Option<Instant>, cx: &mut Context<'_>) {
        match ruling {
            Ruling::Pass => return self.call_message(message, begun, cx),
            Ruling::Change(message) => return self.call_message(message, begun, cx),
            Ruling::Refuse => {}
            Ruling::Close(rejection) => self.close(&rejection, Flush::First),
        }
        self.handled(HandledAs::Refused, begun, cx);
    }

    fn call_message(&mut self, message: Message, begun: Option<Instant>, cx: &mut Context<'_>) {
        let Self { client, rare, .. } = self;
        let own = rare.as_mut().and_then(|rare| rare.own.message.as_mut());
        let called = caught(|| match own {
            Some(own) => own(client, message),
            None => Application::of(&client.member.shared).hooks.message(client, message),
        });
        self.called(Hook::Message, called, begun, cx);
    }

    fn handled(&mut self, result: HandledAs, begun: Option<Instant>, cx: &mut Context<'_>) {
        let Some(begun) = begun else { return };
        let shared = &self.client.member.shared;
        let handled = Handled { result, took: shared.now().since(begun) };
        let called = caught(|| Application::of(shared).hooks.after_message(&self.client, handled));
        self.called(Hook::AfterMessage, called, None, cx);
    }

    fn called(&mut self, hook: Hook, called: Called, begun: Option<Instant>, cx: &mut Context<'_>) {
        match called {
            Ok(None) => self.returned(hook, HandledAs::Done, begun, cx),
            Ok(Some(running)) => self.run(hook, running, begun, cx),
            Err(()) => self.finished(hook, Finish::Failed(Failure::Panicked), begun, cx),
        }
    }

    /// Most hooks finish at the first poll, so nothing else is allocated for them.
    fn run(&mut self, hook: Hook, mut running: Running, begun: Option<Instant>, cx: &mut Context<'_>) {
        let polled = caught(|| match running.as_mut().poll(cx) {
            Poll::Ready(()) => {
                drop(running);
                None
            }
            Poll::Pending => Some(running),
        });
        match polled {
            Ok(None) => self.returned(hook, HandledAs::Done, begun, cx),
            Ok(Some(running)) => {
                let mut pending =
                    WaitingHook::new(hook, Call::Plain(running), begun, &self.client.member.shared);
                match pending.poll_time_limit(&self.client.member.shared, cx) {
                    Poll::Ready(finish) => self.over(pending, finish, cx),
                    Poll::Pending => self.keep(pending),
                }
            }
            Err(()) => self.finished(hook, Finish::Failed(Failure::Panicked), begun, cx),
        }
    }

    /// Like [`run`](Self::run), for any call.
    fn start(&mut self, hook: Hook, call: Call, begun: Option<Instant>, cx: &mut Context<'_>) {
        let shared = &self.client.member.shared;
        let mut pending = WaitingHook::new(hook, call, begun, shared);
        match pending.poll(shared, cx) {
            Poll::Ready(finish) => self.over(pending, finish, cx),
            Poll::Pending => self.keep(pending),
        }
    }

    /// Stores a hook that waits.
    fn keep(&mut self, pending: WaitingHook) {
        self.hook = Some(Box::new(pending));
        self.work(Event::Working { connection: self.connection.id }, true);
    }

    /// Polls the running hook, if there is one.
    pub(crate) fn poll_hook(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(pending) = &mut self.hook else { return Poll::Ready(()) };
        match (pending.poll(&self.client.member.shared, cx), self.hook.take()) {
            (Poll::Ready(finish), Some(pending)) => self.over(*pending, finish, cx),
            (_, pending) => self.hook = pending,
        }
        if self.hook.is_some() {
            self.work(Event::Working { connection: self.connection.id }, true);
            return Poll::Pending;
        }
        self.work(Event::Heard { connection: self.connection.id }, false);
        Poll::Ready(())
    }

    fn over(&mut self, pending: WaitingHook, finish: Finish, cx: &mut Context<'_>) {
        let (hook, begun) = (pending.hook, pending.begun);
        let finish = pending.end().map_or_else(Finish::Failed, |()| finish);
        self.finished(hook, finish, begun, cx);
    }

    fn finished(&mut self, hook: Hook, finish: Finish, begun: Option<Instant>, cx: &mut Context<'_>) {
        let result = match finish {
            Finish::Ruled(message, ruling) => return self.ruled(message, ruling, begun, cx),
            Finish::Returned => HandledAs::Done,
            Finish::Failed(failure) => {
                self.failed(hook, failure);
                failure.handled_as()
            }
        };
        self.returned(hook, result, begun, cx);
    }

    fn returned(&mut self, hook: Hook, result: HandledAs, begun: Option<Instant>, cx: &mut Context<'_>) {
        match hook {
            Hook::Connected | Hook::Resumed if !self.owes_join() => self.forget_request(),
            // If the client's own closure has just returned, the handler's hook is still due, and this is not the last one.
            Hook::Disconnected if !self.rare.as_ref().is_some_and(|rare| rare.has_due()) => {
                self.client.member.set_last_hook_returned();
            }
            Hook::Message | Hook::BeforeMessage => self.handled(result, begun, cx),
            _ => {}
        }
    }

    fn forget_request(&self) {
        let member = &self.client.member;
        let settings = &member.shared.settings;
        // If the client has a newer connection by now, the request is that one's, and for the hook that will tell of it.
        let is_return_due = || {
            member.shared.with(|inner, _| {
                inner.client_state(member.id).is_some_and(|state| state.mailbox().has_return())
            })
        };
        // With an event stream, the stream drops the request later.
        if settings.requests == KeepRequests::UntilConnected && settings.events.is_none() && !is_return_due()
        {
            let request = member.details().take_request();
            drop(request);
        }
    }

    fn failed(&mut self, hook: Hook, failure: Failure) {
        if let Some(cause) = failure.cause(hook) {
            self.close_for(cause);
        }
        // An error of the `error` hook is not told again, and nothing follows `disconnected`.
        if !matches!(hook, Hook::Error | Hook::Disconnected) {
            self.note_error(failure.error(hook));
        }
        self.client.member.shared.report(failure.report(Some(self.client.id()), hook));
    }

    /// Queues an error for the `error` hook, if there is one. It comes before the hub's notices.
    pub(crate) fn note_error(&mut self, error: ClientError) {
        let has_own = self.rare.as_ref().is_some_and(|rare| rare.own.error.is_some());
        if has_own || self.client.member.shared.settings.written_hooks.error {
            self.rare.get_or_insert_default().due.push_back(Due::Error(error));
        }
    }

    /// Drops the hook that runs, because the transport has ended. A `disconnected` hook goes on.
    pub(crate) fn abandon_hook(&mut self) {
        let Some(pending) = self.hook.take_if(|pending| pending.hook != Hook::Disconnected) else { return };
        let (hook, begun) = (pending.hook, pending.begun);
        if let Some(begun) = begun {
            let took = self.client.member.shared.now().since(begun);
            let handled = Handled { result: HandledAs::Abandoned, took };
            self.rare.get_or_insert_default().due.push_back(Due::Handled(handled));
        }
        if let Err(failure) = pending.end() {
            self.failed(hook, failure);
        }
    }

    /// Closes the client on the hub's behalf.
    fn close_for(&mut self, cause: Cause) {
        let rejection = self.client.member.shared.close_frame(cause);
        self.close_by_hub(&rejection, Flush::Never);
    }

    /// Closes the connection on the hub's behalf, and its client; if the client has no connection, the client alone. A client
    /// that has another connection is not touched.
    pub(crate) fn close_by_hub(&mut self, frame: &CloseFrame, flush: Flush) {
        let (connection, client) = (self.connection.id, self.client.id());
        let is_away = self.serves == Serves::Lost;
        // The client may be closing already; that error is ignored.
        let _ = self.client.member.shared.with(|inner, now| {
            if is_away && inner.hub.is_away(client) {
                return inner.close_by_hub(now, client, frame, flush);
            }
            let (code, reason) = (frame.code, &*frame.reason);
            inner.handle(now, Event::CloseConnection { connection, code, reason, flush }).map(drop)
        });
        self.begin_closing();
    }

    /// Closes the client as the application says.
    fn close(&mut self, rejection: &CloseFrame, flush: Flush) {
        let (client, code, reason) = (self.client.id(), rejection.code, &rejection.reason);
        let by = ClosedBy::Application;
        // The client may be closing already; that error is ignored.
        let _ = self.client.member.shared.handle(Event::Close { client, code, reason, flush, by });
        self.begin_closing();
    }
}

/// The hooks of the client as a participant of a room, if it is one.
fn participation(rare: &mut Option<Box<RareState>>) -> Option<&mut Box<dyn Participation>> {
    rare.as_mut()?.own.participation.as_mut()
}
