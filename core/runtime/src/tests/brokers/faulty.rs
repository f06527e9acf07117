//! Brokers that do one thing wrong each.

use super::subject;
use crate::cluster::{
    Broker, BrokerError, Command, Delivery, Memory, MemoryReceiver, MemorySender, Receiver, Sender, Subject,
};
use core::future::pending;
use std::mem;
use std::sync::{Arc, Mutex};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    None,
    RefusesASecondLink,
    NeverConfirms,
    ConfirmsTwice,
    ConfirmsARepeatNever,
    DoublesARepeatedSubscription,
    LeavesCommands,
    CutsTheLastByte,
    CutsAtLineEnds,
    MixesUpSubjects,
    LosesEveryHundredth,
    Reorders,
    LeavesOutOwnMessages,
    SubscribesToAllBelow,
    IgnoresCase,
    IgnoresUnsubscribe,
    UnsubscribesAll,
    RemembersSubscriptions,
    HandsInAllAtOnce,
    LosesWhatADroppedReceiveTook,
    DropsSilently,
    HoldsEverything,
    HidesBrokenLinks,
    KeepsADroppedSender,
    KeepsADroppedReceiver,
}

/// The broker in memory, with a fault.
pub(super) struct Faulty {
    memory: Memory,
    fault: Fault,
    remembered: Arc<Mutex<Vec<Command>>>,
    kept: Kept,
}

/// Halves that were dropped and go on.
type Kept = Arc<Mutex<(Vec<MemorySender>, Vec<MemoryReceiver>)>>;

impl Faulty {
    pub(super) fn new(memory: &Memory, fault: Fault) -> Self {
        let queue_bytes = if fault == Fault::HoldsEverything { usize::MAX } else { 32 << 20 };
        Self {
            memory: memory.clone().queue_bytes(queue_bytes),
            fault,
            remembered: Arc::default(),
            kept: Arc::default(),
        }
    }
}

pub(super) struct FaultySender {
    sender: Option<MemorySender>,
    kept: Kept,
    fault: Fault,
    own: Arc<Mutex<Vec<bytes::Bytes>>>,
    remembered: Arc<Mutex<Vec<Command>>>,
    subscribed: Vec<Subject>,
    published: u64,
}

pub(super) struct FaultyReceiver {
    receiver: Option<MemoryReceiver>,
    kept: Kept,
    fault: Fault,
    own: Arc<Mutex<Vec<bytes::Bytes>>>,
    confirmed: Vec<Subject>,
    held: Vec<Delivery>,
}

impl Broker for Faulty {
    type Sender = FaultySender;
    type Receiver = FaultyReceiver;

    async fn connect(&self) -> Result<(FaultySender, FaultyReceiver), BrokerError> {
        if self.fault == Fault::RefusesASecondLink && self.memory.links() > 0 {
            return Err(BrokerError::new("one link is enough"));
        }
        let (mut sender, receiver) = self.memory.connect().await?;
        let fault = self.fault;
        if fault == Fault::RemembersSubscriptions {
            let mut commands = self.remembered.lock().expect("no panic").clone();
            sender.send(&mut commands).await?;
        }
        let (own, remembered) = (Arc::default(), Arc::clone(&self.remembered));
        let receiver = FaultyReceiver {
            receiver: Some(receiver),
            kept: Arc::clone(&self.kept),
            fault,
            own: Arc::clone(&own),
            confirmed: vec![],
            held: vec![],
        };
        let sender = FaultySender {
            sender: Some(sender),
            kept: Arc::clone(&self.kept),
            fault,
            own,
            remembered,
            subscribed: vec![],
            published: 0,
        };
        Ok((sender, receiver))
    }

    fn name(&self) -> &'static str {
        "faulty"
    }
}

/// The subject whose last part has no capitals.
fn lower(of: &Subject) -> Subject {
    let (above, last) = of.as_str().rsplit_once('.').expect("the suite's subjects have parts");
    subject(&format!("{above}.{}", last.to_lowercase()))
}

impl Sender for FaultySender {
    async fn send(&mut self, commands: &mut Vec<Command>) -> Result<(), BrokerError> {
        if self.fault == Fault::LeavesCommands {
            return self.sender.as_mut().expect("it is there").send(&mut commands.clone()).await;
        }
        if self.fault == Fault::Reorders {
            // Of subscriptions the order is of no matter to the suite.
            commands.reverse();
        }
        let mut altered = Vec::new();
        for command in commands.drain(..) {
            self.alter(command, &mut altered);
        }
        self.sender.as_mut().expect("it is there").send(&mut altered).await
    }
}

impl Drop for FaultySender {
    fn drop(&mut self) {
        if self.fault == Fault::KeepsADroppedSender {
            self.kept.lock().expect("no panic").0.extend(self.sender.take());
        }
    }
}

impl Drop for FaultyReceiver {
    fn drop(&mut self) {
        if self.fault == Fault::KeepsADroppedReceiver {
            self.kept.lock().expect("no panic").1.extend(self.receiver.take());
        }
    }
}

