//! User ids of a type of the application's own.

use crate::handles::client::Client;
use crate::handles::hub::Hub;
use crate::notice::message::{IntoFrame, SendError};
use crate::notice::user::SetUserError;
use alloc::borrow::Cow;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;
use throng_core::hub::Published;
use throng_core::{ClientId, Name};

/// A type whose values identify users.
///
/// The hub knows a user only by a name: in limits, dumps and recordings. So values and names must map one to one:
/// different values have different names, and `from_name(to_name())` returns the same value. Numbers of 32 bits or more and
/// strings do; for other types with serde use `JsonId` (feature `json`).
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
    /// The user's name: not empty, at most [`rooms.name_bytes`](throng_core::hub::Rooms::name_bytes) bytes.
    fn to_name(&self) -> Cow<'_, str>;

    /// The value of this name; `None` if no value has it.
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
                // `+7` and `007` parse as numbers but are no user's name.
                name.parse().ok().filter(|number: &Self| number.to_string() == name)
            }
        }
    )+};
}

texts!(String, Name);
numbers!(u32, u64, u128, i32, i64);

/// A serde value as a user id; its name is its JSON text. Types that do not always serialize the same way (a `HashMap`
/// inside) are unsuitable. A value that cannot be serialized has the empty name, which is no user's.
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
        // One value can be written in several ways; only one of them is its name.
        Some(id).filter(|id| id.to_name() == name)
    }
}

/// The users of a hub as values of `U`: [`Hub::users`]. A view without state.
pub struct Users<'a, U> {
    hub: &'a Hub,
    of: PhantomData<fn() -> U>,
}

impl Hub {
    /// The users as values of `U` instead of names.
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
    /// The client's user as a value; `None` if the client has no user or the name is not that of a `U`.
    #[must_use]
    pub fn user_as<U: UserId>(&self) -> Option<U> {
        self.user().and_then(|name| U::from_name(&name))
    }
}
