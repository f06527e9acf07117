//! Reads and changes an entry's extras: what its transport has begun to write, and the control frames.

use super::entry::NONE;
use super::extras::{Begun, Extras};
use super::runs::{Items, RunItem};
use super::{Control, DropReason, Outboxes};

impl Outboxes {
    pub(super) fn extras_of(&self, index: u32) -> Option<&Extras> {
        let extras = self.entries[index].extras;
        if extras == NONE { None } else { self.extras.get(extras as usize) }
    }

    pub(super) fn extras_mut(&mut self, index: u32) -> &mut Extras {
        let entry = &mut self.entries[index];
        if entry.extras == NONE {
            entry.extras = self.extras.insert(Extras::default()) as u32;
        }
        &mut self.extras[entry.extras as usize]
    }

    /// How many items the transport has begun, and the bytes written of them.
    pub(super) fn begun(&self, index: u32) -> (u32, u32) {
        self.extras_of(index).map_or((0, 0), |extras| (extras.begun.count, extras.begun.bytes))
    }

    /// The items that the transport has begun and that are not on lease.
    pub(super) fn begun_items(&self, index: u32) -> Option<&Items> {
        self.extras_of(index).map(|extras| &extras.begun.items).filter(|items| items.len() > 0)
    }

    /// Moves the items that the transport has begun to the front of a run; their size, and whether a close frame is among them.
    pub(super) fn move_begun(&mut self, index: u32, run: u32) -> (u32, bool) {
        if self.entries[index].extras == NONE {
            return (0, false);
        }
        let mut items = core::mem::take(&mut self.extras_mut(index).begun.items);
        let (size, mut closes, run) = (items.bytes, false, &mut self.runs.get_mut(run).items);
        for at in 0..items.len() {
            match items.get(at) {
                RunItem::Frame(slot) => run.push_frame(slot, self.frames.size(slot)),
                RunItem::Control(control) => {
                    let control = core::mem::replace(&mut items.controls[control as usize], Control::Ping);
                    closes |= control.is_close();
                    run.push_control(control);
                }
            }
        }
        (size, closes)
    }

    /// Sets what the transport has begun, or that it has begun nothing.
    pub(super) fn set_begun(&mut self, index: u32, begun: Begun) {
        if begun.count > 0 || self.entries[index].extras != NONE {
            self.extras_mut(index).begun = begun;
            self.tidy_extras(index);
        }
    }

    /// Takes the next control frame that goes before messages.
    pub(super) fn pop_control(&mut self, index: u32) -> Option<Control> {
        let extras = self.entries[index].extras;
        if extras == NONE { None } else { self.extras[extras as usize].controls.pop() }
    }

    /// Whether something goes before the messages that may wait: what the transport has begun, or a control frame.
    pub(super) fn has_prompt(&self, index: u32) -> bool {
        self.extras_of(index)
            .is_some_and(|extras| extras.begun.count > 0 || !extras.controls.queue.is_empty())
    }

    pub(super) fn pop_close(&mut self, index: u32) -> Option<Control> {
        let extras = self.entries[index].extras;
        if extras == NONE { None } else { self.extras[extras as usize].controls.take_close() }
    }

    /// Frees an entry's extras if they are empty.
    pub(super) fn tidy_extras(&mut self, index: u32) {
        if self.extras_of(index).is_some_and(Extras::is_empty) {
            self.remove_extras(index);
        }
    }

    /// Drops an entry's extras: control frames, and what its transport has begun and will not finish.
    pub(super) fn drop_extras(&mut self, index: u32) {
        let Some(Extras { begun, .. }) = self.remove_extras(index) else { return };
        for slot in begun.items.frames() {
            self.drop_frame(index, slot, DropReason::Closed);
        }
    }

    /// Drops an entry's control frames, and puts the messages that its transport has begun back to the front of the queue: another
    /// transport begins them again. (While a lease is out they are in it.)
    pub(super) fn begin_again(&mut self, index: u32) {
        let Some(Extras { begun, .. }) = self.remove_extras(index) else { return };
        for slot in begun.items.frames().rev() {
            self.push_front(index, slot);
        }
    }

    fn remove_extras(&mut self, index: u32) -> Option<Extras> {
        let entry = &mut self.entries[index];
        if entry.extras == NONE {
            return None;
        }
        let extras = self.extras.try_remove(entry.extras as usize);
        entry.extras = NONE;
        extras
    }
}
