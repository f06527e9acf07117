//! The task of a node: it carries commands to the broker, deliveries to the machine, and what comes of them to the hub.

use super::broker::{Broker, BrokerError, Receiver, Sender};
use crate::host::{Report, Sleep, Task};
use crate::notice::cluster::ClusterEvent;
use crate::notice::hook::Left;
use crate::notice::message::IntoFrame;
use crate::state::inner::Inner;
use crate::state::shared::Shared;
use alloc::boxed::Box;
use alloc::string::ToString;
use alloc::sync::Arc;
use alloc::vec::Vec;
use bytes::Bytes;
use core::future::Future;
use core::mem;
use core::pin::Pin;
use core::task::{Context, Poll};
use throng_core::cluster::{Action, Command, Deliver, Delivery, Directive, Event, Perform, Scope, Unready};
use throng_core::hub::{self, Flush, Target};
use throng_core::websocket::Utf8Bytes;
use throng_core::{ClientId, ClosedBy, Frame, Instant, MessageKind};

/// Messages of other nodes that are published while the lock is held once.
const AT_ONCE: usize = 16;

/// Turns in a row before other tasks run.
const TURNS: usize = 8;

type Boxed<T> = Pin<Box<dyn Future<Output = T> + Send>>;
type Connected<B> = Result<(<B as Broker>::Sender, <B as Broker>::Receiver), BrokerError>;

/// The task of a hub whose messages this broker carries.
pub(crate) fn task<B: Broker>(broker: B, shared: Arc<Shared>) -> Task {
    let sleep = shared.host().map(|host| host.sleep());
    Box::pin(NodeTask { broker: Arc::new(broker), shared, sleep, link: Link::default(), actions: Vec::new() })
}

struct NodeTask<B: Broker> {
    broker: Arc<B>,
    shared: Arc<Shared>,
    sleep: Option<Box<dyn Sleep>>,
    link: Link<B>,
    actions: Vec<Action>,
}

/// The present link, or the attempt to open it.
struct Link<B: Broker> {
    number: u64,
    connecting: Option<Boxed<Connected<B>>>,
    sending: Sending<B::Sender>,
    receiving: Option<Boxed<Received<B::Receiver>>>,
}

enum Sending<S> {
    No,
    Idle(S, Vec<Command>),
    Busy(Boxed<(S, Vec<Command>, Result<(), BrokerError>)>),
}

struct Received<R> {
    receiver: R,
    deliveries: Vec<Delivery>,
    result: Result<(), BrokerError>,
}

impl<B: Broker> Default for Link<B> {
    fn default() -> Self {
        Self { number: 0, connecting: None, sending: Sending::No, receiving: None }
    }
}

// No field is pinned in place.
impl<B: Broker> Unpin for NodeTask<B> {}

impl<B: Broker> Drop for NodeTask<B> {
    fn drop(&mut self) {
        // The host has dropped it, or the node has left.
        self.shared.with(|inner, _| inner.leave_cluster());
    }
}

impl<B: Broker> Future for NodeTask<B> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        for _ in 0..TURNS {
            let mut has_done = this.poll_connecting(cx) | this.poll_sending(cx) | this.poll_receiving(cx);
            let timeout = this.turn(cx, &mut has_done);
            if this.act() {
                return Poll::Ready(());
            }
            if !has_done && !this.is_due(cx, timeout) {
                return Poll::Pending;
            }
        }
        match this.shared.host() {
            Some(host) => host.yield_now(cx),
            None => cx.waker().wake_by_ref(),
        }
        Poll::Pending
    }
}

impl<B: Broker> NodeTask<B> {
    fn poll_connecting(&mut self, cx: &mut Context<'_>) -> bool {
        let Some(connecting) = &mut self.link.connecting else { return false };
        let Poll::Ready(connected) = connecting.as_mut().poll(cx) else { return false };
        self.link.connecting = None;
        match connected {
            Ok((sender, receiver)) => {
                self.link.sending = Sending::Idle(sender, Vec::new());
                self.link.receiving = Some(receive(receiver, Vec::new()));
                let link = self.link.number;
                self.shared.with(|inner, now| inner.in_cluster(now, Event::LinkUp { link }));
            }
            Err(error) => self.fail(&error),
        }
        true
    }

    fn poll_sending(&mut self, cx: &mut Context<'_>) -> bool {
        let Sending::Busy(sending) = &mut self.link.sending else { return false };
        let Poll::Ready((sender, mut commands, sent)) = sending.as_mut().poll(cx) else { return false };
        match sent {
            Ok(()) => {
                commands.clear();
                self.link.sending = Sending::Idle(sender, commands);
                let link = self.link.number;
                self.shared.with(|inner, now| inner.in_cluster(now, Event::Sent { link }));
            }
            Err(error) => self.fail(&error),
        }
        true
    }

