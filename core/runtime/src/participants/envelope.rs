//! The envelope of a message.

use crate::notice::message::{IntoFrame, Json, SendError};
use serde::Serialize;
use throng_core::Frame;

/// A message of a type: `{"type":"moved","payload":{…}}`, encoded once for all recipients. What comes in such envelopes is read by
/// [`Router::by_envelope("type", "payload")`](crate::router::Router::by_envelope), which also answers so.
///
/// ```
/// use throng_runtime::participants::{Envelope, ParticipantError, Participants};
///
/// fn tell(participants: &Participants, room: &str, column: u8) -> Result<(), ParticipantError> {
///     participants.broadcast(room, &["ada"], Envelope::new("moved", column))?; // {"type":"moved","payload":3}
///     Ok(())
/// }
/// # let _ = tell;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Envelope<'a, T> {
    r#type: &'a str,
    payload: T,
}

impl<'a, T> Envelope<'a, T> {
    /// A message of this type.
    pub const fn new(kind: &'a str, payload: T) -> Self {
        Self { r#type: kind, payload }
    }
}

impl<T: Serialize> IntoFrame for Envelope<'_, T> {
    fn into_frame(self) -> Result<Frame, SendError> {
        Json(self).into_frame()
    }
}
