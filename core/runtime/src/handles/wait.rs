//! Sending with a wait for room.

use crate::measure::What;
use crate::notice::message::SendError;
use crate::state::member::Member;
use alloc::sync::Arc;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use throng_core::hub::{Event, Outcome, Policy, Published, Target};
use throng_core::{ClientId, Frame, hub};

/// The number of sends that may wait for one client.
const WAITERS: usize = 64;

/// A send that waits for room in the client's outbox: [`Client::send_wait`](crate::Client::send_wait).
#[must_use = "a future does nothing unless it is polled"]
pub struct SendWait {
    member: Arc<Member>,
    frame: Result<Frame, SendError>,
    ticket: Option<u32>,
}

impl SendWait {
    pub(crate) fn new(member: Arc<Member>, frame: Result<Frame, SendError>) -> Self {
        Self { member, frame, ticket: None }
    }

    pub(crate) fn client(&self) -> ClientId {
        self.member.id
    }
}

impl Future for SendWait {
    type Output = Result<(), SendError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { member, frame, ticket } = self.get_mut();
        let frame = match frame {
            Ok(frame) => frame,
            Err(error) => return Poll::Ready(Err(*error)),
        };
        let client = member.id;
        let measuring = member.shared.measuring(What::Publish);
        let began = member.shared.now();
        let (result, old) = member.shared.with_turn(Some(&member.turn), began, |inner, now| {
            // A client whose transport has failed is still read, but nothing can be sent to it.
            if inner.hub.takes_nothing(client) {
                return (Poll::Ready(Err(hub::Error::Gone.into())), None);
            }
            let targets = &[Target::Client(client)];
            let event = Event::Publish {
                publisher: None,
                targets,
                except: &[],
                frame,
                policy: Some(Policy::Wait),
                dedup: None,
            };
            let refused = match inner.handle(now, event) {
                Ok(Outcome::Published(Published { refused: 1, .. })) => true,
                Ok(Outcome::Published(Published { queued: 0, .. })) => {
                    return (Poll::Ready(Err(SendError::Full)), None);
                }
                Ok(_) => {
                    if measuring.is_some() {
                        inner.marks.follow(inner.hub.sequence(), began, 1);
                    }
                    false
                }
                Err(error) => return (Poll::Ready(Err(error.into())), None),
            };
            let Some(entry) = inner.client_state(client) else {
                return (Poll::Ready(Err(hub::Error::Gone.into())), None);
            };
            if !refused {
                return (Poll::Ready(Ok(())), None);
            }
            let waiters = entry.waiters();
            if waiters.len() >= WAITERS && !waiters.has(*ticket) {
                return (Poll::Ready(Err(SendError::TooManyWaiters)), None);
            }
            (Poll::Pending, waiters.wait(ticket, cx.waker()))
        });
        drop(old);
        if let (Some(observing), Poll::Ready(Ok(()))) = (measuring, &result) {
            let time = member.shared.now().since(began);
            observing.tell(|observer| observer.published(frame.payload().len(), 1, time));
        }
        result
    }
}

impl Drop for SendWait {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket {
            let client = self.member.id;
            let shared = &self.member.shared;
            let old = shared.with(|inner, _| inner.client_state(client)?.stop_waiting(ticket));
            drop(old);
        }
    }
}
