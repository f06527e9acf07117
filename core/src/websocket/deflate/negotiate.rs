//! Negotiates permessage-deflate (RFC 7692 section 7.1).

use super::config::{Compression, LEAST_BITS, MOST_BITS, Takeover};
use crate::frame::Window;
use crate::websocket::handshake::{Extension, Extensions, NotOffered};
use alloc::string::String;
use core::fmt::Write;
use http::{HeaderMap, HeaderValue, header};

/// The name of the extension.
const NAME: &str = "permessage-deflate";

/// Whether messages of one direction may refer to earlier ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Context {
    /// Messages are independent: `no_context_takeover`.
    Dropped,
    /// Messages may refer to earlier ones.
    Kept,
}

/// The negotiated parameters of one direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Direction {
    /// Whether messages may refer to earlier ones.
    pub context: Context,
    /// The sender's largest window, as a power of two, 8 to 15; `None` if `max_window_bits` was not negotiated.
    pub window_bits: Option<u8>,
}

impl Direction {
    /// The sender's largest window, as a power of two; 15 if none was negotiated.
    #[must_use]
    pub const fn bits(&self) -> u8 {
        match self.window_bits {
            Some(bits) => bits,
            None => MOST_BITS,
        }
    }
}

/// The result of the negotiation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Agreement {
    /// The direction from the server to the client.
    pub server: Direction,
    /// The direction from the client to the server.
    pub client: Direction,
}

/// Whether one more connection may keep its context: see [`Takeover::connections`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Room {
    /// One more connection may keep its context.
    Left,
    /// As many connections as may keep their context.
    UsedUp,
}

/// The parameters of an offer or an answer.
#[derive(Clone, Copy, Debug, Default)]
struct Parameters {
    server_drops: bool,
    client_drops: bool,
    server_bits: Option<u8>,
    /// `Some(None)`: the client names no value, but would accept one.
    client_bits: Option<Option<u8>>,
}

impl Parameters {
    /// Parses the parameters. `None` if section 7.1 does not allow them: a parameter is unknown or repeated, or a value is
    /// missing, out of range, or not expected.
    fn of(extension: Extension<'_>) -> Option<Self> {
        let mut found = Self::default();
        for (name, value) in extension.parameters() {
            let is_first = match (name, value) {
                ("server_no_context_takeover", None) => !core::mem::replace(&mut found.server_drops, true),
                ("client_no_context_takeover", None) => !core::mem::replace(&mut found.client_drops, true),
                ("server_max_window_bits", Some(bits)) => found.server_bits.replace(parse(bits)?).is_none(),
                ("client_max_window_bits", None) => found.client_bits.replace(None).is_none(),
                ("client_max_window_bits", Some(bits)) => {
                    found.client_bits.replace(Some(parse(bits)?)).is_none()
                }
                _ => false,
            };
            if !is_first {
                return None;
            }
        }
        Some(found)
    }
}

/// Parses a decimal number without leading zeros, 8 to 15.
fn parse(bits: &str) -> Option<u8> {
    let is_plain = bits.bytes().all(|byte| byte.is_ascii_digit()) && !bits.starts_with('0');
    bits.parse().ok().filter(|bits| is_plain && (LEAST_BITS..=MOST_BITS).contains(bits))
}

impl Compression {
    /// Accepts the first valid offer of permessage-deflate; `None` if there is none. An invalid offer is declined like
    /// an unknown extension; the connection is not refused for it.
    ///
    /// Contexts are dropped both ways, unless [`takeover`](Self::takeover) is set and `room` is [`Room::Left`].
    #[must_use]
    pub fn negotiate(&self, offers: &Extensions, room: Room) -> Option<Agreement> {
        let offers = offers.iter().filter(|offer| offer.name() == NAME);
        let offered = offers.filter_map(Parameters::of).next()?;
        let takeover = self.takeover.filter(|_| room == Room::Left);
        Some(Agreement {
            server: takeover.and_then(|takeover| kept_by_server(&offered, takeover)).unwrap_or(Direction {
                context: Context::Dropped,
                // An answer must repeat this parameter of the accepted offer (section 7.1.2.1).
                window_bits: offered.server_bits,
            }),
            client: takeover
                .and_then(|takeover| kept_by_client(&offered, takeover))
                .unwrap_or(Direction { context: Context::Dropped, window_bits: None }),
        })
    }
}

