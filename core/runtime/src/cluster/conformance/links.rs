//! A link under test, and what it has handed in.

use super::super::broker::{Broker, Receiver, Sender};
use super::clause::Violation;
use super::trial::Trial;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use bytes::Bytes;
use core::future::Future;
use core::mem;
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use futures_util::future::{Either, select};
use throng_core::cluster::{Command, Delivery, Subject};

/// Both halves of a link, with what was received and not looked at yet.
pub(super) struct Link<B: Broker> {
    pub(super) sender: B::Sender,
    pub(super) receiver: B::Receiver,
    pub(super) confirmed: Vec<Subject>,
    pub(super) messages: Vec<(Subject, Bytes)>,
    /// Messages that were told as dropped, and whether any were.
    pub(super) dropped: Option<u64>,
    /// The most deliveries of one receive.
    pub(super) most: usize,
    inbox: Vec<Delivery>,
}

impl<B: Broker> Link<B> {
    pub(super) fn new((sender, receiver): (B::Sender, B::Receiver)) -> Self {
        let (confirmed, messages, inbox) = (Vec::new(), Vec::new(), Vec::new());
        Self { sender, receiver, confirmed, messages, dropped: None, most: 0, inbox }
    }

    pub(super) fn take(&mut self, deliveries: Vec<Delivery>) {
        self.inbox.extend(deliveries);
        self.sort();
    }

    fn sort(&mut self) {
        self.most = self.most.max(self.inbox.len());
        for delivery in mem::take(&mut self.inbox) {
            match delivery {
                Delivery::Subscribed(subject) => self.confirmed.push(subject),
                Delivery::Message { subject, payload } => self.messages.push((subject, payload)),
                Delivery::Dropped { messages } => {
                    self.dropped = Some(self.dropped.unwrap_or(0).saturating_add(messages));
                }
            }
        }
    }

    /// Begins a receive, and drops it if nothing is there.
    pub(super) fn glance(&mut self) -> Result<(), String> {
        let polled =
            pin!(self.receiver.receive(&mut self.inbox)).poll(&mut Context::from_waker(Waker::noop()));
        if let Poll::Ready(Err(error)) = polled {
            return Err(format!("the link failed: {error}"));
        }
        self.sort();
        Ok(())
    }

    pub(super) fn payloads(&self) -> Vec<&[u8]> {
        self.messages.iter().map(|(_, payload)| &payload[..]).collect()
    }
}

impl<B, S, F> Trial<'_, B, S>
where
    B: Broker,
    S: Fn(Duration) -> F,
    F: Future<Output = ()>,
{
    pub(super) fn subject(&self, rest: &str) -> Result<Subject, Violation> {
        let text = format!("{}.{:?}.{rest}", self.options.prefix, self.clause);
        Subject::new(&text)
            .map_err(|bad| self.violation(format!("the prefix of the options makes no subject: {bad}")))
    }

    /// Gives a future no more than the patience.
    pub(super) async fn in_time<T>(
        &self,
        what: &str,
        future: impl Future<Output = T>,
    ) -> Result<T, Violation> {
        let patience = self.options.patience;
        let output = unless(future, (self.sleep)(patience)).await;
        output.ok_or_else(|| self.violation(format!("{what} takes more than {patience:?}")))
    }

    pub(super) async fn link(&self) -> Result<Link<B>, Violation> {
        let opened = self.in_time("opening a link", self.broker.connect()).await?;
        opened.map(Link::new).map_err(|error| self.violation(format!("a link cannot be opened: {error}")))
    }

    pub(super) async fn send(&self, link: &mut Link<B>, mut commands: Vec<Command>) -> Result<(), Violation> {
        let sent = self.in_time("sending a batch", link.sender.send(&mut commands)).await?;
        sent.map_err(|error| self.violation(format!("a batch cannot be sent: {error}")))
    }

    /// Receives until it is enough, which must be in time.
    pub(super) async fn receive_until(
        &self,
        link: &mut Link<B>,
        what: &str,
        is_enough: impl Fn(&Link<B>) -> bool,
    ) -> Result<(), Violation> {
        let patience = self.options.patience;
        let mut limit = Box::pin((self.sleep)(patience));
        while !is_enough(link) {
            let failed = match unless(link.receiver.receive(&mut link.inbox), limit.as_mut()).await {
                Some(Ok(())) => None,
                Some(Err(error)) => Some(format!("the link failed, waiting for {what}: {error}")),
                None => Some(format!(
                    "waited {patience:?} for {what}: {} confirmations and {} messages came, {:?} were told as dropped",
                    link.confirmed.len(),
                    link.messages.len(),
                    link.dropped.unwrap_or(0)
                )),
            };
            if let Some(what) = failed {
                return Err(self.violation(what));
            }
            link.sort();
        }
        Ok(())
    }

    /// Receives whatever comes until nothing has come for the quiet time.
    pub(super) async fn receive_until_quiet(&self, link: &mut Link<B>) -> Result<(), Violation> {
        loop {
            let quiet = (self.sleep)(self.options.quiet);
            let Some(result) = unless(link.receiver.receive(&mut link.inbox), quiet).await else {
                return Ok(());
            };
            result.map_err(|error| self.violation(format!("the link failed: {error}")))?;
            link.sort();
        }
    }

    /// Subscribes, and waits for the confirmations.
    pub(super) async fn subscribe(&self, link: &mut Link<B>, subjects: &[&Subject]) -> Result<(), Violation> {
        let commands = subjects.iter().map(|subject| Command::Subscribe((*subject).clone())).collect();
        self.send(link, commands).await?;
        let all = |link: &Link<B>| subjects.iter().all(|subject| link.confirmed.contains(subject));
        self.receive_until(link, "the confirmations of subscriptions", all).await
    }
}

/// What a future returns, unless another one is ready before.
pub(super) async fn unless<T>(future: impl Future<Output = T>, other: impl Future<Output = ()>) -> Option<T> {
    match select(pin!(future), pin!(other)).await {
        Either::Left((output, _)) => Some(output),
        Either::Right(_) => None,
    }
}

pub(super) fn publish(subject: &Subject, payload: impl Into<Bytes>) -> Command {
    Command::Publish { subject: subject.clone(), payload: payload.into() }
}
