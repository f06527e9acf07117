//! Writes and reads events as bytes.

use super::owned::{Kind, OwnedEvent};
use super::payloads::{Payloads, Style};
use super::{LONGEST_PING, place, publish, written};
use crate::field::{Field, Input, Wrong, fields, put_list, take_list, variants};
use crate::hub::{AskId, Drain, Event, Flush, OnResume};
use crate::time::Instant;
use alloc::vec::Vec;
use bytes::Bytes;

/// The payload of a replayed ping, all zeros.
static PING: [u8; LONGEST_PING] = [0; LONGEST_PING];

/// Writes and reads every event. Events that borrow a slice have their own module, or an arm in the functions
/// below. An event that is missing here does not compile.
macro_rules! events {
    (
        $($tag:literal => $variant:ident $({ $($field:ident),+ })? $(($item:ident))?,)+
        publish: $publish:literal, whole_publish: $whole_publish:literal,
        ping: $ping:literal, whole_ping: $whole_ping:literal, transmitted: $transmitted:literal,
        place: $place:literal, reconfigure: $reconfigure:literal, reserve: $reserve:literal
    ) => {
        #[cfg(test)]
        pub(super) const TAGS: &[u8] = &[
            $($tag,)+ $publish, $whole_publish, $ping, $whole_ping, $transmitted, $place, $reconfigure,
            $reserve,
        ];

        /// Writes the body of an event's record: the tag, the time since the event before it, and the fields.
        pub(super) fn put(log: &mut Vec<u8>, elapsed: u64, event: &Event<'_>, style: Style) {
            match event {
                $(Event::$variant $({ $($field),+ })? $(($item))? => {
                    begin(log, $tag, elapsed);
                    $($($field.put(log);)+)?
                    $($item.put(log);)?
                })+
                Event::Publish { publisher, targets, except, frame, policy, dedup } => {
                    begin(log, style.choose($publish, $whole_publish), elapsed);
                    publish::put(log, (*publisher, *dedup), targets, except, frame, *policy, style);
                }
                Event::Reconfigure { config } => {
                    begin(log, $reconfigure, elapsed);
                    config.put(log);
                }
                Event::Reserve { connection, user, session, rooms } => {
                    begin(log, $reserve, elapsed);
                    connection.put(log);
                    user.put(log);
                    session.put(log);
                    put_list(rooms.iter().cloned(), log);
                }
                Event::Place { client, user, among, code, reason } => {
                    begin(log, $place, elapsed);
                    place::put(log, *client, user, among, *code, reason);
                }
                Event::Transmitted { results } => {
                    begin(log, $transmitted, elapsed);
                    written::put(log, results);
                }
                Event::Ping { connection, payload } => {
                    begin(log, style.choose($ping, $whole_ping), elapsed);
                    let payload = &payload[..payload.len().min(LONGEST_PING)];
                    connection.put(log);
                    log.push(payload.len() as u8);
                    if style.payloads == Payloads::Kept {
                        log.extend_from_slice(payload);
                    }
                }
            }
        }

        fn take_fields<'a>(tag: u8, input: &mut Input<'a>, zeros: &mut Bytes) -> Result<Kind<'a>, Wrong> {
            Ok(match tag {
                $($tag => {
                    $($(let $field = Field::take(input)?;)+)?
                    $(let $item = Field::take(input)?;)?
                    Kind::Plain(Event::$variant $({ $($field),+ })? $(($item))?)
                })+
                $publish => publish::take(input, Payloads::Redacted, zeros)?,
                $whole_publish => publish::take(input, Payloads::Kept, zeros)?,
                $place => place::take(input)?,
                $reserve => {
                    let (connection, user) = (Field::take(input)?, Field::take(input)?);
                    let session = Field::take(input)?;
                    Kind::Reserve { connection, user, session, rooms: take_list(input)? }
                }
                $reconfigure => Kind::Reconfigure { config: Field::take(input)? },
                $transmitted => Kind::Transmitted { results: written::take(input)? },
                $ping => {
                    let connection = Field::take(input)?;
                    let len = usize::from(u8::take(input)?);
                    Kind::Plain(Event::Ping { connection, payload: PING.get(..len).ok_or(Wrong::Malformed)? })
                }
                $whole_ping => {
                    let connection = Field::take(input)?;
                    let len = usize::from(u8::take(input)?);
                    Kind::Plain(Event::Ping { connection, payload: input.bytes(len.min(LONGEST_PING))? })
                }
                _ => return Err(Wrong::Malformed),
            })
        }
    };
}

events! {
    1 => Accept { address, lane },
    3 => Open { connection },
    4 => SetUser { client, user },
    5 => Join { client, room, recover },
    6 => Leave { client, room },
    7 => LeaveAll { client },
    9 => Received { connection, kind, bytes },
    11 => Pong { connection },
    12 => Heard { connection },
    13 => PeerClosed { connection, code, reason },
    14 => Close { client, code, reason, flush, by },
    15 => Gone { connection },
    16 => Transmit { connection, budget },
    17 => TransmitReady { lane, connections, budget },
    19 => Writable { connection },
    20 => Timeout,
    21 => Drain(plan),
    22 => Shutdown,
    23 => Working { connection },
    43 => ConfigureRoom { room, config },
    44 => CloseRoom { room, members },
    46 => HalfClosed { connection },
    47 => Identify { client, user, session },
    48 => CloseConnection { connection, code, reason, flush },
    60 => SetExpiry { client, at, code, reason },
    61 => Ask { client, lasts, on_resume },
    62 => Replied { client, ask },
    63 => CancelAsk { client, ask },
    49 => RemoveHistory { room },
    50 => JoinWithInfo { client, room, recover, info },
    51 => WatchPresence { client, room },
    52 => UnwatchPresence { client, room },
    publish: 8, whole_publish: 24, ping: 10, whole_ping: 25, transmitted: 18,
    place: 42, reconfigure: 45, reserve: 2
}

fields!(Drain { idle, spread });
variants!(OnResume { 0 => Fails, 1 => AskedAgain });
variants!(Flush { 0 => First, 1 => Never });

impl Style {
    /// The tag of an event that can be written with or without its payload.
    fn choose(self, redacted: u8, whole: u8) -> u8 {
        match self.payloads {
            Payloads::Redacted => redacted,
            Payloads::Kept => whole,
        }
    }
}

// Always: called, it saves more registers than it writes bytes.
#[inline(always)]
fn begin(log: &mut Vec<u8>, tag: u8, elapsed: u64) {
    log.push(tag);
    elapsed.put(log);
}

impl<'a> Field<'a> for AskId {
    fn put(&self, log: &mut Vec<u8>) {
        self.to_u64().put(log);
    }
    fn take(input: &mut Input<'a>) -> Result<Self, Wrong> {
        u64::take(input).map(Self::from_u64)
    }
}

/// Reads what [`put`] wrote; `last` is the time of the event before it.
pub(super) fn take<'a>(
    tag: u8,
    input: &mut Input<'a>,
    last: Instant,
    zeros: &mut Bytes,
) -> Result<(Instant, OwnedEvent<'a>), Wrong> {
    let elapsed = u64::take(input)?;
    let now = last.as_nanos().checked_add(elapsed).ok_or(Wrong::Malformed)?;
    let kind = take_fields(tag, input, zeros)?;
    input.end()?;
    Ok((Instant::from_nanos(now), OwnedEvent(kind)))
}