fn kept_by_server(offered: &Parameters, takeover: Takeover) -> Option<Direction> {
    let most = offered.server_bits.unwrap_or(MOST_BITS);
    // flate2's compressor has no window of 8 bits. Independent messages that are short need none.
    let can_keep = !offered.server_drops && most > LEAST_BITS;
    let bits = most.min(takeover.window_bits);
    can_keep.then_some(Direction { context: Context::Kept, window_bits: Some(bits) })
}

fn kept_by_client(offered: &Parameters, takeover: Takeover) -> Option<Direction> {
    if offered.client_drops {
        return None;
    }
    let window_bits = match offered.client_bits {
        Some(most) => Some(most.unwrap_or(MOST_BITS).min(takeover.window_bits)),
        // The server may limit the window only of a client that offers `client_max_window_bits` (section 7.1.2.2).
        None if takeover.window_bits == MOST_BITS => None,
        None => return None,
    };
    Some(Direction { context: Context::Kept, window_bits })
}

impl Agreement {
    /// The value of the response's Sec-WebSocket-Extensions header.
    #[must_use]
    pub fn answer(&self) -> HeaderValue {
        let mut answer = String::from(NAME);
        for (name, direction) in [("server", self.server), ("client", self.client)] {
            // Writing to a string does not fail.
            if direction.context == Context::Dropped {
                let _ = write!(answer, "; {name}_no_context_takeover");
            }
            if let Some(bits) = direction.window_bits {
                let _ = write!(answer, "; {name}_max_window_bits={bits}");
            }
        }
        // The answer consists of tokens, which are valid in a header.
        HeaderValue::try_from(answer).unwrap_or(HeaderValue::from_static(NAME))
    }

    /// The window of the client, which decides which shared [deflated frames](crate::Frame::with_deflated) it can inflate:
    /// [`Window::NONE`] if the server's context is kept, since a shared frame would not match it.
    #[must_use]
    pub fn window(&self) -> Window {
        match self.server.context {
            Context::Dropped => Window::of_bits(self.server.bits()).unwrap_or(Window::NONE),
            Context::Kept => Window::NONE,
        }
    }

    /// The result of a client's offer and the server's response, for tools and tests. `None` if the server declined.
    ///
    /// # Errors
    /// [`NotOffered`] if the answer is invalid or does not match the offer. A client then fails the connection
    /// (section 7.1).
    pub fn of_response(offer: &HeaderValue, response: &HeaderMap) -> Result<Option<Self>, NotOffered> {
        let mut answers = response.get_all(header::SEC_WEBSOCKET_EXTENSIONS).iter();
        let answer = match (answers.next(), answers.next()) {
            (None, _) => return Ok(None),
            (Some(answer), None) => extensions(answer)?,
            _ => return Err(NotOffered),
        };
        let mut answers =
            answer.iter().map(|answer| Parameters::of(answer).filter(|_| answer.name() == NAME));
        let (Some(Some(answer)), None) = (answers.next(), answers.next()) else { return Err(NotOffered) };
        if !extensions(offer)?.iter().filter_map(Parameters::of).any(|offered| answer.answers(&offered)) {
            return Err(NotOffered);
        }
        let context = |drops| if drops { Context::Dropped } else { Context::Kept };
        Ok(Some(Self {
            server: Direction { context: context(answer.server_drops), window_bits: answer.server_bits },
            client: Direction {
                context: context(answer.client_drops),
                window_bits: answer.client_bits.flatten(),
            },
        }))
    }
}

fn extensions(value: &HeaderValue) -> Result<Extensions, NotOffered> {
    let mut headers = HeaderMap::new();
    headers.insert(header::SEC_WEBSOCKET_EXTENSIONS, value.clone());
    Extensions::parse(&headers).map_err(|_| NotOffered)
}

impl Parameters {
    /// Whether a server may give this answer to an offer.
    fn answers(&self, offered: &Self) -> bool {
        let is_within = |bits: Option<u8>, most: Option<u8>| match (bits, most) {
            (Some(bits), Some(most)) => bits <= most,
            (None, Some(_)) => false,
            (_, None) => true,
        };
        let client = match (self.client_bits, offered.client_bits) {
            (None, _) => true,
            (Some(Some(bits)), Some(most)) => bits <= most.unwrap_or(MOST_BITS),
            _ => false,
        };
        (self.server_drops || !offered.server_drops)
            && is_within(self.server_bits, offered.server_bits)
            && client
    }
}
