//! The limits of the outboxes, and the policies for full ones.

use crate::rate::Rate;

/// Limits of the frames that wait to be written, and the policy when an outbox is full.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outbox {
    /// The longest message, in and out, in payload bytes. Default: 512 KiB.
    pub message_bytes: u32,
    /// The most messages in one client's outbox. Default: 256.
    pub messages: u32,
    /// The most bytes in one client's outbox. Each frame counts in full and before it is deflated. Must hold at least one
    /// message of `message_bytes` with its head. Default: 1 MiB.
    pub bytes: u32,
    /// What happens when a client's outbox is full. Default: [`Policy::DropNewest`].
    pub policy: Policy,
    /// The fastest rate at which messages are written to one client. Faster messages wait in its outbox, under the same
    /// bounds and policy. Control frames do not wait, except that a close frame behind queued messages follows them; its
    /// deadline still applies. Default: `None`.
    ///
    /// ```
    /// use throng_core::Rate;
    /// use throng_core::hub::{Config, Outbox};
    ///
    /// let rate = Some(Rate::per_second(30).burst(60));
    /// let config = Config { outbox: Outbox { rate, ..Outbox::default() }, ..Config::default() };
    /// assert_eq!(config.validate(), Ok(()));
    /// ```
    ///
    /// A message counts when the transport has taken it. Deflated or joined messages count one by one.
    pub rate: Option<Rate>,
    /// The hub's budget: bytes of all frames that are queued or kept in a [history](crate::hub::History), each counted once with its
    /// deflated variant, and of the queue entries. Default: 256 MiB.
    ///
    /// At the budget the hub discards messages of histories, the older half of the largest first, until an eighth of it is free. If no
    /// history is left, it sheds the largest outboxes. If partly written frames use up
    /// the rest, the hub ends the clients that hold the most by them: at most 64 for one publish, with 1006 and the
    /// reason "out of memory for its messages". A partly written frame counts for each of its holders by its share.
    /// Frames on lease are not shed and their clients not ended. If all this makes no room for a message, it is dropped
    /// for all recipients, whatever the policy.
    pub hub_bytes: u64,
}

/// What happens to a frame for a client whose outbox is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Policy {
    /// The new frame is dropped for this client. [`Action::Dropped`](crate::hub::Action::Dropped) reports it.
    DropNewest,
    /// The oldest frames that are not being written are dropped. [`Action::Dropped`](crate::hub::Action::Dropped) reports
    /// them.
    DropOldest,
    /// A queued frame with the same key is dropped and the new one goes to the back, even if there is room: the client
    /// gets the latest value of each key. A full outbox without this key drops the new frame. O(queued frames) for each
    /// recipient.
    Conflate(u64),
    /// The client is closed, as [`Cause::TooSlow`](crate::hub::Cause::TooSlow) of the config says; what is queued is dropped.
    ///
    /// If one publish closes very many clients, the first of them are closed at once and the others by the next
    /// [`Timeout`](crate::hub::Event::Timeout)s, for which the hub asks: [`host.slice`](crate::hub::Host::slice) says how many.
    /// Until then such a client is still listed and counted, in its rooms too, as nobody has been told of its end. But it is
    /// not [open](crate::Hub::is_open): it gets nothing more, and what is asked of it is answered with
    /// [`Error::NotOpen`](crate::hub::Error::NotOpen). What was queued for it before may still be written.
    Disconnect,
    /// The frame is refused, nothing is dropped, and [`OutboxLow`](crate::hub::Action::OutboxLow) says when half
    /// of the outbox is free again. Of many recipients those with room get it;
    /// a list passed to [`publish_listing`](crate::hub::Hub::publish_listing) names the others. For a publish that says so itself only, not for all of a
    /// hub or a room.
    Wait,
}

impl Default for Outbox {
    fn default() -> Self {
        Self {
            message_bytes: 512 << 10,
            messages: 256,
            bytes: 1 << 20,
            policy: Policy::DropNewest,
            rate: None,
            hub_bytes: 256 << 20,
        }
    }
}
