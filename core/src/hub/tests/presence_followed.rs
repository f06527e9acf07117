//! A watcher that follows the changes of a room's presence has the list of who is there.

use super::presence::{TICKS, with_presence};
use crate::hub::{Follow, Hub, Presence, PresenceChange, PresentAs};
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::time::Duration;

/// A list that one watcher keeps: it reads page by page, hears most changes, and asks anew when it must.
#[derive(Default)]
struct List {
    users: BTreeMap<PresentAs, Vec<u8>>,
    first: u64,
    last: u64,
    /// Where the next page begins, while it is read.
    next: Option<u64>,
    is_whole: bool,
    /// Changes that came while it was read.
    waiting: Vec<PresenceChange>,
}

impl List {
    fn read(&mut self, hub: &Hub) {
        let page = hub.presence("p", self.next, 2).expect("presence");
        if self.next.is_none() {
            self.users.clear();
            (self.first, self.waiting) = (page.version, Vec::new());
        }
        self.last = page.version;
        for member in page.members {
            let who = member.user.map_or(PresentAs::Client(member.client), PresentAs::User);
            self.users.entry(who).or_insert(member.info.to_vec());
        }
        self.next = page.next;
        self.is_whole = page.next.is_none();
        if self.is_whole {
            for change in core::mem::take(&mut self.waiting) {
                self.hear(change);
            }
        }
    }

    fn hear(&mut self, change: PresenceChange) {
        if !self.is_whole {
            return self.waiting.push(change);
        }
        match change.after(self.first, self.last) {
            Follow::Known => {}
            Follow::Reload => (self.is_whole, self.next) = (false, None),
            Follow::Apply => {
                let users = change.users.expect("users are told");
                for one in users.appeared {
                    self.users.insert(one.who, one.info.to_vec());
                }
                for who in users.disappeared {
                    self.users.remove(&who);
                }
                self.first = change.version;
            }
        }
    }
}

#[test]
fn a_watcher_that_follows_the_rules_ends_with_the_list_as_it_is() {
    let (mut reloads, mut applied) = (0, 0);
    for seed in 0..200_u64 {
        let mut random = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let mut below = |end: u64| {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            random % end
        };
        let mut bench = with_presence(|config| {
            config.presence.by_prefix.insert("p".into(), Presence { users: 5 + seed as u32 % 4, ..TICKS });
        });
        let watcher = bench.join_as(Some("w"), "p", "");
        bench.watch(watcher, "p");
        let mut clients: Vec<_> =
            (0..9).map(|at| bench.connect_as(["ann", "bob", "cleo", "dan"][at % 4])).collect();
        clients.push(bench.connect());
        let (mut list, mut late) = (List::default(), None::<PresenceChange>);
        for step in 0..150 {
            let client = clients[below(clients.len() as u64) as usize];
            match below(10) {
                0..3 => {
                    let info = ["a", "b"][below(2) as usize];
                    let _ = bench.hub.join_with_info(bench.now, client, "p", None, info.as_bytes());
                }
                3..5 => _ = bench.hub.leave(bench.now, client, "p"),
                5 => {
                    let user = ["ann", "bob", "eve"][below(3) as usize];
                    bench.hub.set_user(bench.now, client, Some(user)).expect("a client");
                }
                6..8 if !list.is_whole => list.read(&bench.hub),
                _ => bench.wait(Duration::from_millis(below(60))),
            }
            for change in bench.changes() {
                // An application that lags gets several changes as one.
                match &mut late {
                    Some(earlier) => earlier.append(change, 8),
                    None => late = Some(change),
                }
                if step <= 140 && below(3) == 0 {
                    continue;
                }
                // Now and then a change is lost on the way, but not the last ones.
                let change = late.take().expect("a change");
                if step > 140 || below(8) > 0 {
                    applied += u32::from(change.after(list.first, list.last) == Follow::Apply);
                    list.hear(change);
                }
            }
            reloads += u32::from(!list.is_whole && list.next.is_none());
            assert_eq!(bench.hub.check(), Ok(()), "seed {seed}");
        }
        // The last change shows to a list that has missed one before it that it must be read anew.
        bench.join_as(Some("last"), "p", "");
        bench.wait(TICKS.tick);
        for change in late.into_iter().chain(bench.changes()) {
            list.hear(change);
        }
        while !list.is_whole {
            list.read(&bench.hub);
        }
        let mut truth = List::default();
        while !truth.is_whole {
            truth.read(&bench.hub);
        }
        assert_eq!(list.users, truth.users, "seed {seed}");
        let kept = list.users.len() as u32;
        assert_eq!(bench.counts("p").1, kept, "seed {seed}");
    }
    assert!(reloads > 100 && applied > 100, "{reloads} {applied}");
}
