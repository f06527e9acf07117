//! The last input from a peer: its close frame, or the end of its sending direction.

use crate::connection::driver::{Driver, Phase};
use crate::connection::rare_state::Last;
use crate::events::EventsTaken;
use crate::host::transport::Reader;
use alloc::boxed::Box;
use core::sync::atomic::Ordering;
use core::task::{Context, Poll, ready};
use throng_core::hub::Event;

impl<R: Reader> Driver<R> {
    /// Tells the hub about the last input. Hooks have already sent their answers to the messages before it; with an
    /// event stream, the application is given time for its answers first.
    pub(super) fn take_last(&mut self, last: Last) {
        let told = if self.phase == Phase::Open { EventsTaken::of(self.member()) } else { None };
        match told {
            Some(told) => self.rare.get_or_insert_default().last = Some(Box::new((last, told))),
            None => self.tell_last(&last),
        }
    }

    /// Continues with the last input once the application has received the events before it.
    pub(super) fn poll_last(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let last = self.rare.as_mut().and_then(|rare| rare.last.as_mut());
        if let Some((_, told)) = last.map(|last| &mut **last) {
            ready!(told.poll(cx));
        }
        if let Some(last) = self.rare.as_mut().and_then(|rare| rare.last.take()) {
            self.tell_last(&last.0);
        }
        Poll::Ready(())
    }

    pub(super) fn tell_last(&mut self, last: &Last) {
        let (shared, connection) = (&self.connection.shared, self.connection.id);
        match last {
            Last::Close { code, reason } => {
                // The peer may be answering our close frame; the error is ignored then.
                let _ = shared.handle(Event::PeerClosed { connection, code: *code, reason });
                self.discard();
            }
            Last::End if shared.handle(Event::HalfClosed { connection }).is_err() => self.end(),
            Last::End => {
                self.phase = Phase::Finished;
                (self.rest, self.decoder) = (None, None);
            }
        }
        // The hub names no connection for a client that is away, and so has not woken this task.
        self.has_mail |= self.member().is_lost.load(Ordering::Relaxed);
    }
}
