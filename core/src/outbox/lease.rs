//! Leasing what waits to the host, and taking back what it could not write.

use super::batch::{Item, Lease, Then};
use super::entry::{Flags, NONE, Sending};
use super::runs::RunItem;
use super::{Class, Control, DropReason, Outboxes, Progress, Transport, Written};

/// What a returned lease means for its client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Returned {
    /// Whether any byte of the lease was written.
    pub(crate) progressed: bool,
    /// Whether the close frame was in it and is written whole.
    pub(crate) close_written: bool,
}

impl Outboxes {
    /// Leases what waits for the next clients of a lane.
    pub(crate) fn lease_ready(&mut self, lane: u8, clients: u32, budget: u32) -> u32 {
        self.batch.clear();
        let mut last = NONE;
        let mut count = 0;
        while count < clients
            && let Some(index) = self.ready.next(lane)
        {
            last = self.lease(index, budget, last);
            count += 1;
        }
        count
    }

    /// Leases what waits for one client; nothing if nothing waits or somebody is writing.
    pub(crate) fn lease_one(&mut self, index: u32, budget: u32) -> u32 {
        self.batch.clear();
        if self.entries[index].sending != Sending::Ready {
            return 0;
        }
        self.lease(index, budget, NONE);
        1
    }

    /// Leases the queue of a ready entry, as the run `last` if that is the same; the run it used.
    fn lease(&mut self, index: u32, budget: u32, last: u32) -> u32 {
        self.ready.remove(&mut self.entries, index);
        let entry = &mut self.entries[index];
        entry.sending = Sending::Leased;
        entry.flags.clear(Flags::OFFERED | Flags::WRITABLE);
        let plain = entry.controls == NONE && entry.offset == 0;
        let (run, then) = if plain && last != NONE && self.share(index, last) {
            (last, Then::Continue)
        } else {
            self.build(index, budget)
        };
        self.entries[index].run = run;
        let built = self.runs.get_mut(run);
        built.holders += 1;
        built.given += 1;
        let entry = &self.entries[index];
        self.batch.leases.push(Lease {
            client: self.entries.id(index),
            run: self.batch.ends.len() as u32 - 1,
            skip: entry.offset,
            then,
        });
        // A run with control frames is one client's own.
        if plain { run } else { NONE }
    }

    /// Whether the whole queue of an entry is the frames of a run; if so it is taken off the queue.
    #[inline]
    fn share(&mut self, index: u32, run: u32) -> bool {
        let entry = &self.entries[index];
        let items = self.runs.get(run).raw();
        let (first, mut last, mut node) = (entry.head, NONE, entry.head);
        for &frame in items {
            if node == NONE {
                return false;
            }
            let queued = self.nodes.get(node);
            if queued.frame != frame {
                return false;
            }
            last = node;
            node = queued.next;
        }
        if node != NONE {
            return false;
        }
        let count = items.len() as u32;
        let entry = &mut self.entries[index];
        (entry.head, entry.tail) = (NONE, NONE);
        self.nodes.remove_chain(first, last, count);
        true
    }

    /// Makes a run of what waits for an entry: a frame that is half written, control frames, messages as far
    /// as the budget goes, and the close frame behind the last message.
    fn build(&mut self, index: u32, budget: u32) -> (u32, Then) {
        let run = self.runs.insert();
        let mut spent = 0;
        let entry = &self.entries[index];
        if entry.offset > 0 && !entry.flags.has(Flags::CONTROL_CUT) {
            spent += self.move_head(index, run);
        }
        self.move_controls(index, run);
        while let head = self.entries[index].head
            && head != NONE
        {
            let size = self.frames.size(self.nodes.get(head).frame);
            if spent > 0 && spent.saturating_add(size) > budget {
                break;
            }
            spent += self.move_head(index, run);
        }
        let then =
            if self.entries[index].head == NONE { self.move_close(index, run) } else { Then::Continue };
        let built = self.runs.get(run);
        for at in 0..built.len() {
            match built.item(at) {
                Some(RunItem::Frame(slot)) => {
                    self.batch.items.push(Item::Frame(self.frames.get(slot).clone()));
                    self.batch.sequences.push(self.frames.sequence(slot));
                }
                Some(RunItem::Control(at)) => {
                    self.batch.items.push(Item::Control(built.controls[at as usize].clone()));
                    self.batch.sequences.push(0);
                }
                None => {}
            }
        }
        self.batch.ends.push(self.batch.items.len() as u32);
        (run, then)
    }

    /// Moves the first frame of a queue to a run; its size. The hold of its node goes with it.
    fn move_head(&mut self, index: u32, run: u32) -> u32 {
        let entry = &mut self.entries[index];
        let head = entry.head;
        let node = self.nodes.get(head);
        entry.head = node.next;
        if node.next == NONE {
            entry.tail = NONE;
        }
        self.nodes.remove_chain(head, head, 1);
        let size = self.frames.size(node.frame);
        self.runs.get_mut(run).push_frame(node.frame, size);
        size
    }

    fn move_controls(&mut self, index: u32, run: u32) {
        let entry = &self.entries[index];
        if entry.controls == NONE {
            return;
        }
        let run = self.runs.get_mut(run);
        while let Some(control) = self.controls[entry.controls as usize].pop() {
            run.push_control(control);
        }
        self.forget_empty_controls(index);
    }

