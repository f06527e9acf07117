//! Reads numbers and texts from a message.

use crate::cluster::stats::Defect;

pub(super) type Read<T> = Result<T, Defect>;

/// What a message may hold.
#[derive(Clone, Copy, Debug)]
pub(in crate::cluster) struct Limits {
    pub(in crate::cluster) message_bytes: u32,
    pub(in crate::cluster) name_bytes: u32,
    pub(in crate::cluster) except: u32,
}

pub(super) struct Input<'a> {
    pub(super) rest: &'a [u8],
    pub(super) limits: Limits,
}

impl<'a> Input<'a> {
    pub(super) fn bytes(&mut self, length: usize) -> Read<&'a [u8]> {
        let (bytes, rest) = self.rest.split_at_checked(length).ok_or(Defect::Truncated)?;
        self.rest = rest;
        Ok(bytes)
    }

    fn array<const N: usize>(&mut self) -> Read<[u8; N]> {
        let (bytes, rest) = self.rest.split_first_chunk().ok_or(Defect::Truncated)?;
        self.rest = rest;
        Ok(*bytes)
    }

    pub(super) fn u8(&mut self) -> Read<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub(super) fn u16(&mut self) -> Read<u16> {
        self.array().map(u16::from_be_bytes)
    }

    pub(super) fn u64(&mut self) -> Read<u64> {
        self.array().map(u64::from_be_bytes)
    }

    pub(super) fn u32(&mut self) -> Read<u32> {
        self.array().map(u32::from_be_bytes)
    }

    pub(super) fn flag(&mut self) -> Read<bool> {
        match self.u8()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Defect::Value),
        }
    }

    pub(super) fn text(&mut self) -> Read<&'a str> {
        let length = self.u16()?;
        if u32::from(length) > self.limits.name_bytes {
            return Err(Defect::Oversized);
        }
        core::str::from_utf8(self.bytes(length.into())?).map_err(|_| Defect::Value)
    }
}