    fn poll_receiving(&mut self, cx: &mut Context<'_>) -> bool {
        let Some(receiving) = &mut self.link.receiving else { return false };
        let Poll::Ready(Received { receiver, mut deliveries, result }) = receiving.as_mut().poll(cx) else {
            return false;
        };
        let (link, actions) = (self.link.number, &mut self.actions);
        self.shared.with(|inner, now| {
            for delivery in &deliveries {
                inner.in_cluster(now, Event::Received { link, delivery });
            }
            inner.take_cluster_actions(actions);
        });
        // The payloads that are needed are in the actions.
        deliveries.clear();
        match result {
            Ok(()) => self.link.receiving = Some(receive(receiver, deliveries)),
            Err(error) => self.fail(&error),
        }
        true
    }

    /// The link has failed, or could not be opened.
    fn fail(&mut self, error: &BrokerError) {
        let link = self.link.number;
        self.link = Link { number: link, ..Link::default() };
        self.shared
            .report(Report::BrokerFailed { broker: self.broker.name(), error: error.to_string().into() });
        self.shared.with(|inner, now| inner.in_cluster(now, Event::LinkDown { link }));
    }

    /// Lets the machine have its turn, and begins to send its next batch.
    fn turn(&mut self, cx: &Context<'_>, has_done: &mut bool) -> Option<Instant> {
        let Self { shared, link, actions, .. } = self;
        let mut idle = match mem::replace(&mut link.sending, Sending::No) {
            Sending::Idle(sender, commands) => Some((sender, commands)),
            busy => {
                link.sending = busy;
                None
            }
        };
        let commands = idle.as_mut().map(|(_, commands)| commands);
        let turn = shared.with(|inner, now| inner.turn_node(now, cx.waker(), commands, actions));
        drop(turn.old);
        if let Some((sender, commands)) = idle {
            link.sending = if turn.link == Some(link.number) && !commands.is_empty() {
                *has_done = true;
                Sending::Busy(send(sender, commands))
            } else {
                Sending::Idle(sender, commands)
            };
        }
        *has_done |= !actions.is_empty();
        turn.timeout
    }

    /// Does what the machine asks for. Returns whether the node has left.
    fn act(&mut self) -> bool {
        let mut has_left = false;
        let mut to_hub = Vec::new();
        for action in mem::take(&mut self.actions) {
            match action {
                Action::Connect { link } => {
                    let broker = Arc::clone(&self.broker);
                    let connecting = Box::pin(async move { broker.connect().await });
                    self.link = Link { number: link, connecting: Some(connecting), ..Link::default() };
                }
                Action::Disconnect { link, .. } if link == self.link.number => {
                    self.link = Link { number: link, ..Link::default() };
                }
                Action::Deliver(deliver) => to_hub.extend(ToHub::message(deliver)),
                Action::Perform(perform) => to_hub.push(ToHub::Perform(perform)),
                Action::Answer { question, answer } => {
                    self.shared.with(|inner, _| inner.answered(question, answer));
                }
                Action::Left => has_left = true,
                other => self.tell(other),
            }
        }
        let mut to_hub = to_hub.into_iter().peekable();
        while to_hub.peek().is_some() {
            self.shared.with(|inner, now| {
                for one in to_hub.by_ref().take(AT_ONCE) {
                    one.carry_out(inner, now);
                }
            });
        }
        has_left
    }

    /// Tells the operator and the application.
    fn tell(&self, action: Action) {
        let event = match action {
            Action::Ready => {
                self.shared.with(|inner, _| inner.set_unready(None));
                ClusterEvent::Ready
            }
            Action::NotReady { why } => {
                self.shared.with(|inner, _| inner.set_unready(Some(why)));
                ClusterEvent::NotReady { why }
            }
            Action::Lost { scope, from, messages } => ClusterEvent::Missed { scope, from, messages },
            Action::NodeJoined { node, .. } => ClusterEvent::NodeJoined { node },
            Action::NodeGone { node, why, .. } => ClusterEvent::NodeGone { node, why },
            Action::Dropped { messages, bytes } => ClusterEvent::Dropped { messages, bytes },
            Action::Superseded { .. } => {
                // Also if it was not ready before.
                self.shared.with(|inner, _| inner.set_unready(Some(Unready::Superseded)));
                ClusterEvent::Superseded
            }
            Action::Supersedes { .. } => ClusterEvent::Supersedes,
            // What the broker has dropped is told as lost, with its scope, when the next message comes.
            _ => return,
        };
        self.shared.report(Report::Cluster(event.clone()));
        self.shared.with(|inner, _| inner.tell_cluster(event));
    }

