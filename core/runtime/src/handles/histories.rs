//! The histories of rooms: what they hold, and clients that recover what they missed.

use crate::handles::hub::Hub;
use throng_core::hub::{Event, History, HistoryPage, Joined, Order, Position, Recover, Unrecovered};
use throng_core::{ClientId, hub};

/// Histories of rooms: the last messages of a room, each with an offset.
///
/// ```
/// use throng_core::hub::{Config, History, Order};
/// use throng_runtime::Hub;
///
/// let mut config = Config::default();
/// config.history.by_prefix.insert("news".into(), History { messages: 50, ..History::default() });
/// let hub = Hub::builder().config(config).build()?;
///
/// let published = hub.send_to_room("news", "first")?;
/// assert_eq!(published.position, hub.position("news"));
/// let page = hub.history("news", None, 10, Order::NewestFirst)?;
/// assert_eq!((page.messages.len(), page.messages[0].offset), (1, 1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
impl Hub {
    /// Puts a client into a room, and sends it what it missed there: [`Client::join_from`](crate::Client::join_from) without the
    /// `before_join` hook.
    ///
    /// # Errors
    /// The client is gone or in the room already, or a limit is reached. That messages cannot be had is no error:
    /// [`Joined::recovery`] says so.
    pub fn join_from(&self, client: ClientId, room: &str, from: Recover) -> Result<Joined, hub::Error> {
        self.shared().with(|inner, now| inner.join(now, client, room, Some(from), None))
    }

    /// The position of the last message that was published to a room; `None` if the room does not exist or has no history. O(1).
    #[must_use]
    pub fn position(&self, room: &str) -> Option<Position> {
        self.shared().look(|inner| inner.hub.position(room))
    }

    /// At most `limit` messages of a room's history, from a position on, or from its beginning or end. The next page begins at the
    /// offset of the last message of this one. O(limit), under the hub's lock.
    ///
    /// # Errors
    /// The page would not have all messages that it should, for the reason in the error: see [`core::hub::Hub::history`](hub::Hub::history).
    pub fn history(
        &self,
        room: &str,
        since: Option<Position>,
        limit: u32,
        order: Order,
    ) -> Result<HistoryPage, Unrecovered> {
        self.shared().look(|inner| inner.hub.history(room, since, limit, order))
    }

    /// The history that a room has or, if it does not exist, would get by its name. `None`: it keeps none.
    #[must_use]
    pub fn history_config(&self, room: &str) -> Option<History> {
        self.shared().look(|inner| inner.hub.history_config(room))
    }

    /// Removes all messages of a room's history, which begins anew: with another epoch, so that no position of before is valid.
    ///
    /// Peers that hold a position of the room are to be told the new one; until they know it, they are told that their position is
    /// not one of this history, and nothing worse happens.
    ///
    /// # Errors
    /// The room does not exist or has no history.
    pub fn remove_history(&self, room: &str) -> Result<(), hub::Error> {
        self.shared().handle(Event::RemoveHistory { room }).map(drop)
    }
}
