//! Sending to many within a time: whoever has room gets it at once, the others when they have.

use crate::handles::hub::Hub;
use crate::handles::wait::SendWait;
use crate::host::deadline::Deadline;
use crate::notice::message::{IntoFrame, Publish, SendError};
use crate::state::member::Member;
use crate::state::shared::Shared;
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::task::Wake;
use alloc::vec::Vec;
use core::fmt;
use core::future::Future;
use core::mem;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::sync::{Mutex, MutexGuard, PoisonError};
use throng_core::frame::Frame;
use throng_core::hub;
use throng_core::hub::{Event, Full, Outcome, Policy, Published};
use throng_core::id::ClientId;

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
    /// Sends to whom `publish` says, whatever its policy: those whose outbox has room get it at once, each of the others as
    /// soon as half of its outbox is free, within `time` from the first poll on. Nothing is dropped for it, nobody waits for
    /// somebody else, and it always ends: at the latest when the time is over. The time in which the process
    /// [stood still](hub::Deadlines::standstill) does not count: nobody could read or write meanwhile. The outcome names who
    /// was not reached.
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

/// Those that are waited for.
struct Waiting {
    deadline: Option<Deadline>,
    delivered: Delivered,
    /// In the order in which they would have been reached; `None` once that is settled.
    sends: Vec<Option<Pending>>,
    left: usize,
    woken_sends: Arc<WokenSends>,
    /// Memory that is used again.
    woken: Vec<usize>,
}

struct Pending {
    send: SendWait,
    waker: Waker,
}

/// The sends that are to be polled, and the task to wake for that.
#[derive(Default)]
struct WokenSends(Mutex<Woken>);

#[derive(Default)]
struct Woken {
    at: Vec<usize>,
    task: Option<Waker>,
}

/// The waker of one send.
struct SendWaker {
    at: usize,
    woken_sends: Arc<WokenSends>,
}

impl WokenSends {
    fn lock(&self) -> MutexGuard<'_, Woken> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wake for SendWaker {
    fn wake(self: Arc<Self>) {
        let task = {
            let mut woken = self.woken_sends.lock();
            woken.at.push(self.at);
            woken.task.take()
        };
        if let Some(task) = task {
            task.wake();
        }
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
            let published = match inner.handle(now, Event::Publish { targets, except, frame, policy })? {
                Outcome::Published(published) => published,
                _ => Published::default(),
            };
            let unreached = inner.hub.unreached().iter();
            let full = unreached.map(|one| (*one, inner.member(one.client).cloned()));
            Ok::<_, hub::Error>((published, full.collect::<Vec<_>>()))
        })?;
        let mut waiting = Waiting {
            deadline: None,
            delivered: Delivered {
                queued: published.queued,
                unknown: published.unknown,
                ..Delivered::default()
            },
            sends: Vec::new(),
            left: 0,
            woken_sends: Arc::default(),
            woken: Vec::new(),
        };
        for (unreached, member) in full {
            match (unreached.full, member) {
                (Full::Outbox, Some(member)) => waiting.wait_for(member, frame),
                (Full::Hub, _) => waiting.miss(unreached.client, WhyMissed::HubFull),
                (_, None) => waiting.miss(unreached.client, WhyMissed::Gone),
            }
        }
        if waiting.left > 0 {
            waiting.deadline = self.shared.deadline(self.time);
        }
        Ok(waiting)
    }
}

impl Waiting {
    fn wait_for(&mut self, member: Arc<Member>, frame: &Frame) {
        let at = self.sends.len();
        let waker = Waker::from(Arc::new(SendWaker { at, woken_sends: Arc::clone(&self.woken_sends) }));
        let send = SendWait::new(member, Ok(frame.clone()));
        self.sends.push(Some(Pending { send, waker }));
        self.woken.push(at);
        self.left += 1;
    }

    fn miss(&mut self, client: ClientId, why: WhyMissed) {
        self.delivered.missed.push(Missed { client, why });
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Delivered> {
        loop {
            for at in mem::take(&mut self.woken) {
                self.poll_one(at);
            }
            if self.left == 0 {
                return Poll::Ready(mem::take(&mut self.delivered));
            }
            let mut woken = self.woken_sends.lock();
            if woken.at.is_empty() {
                let old = woken.task.replace(cx.waker().clone());
                // A waker that is dropped may end a task.
                drop(woken);
                drop(old);
                break;
            }
            mem::swap(&mut self.woken, &mut woken.at);
        }
        let is_over = |deadline: &mut Deadline| deadline.poll_over(cx).is_ready();
        if !self.deadline.as_mut().is_some_and(is_over) {
            return Poll::Pending;
        }
        for pending in mem::take(&mut self.sends).into_iter().flatten() {
            self.miss(pending.send.client(), WhyMissed::Full);
        }
        Poll::Ready(mem::take(&mut self.delivered))
    }

    fn poll_one(&mut self, at: usize) {
        let Some(place) = self.sends.get_mut(at) else { return };
        let Some(Pending { send, waker }) = place else { return };
        let Poll::Ready(sent) = Pin::new(&mut *send).poll(&mut Context::from_waker(waker)) else { return };
        let client = send.client();
        *place = None;
        self.left -= 1;
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
