//! The presence of rooms: who is there, and who is told of changes.

use crate::handles::client::Client;
use crate::handles::hub::Hub;
use crate::notice::message::{IntoFrame, Publish, SendError};
use throng_core::hub::{Event, Joined, Presence, PresenceCounts, PresencePage, Published, Recover, Target};
use throng_core::{ClientId, hub};

/// The presence of rooms: who is there. [`Presences::by_prefix`](hub::Presences::by_prefix) of the config says which rooms have it, or
/// [`Hub::configure_room`].
///
/// ```
/// use throng_core::hub::{Config, Presence, PresentAs};
/// use throng_runtime::Hub;
///
/// let mut config = Config::default();
/// config.presence.by_prefix.insert("lobby".into(), Presence::default());
/// let hub = Hub::builder()
///     .config(config)
///     .on_connect(|client| {
///         let (hub, name) = (client.hub(), client.user());
///         let info = format!("{} is new here", name.as_deref().unwrap_or("somebody"));
///         let _ = hub.join_with_info(client.id(), "lobby", None, info.as_bytes());
///         let _ = client.watch_presence("lobby");
///     })
///     .on_presence_change(|hub, room, change| {
///         for user in change.users.iter().flat_map(|users| &users.appeared) {
///             let PresentAs::User(name) = &user.who else { continue };
///             let _ = hub.send_to_watchers(room, format!("{name} is here"));
///         }
///     })
///     .build()?;
/// assert_eq!(hub.presence_counts("lobby"), None, "nobody has made the room");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
impl Hub {
    /// Puts a client into a room with bytes about it: [`Client::join_with_info`] without the `before_join` hook.
    ///
    /// # Errors
    /// The client is gone or in the room already, a limit is reached, the bytes are too long, or the room has no presence.
    pub fn join_with_info(
        &self,
        client: ClientId,
        room: &str,
        from: Option<Recover>,
        info: &[u8],
    ) -> Result<Joined, hub::Error> {
        self.shared().with(|inner, now| inner.join(now, client, room, from, Some(info)))
    }

    /// How many clients and users are in a room; `None` if the room does not exist or has no presence. O(1).
    #[must_use]
    pub fn presence_counts(&self, room: &str) -> Option<PresenceCounts> {
        self.shared().look(|inner| inner.hub.presence_counts(room))
    }

    /// At most `limit` members of a room, in the order in which they joined: the first page at `None`, each other one at the `next` of
    /// the page before it. `None` if the room does not exist or has no presence. O(limit + log(members)), under the hub's lock.
    #[must_use]
    pub fn presence(&self, room: &str, at: Option<u64>, limit: u32) -> Option<PresencePage> {
        self.shared().look(|inner| inner.hub.presence(room, at, limit))
    }

    /// The presence that a room has; `None` if the room does not exist or has no presence.
    #[must_use]
    pub fn presence_config(&self, room: &str) -> Option<Presence> {
        self.shared().look(|inner| inner.hub.presence_config(room))
    }

    /// Sends a message to the members of a room that [watch](Client::watch_presence) its presence: one frame, whatever their number.
    ///
    /// # Errors
    /// The message cannot be encoded or is too long, or the room does not exist or has no presence. That nobody watches is no error.
    pub fn send_to_watchers(&self, room: &str, message: impl IntoFrame) -> Result<Published, SendError> {
        self.publish(&Publish::to(&[Target::Watchers(room)]), message)
    }
}

/// Watching the presence of a room.
impl Client {
    /// This client is one of those that [`Hub::send_to_watchers`] reaches, until it leaves the room. Changes from now on are told to the
    /// [hook](crate::Handler::presence_changed); what is there already, [`Hub::presence`] lists. Does nothing if it watches already.
    ///
    /// # Errors
    /// The client is not open or is not in the room, or the room has no presence.
    pub fn watch_presence(&self, room: &str) -> Result<(), hub::Error> {
        self.member.shared.handle(Event::WatchPresence { client: self.id(), room }).map(drop)
    }

    /// This client is not told of changes any more. Does nothing if it does not watch.
    ///
    /// # Errors
    /// As for [`watch_presence`](Self::watch_presence).
    pub fn unwatch_presence(&self, room: &str) -> Result<(), hub::Error> {
        self.member.shared.handle(Event::UnwatchPresence { client: self.id(), room }).map(drop)
    }
}
