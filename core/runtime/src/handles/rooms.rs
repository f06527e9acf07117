//! Rooms with a config of their own, and publishing as a client.

use crate::handles::client::Client;
use crate::handles::hub::Hub;
use crate::notice::message::published;
use crate::notice::message::{IntoFrame, Publish, SendError};
use throng_core::hub;
use throng_core::hub::{Event, Members, Outcome, Published, RoomConfig, Target};

/// Rooms with a config of their own.
///
/// ```
/// use throng_core::CloseCode;
/// use throng_core::hub::{Lifetime, Members, Publishers, RoomConfig};
/// use throng_runtime::Hub;
///
/// let hub = Hub::builder().build()?;
/// // A stage: 1,000 members listen, only the application publishes, and the room exists before anybody joins.
/// let stage = RoomConfig {
///     members: Some(1_000),
///     publishers: Publishers::Application,
///     lifetime: Lifetime::Kept,
///     ..RoomConfig::default()
/// };
/// hub.configure_room("stage", stage)?;
/// // The show is over.
/// let reason = "good night";
/// hub.close_room("stage", Members::Disconnect { code: CloseCode::NORMAL, reason })?;
/// assert!(!hub.room_exists("stage"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
impl Hub {
    /// Sets a room's config from now on. The room must exist, or the config must make it [kept](hub::Lifetime::Kept); a
    /// kept room is created if need be. To configure a room that its first client creates, call this in
    /// [`before_join`](crate::Handler::before_join), as a kept room, or in [`joined`](crate::Handler::joined).
    ///
    /// # Errors
    /// The room does not exist and is not to be kept, its name is invalid, the limit of rooms is reached, or its policy
    /// is `Wait`.
    pub fn configure_room(&self, room: &str, config: RoomConfig) -> Result<(), hub::Error> {
        self.shared().handle(Event::ConfigureRoom { room, config }).map(drop)
    }

    /// The config of a room; `None` if it does not exist.
    #[must_use]
    pub fn room_config(&self, room: &str) -> Option<RoomConfig> {
        self.shared().look(|inner| inner.hub.room_config(room))
    }

    /// Closes a room, kept or not; returns the number of its members. They leave the room at once, are told
    /// [`left`](crate::Handler::left) with [`Left::RoomClosed`](crate::Left::RoomClosed), and stay clients or are
    /// closed, as `members` says. A later join creates a new room without a config. No hook is asked. O(members).
    ///
    /// # Errors
    /// There is no such room.
    pub fn close_room(&self, room: &str, members: Members<'_>) -> Result<u32, hub::Error> {
        match self.shared().handle(Event::CloseRoom { room, members })? {
            Outcome::RoomClosed(members) => Ok(members),
            _ => Ok(0),
        }
    }
}

/// Publishing as this client, subject to each room's [`publishers`](RoomConfig::publishers): by default any client may publish to a
/// room, member or not. The methods of [`Hub`] publish as the application, also after the client has ended.
impl Client {
    /// Sends a message to the members of a room, this client included if it is a member. The room's
    /// [`publishers`](RoomConfig::publishers) must allow it.
    ///
    /// # Errors
    /// The message cannot be encoded or is too long, the room does not exist, or the client may not publish to it or has
    /// ended.
    pub fn send_to_room(&self, room: &str, message: impl IntoFrame) -> Result<Published, SendError> {
        self.publish(&Publish::to(&[Target::Room(room)]), message)
    }

    /// Sends a message to the recipients of `publish`. If the client has ended or may not publish to one of the rooms,
    /// nobody gets it.
    ///
    /// ```
    /// use throng_core::hub::Target;
    /// use throng_runtime::{Client, Publish, SendError};
    ///
    /// /// Relays a client's message to the others in the room.
    /// fn say(client: &Client, room: &str, text: &str) -> Result<(), SendError> {
    ///     let (to, not_to) = ([Target::Room(room)], [client.id()]);
    ///     client.publish(&Publish::to(&to).except(&not_to), text).map(drop)
    /// }
    /// ```
    ///
    /// # Errors
    /// The message cannot be encoded or is too long, none of the targets exists, or the client may not publish to one
    /// of them or has ended.
    pub fn publish(&self, publish: &Publish<'_>, message: impl IntoFrame) -> Result<Published, SendError> {
        let frame = &self.member.shared.deflating.publish(message.into_frame()?);
        let Publish { targets, policy, .. } = *publish;
        let (client, dedup) = (self.id(), publish.dedup());
        let (result, except) = self.member.shared.with(|inner, now| {
            let except = publish.left_out(&inner.hub);
            let dedup = dedup.as_ref();
            let event =
                Event::Publish { publisher: Some(client), targets, except: &except, frame, policy, dedup };
            let result = inner.handle(now, event);
            (inner.relayed(now, publish, frame, result), except)
        });
        drop(except);
        Ok(published(result)?)
    }
}
