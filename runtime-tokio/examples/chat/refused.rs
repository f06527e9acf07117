//! Why the server does not do what the page asks for, in words that a person understands.

use crate::names::{BadName, NAME_LETTERS};
use throng_tokio::hub::{Error, Refusal};
use throng_tokio::{SendError, SetUserError};

/// Letters in what somebody says.
pub(crate) const TEXT_LETTERS: usize = 2000;

/// A refusal: of the hub's, or of the chat's own.
pub(crate) enum Refused {
    ByHub(Error),
    NotDone,
    NotUnderstood,
    NameFirst,
    NamedAlready,
    BadName(BadName),
    BadPosition,
    EmptyText,
    TextTooLong,
}

impl Refused {
    /// A stable name, for programs.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::ByHub(Error::Refused(refusal)) => refusal.name(),
            Self::ByHub(_) => "closing",
            Self::NotDone => "not_done",
            Self::NotUnderstood => "not_understood",
            Self::NameFirst => "name_first",
            Self::NamedAlready => "named_already",
            Self::BadName(BadName::TooLong) => "name_too_long",
            Self::BadName(BadName::Empty) => "not_a_name",
            Self::BadName(BadName::Invisible) => "invisible_name",
            Self::BadName(BadName::Marks) => "marks",
            Self::BadName(BadName::MixedAlphabets) => "mixed_alphabets",
            Self::BadPosition => "bad_position",
            Self::EmptyText => "empty_text",
            Self::TextTooLong => "text_too_long",
        }
    }

    /// A sentence, for people.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::ByHub(Error::Refused(refusal)) => by_hub(*refusal),
            Self::ByHub(_) => "The connection is closing.".into(),
            Self::NotDone => "The server could not do it.".into(),
            Self::NotUnderstood => "The server did not understand this message.".into(),
            Self::NameFirst => "Say your name first.".into(),
            Self::NamedAlready => "You have a name already.".into(),
            Self::BadName(BadName::TooLong) => format!("A name has at most {NAME_LETTERS} letters."),
            Self::BadName(BadName::Empty) => "A name needs at least one letter that can be seen.".into(),
            Self::BadName(BadName::Invisible) => {
                "This name has a character that cannot be seen, or that changes how others are shown.".into()
            }
            Self::BadName(BadName::Marks) => {
                "An accent needs a letter before it, and a letter has at most six.".into()
            }
            Self::BadName(BadName::MixedAlphabets) => {
                "A name is written in one alphabet: letters of Latin, Greek, Cyrillic and some others look alike.".into()
            }
            Self::BadPosition => "This is not a position in a room: an epoch, a dot, and a number.".into(),
            Self::EmptyText => "There is nothing to say.".into(),
            Self::TextTooLong => format!("A message has at most {TEXT_LETTERS} letters."),
        }
    }
}

fn by_hub(refusal: Refusal) -> String {
    match refusal {
        Refusal::Draining | Refusal::Stopped => "The server is going down.".into(),
        Refusal::TooManyOfUser { limit } => {
            format!("This name is taken: it is in use {limit} times already.")
        }
        Refusal::RoomFull { limit } => format!("This room is full: it holds {limit} people."),
        Refusal::TooManyRoomsOfClient { limit } => {
            format!("You are in {limit} rooms, as many as you may be. Leave one first.")
        }
        Refusal::TooManyRooms { limit } => {
            format!("There are {limit} rooms, as many as there may be. Join one of them.")
        }
        Refusal::SessionOfAnotherUser => "This session belongs to another name.".into(),
        Refusal::KeyTooLong { limit } => format!("A key has at most {limit} bytes."),
        Refusal::AlreadyInRoom => "You are in this room already.".into(),
        Refusal::NotInRoom | Refusal::NoSuchRoom => "You are not in this room.".into(),
        // A later release may refuse for another reason, and says which.
        other => format!("The server refuses: {other}."),
    }
}

impl From<SetUserError> for Refused {
    fn from(error: SetUserError) -> Self {
        match error {
            SetUserError::Hub(error) => Self::ByHub(error),
            // The chat has no policy of its own.
            _ => Self::NotDone,
        }
    }
}

impl From<SendError> for Refused {
    fn from(error: SendError) -> Self {
        match error {
            SendError::Hub(error) => Self::ByHub(error),
            _ => Self::NotDone,
        }
    }
}

impl From<BadName> for Refused {
    fn from(bad: BadName) -> Self {
        Self::BadName(bad)
    }
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self::ByHub(error)
    }
}