    fn move_close(&mut self, index: u32, run: u32) -> Then {
        let entry = &self.entries[index];
        if entry.controls == NONE {
            return Then::Continue;
        }
        let Some(close) = self.controls[entry.controls as usize].take_close() else { return Then::Continue };
        self.runs.get_mut(run).push_control(close);
        self.forget_empty_controls(index);
        Then::EndSending
    }

    fn forget_empty_controls(&mut self, index: u32) {
        let entry = &mut self.entries[index];
        if self.controls[entry.controls as usize].is_empty() {
            self.controls.remove(entry.controls as usize);
            entry.controls = NONE;
        }
    }

    /// Takes back a lease. `None` if the id is stale or nothing is on lease to it.
    pub(crate) fn take_back(&mut self, written: &Written) -> Option<Returned> {
        let index = self.entries.find(written.client)?;
        if self.entries[index].sending != Sending::Leased {
            return None;
        }
        let returned = match written.progress {
            Progress::All => self.complete(index),
            Progress::Part { items, bytes } => self.take_back_part(index, items as usize, bytes),
        };
        let entry = &mut self.entries[index];
        let early = entry.flags.has(Flags::WRITABLE);
        entry.flags.clear(Flags::WRITABLE);
        entry.sending = match written.transport {
            _ if returned.close_written => Sending::Ended,
            Transport::Blocked if !early => Sending::Blocked,
            _ => Sending::Idle,
        };
        match written.transport {
            Transport::Failed => self.stop_sending(index),
            _ if entry.sending == Sending::Idle && entry.has_pending() => {
                // Whoever cannot be served in one turn waits behind those who can.
                let class = if entry.head == NONE { Class::Prompt } else { Class::Bulk };
                self.ready.push(&mut self.entries, index, class);
            }
            _ => {}
        }
        Some(returned)
    }

    /// All of a lease was written.
    #[inline]
    fn complete(&mut self, index: u32) -> Returned {
        let entry = &mut self.entries[index];
        let run = self.runs.get(entry.run);
        entry.messages -= run.messages;
        entry.bytes -= run.bytes;
        entry.offset = 0;
        entry.flags.clear(Flags::CONTROL_CUT);
        self.totals.written += u64::from(run.messages);
        let close_written = run.controls.iter().any(Control::is_close);
        self.return_run(index);
        Returned { progressed: true, close_written }
    }

    /// The first `items` of a lease were written, and `bytes` of the one after them; the rest goes back to the
    /// front of the queue.
    fn take_back_part(&mut self, index: u32, items: usize, bytes: u32) -> Returned {
        let run_index = self.entries[index].run;
        let len = self.runs.get(run_index).len();
        if items >= len {
            return self.complete(index);
        }
        let before = self.entries[index].offset;
        for at in (0..len).rev() {
            match self.runs.get(run_index).item(at) {
                Some(RunItem::Frame(slot)) if at >= items => {
                    // The run lets go of this client's hold when it retires.
                    self.frames.hold(slot, 1);
                    let node = self.nodes.insert(slot, self.entries[index].head);
                    let entry = &mut self.entries[index];
                    entry.head = node;
                    if entry.tail == NONE {
                        entry.tail = node;
                    }
                }
                Some(RunItem::Frame(slot)) => {
                    let size = self.frames.size(slot);
                    let entry = &mut self.entries[index];
                    entry.messages -= 1;
                    entry.bytes -= size;
                    self.totals.written += 1;
                }
                Some(RunItem::Control(at_control)) if at >= items => {
                    let control = self.runs.get(run_index).controls[at_control as usize].clone();
                    self.put_back_control(index, control);
                }
                _ => {}
            }
        }
        let cut = bytes > 0 && matches!(self.runs.get(run_index).item(items), Some(RunItem::Control(_)));
        let entry = &mut self.entries[index];
        entry.offset = bytes;
        entry.flags.clear(Flags::CONTROL_CUT);
        if cut {
            entry.flags.set(Flags::CONTROL_CUT);
        }
        self.return_run(index);
        Returned { progressed: items > 0 || bytes > before, close_written: false }
    }

    fn put_back_control(&mut self, index: u32, control: Control) {
        let entry = &mut self.entries[index];
        if entry.controls == NONE {
            entry.controls = self.controls.insert(super::Controls::default()) as u32;
        }
        self.controls[entry.controls as usize].put_back(control);
    }

    /// The transport is gone while a lease is out.
    pub(super) fn abandon_lease(&mut self, index: u32) {
        let entry = &mut self.entries[index];
        let run = self.runs.get(entry.run);
        entry.messages -= run.messages;
        entry.bytes -= run.bytes;
        let (frames, bytes) = (run.messages, u64::from(run.bytes));
        self.return_run(index);
        self.count_drop(index, frames, bytes, DropReason::Closed);
    }

    /// One holder fewer; with the last one the frames lose all the holds that the run took over.
    #[inline]
    fn return_run(&mut self, index: u32) {
        let entry = &mut self.entries[index];
        let run_index = entry.run;
        entry.run = NONE;
        let run = self.runs.get_mut(run_index);
        run.holders -= 1;
        if run.holders > 0 {
            return;
        }
        let given = run.given;
        for &item in run.raw() {
            if item & super::runs::CONTROL == 0 {
                self.frames.release(item, given);
            }
        }
        self.runs.remove(run_index);
    }
}
