//! Sends questions once more on another connection.

use crate::state::types::Inner;
use throng_core::hub::{Event, Outcome, Published, Target};

impl Inner {
    /// Sends questions once more, unless they still wait in the outbox.
    #[cold]
    pub(crate) fn send_again(&mut self) {
        while let Some((client, ask)) = self.asks.next_again() {
            let Some((frame, sequence)) = self.asks.message(ask) else { continue };
            if self.hub.is_waiting(client, sequence) {
                continue;
            }
            let (now, targets) = (self.hub.now(), &[Target::Client(client)]);
            let event = Event::Publish {
                publisher: None,
                targets,
                except: &[],
                frame: &frame,
                policy: None,
                dedup: None,
            };
            // If the outbox is full, that is told like any drop, and the deadline ends the question.
            if let Ok(Outcome::Published(Published { queued: 1, .. })) = self.handle(now, event) {
                let sequence = self.hub.sequence();
                self.asks.keep(ask, frame, sequence);
            }
        }
    }
}
