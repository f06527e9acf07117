//! Names of sessions that nobody can guess or forge.
//!
//! A session is found by its name alone if its client has no user: see [`Connecting::set_session`](crate::Connecting::set_session).
//! [`Tokens`] makes names for such clients, and recognizes those that it made. The peer keeps the token, for example in `sessionStorage`,
//! and sends it when it connects again.
//!
//! ```
//! use throng_runtime::session::Tokens;
//! use throng_core::websocket::handshake::Refusal;
//! use throng_runtime::Hub;
//! use std::time::Duration;
//!
//! // The key comes from the place of the application's secrets, and is the same after a restart.
//! # let key = [7; 32];
//! let tokens = Tokens::new(&key)?.valid_for(Duration::from_secs(24 * 3600));
//! let builder = Hub::builder()
//!     .before_connect(move |connecting| {
//!         // A peer that has no token, or an old or a foreign one, gets a new one.
//!         let token = connecting.request().query("session");
//!         let token = tokens.check_or_make(token.as_deref()).map_err(|_| Refusal::UNAVAILABLE)?;
//!         connecting.set_session(token);
//!         Ok(())
//!     })
//!     // The peer needs the token to return.
//!     .on_connect(|client| _ = client.send(client.session().as_deref().unwrap_or_default()));
//! # builder.build()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What a stolen token gives
//!
//! Whoever has the token of a session can continue its client: it gets the messages that wait for the client and all later ones, sends
//! in its name, and takes the connection from the client's own peer, which is closed with 1008 by default. Treat a token like a password:
//! send it over TLS only, do not log it, and give it a [short age](Tokens::valid_for). Tokens in a URL are logged by proxies and servers;
//! [authenticate](crate::Connecting::authenticate) after the upgrade to keep them out of it
//! ([`Authenticating::set_session`](crate::Authenticating::set_session)).
//! A client that has a user is protected by more: its session is refused to everybody who is not authenticated as that user.

use alloc::string::String;
use alloc::sync::Arc;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use core::fmt;
use core::time::Duration;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::time::{SystemTime, UNIX_EPOCH};

/// Random bytes in a token.
const ID: usize = 16;
/// Bytes of the time at which a token was made.
const TIME: usize = 8;
const SIGNATURE: usize = 32;
const SHORTEST_KEY: usize = 32;

/// Makes session names and recognizes them. A token is 75 characters of letters, digits, `-` and `_`: 128 random bits, the second at which
/// it was made, and an HMAC-SHA256 over both. Cloning costs one reference count.
#[derive(Clone)]
pub struct Tokens {
    key: Arc<Hmac<Sha256>>,
    age: Option<Duration>,
}

/// Why a token was not accepted or could not be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TokenError {
    /// This key did not make the token, or the token was changed.
    Invalid,
    /// The token is older than [`Tokens::valid_for`] allows.
    Expired,
    /// The operating system gave no random bytes.
    NoRandomness,
}

impl fmt::Display for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Invalid => "the session token was not made with this key",
            Self::Expired => "the session token is too old",
            Self::NoRandomness => "the operating system gave no random bytes for a session token",
        })
    }
}

impl core::error::Error for TokenError {}

/// A key that is too short to sign tokens with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct ShortKey {
    /// The length of the key in bytes.
    pub bytes: usize,
}

impl fmt::Display for ShortKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { bytes } = self;
        write!(
            f,
            "the key of session tokens has {bytes} bytes: at least {SHORTEST_KEY} random bytes are needed"
        )
    }
}

impl core::error::Error for ShortKey {}

impl Tokens {
    /// Tokens that are signed with this key: at least 32 random bytes that only the application knows. All nodes that are to know each
    /// other's tokens need the same key.
    ///
    /// # Errors
    /// The key is shorter than 32 bytes.
    pub fn new(key: &[u8]) -> Result<Self, ShortKey> {
        if key.len() < SHORTEST_KEY {
            return Err(ShortKey { bytes: key.len() });
        }
        let Ok(key) = Hmac::new_from_slice(key) else { return Err(ShortKey { bytes: key.len() }) };
        Ok(Self { key: Arc::new(key), age: None })
    }

