//! The channels that a client is subscribed to.

use crate::time::Instant;
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

/// Who made a subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    Client,
    Server,
}

#[derive(Debug)]
struct Subscription {
    by: By,
    expiry: Option<Instant>,
}

#[derive(Debug, Default)]
pub(super) struct Subscriptions(BTreeMap<Box<str>, Subscription>);

impl Subscriptions {
    pub(super) fn insert(&mut self, channel: &str, by: By, expiry: Option<Instant>) {
        self.0.insert(channel.into(), Subscription { by, expiry });
    }

    pub(super) fn remove(&mut self, channel: &str) -> Option<By> {
        self.0.remove(channel).map(|subscription| subscription.by)
    }

    /// Returns whether there is such a subscription.
    pub(super) fn renew(&mut self, channel: &str, expiry: Option<Instant>) -> bool {
        let found = self.0.get_mut(channel);
        let is_there = found.is_some();
        if let Some(subscription) = found {
            subscription.expiry = expiry;
        }
        is_there
    }

    /// Removes and returns those whose time is over.
    pub(super) fn expired(&mut self, now: Instant) -> Vec<Box<str>> {
        let is_over = |subscription: &Subscription| subscription.expiry.is_some_and(|expiry| expiry <= now);
        let expired: Vec<_> =
            self.0.iter().filter(|(_, it)| is_over(it)).map(|(channel, _)| channel.clone()).collect();
        for channel in &expired {
            self.0.remove(channel);
        }
        expired
    }

    pub(super) fn next_expiry(&self) -> Option<Instant> {
        self.0.values().filter_map(|subscription| subscription.expiry).min()
    }

    pub(super) fn has(&self, channel: &str) -> bool {
        self.0.contains_key(channel)
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(|channel| &**channel)
    }
}