impl FaultySender {
    fn alter(&mut self, command: Command, altered: &mut Vec<Command>) {
        match command {
            Command::Subscribe(to) => {
                if self.fault == Fault::RemembersSubscriptions {
                    self.remembered.lock().expect("no panic").push(Command::Subscribe(to.clone()));
                }
                self.subscribed.push(to.clone());
                altered.push(Command::Subscribe(to));
            }
            Command::Unsubscribe(_) if self.fault == Fault::IgnoresUnsubscribe => {}
            Command::Unsubscribe(_) if self.fault == Fault::UnsubscribesAll => {
                altered.extend(mem::take(&mut self.subscribed).into_iter().map(Command::Unsubscribe));
            }
            Command::Unsubscribe(from) => altered.push(Command::Unsubscribe(from)),
            Command::Publish { subject: to, payload } => {
                self.own.lock().expect("no panic").push(payload.clone());
                self.published += 1;
                if self.fault == Fault::LosesEveryHundredth && self.published.is_multiple_of(100) {
                    return;
                }
                // Whoever has subscribed to `a` receives what is published to `a.b`.
                let above = to.as_str().rsplit_once('.').map(|(above, _)| subject(above));
                if let Some(above) = above.filter(|_| self.fault == Fault::SubscribesToAllBelow) {
                    altered.push(Command::Publish { subject: above, payload: payload.clone() });
                }
                if self.fault == Fault::IgnoresCase && lower(&to) != to {
                    altered.push(Command::Publish { subject: lower(&to), payload: payload.clone() });
                }
                altered.push(Command::Publish { subject: to, payload });
            }
        }
    }
}

impl Receiver for FaultyReceiver {
    async fn receive(&mut self, into: &mut Vec<Delivery>) -> Result<(), BrokerError> {
        let mut taken = mem::take(&mut self.held);
        let receiver = self.receiver.as_mut().expect("it is there");
        if taken.is_empty() {
            let received = receiver.receive(&mut taken).await;
            let is_cut = received.as_ref().is_err_and(|error| error.to_string().contains("cut"));
            if is_cut && self.fault == Fault::HidesBrokenLinks {
                return pending().await;
            }
            received?;
        }
        if self.fault == Fault::HandsInAllAtOnce {
            let mut more = std::pin::pin!(async {
                while taken.len() < 1_000_000 {
                    receiver.receive(&mut taken).await?;
                }
                Ok(())
            });
            let mut context = std::task::Context::from_waker(std::task::Waker::noop());
            let _: std::task::Poll<Result<(), BrokerError>> = more.as_mut().poll(&mut context);
        }
        for delivery in taken {
            self.alter(delivery, into);
        }
        if self.fault == Fault::LosesWhatADroppedReceiveTook && !into.is_empty() {
            let lost = mem::take(into);
            // Whoever drops the future now loses it.
            let mut is_first = true;
            std::future::poll_fn(|context| {
                if mem::take(&mut is_first) {
                    context.waker().wake_by_ref();
                    return std::task::Poll::Pending;
                }
                std::task::Poll::Ready(())
            })
            .await;
            *into = lost;
        }
        Ok(())
    }
}

impl FaultyReceiver {
    fn alter(&mut self, delivery: Delivery, into: &mut Vec<Delivery>) {
        match delivery {
            Delivery::Subscribed(_) if self.fault == Fault::NeverConfirms => {}
            Delivery::Subscribed(to) => {
                let repeats = self.fault == Fault::ConfirmsARepeatNever && self.confirmed.contains(&to);
                if self.fault == Fault::ConfirmsTwice {
                    into.push(Delivery::Subscribed(to.clone()));
                }
                self.confirmed.push(to.clone());
                if !repeats {
                    into.push(Delivery::Subscribed(to));
                }
            }
            Delivery::Dropped { .. } if self.fault == Fault::DropsSilently => {}
            Delivery::Dropped { messages } => into.push(Delivery::Dropped { messages }),
            Delivery::Message { subject: to, mut payload } => {
                let is_own = self.own.lock().expect("no panic").contains(&payload);
                match self.fault {
                    Fault::LeavesOutOwnMessages if is_own => return,
                    Fault::CutsTheLastByte => payload.truncate(payload.len().saturating_sub(1).max(8)),
                    Fault::CutsAtLineEnds => {
                        let end = payload.windows(2).position(|two| two == b"\r\n");
                        payload.truncate(end.unwrap_or(payload.len()));
                    }
                    _ => {}
                }
                let to = match self.confirmed.last() {
                    Some(last) if self.fault == Fault::MixesUpSubjects => last.clone(),
                    _ => to,
                };
                let is_repeated = self.confirmed.iter().filter(|confirmed| **confirmed == to).count() > 1;
                if self.fault == Fault::DoublesARepeatedSubscription && is_repeated {
                    into.push(Delivery::Message { subject: to.clone(), payload: payload.clone() });
                }
                into.push(Delivery::Message { subject: to, payload });
            }
        }
    }
}
