//! Sending to those recipients that a closure chooses.

use crate::handles::client::Client;
use crate::handles::hub::Hub;
use crate::notice::message::{IntoFrame, Publish, SendError, published};
use crate::state::inner::Inner;
use crate::state::member::Member;
use alloc::sync::Arc;
use alloc::vec::Vec;
use throng_core::ClientId;
use throng_core::hub::{Event, Published, Target};

/// Handles fetched per hold of the lock.
const SLICE: usize = 256;

impl Hub {
    /// Sends to those recipients of `publish` for which `choose` returns true. `choose` is called once for each
    /// recipient, before anything is sent, without a lock and in no particular order; it may use the hub.
    ///
    /// Clients that join a target during the calls are not asked and do not get the message, nor do clients that leave
    /// it. Otherwise this is a [`publish`](Self::publish): atomic, one frame for all, under the policy of the first
    /// target.
    ///
    /// Cost: O(recipients) calls, 24 bytes of memory per recipient during the call, and O(recipients · log recipients)
    /// under the lock. For a choice that is made again and again, use a room.
    ///
    /// ```
    /// use throng_core::hub::{Published, Target};
    /// use throng_runtime::{Hub, Publish, SendError};
    ///
    /// #[derive(Clone, PartialEq)]
    /// enum Team {
    ///     Red,
    ///     Blue,
    /// }
    ///
    /// /// Sends to the members of a room that play for a team; the team was `insert`ed when each client came.
    /// fn tell_team(hub: &Hub, room: &str, team: &Team, text: &str) -> Result<Published, SendError> {
    ///     let to = [Target::Room(room)];
    ///     hub.publish_where(&Publish::to(&to), text, |client| client.get().as_ref() == Some(team))
    /// }
    /// ```
    ///
    /// # Errors
    /// The message cannot be encoded or is too long, or none of the targets exists. Choosing no recipient is not an
    /// error.
    ///
    /// # Panics
    /// If `choose` panics; nothing is sent then.
    pub fn publish_where(
        &self,
        publish: &Publish<'_>,
        message: impl IntoFrame,
        choose: impl FnMut(&Client) -> bool,
    ) -> Result<Published, SendError> {
        let shared = self.shared();
        let frame = &shared.deflating.publish(message.into_frame()?);
        let chosen = self.choose(publish, choose);
        let (Publish { targets, policy, .. }, dedup) = (*publish, publish.dedup());
        let (result, except) = shared.publish_by(frame.payload().len(), |inner, now| {
            let mut left_out = reached(inner, targets);
            left_out.retain(|client| chosen.binary_search(client).is_err());
            left_out.extend_from_slice(&publish.left_out(&inner.hub));
            let event = Event::Publish {
                publisher: None,
                targets,
                except: &left_out,
                frame,
                policy,
                dedup: dedup.as_ref(),
            };
            (inner.handle(now, event), left_out)
        });
        drop(except);
        Ok(published(result)?)
    }

    /// The recipients for which `choose` returned true, sorted by id.
    fn choose(&self, publish: &Publish<'_>, mut choose: impl FnMut(&Client) -> bool) -> Vec<ClientId> {
        let shared = self.shared();
        let (mut asked, except) =
            shared.look(|inner| (reached(inner, publish.targets), publish.left_out(&inner.hub)));
        asked.sort_unstable();
        asked.dedup();
        let mut except = except.into_owned();
        except.sort_unstable();
        asked.retain(|client| except.binary_search(client).is_err());
        let mut chosen = Vec::new();
        for slice in asked.chunks(SLICE) {
            let members: Vec<Arc<Member>> = shared
                .look(|inner| slice.iter().filter_map(|&client| inner.member(client).cloned()).collect());
            let wanted = members.into_iter().map(Client::new).filter(|client| choose(client));
            chosen.extend(wanted.map(|client| client.id()));
        }
        chosen
    }
}

/// The clients that the targets reach now; a client that several targets reach is repeated.
fn reached(inner: &Inner, targets: &[Target<'_>]) -> Vec<ClientId> {
    let hub = &inner.hub;
    let mut clients = Vec::new();
    for target in targets {
        match *target {
            Target::Client(client) => clients.push(client),
            Target::User(user) => clients.extend(hub.clients_of(user)),
            Target::Room(room) => clients.extend(hub.members(room)),
            Target::Watchers(room) => clients.extend(hub.watchers(room)),
            Target::All => clients.extend(hub.clients()),
            // The core adds no target without a change here.
            _ => debug_assert!(false, "{target:?}"),
        }
    }
    clients
}
