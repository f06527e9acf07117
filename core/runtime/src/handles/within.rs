//! Publishing within a time: recipients with room get the message at once, the others when they have room.

use crate::handles::hub::Hub;
use crate::handles::wait::SendWait;
use crate::host::deadline::Deadline;
use crate::notice::message::{IntoFrame, Publish, SendError};
use crate::state::shared::Shared;
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;
use core::{fmt, mem};
use futures_util::stream::{FuturesUnordered, StreamExt};
use throng_core::hub::{Event, Full, Outcome, Policy, Published, Sink};
use throng_core::{ClientId, Frame, hub};

/// A publish that waits for room: [`Hub::publish_within`].
#[must_use = "a future does nothing unless it is polled"]
pub struct PublishWithin<'a> {
    shared: Arc<Shared>,
    publish: Publish<'a>,
    frame: Result<Frame, SendError>,
    time: Duration,
    stage: Stage,
}

enum Stage {
    New,
    Waiting(Box<Waiting>),
    Over,
}

/// The result of a publish that waited for room.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Delivered {
    /// Clients whose outbox got the message.
    pub queued: u32,
    /// Targets that did not exist.
    pub unknown: u32,
    /// The recipients that did not get the message.
    pub missed: Vec<Missed>,
}

/// A client that did not get a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Missed {
    /// The client.
    pub client: ClientId,
    /// Why the client did not get it.
    pub why: WhyMissed,
}

/// Why a client did not get a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WhyMissed {
    /// The client's outbox had no room in time.
    Full,
    /// The hub had no room ([`hub_bytes`](hub::Outbox::hub_bytes)): the message counts as dropped for this client.
    HubFull,
    /// The client ended first.
    Gone,
    /// The limit of sends that wait for this client's outbox is reached.
    TooManyWaiters,
}

impl fmt::Display for WhyMissed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full => "the client's outbox had no room in time",
            Self::HubFull => "the hub has no room",
            Self::Gone => "the client ended first",
            Self::TooManyWaiters => "too many sends already wait for this client's outbox",
        })
    }
}

impl Hub {
    /// Sends to the recipients of `publish`, whatever its policy: clients with room get the message at once, each other
    /// client as soon as half of its outbox is free, within `time` after the first poll. Time in which the process
    /// [stood still](hub::Deadlines::standstill) does not count. No message is dropped for this one, and no client waits
    /// for another. The result names the clients that were not reached.
    ///
    /// Messages that are sent meanwhile may reach the waiting clients first. Memory: about 200 bytes per waiting
    /// client; at most 64 sends wait for one client.
    ///
    /// Cancel-safe: if the future is dropped before its first poll, nothing was sent; if it is dropped later, no
    /// further client gets the message.
    ///
    /// # Errors
    /// The message cannot be encoded or is too long, or none of the targets exists.
    ///
    /// ```
    /// use std::time::Duration;
    /// use throng_core::hub::Target;
    /// use throng_runtime::{Hub, Publish, SendError};
    ///
    /// /// Sends to everybody in the room within a second, and closes the clients that were too slow.
    /// async fn insist(hub: &Hub, room: &str, text: &str) -> Result<(), SendError> {
    ///     let to = [Target::Room(room)];
    ///     let delivered = hub.publish_within(&Publish::to(&to), text, Duration::from_secs(1)).await?;
    ///     for missed in delivered.missed {
    ///         let _ = hub.close(missed.client, throng_core::CloseCode::TRY_AGAIN_LATER, "too slow");
    ///     }
    ///     Ok(())
    /// }
    /// ```
    pub fn publish_within<'a>(
        &self,
        publish: &Publish<'a>,
        message: impl IntoFrame,
        time: Duration,
    ) -> PublishWithin<'a> {
        let shared = Arc::clone(self.shared());
        let frame = message.into_frame().map(|frame| shared.deflating.publish(frame));
        PublishWithin { shared, publish: *publish, frame, time, stage: Stage::New }
    }
}

/// The clients that are waited for.
struct Waiting {
    deadline: Option<Deadline>,
    delivered: Delivered,
    /// A send for each of them. A client that has room again has its own send polled, and no other.
    sends: FuturesUnordered<Delivery>,
}

