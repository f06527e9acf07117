//! Displays an outbox for debugging.

use super::runs::Items;
use super::{Control, Flags, Outboxes, Phase, Sending};
use core::fmt;

/// The most frames that are listed one by one.
const MOST: usize = 20;

impl Outboxes {
    /// Writes the outbox of an open or closing entry.
    pub(crate) fn dump(&self, f: &mut fmt::Formatter<'_>, index: u32) -> fmt::Result {
        let entry = &self.entries[index];
        if entry.phase < Phase::Open {
            return Ok(());
        }
        write!(f, "    outbox: {:?}", entry.sending)?;
        if entry.sending == Sending::Ready {
            f.write_str(if entry.flags.has(Flags::BULK) { " among the bulk" } else { " among the prompt" })?;
        }
        write!(f, ", {} messages, {} bytes", entry.messages, entry.bytes)?;
        for (flag, words) in [
            (Flags::AWAITED, "somebody waits for it to be low"),
            (Flags::DISCARD, "what comes back is dropped"),
            (Flags::WRITABLE, "writable again"),
        ] {
            if entry.flags.has(flag) {
                write!(f, ", {words}")?;
            }
        }
        writeln!(f)?;
        if entry.sending == Sending::Leased {
            self.dump_run(f, entry.link)?;
        }
        self.dump_extras(f, index)?;
        if entry.count > 0 {
            f.write_str("      waiting:")?;
            self.dump_frames(f, self.queued(index), (entry.messages - self.leased(index)) as usize)?;
        }
        Ok(())
    }

    fn leased(&self, index: u32) -> u32 {
        let entry = &self.entries[index];
        let begun = self.begun_items(index).map_or(0, |begun| begun.messages);
        if entry.sending == Sending::Leased { self.runs.get(entry.link).items.messages } else { begun }
    }

    fn dump_run(&self, f: &mut fmt::Formatter<'_>, run: u32) -> fmt::Result {
        f.write_str("      on lease:")?;
        self.dump_items(f, &self.runs.get(run).items)
    }

    fn dump_items(&self, f: &mut fmt::Formatter<'_>, items: &Items) -> fmt::Result {
        for control in &items.controls {
            dump_control(f, control)?;
        }
        self.dump_frames(f, items.frames(), items.messages as usize)
    }

    fn dump_extras(&self, f: &mut fmt::Formatter<'_>, index: u32) -> fmt::Result {
        let Some(extras) = self.extras_of(index) else { return Ok(()) };
        let begun = &extras.begun;
        if begun.count > 0 {
            writeln!(f, "      {} items begun, {} bytes of them written", begun.count, begun.bytes)?;
        }
        if begun.items.len() > 0 {
            f.write_str("      begun:")?;
            self.dump_items(f, &begun.items)?;
        }
        if !extras.controls.is_empty() {
            f.write_str("      control frames:")?;
            for control in extras.controls.queue.iter().chain(&extras.controls.close) {
                dump_control(f, control)?;
            }
            writeln!(f)?;
        }
        Ok(())
    }

    /// Writes each frame as the sequence number of its publish and its bytes.
    fn dump_frames(
        &self,
        f: &mut fmt::Formatter<'_>,
        frames: impl Iterator<Item = u32>,
        count: usize,
    ) -> fmt::Result {
        for slot in frames.take(MOST) {
            let stored = &self.frames.slots[slot];
            write!(f, " #{} ({} bytes", stored.sequence, stored.frame.size())?;
            if let Some(offset) = stored.frame.offset() {
                write!(f, ", offset {offset}")?;
            }
            match stored.key {
                Some(key) => write!(f, ", key {key})")?,
                None => f.write_str(")")?,
            }
        }
        if count > MOST {
            write!(f, " and {} more", count - MOST)?;
        }
        writeln!(f)
    }
}

fn dump_control(f: &mut fmt::Formatter<'_>, control: &Control) -> fmt::Result {
    match control {
        Control::Ping => f.write_str(" ping"),
        Control::Pong(payload) => write!(f, " pong ({} bytes)", payload.len()),
        Control::Close { code: None, .. } => f.write_str(" close"),
        Control::Close { code: Some(code), reason: None } => write!(f, " close {}", code.0),
        Control::Close { code: Some(code), reason: Some(reason) } => {
            write!(f, " close {} {reason:?}", code.0)
        }
    }
}
