//! Tells the application of changes of presence, by the event stream, the hook, or both.

use crate::state::presence::Next;
use crate::state::types::Inner;
use alloc::boxed::Box;
use core::task::{Poll, Waker};
use throng_core::Name;
use throng_core::hub::PresenceChange;

impl Inner {
    /// Tells the application that the presence of a room has changed: the event stream, the hook, or both.
    #[cold]
    pub(crate) fn tell_presence(&mut self, room: Name, change: Box<PresenceChange>) {
        let most = self.hub.presence_config(&room).map_or(0, |presence| presence.users);
        if self.written_hooks.presence_changed {
            if self.backlog.is_some() {
                self.note_presence(Name::clone(&room), change.clone(), most);
            }
            if let Some(waker) = self.presence.push(room, change, most) {
                self.wakes.push(waker);
            }
        } else if self.backlog.is_some() {
            self.note_presence(room, change, most);
        }
    }

    /// The next change for the hook. Drop the returned waker after the lock is released.
    pub(crate) fn next_presence(&mut self, waker: &Waker) -> (Poll<Next>, Option<Waker>) {
        match self.presence.pop() {
            Some(next) => (Poll::Ready(Some(next)), None),
            None if self.stopped => (Poll::Ready(None), None),
            None => (Poll::Pending, self.presence.wait(waker)),
        }
    }

    /// Wakes the task of the hook, which ends when the hub has stopped.
    pub(crate) fn stop_presence(&mut self) {
        if let Some(waker) = self.presence.take_waker() {
            self.wakes.push(waker);
        }
    }
}