/// A send that says whose it was.
struct Delivery(SendWait);

impl Future for Delivery {
    type Output = (ClientId, Result<(), SendError>);

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Self(send) = self.get_mut();
        Pin::new(&mut *send).poll(cx).map(|result| (send.client(), result))
    }
}

impl PublishWithin<'_> {
    /// Publishes to the clients that have room, and begins to wait for the others.
    fn begin(&self) -> Result<Waiting, SendError> {
        let frame = self.frame.as_ref().map_err(|error| *error)?;
        let targets = self.publish.targets;
        let (published, full) = self.shared.with(|inner, now| {
            let policy = Some(Policy::Wait);
            let except = &self.publish.left_out(&inner.hub);
            let event = Event::Publish { publisher: None, targets, except, frame, policy, dedup: None };
            let mut unreached = Vec::new();
            let result = inner.handle_into(now, event, Sink::Unreached(&mut unreached));
            let published = match inner.relayed(now, &self.publish, frame, result)? {
                Outcome::Published(published) => published,
                _ => Published::default(),
            };
            let full = unreached.into_iter().map(|one| (one, inner.member(one.client).cloned()));
            Ok::<_, hub::Error>((published, full.collect::<Vec<_>>()))
        })?;
        let mut waiting = Waiting {
            deadline: None,
            delivered: Delivered {
                queued: published.queued,
                unknown: published.unknown,
                ..Delivered::default()
            },
            sends: FuturesUnordered::new(),
        };
        for (unreached, member) in full {
            match (unreached.full, member) {
                (Full::Outbox, Some(member)) => {
                    waiting.sends.push(Delivery(SendWait::new(member, Ok(frame.clone()))));
                }
                (Full::Outbox, None) => waiting.miss(unreached.client, WhyMissed::Gone),
                (_, _) => waiting.miss(unreached.client, WhyMissed::HubFull),
            }
        }
        if !waiting.sends.is_empty() {
            waiting.deadline = self.shared.deadline(self.time);
        }
        Ok(waiting)
    }
}

impl Waiting {
    fn miss(&mut self, client: ClientId, why: WhyMissed) {
        self.delivered.missed.push(Missed { client, why });
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Delivered> {
        while let Poll::Ready(sent) = self.sends.poll_next_unpin(cx) {
            match sent {
                Some((client, sent)) => self.settle(client, sent),
                None => return Poll::Ready(mem::take(&mut self.delivered)),
            }
        }
        let is_over = |deadline: &mut Deadline| deadline.poll_over(cx).is_ready();
        if !self.deadline.as_mut().is_some_and(is_over) {
            return Poll::Pending;
        }
        let mut late: Vec<_> =
            mem::take(&mut self.sends).iter().map(|Delivery(send)| send.client()).collect();
        // The set has no order of its own that anybody could rely on.
        late.sort_unstable();
        for client in late {
            self.miss(client, WhyMissed::Full);
        }
        Poll::Ready(mem::take(&mut self.delivered))
    }

    fn settle(&mut self, client: ClientId, sent: Result<(), SendError>) {
        let why = match sent {
            Ok(()) => {
                self.delivered.queued += 1;
                return;
            }
            Err(SendError::Full) => WhyMissed::HubFull,
            Err(SendError::TooManyWaiters) => WhyMissed::TooManyWaiters,
            Err(_) => WhyMissed::Gone,
        };
        self.miss(client, why);
    }
}

impl Future for PublishWithin<'_> {
    type Output = Result<Delivered, SendError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        if let Stage::New = this.stage {
            match this.begin() {
                Ok(waiting) => this.stage = Stage::Waiting(Box::new(waiting)),
                Err(error) => {
                    this.stage = Stage::Over;
                    return Poll::Ready(Err(error));
                }
            }
        }
        let Stage::Waiting(waiting) = &mut this.stage else { return Poll::Pending };
        let polled = waiting.poll(cx);
        if polled.is_ready() {
            this.stage = Stage::Over;
        }
        polled.map(Ok)
    }
}
