//! Users by a type of the application's own.

use crate::handles::client::Client;
use crate::handles::hub::Hub;
use crate::notice::message::{IntoFrame, SendError};
use crate::notice::user::SetUserError;
use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;
use throng_core::hub::Published;
use throng_core::id::{ClientId, Name};

/// A type whose values are users.
///
/// The hub knows a user by its name, in its limits, its dumps and its recordings. So a value is the user of that name, and
/// back: different values must have different names, and a value be the one that its name is made of. Numbers and texts are;
/// whatever serde knows is within a `JsonId` (feature `json`).
///
/// ```
/// use std::borrow::Cow;
/// use throng_runtime::{Hub, UserId};
///
/// #[derive(Clone, Debug, PartialEq, Eq, Hash)]
/// struct Player { team: u32, number: u8 }
///
/// impl UserId for Player {
///     fn to_name(&self) -> Cow<'_, str> {
///         format!("{}/{}", self.team, self.number).into()
///     }
///     fn from_name(name: &str) -> Option<Self> {
///         let (team, number) = name.split_once('/')?;
///         Some(Self { team: team.parse().ok()?, number: number.parse().ok()? })
///     }
/// }
///
/// let hub = Hub::builder()
///     .before_connect(|connecting| {
///         connecting.set_user(Player { team: 3, number: 10 }.to_name());
///         Ok(())
///     })
///     .on_message(|client, message| {
///         let Some(Player { team, number }) = client.user_as() else { return };
///         let captain = Player { team, number: 1 };
///         if number != 1 {
///             let _ = client.hub().users().send_to(&captain, message);
///         }
///     })
///     .build()?;
/// assert!(hub.users().clients_of(&Player { team: 3, number: 1 }).is_empty());
/// # Ok::<(), throng_core::hub::ConfigError>(())
/// ```
pub trait UserId: Sized {
    /// The user's name: not empty, and of at most [`rooms.name_bytes`](throng_core::hub::Rooms::name_bytes) bytes.
    fn to_name(&self) -> Cow<'_, str>;

    /// The user of this name; `None` if no value has it.
    fn from_name(name: &str) -> Option<Self>;
}

macro_rules! texts {
    ($($text:ty),+) => {$(
        impl UserId for $text {
            fn to_name(&self) -> Cow<'_, str> {
                Cow::Borrowed(self)
            }
            fn from_name(name: &str) -> Option<Self> {
                Some(name.into())
            }
        }
    )+};
}

macro_rules! numbers {
    ($($number:ty),+) => {$(
        impl UserId for $number {
            fn to_name(&self) -> Cow<'_, str> {
                Cow::Owned(self.to_string())
            }
            fn from_name(name: &str) -> Option<Self> {
                // `+7` and `007` are read as well, and are the names of nobody.
                name.parse().ok().filter(|number: &Self| number.to_string() == name)
            }
        }
    )+};
}

texts!(String, Box<str>, Name);
numbers!(u8, u16, u32, u64, u128, usize, i8, i16, i32, i64, i128, isize);

/// A value that serde knows, as a user: its name is its JSON text. A value that serde does not write the same way each time, as
/// one with a `HashMap` in it, is not fit for that; one that has no JSON form is nobody, as its name is empty.
#[cfg(feature = "json")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JsonId<T>(pub T);

#[cfg(feature = "json")]
impl<T: serde::Serialize + serde::de::DeserializeOwned> UserId for JsonId<T> {
    fn to_name(&self) -> Cow<'_, str> {
        Cow::Owned(serde_json::to_string(&self.0).unwrap_or_default())
    }

    fn from_name(name: &str) -> Option<Self> {
        let id = Self(serde_json::from_str(name).ok()?);
        // The same value may be written in many ways, of which one is its name.
        Some(id).filter(|id| id.to_name() == name)
    }
}

/// A hub whose users are values of this type: [`Hub::users`]. It is a way of speaking, and keeps nothing.
pub struct Users<'a, U> {
    hub: &'a Hub,
    of: PhantomData<fn() -> U>,
}

impl Hub {
    /// The users as values of a type of one's own, instead of their names.
    #[must_use]
    pub const fn users<U: UserId>(&self) -> Users<'_, U> {
        Users { hub: self, of: PhantomData }
    }
}

impl<U: UserId> Users<'_, U> {
    /// The clients of a user.
    #[must_use]
    pub fn clients_of(&self, user: &U) -> Vec<ClientId> {
        self.hub.clients_of(&user.to_name())
    }

    /// Sends to the clients of a user.
    ///
    /// # Errors
    /// As [`Hub::send_to_user`].
    pub fn send_to(&self, user: &U, message: impl IntoFrame) -> Result<Published, SendError> {
        self.hub.send_to_user(&user.to_name(), message)
    }

    /// Sets, changes or, with `None`, clears the user of a client.
    ///
    /// # Errors
    /// As [`Hub::set_user`].
    pub fn set(&self, client: ClientId, user: Option<&U>) -> Result<(), SetUserError> {
        self.hub.set_user(client, user.map(UserId::to_name).as_deref())
    }
}

impl<U> fmt::Debug for Users<'_, U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Users").field(self.hub).finish()
    }
}

impl Client {
    /// The user as a value; `None` if it has none, or its name is that of no such value.
    #[must_use]
    pub fn user_as<U: UserId>(&self) -> Option<U> {
        self.user().and_then(|name| U::from_name(&name))
    }
}
