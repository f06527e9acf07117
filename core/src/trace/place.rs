//! Writes and reads `Event::Place`: the client, its user, and the fate of the user's other clients.

use super::owned::Kind;
use crate::close::CloseCode;
use crate::field::{Field, Input, Wrong, fields, put_list, take_list, variants};
use crate::hub::{Fate, Incumbent, Members};
use crate::id::ClientId;
use alloc::vec::Vec;

fields!(Incumbent { client, fate });
variants!(Fate { 0 => Stays, 1 => Goes });

pub(super) fn put(
    log: &mut Vec<u8>,
    client: ClientId,
    user: &str,
    among: &[Incumbent],
    code: CloseCode,
    reason: &str,
) {
    client.put(log);
    user.put(log);
    put_list(among.iter().copied(), log);
    code.put(log);
    reason.put(log);
}

/// Reads what [`put`] wrote.
pub(super) fn take<'a>(input: &mut Input<'a>) -> Result<Kind<'a>, Wrong> {
    let (client, user) = (Field::take(input)?, Field::take(input)?);
    let among = take_list(input)?;
    Ok(Kind::Place { client, user, among, code: Field::take(input)?, reason: Field::take(input)? })
}

impl<'a> Field<'a> for Members<'a> {
    fn put(&self, log: &mut Vec<u8>) {
        match self {
            Self::Leave => log.push(0),
            Self::Disconnect { code, reason } => {
                log.push(1);
                code.put(log);
                reason.put(log);
            }
        }
    }

    fn take(input: &mut Input<'a>) -> Result<Self, Wrong> {
        match u8::take(input)? {
            0 => Ok(Self::Leave),
            1 => Ok(Self::Disconnect { code: Field::take(input)?, reason: Field::take(input)? }),
            _ => Err(Wrong::Malformed),
        }
    }
}
