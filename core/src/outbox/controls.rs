//! The control frames that are queued for one client: pongs and pings go before messages, the close frame last.

use super::batch::Control;
use alloc::collections::VecDeque;
use bytes::Bytes;

/// The most pongs that are queued; one more replaces the latest (RFC 6455 section 5.5.3 lets a peer answer
/// only the most recent ping).
pub(super) const PONGS: usize = 16;

#[derive(Clone, Debug, Default)]
pub(crate) struct Controls {
    /// Pongs and at most one ping, written before the next message.
    pub(super) queue: VecDeque<Control>,
    pub(super) pongs: usize,
    /// The close frame, written after the last message.
    pub(super) close: Option<Control>,
}

impl Controls {
    pub(crate) fn push_pong(&mut self, payload: Bytes) {
        if self.pongs < PONGS {
            self.pongs += 1;
            self.queue.push_back(Control::Pong(payload));
        } else if let Some(latest) =
            self.queue.iter_mut().rev().find(|control| matches!(control, Control::Pong(_)))
        {
            *latest = Control::Pong(payload);
        }
    }

    pub(crate) fn push_ping(&mut self) {
        if !self.queue.contains(&Control::Ping) {
            self.queue.push_back(Control::Ping);
        }
    }

    /// Sets the close frame, unless there is one already.
    pub(crate) fn set_close(&mut self, close: Control) {
        self.close.get_or_insert(close);
    }

    /// Takes the next control frame that goes before messages.
    pub(crate) fn pop(&mut self) -> Option<Control> {
        let control = self.queue.pop_front()?;
        if matches!(control, Control::Pong(_)) {
            self.pongs -= 1;
        }
        Some(control)
    }

    pub(crate) fn take_close(&mut self) -> Option<Control> {
        self.close.take()
    }

    /// Puts back a control frame that was leased and not written, unless as many as may be queued came meanwhile.
    pub(crate) fn put_back(&mut self, control: Control) {
        let superseded = match control {
            Control::Ping => self.queue.contains(&Control::Ping),
            Control::Pong(_) => self.pongs >= PONGS,
            Control::Close { .. } => false,
        };
        match control {
            _ if superseded => {}
            Control::Close { .. } => self.close = Some(control),
            _ => {
                if matches!(control, Control::Pong(_)) {
                    self.pongs += 1;
                }
                self.queue.push_front(control);
            }
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.queue.is_empty() && self.close.is_none()
    }
}
