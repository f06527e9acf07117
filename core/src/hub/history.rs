//! What may be asked of the histories of rooms.

use super::recover::NONE_KEPT;
use super::stream::Stream;
use super::{Hub, RoomConfig};
use crate::frame::Frame;
use crate::position::{Position, Unrecoverable, Unrecovered};
use alloc::vec::Vec;

/// A message of a room's history.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HistoryMessage {
    /// Its offset.
    pub offset: u64,
    /// The frame, sealed with the offset if it has a [place](crate::frame::Place) for it.
    pub frame: Frame,
}

/// A part of a room's history.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HistoryPage {
    /// The position of the last message that was published.
    pub top: Position,
    /// The offset of the oldest message that is kept; `top.offset + 1` if none is.
    pub oldest: u64,
    /// The messages, in the order that was asked for.
    pub messages: Vec<HistoryMessage>,
}

/// The order of the messages of a [`HistoryPage`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Order {
    /// From the position to newer messages. Without a position the page begins with the oldest message.
    OldestFirst,
    /// From the position to older messages, without the one at the position itself. Without a position the page begins with the
    /// newest message.
    NewestFirst,
}

impl Hub {
    /// The position of the last message that was published to a room; `None` if the room does not exist or has no history. O(1).
    #[must_use]
    pub fn position(&self, room: &str) -> Option<Position> {
        let stream = self.rooms.find(room.as_bytes()).and_then(|slot| self.stream(slot))?;
        Some(self.position_of(stream))
    }

    /// At most `limit` messages of a room's history, from a position on, or from its end or beginning. With a limit of 0 the page
    /// has no messages, only the position.
    ///
    /// The next page begins at the offset of the last message of this one, with the same epoch. O(limit).
    ///
    /// ```
    /// use throng_core::hub::{Config, History, Hub, Order, RoomConfig, Target};
    /// use throng_core::{Frame, Instant};
    ///
    /// let mut config = Config::default();
    /// config.host.epoch_seed = 0x5eed; // a random number of the process
    /// let (mut hub, now) = (Hub::new(config)?, Instant::ORIGIN);
    /// let history = Some(History::default());
    /// hub.configure_room(now, "news", RoomConfig { history, ..RoomConfig::default() })?;
    /// let first = Frame::raw("first".into());
    /// let published = hub.publish(now, &[Target::Room("news")], &[], &first, None)?;
    /// assert_eq!(published.position, hub.position("news"));
    ///
    /// let page = hub.history("news", None, 10, Order::OldestFirst)?;
    /// assert_eq!((page.messages[0].offset, &page.messages[0].frame), (1, &first));
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`Unrecovered`] if the page would not have all messages that it should: the position is not of this history, messages
    /// after it are no longer kept, `limit` is higher than [`Histories::page`](super::Histories::page), or the room has no history.
    pub fn history(
        &self,
        room: &str,
        since: Option<Position>,
        limit: u32,
        order: Order,
    ) -> Result<HistoryPage, Unrecovered> {
        let found = self.rooms.find(room.as_bytes()).and_then(|slot| self.stream(slot));
        let stream = found.ok_or(NONE_KEPT)?;
        let extent = self.outboxes.extent_of(stream.ring);
        let fail = |reason| Err(Unrecovered { reason, oldest: extent.oldest, top: extent.top });
        if since.is_some_and(|since| since.epoch != stream.epoch || since.offset > extent.top) {
            return fail(Unrecoverable::EpochChanged);
        }
        if limit > self.config.history.page {
            return fail(Unrecoverable::OverLimit);
        }
        let message = |(offset, frame): (u64, &Frame)| HistoryMessage { offset, frame: frame.clone() };
        let most = limit as usize;
        let messages = match (order, since) {
            (Order::OldestFirst, Some(since)) if since.offset + 1 < extent.oldest => {
                return fail(extent.lost);
            }
            (Order::OldestFirst, since) => {
                let from = since.map_or(extent.oldest, |since| since.offset + 1);
                self.outboxes.kept_from(stream.ring, from).take(most).map(message).collect()
            }
            (Order::NewestFirst, since) => {
                let kept = self.outboxes.kept_from(stream.ring, 0);
                let newer = since.map_or(0, |since| (extent.top - since.offset).saturating_add(1));
                let skip = usize::try_from(newer).unwrap_or(usize::MAX);
                kept.rev().skip(skip).take(most).map(message).collect()
            }
        };
        Ok(HistoryPage { top: self.position_of(stream), oldest: extent.oldest, messages })
    }

    /// The history that a room has or, if it does not exist, would get by its name. `None`: it keeps none. O(1), or O(prefixes).
    #[must_use]
    pub fn history_config(&self, room: &str) -> Option<super::History> {
        match self.rooms.find(room.as_bytes()) {
            Some(slot) => self.stream(slot).map(|stream| stream.bounds),
            None => self.history_of(room, RoomConfig::default().history),
        }
    }

    pub(super) fn position_of(&self, stream: &Stream) -> Position {
        Position { epoch: stream.epoch, offset: self.outboxes.extent_of(stream.ring).top }
    }
}
