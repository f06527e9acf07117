//! A client of the demo.

use crate::config::DEMO_PREFIX;
use throng_tokio::{Hub, Request};

/// The longest name of a guest or room, in characters.
const LETTERS: usize = 40;

/// A client of the demo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Guest {
    /// What the others call the guest.
    pub(crate) name: String,
    /// The room of the hub.
    pub(crate) room: String,
    /// With the same session a guest returns after it lost its connection.
    pub(crate) session: Option<String>,
}

impl Guest {
    /// The guest that a request names: `?room=ROOM&name=NAME&session=SESSION`.
    ///
    /// # Errors
    /// What is wrong with the query, for a person.
    pub(crate) fn of(request: &Request, hub: &Hub) -> Result<Self, String> {
        let of = |name: &str| request.query(name).unwrap_or_default();
        let (name, room) = (of("name"), of("room"));
        let most = (hub.config().rooms.name_bytes as usize).saturating_sub(DEMO_PREFIX.len());
        check_name("name", &name, usize::MAX)?;
        check_name("room", &room, most)?;
        let session = request.query("session");
        let is_session = |session: &String| {
            let is_safe = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
            (22..=64).contains(&session.len()) && session.bytes().all(is_safe)
        };
        if session.as_ref().is_some_and(|session| !is_session(session)) {
            return Err(
                "session must have 22 to 64 letters, digits, - or _: it must be one that nobody guesses"
                    .into(),
            );
        }
        let session = session.map(|session| format!("{DEMO_PREFIX}{session}"));
        Ok(Self { name, room: format!("{DEMO_PREFIX}{room}"), session })
    }

    /// The name of the room as the guest knows it.
    pub(super) fn name_of_room(&self) -> &str {
        self.room.strip_prefix(DEMO_PREFIX).unwrap_or(&self.room)
    }
}

/// Whether a name of the demo is one: visible, and not too long for the hub.
fn check_name(what: &str, name: &str, most: usize) -> Result<(), String> {
    let letters = name.chars().count();
    if name.trim().is_empty() || name.chars().any(char::is_control) {
        return Err(format!(
            "{what} must not be empty, and have no control characters: ?room=ROOM&name=NAME"
        ));
    }
    if letters > LETTERS || name.len() > most {
        return Err(format!("{what} has {letters} characters, at most {LETTERS} are allowed"));
    }
    Ok(())
}
