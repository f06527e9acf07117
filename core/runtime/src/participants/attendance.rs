//! Calls the hooks of a route for one participant.

use super::hooks::{Failure, Hooks, JoinContext, LeaveReason};
use super::participant::Participant;
use crate::handles::client::Client;
use crate::handshake::participation::{Participation, Place, Standing};
use crate::host::running::Running;
#[cfg(feature = "tower")]
use crate::middleware::{Answer, Incoming, ServiceError, serve_message};
use crate::notice::hook::Left;
use crate::state::mailbox::Disconnected;
use alloc::boxed::Box;
use alloc::sync::Arc;
use throng_core::CloseCode;
use throng_core::websocket::Message;
#[cfg(feature = "tower")]
use tower_service::Service;

/// The service of a route, type-erased.
pub(super) type Served = Arc<dyn Fn(&Client, Message) -> Serving + Send + Sync>;

/// A message that a service handles: why it failed, if it did. Without the feature `tower` there are no services, and nothing of this type.
pub(super) enum Serving {
    #[cfg(feature = "tower")]
    Done(Option<Failure>),
    #[cfg(feature = "tower")]
    Running(Running<Option<Failure>>),
}

#[cfg(feature = "tower")]
pub(super) fn served<S>(service: S) -> Served
where
    S: Service<Incoming> + Clone + Send + Sync + 'static,
    S::Response: Answer,
    S::Error: Into<ServiceError>,
    S::Future: Send + 'static,
{
    use crate::middleware::reuse::{Started, start};
    use core::task::{Context, Waker};

    let failure = |error: ServiceError| -> Failure { Box::new(error) };
    Arc::new(move |client, message| {
        let incoming = Incoming::new(client.clone(), message);
        // The first poll has no waker, so a future that is pending is polled again at once with a real one.
        match start(serve_message(service.clone(), incoming), &mut Context::from_waker(Waker::noop())) {
            Started::Done(error) => Serving::Done(error.map(failure)),
            Started::Running(running) => {
                Serving::Running(Box::pin(async move { running.await.map(failure) }))
            }
        }
    })
}

/// A participant, and the hooks of its route.
pub(super) struct Attendance<H> {
    hooks: Arc<H>,
    place: Arc<Place>,
    /// Why it has left its room, if its client has not ended before.
    reason: Option<LeaveReason>,
}

impl<H> Clone for Attendance<H> {
    fn clone(&self) -> Self {
        Self::new(Arc::clone(&self.hooks), Arc::clone(&self.place))
    }
}

impl<H> Attendance<H> {
    pub(super) const fn new(hooks: Arc<H>, place: Arc<Place>) -> Self {
        Self { hooks, place, reason: None }
    }

    /// What the future of a hook owns.
    fn with(&self, client: &Client) -> (Arc<H>, Participant) {
        (Arc::clone(&self.hooks), Participant::new(client.clone(), Arc::clone(&self.place)))
    }
}

impl<H: Hooks> Attendance<H> {
    pub(super) fn failed(&self, client: &Client, failure: Failure) -> Running {
        let (hooks, participant) = self.with(client);
        Box::pin(async move { hooks.error(&participant, &failure).await })
    }

    pub(super) fn message(&self, client: &Client, message: Message) -> Running {
        let (hooks, participant) = self.with(client);
        Box::pin(async move {
            if let Err(failure) = hooks.message(&participant, message).await {
                hooks.error(&participant, &failure).await;
            }
        })
    }

    #[cfg_attr(
        not(feature = "tower"),
        allow(unreachable_code, reason = "without tower there are no services")
    )]
    pub(super) fn serve(&self, service: &Served, client: &Client, message: Message) -> Option<Running> {
        match service(client, message) {
            #[cfg(feature = "tower")]
            Serving::Done(None) => None,
            #[cfg(feature = "tower")]
            Serving::Done(Some(failure)) => Some(self.failed(client, failure)),
            #[cfg(feature = "tower")]
            Serving::Running(running) => {
                let (hooks, participant) = self.with(client);
                Some(Box::pin(async move {
                    if let Some(failure) = running.await {
                        hooks.error(&participant, &failure).await;
                    }
                }))
            }
        }
    }
}

impl<H: Hooks> Participation for Attendance<H> {
    fn join(&mut self, client: &Client, reconnect: bool) -> Option<Running> {
        // It may have ended before it could be told: then it has not joined, and need not leave.
        if !client.is_open() {
            return None;
        }
        self.place.set(Standing::Joined);
        let (hooks, participant) = self.with(client);
        let place = Arc::clone(&self.place);
        let context = JoinContext {
            room: Arc::clone(&place.room),
            participant: Arc::clone(&place.id),
            identity: place.identity(),
            reconnect,
        };
        Some(Box::pin(async move {
            if let Err(refusal) = hooks.join(&participant, &context).await {
                if !reconnect {
                    place.set(Standing::Over);
                }
                // It may have ended meanwhile.
                let _ = participant.close(refusal.code, &refusal.reason);
            }
        }))
    }

    fn left(&mut self, client: &Client, room: &str, left: Left) {
        if *room != *self.place.room {
            return;
        }
        // `leave` is called when the client has ended: then no end of a connection can interrupt it.
        self.reason = match left {
            Left::Ended => return,
            Left::RoomClosed => Some(LeaveReason::RoomClosed),
            Left::Asked | Left::Removed => Some(LeaveReason::Removed),
        };
        // If the room was closed, it has ended already.
        let _ = client.close(CloseCode::NORMAL, "left the room");
    }

    fn disconnected(&mut self, client: &Client, end: &Disconnected) -> Option<Running> {
        if !self.place.is(Standing::Joined) {
            return None;
        }
        self.place.set(Standing::Over);
        let (hooks, participant) = self.with(client);
        let reason = self.reason.take().unwrap_or_else(|| LeaveReason::Ended(end.clone()));
        Some(Box::pin(async move { hooks.leave(&participant, &reason).await }))
    }
}
