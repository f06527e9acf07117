//! Reads and changes an entry's extras: the partly written item and the control frames.

use super::entry::NONE;
use super::extras::{Cut, CutItem, Extras};
use super::{Control, Outboxes};

impl Outboxes {
    pub(super) fn extras_mut(&mut self, index: u32) -> &mut Extras {
        let entry = &mut self.entries[index];
        if entry.extras == NONE {
            entry.extras = self.extras.insert(Extras::default()) as u32;
        }
        &mut self.extras[entry.extras as usize]
    }

    pub(super) fn cut_of(&self, index: u32) -> Option<Cut> {
        let extras = self.entries[index].extras;
        if extras == NONE { None } else { self.extras[extras as usize].cut }
    }

    /// Whether the first frame of the queue is partly written and must be finished.
    pub(super) fn is_frame_cut(&self, index: u32) -> bool {
        self.cut_of(index).is_some_and(|cut| cut.item == CutItem::Frame)
    }

    /// Takes the next control frame that goes before messages.
    pub(super) fn pop_control(&mut self, index: u32) -> Option<Control> {
        let extras = self.entries[index].extras;
        if extras == NONE { None } else { self.extras[extras as usize].controls.pop() }
    }

    /// Whether a control frame is queued that goes before messages.
    pub(super) fn has_prompt_control(&self, index: u32) -> bool {
        let extras = self.entries[index].extras;
        extras != NONE && !self.extras[extras as usize].controls.queue.is_empty()
    }

    pub(super) fn pop_close(&mut self, index: u32) -> Option<Control> {
        let extras = self.entries[index].extras;
        if extras == NONE { None } else { self.extras[extras as usize].controls.take_close() }
    }

    /// Frees an entry's extras if they are empty.
    pub(super) fn tidy_extras(&mut self, index: u32) {
        let entry = &mut self.entries[index];
        if entry.extras != NONE {
            let extras = &self.extras[entry.extras as usize];
            if extras.cut.is_none() && extras.controls.is_empty() {
                self.drop_extras(index);
            }
        }
    }

    pub(super) fn drop_extras(&mut self, index: u32) {
        let entry = &mut self.entries[index];
        if entry.extras != NONE {
            self.extras.remove(entry.extras as usize);
            entry.extras = NONE;
        }
    }
}
