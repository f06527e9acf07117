//! What the application asks of the participants of a hub.

use super::error::ParticipantError;
use super::participant::Participant;
use crate::handles::client::Client;
use crate::handles::hub::Hub;
use crate::notice::message::{IntoFrame, published};
use crate::state::inner::Inner;
use crate::state::session_name;
use alloc::string::String;
use alloc::vec::Vec;
use throng_core::hub::{Event, Members, Published, Target};
use throng_core::{ClientId, CloseCode, hub};

/// The participants of a hub, by room and id: [`Hub::participants`]. They are found in the hub itself, by the session that each has, so
/// there is no second table that could differ.
#[derive(Clone, Debug)]
pub struct Participants {
    hub: Hub,
}

impl Hub {
    /// The participants of this hub's rooms.
    #[must_use]
    pub fn participants(&self) -> Participants {
        Participants { hub: self.clone() }
    }
}

impl Participants {
    /// Sends a message to one participant. If it is away, the message waits until it returns. O(1).
    ///
    /// # Errors
    /// The room or the participant is not found, its id is empty, or as [`Participant::send`].
    pub fn send_to(
        &self,
        room: &str,
        participant: &str,
        message: impl IntoFrame,
    ) -> Result<(), ParticipantError> {
        self.get(room, participant)?.send(message)
    }

    /// Sends a message to everybody in a room except these participants. An id that no participant has is ignored. Clients that are in the
    /// room and are no participants get the message, too.
    ///
    /// # Errors
    /// The room is not found, or the message cannot be encoded.
    pub fn broadcast(
        &self,
        room: &str,
        except: &[&str],
        message: impl IntoFrame,
    ) -> Result<Published, ParticipantError> {
        let shared = self.hub.shared();
        let frame = &shared.deflating.publish(message.into_frame()?);
        let targets = &[Target::Room(room)];
        let sessions: Vec<String> = except.iter().map(|id| session_name::of_participant(room, id)).collect();
        let (result, except) = shared.publish_by(frame.payload().len(), |inner, now| {
            let except: Vec<ClientId> = sessions.iter().filter_map(|name| find(inner, room, name)).collect();
            let event = Event::Publish {
                publisher: None,
                targets,
                except: &except,
                frame,
                policy: None,
                dedup: None,
            };
            (inner.handle(now, event), except)
        });
        drop(except);
        Ok(published(result)?)
    }

    /// Closes a room: everybody in it is closed with this code and reason, also who is away, and
    /// [`Hooks::leave`](super::Hooks::leave) is called with [`RoomClosed`](super::LeaveReason::RoomClosed). Returns the number of members.
    /// Who comes later enters a new room of this name: let [`Hooks::resolve`](super::Hooks::resolve) refuse them if there must be none.
    ///
    /// # Errors
    /// The room is not found.
    pub fn close_room(&self, room: &str, code: CloseCode, reason: &str) -> Result<u32, ParticipantError> {
        Ok(self.hub.close_room(room, Members::Disconnect { code, reason })?)
    }

    /// The participant of this id, whether or not it is away. O(1).
    ///
    /// # Errors
    /// The room or the participant is not found, or its id is empty.
    pub fn get(&self, room: &str, participant: &str) -> Result<Participant, ParticipantError> {
        if participant.is_empty() {
            return Err(ParticipantError::EmptyParticipantId);
        }
        let session = session_name::of_participant(room, participant);
        let member = self.hub.shared().look(|inner| {
            let id = find(inner, room, &session);
            match id.and_then(|id| inner.member(id)) {
                Some(member) => Ok(member.clone()),
                None if inner.hub.room_exists(room) => Err(ParticipantError::ParticipantNotFound),
                None => Err(ParticipantError::RoomNotFound),
            }
        })?;
        Participant::of(&Client::new(member)).ok_or(ParticipantError::ParticipantNotFound)
    }
}

/// The client of a participant, by the name of its session, if it is in its room.
fn find(inner: &Inner, room: &str, session: &str) -> Option<ClientId> {
    let hub: &hub::Hub = &inner.hub;
    let client = hub.find_session(session)?;
    hub.in_room(client, room).then_some(client)
}
