//! The checks, one for each clause.

use super::super::broker::{Broker, Receiver, Sender};
use super::clause::{Clause, Violation};
use super::links::{Link, publish, unless};
use super::trial::Trial;
use alloc::format;
use alloc::vec;
use alloc::vec::Vec;
use core::future::Future;
use core::time::Duration;
use throng_core::cluster::{Command, Subject};

/// Subjects of one batch of subscriptions.
const SUBJECTS: usize = 1_000;
/// Messages whose order is looked at.
const MESSAGES: u32 = 2_000;
/// The most that one receive may hand in.
const BATCH: usize = 1_024;

impl<B, S, F> Trial<'_, B, S>
where
    B: Broker,
    S: Fn(Duration) -> F,
    F: Future<Output = ()>,
{
    pub(super) async fn run(&self) -> Result<(), Violation> {
        match self.clause {
            Clause::Links => self.links().await,
            Clause::Confirmations => self.confirmations().await,
            Clause::Commands => self.commands().await,
            Clause::Messages => self.messages().await,
            Clause::Order => self.order().await,
            Clause::OwnMessages => self.own_messages().await,
            Clause::Silence => self.silence().await,
            Clause::Unsubscribing => self.unsubscribing().await,
            Clause::NewLinks => self.new_links().await,
            Clause::Batches => self.batches().await,
            Clause::Cancelling => self.cancelling().await,
            Clause::Halves => self.halves().await,
            Clause::Memory => self.memory().await,
            Clause::BrokenLinks => self.broken_links().await,
        }
    }

    async fn links(&self) -> Result<(), Violation> {
        self.demand(!self.broker.name().is_empty(), || "its name is empty".into())?;
        let (mut one, mut other) = (self.link().await?, self.link().await?);
        self.send(&mut one, Vec::new()).await?;
        self.send(&mut other, Vec::new()).await
    }

    async fn confirmations(&self) -> Result<(), Violation> {
        let subjects: Result<Vec<_>, _> = (0..SUBJECTS).map(|n| self.subject(&format!("s{n}"))).collect();
        let subjects = subjects?;
        let mut link = self.link().await?;
        self.send(&mut link, subjects.iter().cloned().map(Command::Subscribe).collect()).await?;
        let enough = |link: &Link<B>| link.confirmed.len() >= SUBJECTS;
        self.receive_until(&mut link, "1,000 confirmations", enough).await?;
        self.receive_until_quiet(&mut link).await?;
        let (mut expected, mut seen) = (subjects.clone(), link.confirmed.clone());
        expected.sort();
        seen.sort();
        self.demand(expected == seen, || {
            let extra = seen.len() - SUBJECTS.min(seen.len());
            let missing = expected.iter().find(|subject| !seen.contains(subject));
            format!("of 1,000 subscriptions {missing:?} was not confirmed, and {extra} too many confirmations came")
        })?;
        link.confirmed.clear();
        self.send(&mut link, vec![Command::Subscribe(subjects[0].clone())]).await?;
        self.receive_until(&mut link, "the confirmation of a repeated subscription", |link| {
            link.confirmed.first() == subjects.first()
        })
        .await?;
        // Repeating it has not doubled it.
        let mut publisher = self.link().await?;
        self.send(&mut publisher, vec![publish(&subjects[0], "once")]).await?;
        self.receive_until(&mut link, "a message", |link| !link.messages.is_empty()).await?;
        self.receive_until_quiet(&mut link).await?;
        self.demand(link.messages.len() == 1, || "a repeated subscription doubles messages".into())
    }

    async fn commands(&self) -> Result<(), Violation> {
        let mut link = self.link().await?;
        let subject = self.subject("s")?;
        let mut commands = vec![
            Command::Subscribe(subject.clone()),
            publish(&subject, "message"),
            Command::Unsubscribe(subject.clone()),
        ];
        let sent = self.in_time("sending a batch", link.sender.send(&mut commands)).await?;
        sent.map_err(|error| self.violation(format!("a batch cannot be sent: {error}")))?;
        self.demand(commands.is_empty(), || format!("{} commands are left in the list", commands.len()))
    }

    async fn messages(&self) -> Result<(), Violation> {
        let (mut publisher, mut one, mut other) =
            (self.link().await?, self.link().await?, self.link().await?);
        let longest = Subject::MAX + 1 - self.subject("s")?.as_str().len();
        let (short, long) = (self.subject("s")?, self.subject(&"-_Az09".repeat(longest)[..longest])?);
        self.subscribe(&mut one, &[&short, &long]).await?;
        self.subscribe(&mut other, &[&long, &short]).await?;
        let every_byte: Vec<u8> = (0..=255).collect();
        let payloads = [
            Vec::new(),
            every_byte,
            b"\r\nMSG a 1 1\r\n+OK\r\n$-1\r\n".to_vec(),
            (0..self.options.largest).map(|n| (n % 251) as u8).collect(),
        ];
        for payload in payloads {
            for subject in [&short, &long] {
                let expected = vec![(subject.clone(), payload.clone().into())];
                self.send(&mut publisher, vec![publish(subject, payload.clone())]).await?;
                for link in [&mut one, &mut other] {
                    let what = format!("a message of {} bytes", payload.len());
                    self.receive_until(link, &what, |link| !link.messages.is_empty()).await?;
                    self.demand(link.messages == expected, || {
                        format!("{what} to a subject of {} bytes arrived altered", subject.as_str().len())
                    })?;
                    link.messages.clear();
                }
            }
        }
        Ok(())
    }

    async fn order(&self) -> Result<(), Violation> {
        let (mut first, mut second, mut link) = (self.link().await?, self.link().await?, self.link().await?);
        let subject = self.subject("s")?;
        self.subscribe(&mut link, &[&subject]).await?;
        // Two at a time, in batches of many sizes.
        let (mut next, mut size) = (0_u32, 0);
        while next < MESSAGES {
            size = (size * 2 + 1) % 300;
            let batch = next..(next + size).min(MESSAGES);
            next = batch.end;
            for (publisher, name) in [(&mut first, b'a'), (&mut second, b'b')] {
                let message = |n: u32| publish(&subject, [&[name][..], &n.to_be_bytes()[..]].concat());
                self.send(publisher, batch.clone().map(message).collect()).await?;
            }
        }
        let all = 2 * MESSAGES as usize;
        let enough = |link: &Link<B>| link.messages.len() >= all || link.dropped.is_some();
        self.receive_until(&mut link, &format!("{all} messages"), enough).await?;
        self.receive_until_quiet(&mut link).await?;
        for name in [b'a', b'b'] {
            let mut expected = 0;
            for payload in link.payloads() {
                let Some((&from, number)) = payload.split_first() else { continue };
                let number = u32::from_be_bytes(number.try_into().unwrap_or_default());
                if from == name && number < expected {
                    // The contract allows repeats, but not out of an idle server.
                    let what = format!("message {number} arrived after message {}", expected - 1);
                    return Err(self.violation(what));
                }
                if from == name {
                    self.demand(number == expected || link.dropped.is_some(), || {
                        format!("message {expected} is missing, and nothing was told as dropped")
                    })?;
                    expected = number + 1;
                }
            }
        }
        Ok(())
    }

    async fn own_messages(&self) -> Result<(), Violation> {
        let mut link = self.link().await?;
        let subject = self.subject("s")?;
        // In one batch: the subscription is carried out first.
        self.send(&mut link, vec![Command::Subscribe(subject.clone()), publish(&subject, "own")]).await?;
        let enough = |link: &Link<B>| !link.messages.is_empty() && !link.confirmed.is_empty();
        self.receive_until(&mut link, "the link's own message", enough).await
    }

    async fn silence(&self) -> Result<(), Violation> {
        let (mut publisher, mut link) = (self.link().await?, self.link().await?);
        let subject = self.subject("a.b")?;
        self.subscribe(&mut link, &[&subject]).await?;
        let others = ["a", "a.b.c", "a.B", "a.bb", "b", "a.b.a.b"];
        let others: Result<Vec<_>, _> = others.iter().map(|other| self.subject(other)).collect();
        self.send(&mut publisher, others?.iter().map(|other| publish(other, "other")).collect()).await?;
        self.receive_until_quiet(&mut link).await?;
        self.demand(link.messages.is_empty(), || {
            format!("subscribed to {subject}, and received {:?}", link.messages)
        })
    }

    async fn unsubscribing(&self) -> Result<(), Violation> {
        let (mut publisher, mut link) = (self.link().await?, self.link().await?);
        let (left, kept) = (self.subject("left")?, self.subject("kept")?);
        self.subscribe(&mut link, &[&left, &kept]).await?;
        self.send(&mut link, vec![Command::Unsubscribe(left.clone())]).await?;
        self.receive_until_quiet(&mut link).await?;
        self.send(&mut publisher, vec![publish(&left, "1"), publish(&kept, "2")]).await?;
        self.receive_until(&mut link, "a message to a subject that is still subscribed", |link| {
            link.messages.iter().any(|(subject, _)| *subject == kept)
        })
        .await?;
        self.receive_until_quiet(&mut link).await?;
        self.demand(link.messages.len() == 1, || {
            format!("a message arrived {:?} after the unsubscribe", self.options.quiet)
        })?;
        // And again.
        link.confirmed.clear();
        self.subscribe(&mut link, &[&left]).await?;
        self.send(&mut publisher, vec![publish(&left, "3")]).await?;
        self.receive_until(&mut link, "a message after subscribing again", |link| link.messages.len() == 2)
            .await
    }

    async fn new_links(&self) -> Result<(), Violation> {
        let (mut publisher, mut old) = (self.link().await?, self.link().await?);
        let subject = self.subject("s")?;
        self.subscribe(&mut old, &[&subject]).await?;
        drop(old);
        let mut new = self.link().await?;
        self.send(&mut publisher, vec![publish(&subject, "message")]).await?;
        self.receive_until_quiet(&mut new).await?;
        self.demand(new.messages.is_empty() && new.confirmed.is_empty(), || {
            "a new link received something before it had subscribed".into()
        })
    }

    async fn batches(&self) -> Result<(), Violation> {
        let (mut publisher, mut link) = (self.link().await?, self.link().await?);
        let subject = self.subject("s")?;
        self.subscribe(&mut link, &[&subject]).await?;
        for _ in 0..10 {
            self.send(&mut publisher, vec![publish(&subject, "message"); BATCH]).await?;
        }
        // All of it has time to come before the first receive.
        (self.sleep)(self.options.quiet).await;
        let all = |link: &Link<B>| link.messages.len() >= 10 * BATCH || link.dropped.is_some();
        self.receive_until(&mut link, "10,240 messages", all).await?;
        let most = link.most;
        self.demand(most <= BATCH, || {
            format!("one receive handed in {most} deliveries: at most {BATCH} are allowed")
        })
    }

    async fn cancelling(&self) -> Result<(), Violation> {
        let (mut publisher, mut link) = (self.link().await?, self.link().await?);
        let subject = self.subject("s")?;
        self.subscribe(&mut link, &[&subject]).await?;
        let mut sent = 0_u32;
        for _ in 0..50 {
            let payload = |n: u32| [&n.to_be_bytes()[..], &[7; 1_000][..]].concat();
            let batch = (sent..sent + 10).map(|n| publish(&subject, payload(n))).collect();
            self.send(&mut publisher, batch).await?;
            sent += 10;
            for _ in 0..5 {
                link.glance().map_err(|what| self.violation(what))?;
                (self.sleep)(Duration::ZERO).await;
            }
        }
        let all = |link: &Link<B>| link.messages.len() >= sent as usize || link.dropped.is_some();
        self.receive_until(&mut link, "500 messages, after receives that were dropped", all).await?;
        let in_order = |(n, payload): (usize, &&[u8])| payload.starts_with(&(n as u32).to_be_bytes());
        let is_whole = link.payloads().iter().enumerate().all(in_order) || link.dropped.is_some();
        self.demand(is_whole, || "receives that were dropped have lost or reordered messages".into())
    }

    async fn halves(&self) -> Result<(), Violation> {
        let Link { sender, mut receiver, .. } = self.link().await?;
        drop(sender);
        let mut deliveries = Vec::new();
        let failed = async { while receiver.receive(&mut deliveries).await.is_ok() {} };
        self.in_time("failing to receive, after the half that sends was dropped,", failed).await?;
        let Link { mut sender, receiver, .. } = self.link().await?;
        drop(receiver);
        let message = publish(&self.subject("s")?, "message");
        let failed = async {
            while sender.send(&mut vec![message.clone()]).await.is_ok() {
                (self.sleep)(Duration::from_millis(20)).await;
            }
        };
        self.in_time("failing to send, after the half that receives was dropped,", failed).await
    }

    async fn memory(&self) -> Result<(), Violation> {
        let (mut publisher, mut link) = (self.link().await?, self.link().await?);
        let subject = self.subject("s")?;
        self.subscribe(&mut link, &[&subject]).await?;
        let payload: Vec<u8> = vec![7; self.options.largest];
        let count = self.options.flood.unwrap_or(0).div_ceil(payload.len().max(1));
        let message = publish(&subject, payload);
        for _ in 0..count {
            self.send(&mut publisher, vec![message.clone()]).await?;
        }
        // Either it fails, or it tells.
        loop {
            let mut deliveries = Vec::new();
            let limit = (self.sleep)(self.options.patience);
            match unless(link.receiver.receive(&mut deliveries), limit).await {
                Some(Err(_)) => return Ok(()),
                Some(Ok(())) => link.take(deliveries),
                None => {
                    let arrived = link.messages.len();
                    let what =
                        format!("{arrived} of {count} messages arrived, and nothing was told as dropped");
                    return Err(self.violation(what));
                }
            }
            if link.dropped.is_some() {
                return Ok(());
            }
            self.demand(link.messages.len() < count, || {
                let bytes = self.options.flood.unwrap_or(0);
                format!("all of {bytes} bytes were held for a link that did not receive")
            })?;
        }
    }

    async fn broken_links(&self) -> Result<(), Violation> {
        let Some(cut) = &self.options.cut else { return Ok(()) };
        let (mut link, subject) = (self.link().await?, self.subject("s")?);
        self.subscribe(&mut link, &[&subject]).await?;
        cut();
        let mut deliveries = Vec::new();
        let failed = async { while link.receiver.receive(&mut deliveries).await.is_ok() {} };
        self.in_time("noticing that a link was cut", failed).await?;
        drop(link);
        let mut link = self.in_time("opening a link after a cut", self.connect_again()).await?;
        self.subscribe(&mut link, &[&subject]).await?;
        self.send(&mut link, vec![publish(&subject, "message")]).await?;
        self.receive_until(&mut link, "a message after a cut", |link| !link.messages.is_empty()).await
    }

    async fn connect_again(&self) -> Link<B> {
        loop {
            if let Ok(opened) = self.broker.connect().await {
                return Link::new(opened);
            }
            (self.sleep)(Duration::from_millis(20)).await;
        }
    }
}
