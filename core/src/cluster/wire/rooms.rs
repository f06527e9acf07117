//! The records of rooms in a message: how many members a room has, and who they are.

use super::input::{Input, Limits, Read};
use crate::cluster::rooms::Record;
use crate::cluster::stats::Defect;

/// Records that were checked, up to the end of their message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::cluster) struct Records<'a> {
    bytes: &'a [u8],
    name_bytes: u32,
}

impl<'a> Records<'a> {
    /// Checks the records that an input has left. On a page nothing is gone. O(length).
    pub(super) fn read(input: &Input<'a>, is_page: bool) -> Read<Self> {
        let records = Self { bytes: input.rest, name_bytes: input.limits.name_bytes };
        if input.rest.len() as u64 > u64::from(input.limits.message_bytes) + 2 * u64::from(records.name_bytes)
        {
            return Err(Defect::Oversized);
        }
        let (mut input, mut has_room) = (records.input(), false);
        while !input.rest.is_empty() {
            match record(&mut input)? {
                Record::Room { clients: 0, .. } | Record::Gone { .. } if is_page => {
                    return Err(Defect::Value);
                }
                Record::Room { clients, .. } => has_room = clients > 0,
                // Of which room?
                Record::Member { .. } | Record::Gone { .. } if !has_room => return Err(Defect::Value),
                Record::Member { .. } | Record::Gone { .. } => {}
            }
        }
        Ok(records)
    }

    const fn input(&self) -> Input<'a> {
        let limits = Limits { message_bytes: 0, name_bytes: self.name_bytes, except: 0 };
        Input { rest: self.bytes, limits }
    }

    pub(in crate::cluster) fn iter(&self) -> impl Iterator<Item = Record<'a>> + use<'a> {
        let mut input = self.input();
        core::iter::from_fn(move || record(&mut input).ok())
    }
}

fn record<'a>(input: &mut Input<'a>) -> Read<Record<'a>> {
    Ok(match input.u8()? {
        1 => Record::Room { name: input.text()?, clients: input.u32()?, users: input.u32()? },
        2 => {
            let client = input.u64()?;
            let user = if input.flag()? { Some(input.text()?) } else { None };
            let length = usize::try_from(input.u32()?).map_err(|_| Defect::Value)?;
            Record::Member { client, user, info: input.bytes(length)? }
        }
        3 => Record::Gone { client: input.u64()? },
        _ => return Err(Defect::Value),
    })
}
