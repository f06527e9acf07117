//! The last input from a peer: its close frame, the end of its sending direction, or a transport that broke.

use crate::connection::driver::{Driver, Phase};
use crate::events::EventsTaken;
use crate::host::transport::Reader;
use crate::state::last_input::LastInput;
use alloc::boxed::Box;
use core::sync::atomic::Ordering;
use core::task::{Context, Poll, ready};

impl<R: Reader> Driver<R> {
    /// Tells the hub about the last input. Hooks have already sent their answers to the messages before it; with an
    /// event stream, the application is given time for its answers first.
    pub(super) fn take_last(&mut self, last: LastInput) {
        let told = if self.phase == Phase::Open { EventsTaken::of(self.member()) } else { None };
        match told {
            Some(told) => self.rare.get_or_insert_default().last = Some(Box::new((last, told))),
            None => self.tell_last(last),
        }
    }

    /// Continues with the last input once the application has received the events before it.
    pub(super) fn poll_last(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let last = self.rare.as_mut().and_then(|rare| rare.last.as_mut());
        if let Some((_, told)) = last.map(|last| &mut **last) {
            ready!(told.poll(cx));
        }
        if let Some(last) = self.rare.as_mut().and_then(|rare| rare.last.take()) {
            self.tell_last(last.0);
        }
        Poll::Ready(())
    }

    pub(super) fn tell_last(&mut self, last: LastInput) {
        let is_close = matches!(last, LastInput::Close { .. });
        let connection = (self.connection.id, self.connection.lane);
        let goes_on = self.connection.shared.with(|inner, now| inner.take_last_input(now, connection, last));
        if !goes_on {
            self.end();
        } else if is_close {
            self.discard();
        } else {
            self.phase = Phase::Finished;
            (self.rest, self.decoder) = (None, None);
        }
        // The hub names no connection for a client that is away, and so has not woken this task.
        self.has_mail |= self.member().is_lost.load(Ordering::Relaxed);
    }

    /// Reads on without decoding: nothing that comes now concerns anybody.
    pub(crate) fn discard(&mut self) {
        if matches!(self.phase, Phase::Open | Phase::Closing) {
            self.phase = Phase::Discarding;
        }
        self.rest = None;
    }

    /// Ends the transport, which could not be read any more.
    pub(super) fn break_off(&mut self) {
        if matches!(self.phase, Phase::Open | Phase::Closing | Phase::Discarding) {
            self.tell_last(LastInput::Broken);
        } else {
            self.end();
        }
    }
}