    /// Tokens that are signed with a random key, which only this process knows: for applications whose sessions need not outlive it. After
    /// a restart no earlier token is known, and no client is left that could be continued.
    ///
    /// # Errors
    /// The operating system gives no random bytes.
    pub fn with_random_key() -> Result<Self, TokenError> {
        let mut key = [0; SHORTEST_KEY];
        getrandom::fill(&mut key).map_err(|_| TokenError::NoRandomness)?;
        // Such a key is long enough.
        Self::new(&key).map_err(|_| TokenError::NoRandomness)
    }

    /// Limits the age of tokens, in whole seconds. Default: no limit, as the client ends when its grace is over.
    #[must_use]
    pub fn valid_for(mut self, age: Duration) -> Self {
        self.age = Some(age);
        self
    }

    /// Makes a token, by the system's clock.
    ///
    /// # Errors
    /// The operating system gives no random bytes.
    pub fn make(&self) -> Result<String, TokenError> {
        self.make_at(now())
    }

    /// Makes a token at this time: for applications with a clock of their own.
    ///
    /// # Errors
    /// The operating system gives no random bytes.
    pub fn make_at(&self, now: SystemTime) -> Result<String, TokenError> {
        let mut token = [0; ID + TIME + SIGNATURE];
        getrandom::fill(&mut token[..ID]).map_err(|_| TokenError::NoRandomness)?;
        token[ID..ID + TIME].copy_from_slice(&seconds(now).to_be_bytes());
        let mut mac = Hmac::clone(&self.key);
        mac.update(&token[..ID + TIME]);
        token[ID + TIME..].copy_from_slice(&mac.finalize().into_bytes());
        Ok(URL_SAFE_NO_PAD.encode(token))
    }

    /// The token that a peer has brought, if it passes [`check`](Self::check); otherwise a new one, by the system's clock. A peer with a
    /// token that is forged, foreign or too old therefore gets a session of its own, and continues no client.
    ///
    /// # Errors
    /// The operating system gives no random bytes for a new token.
    pub fn check_or_make(&self, token: Option<&str>) -> Result<String, TokenError> {
        match token {
            Some(token) if self.check(token).is_ok() => Ok(token.into()),
            _ => self.make(),
        }
    }

    /// Checks that a token was made with this key and is not too old, by the system's clock. The time that the check takes does not depend
    /// on how much of the signature is right.
    ///
    /// # Errors
    /// The token is not one of these, or is too old.
    pub fn check(&self, token: &str) -> Result<(), TokenError> {
        self.check_at(token, now())
    }

    /// Checks a token at this time: for applications with a clock of their own.
    ///
    /// # Errors
    /// As [`check`](Self::check).
    pub fn check_at(&self, token: &str, now: SystemTime) -> Result<(), TokenError> {
        let mut bytes = [0; ID + TIME + SIGNATURE];
        // Another length is an error, too.
        let len = URL_SAFE_NO_PAD.decode_slice(token, &mut bytes).map_err(|_| TokenError::Invalid)?;
        let Some((signed, signature)) = bytes.get(..len).and_then(|bytes| bytes.split_at_checked(ID + TIME))
        else {
            return Err(TokenError::Invalid);
        };
        let mut mac = Hmac::clone(&self.key);
        mac.update(signed);
        mac.verify_slice(signature).map_err(|_| TokenError::Invalid)?;
        let mut made = [0; TIME];
        made.copy_from_slice(&signed[ID..]);
        let age = seconds(now).saturating_sub(u64::from_be_bytes(made));
        if self.age.is_some_and(|most| age > most.as_secs()) { Err(TokenError::Expired) } else { Ok(()) }
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens").field("age", &self.age).finish_non_exhaustive()
    }
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[expect(clippy::disallowed_methods, reason = "the age of tokens, which may be older than the process")]
fn now() -> SystemTime {
    SystemTime::now()
}
