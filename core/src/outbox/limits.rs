//! How much may wait, and what happens when more does.

use crate::rate::Rate;

/// What waits to be written, and what happens when too much does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outbox {
    /// The largest message, in bytes of payload, in and out. Default 512 KiB.
    pub message_bytes: u32,
    /// Messages that may wait for one client. Default 256.
    pub messages: u32,
    /// Bytes that may wait for one client, each frame counted in full, and as it is before it is deflated. Default 1 MiB; never less than one
    /// maximal message with its head.
    pub bytes: u32,
    /// When a client's outbox is full. Default: drop the newest.
    pub policy: Policy,
    /// How fast messages are written to one client at most; what comes faster waits in its outbox, under the same bounds and
    /// policy. Control frames are never held up, but for the close frame behind what is queued, and that keeps its deadline.
    /// Default: no rate.
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
    /// What is written counts when the transport has taken it; what is deflated, or joined to others, as the messages it is.
    pub rate: Option<Rate>,
    /// Bytes of all frames that wait for anybody, each counted once with its deflated variant, and of the queues' entries. Default
    /// 256 MiB.
    ///
    /// At the budget the largest outboxes are shed until an eighth of it is free. If that does not do, as the rest is frames that
    /// clients have taken in part, the clients that hold the most by such a frame are ended: at most 64 for one publish, with 1006
    /// and the reason "out of memory for its messages". A frame that several have taken in part counts for each of them by
    /// its share. What is on lease is neither shed nor ended. A message for which all this makes no room is dropped for everybody,
    /// whatever the policy.
    pub hub_bytes: u64,
}

/// What happens to a frame for a client whose outbox is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Policy {
    /// The frame is dropped for this client; counted and reported.
    DropNewest,
    /// The oldest frames that are not yet being written make room; counted and reported.
    DropOldest,
    /// A waiting frame with the same key is dropped and this one goes to the back, full or not: the client
    /// gets the latest value of each key. A full outbox without that key drops the newest. Costs O(waiting
    /// frames) a recipient.
    Conflate(u64),
    /// The client is closed, as [`Cause::TooSlow`](crate::hub::Cause::TooSlow) says; what is queued is not written.
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
