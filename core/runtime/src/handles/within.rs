//! Sending to many within a time: whoever has room gets it at once, the others when they have.

use crate::handles::hub::Hub;
use crate::handles::wait::SendWait;
use crate::host::Sleep;
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
use throng_core::hub::{Event, Full, Outcome, Policy, Published, Sink};
use throng_core::id::ClientId;
use throng_core::time::Instant;

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

/// What came of a publish that waited for room.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Delivered {
    /// Clients in whose outbox the message is, or was.
    pub queued: u32,
    /// Targets that did not exist.
    pub unknown: u32,
    /// The clients that it was for and that did not get it.
    pub missed: Vec<Missed>,
}

/// A client that did not get a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Missed {
    /// Who.
    pub client: ClientId,
    /// Why not.
    pub why: WhyMissed,
}

/// Why a client did not get a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WhyMissed {
    /// Its outbox had no room in time.
    Full,
    /// The hub had no room ([`hub_bytes`](hub::Outbox::hub_bytes)): the message counts as dropped for this client.
    HubFull,
    /// It ended first.
    Gone,
    /// As many wait already for this client's outbox as may.
    TooManyWaiters,
}

impl fmt::Display for WhyMissed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full => "the client's outbox had no room in time",
            Self::HubFull => "the hub has no room",
            Self::Gone => "the client ended first",
            Self::TooManyWaiters => "too many wait for this client's outbox",
        })
    }
}

impl Hub {
    /// Sends to whom `publish` says, whatever its policy: those whose outbox has room get it at once, each of the others as
    /// soon as half of its outbox is free, within `time` from the first poll on. Nothing is dropped for it, nobody waits for
    /// somebody else, and it always ends: at the latest when the time is over. The outcome names who was not reached.
    ///
    /// Messages that others send meanwhile may come first to those that have no room yet. Memory: some 200 bytes for each
    /// client that is waited for; of those waits a client has at most 64.
    ///
    /// Cancel-safe: dropped before it was polled, nothing was sent; dropped later, it goes to nobody more.
    ///
    /// # Errors
    /// The message cannot be encoded or is too long, or none of the targets exists.
    ///
    /// ```
    /// use std::time::Duration;
    /// use throng_core::hub::Target;
    /// use throng_runtime::{Hub, Publish, SendError};
    ///
    /// /// Says it to everybody in the room who can hear it within a second, and closes who cannot.
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
    until: Instant,
    sleep: Option<Box<dyn Sleep>>,
    delivered: Delivered,
    /// In the order in which they would have been reached; `None` once that is settled.
    sends: Vec<Option<Pending>>,
    left: usize,
    bells: Arc<Bells>,
    /// Memory that is used again.
    rung: Vec<usize>,
}

struct Pending {
    send: SendWait,
    waker: Waker,
}

/// Which of them are to be polled, and whom to wake for that.
#[derive(Default)]
struct Bells(Mutex<Rung>);

#[derive(Default)]
struct Rung {
    at: Vec<usize>,
    task: Option<Waker>,
}

/// The bell of one of them.
struct Bell {
    at: usize,
    bells: Arc<Bells>,
}

impl Bells {
    fn lock(&self) -> MutexGuard<'_, Rung> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        let task = {
            let mut rung = self.bells.lock();
            rung.at.push(self.at);
            rung.task.take()
        };
        if let Some(task) = task {
            task.wake();
        }
    }
}

impl PublishWithin<'_> {
    /// Whoever has room gets it; who has not?
    fn begin(&self) -> Result<Waiting, SendError> {
        let frame = self.frame.as_ref().map_err(|error| *error)?;
        let targets = self.publish.targets;
        let (published, full, now) = self.shared.with(|inner, now| {
            let policy = Some(Policy::Wait);
            let except = &self.publish.left_out(&inner.hub);
            let event = Event::Publish { publisher: None, targets, except, frame, policy };
            let mut unreached = Vec::new();
            let published = match inner.handle_into(now, event, Sink::Unreached(&mut unreached))? {
                Outcome::Published(published) => published,
                _ => Published::default(),
            };
            let full = unreached.into_iter().map(|one| (one, inner.member(one.client).cloned()));
            Ok::<_, hub::Error>((published, full.collect::<Vec<_>>(), now))
        })?;
        let mut waiting = Waiting {
            until: now + self.time,
            sleep: None,
            delivered: Delivered {
                queued: published.queued,
                unknown: published.unknown,
                ..Delivered::default()
            },
            sends: Vec::new(),
            left: 0,
            bells: Arc::default(),
            rung: Vec::new(),
        };
        for (unreached, member) in full {
            match (unreached.full, member) {
                (Full::Outbox, Some(member)) => waiting.wait_for(member, frame),
                (Full::Outbox, None) => waiting.miss(unreached.client, WhyMissed::Gone),
                (_, _) => waiting.miss(unreached.client, WhyMissed::HubFull),
            }
        }
        if waiting.left > 0 {
            waiting.sleep = self.shared.host().map(|host| host.sleep());
        }
        Ok(waiting)
    }
}

impl Waiting {
    fn wait_for(&mut self, member: Arc<Member>, frame: &Frame) {
        let at = self.sends.len();
        let waker = Waker::from(Arc::new(Bell { at, bells: Arc::clone(&self.bells) }));
        let send = SendWait::new(member, Ok(frame.clone()));
        self.sends.push(Some(Pending { send, waker }));
        self.rung.push(at);
        self.left += 1;
    }

    fn miss(&mut self, client: ClientId, why: WhyMissed) {
        self.delivered.missed.push(Missed { client, why });
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Delivered> {
        loop {
            for at in mem::take(&mut self.rung) {
                self.poll_one(at);
            }
            if self.left == 0 {
                return Poll::Ready(mem::take(&mut self.delivered));
            }
            let mut rung = self.bells.lock();
            if rung.at.is_empty() {
                let old = rung.task.replace(cx.waker().clone());
                // A waker that is dropped may end a task.
                drop(rung);
                drop(old);
                break;
            }
            mem::swap(&mut self.rung, &mut rung.at);
        }
        let (sleep, until) = (&mut self.sleep, self.until);
        let is_over = sleep.as_mut().is_some_and(|sleep| sleep.poll_until(cx, until).is_ready());
        if !is_over {
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