    fn is_due(&mut self, cx: &mut Context<'_>, timeout: Option<Instant>) -> bool {
        let (Some(sleep), Some(timeout)) = (&mut self.sleep, timeout) else { return false };
        sleep.poll_until(cx, timeout).is_ready()
    }
}

fn receive<R: Receiver>(mut receiver: R, mut deliveries: Vec<Delivery>) -> Boxed<Received<R>> {
    Box::pin(async move {
        let result = receiver.receive(&mut deliveries).await;
        Received { receiver, deliveries, result }
    })
}

fn send<S: Sender>(
    mut sender: S,
    mut commands: Vec<Command>,
) -> Boxed<(S, Vec<Command>, Result<(), BrokerError>)> {
    Box::pin(async move {
        let sent = sender.send(&mut commands).await;
        (sender, commands, sent)
    })
}

/// Something of another node for the clients of this hub. Its frame is encoded outside the lock.
enum ToHub {
    Message(Box<Deliver>, Frame),
    Perform(Box<Perform>),
}

impl ToHub {
    /// Encodes a message; `None` if it says that it is a text and is none. Only a program that is no node can send that.
    fn message(deliver: Deliver) -> Option<Self> {
        let payload = &deliver.payload;
        // The part lies within the payload: the cluster has checked that.
        let (whole, bare) = match &deliver.bare {
            None => (payload.clone(), None),
            Some(part) => {
                let (start, end) = (part.start as usize, part.end as usize);
                let bare = encoded(part.kind, payload.slice(start..end))?;
                (payload.slice(..part.envelope as usize), Some(bare))
            }
        };
        let mut frame = encoded(deliver.kind, whole)?;
        if let Some(place) = deliver.place {
            frame = frame.with_place(place).ok()?;
        }
        if let Some(bare) = bare {
            frame = frame.with_bare(bare);
        }
        Some(Self::Message(Box::new(deliver), frame))
    }

    fn carry_out(self, inner: &mut Inner, now: Instant) {
        let (exists, asker) = match self {
            Self::Message(deliver, frame) => {
                (publish(inner, now, &deliver, &frame), deliver.asker.map(|asker| *asker))
            }
            Self::Perform(perform) => (command(inner, now, &perform), perform.asker),
        };
        if let Some(asker) = &asker {
            inner.in_cluster(now, Event::Answer { asker, exists });
        }
    }
}

fn encoded(kind: MessageKind, payload: Bytes) -> Option<Frame> {
    match kind {
        MessageKind::Text => Utf8Bytes::try_from(payload).ok()?.into_frame().ok(),
        MessageKind::Binary => payload.into_frame().ok(),
    }
}

/// Publishes a message of another node. Returns whether its recipients exist; there may be none any more.
fn publish(inner: &mut Inner, now: Instant, deliver: &Deliver, frame: &Frame) -> bool {
    let target = match &deliver.to {
        Scope::All => Target::All,
        Scope::Room(room) => Target::Room(room),
        Scope::User(user) => Target::User(user),
        Scope::Client(client) => Target::Client(*client),
        _ => return false,
    };
    let mut except = Vec::from(&*deliver.except);
    if let Some(user) = &deliver.except_user {
        except.extend(inner.hub.clients_of(user));
    }
    for covered in &deliver.covered {
        match covered {
            Scope::Room(room) => except.extend(inner.hub.members(room)),
            Scope::User(user) => except.extend(inner.hub.clients_of(user)),
            _ => {}
        }
    }
    let (targets, except) = (&[target][..], &*except);
    let event = hub::Event::Publish { publisher: None, targets, except, frame, policy: None, dedup: None };
    inner.handle(now, event).is_ok()
}

/// Does what another node asks for. Returns whether there is such a client.
fn command(inner: &mut Inner, now: Instant, perform: &Perform) -> bool {
    let clients: Vec<ClientId> = match &perform.to {
        Scope::Client(client) => [*client].into_iter().filter(|client| inner.hub.is_open(*client)).collect(),
        Scope::User(user) => inner.hub.clients_of(user).collect(),
        _ => Vec::new(),
    };
    for &client in &clients {
        // A client that is in the room already, may not join it or has just ended is no error of this node.
        let _ = match &perform.directive {
            Directive::Close(frame) => {
                let (code, reason) = (frame.code, &*frame.reason);
                let (flush, by) = (Flush::First, ClosedBy::Application);
                inner.handle(now, hub::Event::Close { client, code, reason, flush, by }).map(drop)
            }
            Directive::Join(room) => inner.join(now, client, room, None, None).map(drop),
            Directive::Leave(room) => inner.leave(now, client, room, Left::Removed),
            _ => Ok(()),
        };
    }
    !clients.is_empty()
}
