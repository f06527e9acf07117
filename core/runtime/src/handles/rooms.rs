//! Rooms of one's own making: configured, closed, and spoken to by clients.

use crate::handles::client::Client;
use crate::handles::hub::Hub;
use crate::notice::message::published;
use crate::notice::message::{IntoFrame, Publish, SendError};
use throng_core::hub;
use throng_core::hub::{Event, Members, Outcome, Published, RoomConfig, Target};

/// Rooms that are not like the others.
///
/// ```
/// use throng_core::CloseCode;
/// use throng_core::hub::{Lifetime, Members, Publishers, RoomConfig};
/// use throng_runtime::Hub;
///
/// let hub = Hub::builder().build()?;
/// // A stage: a thousand may listen, only the application speaks; it is there before anybody comes.
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
    /// Says how a room differs from the others, from now on: one that has members, or one that is to be
    /// [kept](hub::Lifetime::Kept) and is made by this if need be. A room that its first client makes is configured in
    /// [`before_join`](crate::Handler::before_join), as a kept one, or in [`joined`](crate::Handler::joined).
    ///
    /// # Errors
    /// The room does not exist and is not to be kept, its name cannot be, there are as many rooms as may be, or its policy
    /// is `Wait`.
    pub fn configure_room(&self, room: &str, config: RoomConfig) -> Result<(), hub::Error> {
        self.shared().handle(Event::ConfigureRoom { room, config }).map(drop)
    }

    /// The config of a room; `None` if it does not exist.
    #[must_use]
    pub fn room_config(&self, room: &str) -> Option<RoomConfig> {
        self.shared().look(|inner| inner.hub.room_config(room))
    }

    /// Closes a room, kept or not; says how many members it had. They are out of it at once, as
    /// [`left`](crate::Handler::left) tells them ([`Left::RoomClosed`](crate::Left::RoomClosed)), and stay clients or are
    /// closed, too. Whoever joins afterwards makes a new room, without config. No hook is asked. O(members).
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

/// Publishing as this client. What [`Hub`]'s methods of the same names send is the application's own word.
impl Client {
    /// Sends to the members of a room, itself included if it is one, as far as it may: the room's
    /// [`publishers`](RoomConfig::publishers) say.
    ///
    /// # Errors
    /// The message cannot be encoded or is too long, there is no such room, the client may not publish to it or is gone.
    pub fn send_to_room(&self, room: &str, message: impl IntoFrame) -> Result<Published, SendError> {
        self.publish(&Publish::to(&[Target::Room(room)]), message)
    }

    /// Sends to whom `publish` says, as long as this client is one. If it may not publish to one of the rooms, nobody gets it.
    ///
    /// ```
    /// use throng_core::hub::Target;
    /// use throng_runtime::{Client, Publish, SendError};
    ///
    /// /// Passes on what a client says to the others in the room.
    /// fn say(client: &Client, room: &str, text: &str) -> Result<(), SendError> {
    ///     let (to, not_to) = ([Target::Room(room)], [client.id()]);
    ///     client.publish(&Publish::to(&to).except(&not_to), text).map(drop)
    /// }
    /// ```
    ///
    /// # Errors
    /// The message cannot be encoded or is too long, none of the targets exists, the client may not publish to one of them
    /// or is gone.
    pub fn publish(&self, publish: &Publish<'_>, message: impl IntoFrame) -> Result<Published, SendError> {
        let frame = &self.member.shared.deflating.publish(message.into_frame()?);
        let Publish { targets, policy, .. } = *publish;
        let client = self.id();
        let (result, except) = self.member.shared.with(|inner, now| {
            let except = publish.left_out(&inner.hub);
            (
                inner.handle(
                    now,
                    Event::Publish { publisher: Some(client), targets, except: &except, frame, policy },
                ),
                except,
            )
        });
        drop(except);
        Ok(published(result)?)
    }
}
