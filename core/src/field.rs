//! Writes values as bytes and reads them back: numbers, names, and structs and enums of these. Traces are written this way.

use crate::close::{CloseCode, ClosedBy};
use crate::frame::{MessageKind, PlaceFormat};
use crate::id::{Address, ClientId, ConnectionId, Name};
use crate::position::{Epoch, Position, Recover, Unrecoverable};
use crate::rate::Bucket;
use crate::time::Instant;
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use bytes::Bytes;
use core::time::Duration;

/// The unread rest of a record's body.
pub(crate) struct Input<'a>(pub(crate) &'a [u8]);

/// Why a record's body is invalid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wrong {
    Malformed,
    PayloadTooLong(u32),
}

/// A value that can be written as bytes. `take` reads exactly what `put` wrote.
pub(crate) trait Field<'a>: Sized {
    fn put(&self, log: &mut Vec<u8>);
    fn take(input: &mut Input<'a>) -> Result<Self, Wrong>;
}

/// Writes a list: its length, then its items, each of at least one byte.
pub(crate) fn put_list<'a, T: Field<'a>>(items: impl ExactSizeIterator<Item = T>, log: &mut Vec<u8>) {
    (items.len() as u64).put(log);
    for item in items {
        item.put(log);
    }
}

/// Reads what [`put_list`] wrote.
pub(crate) fn take_list<'a, T: Field<'a>>(input: &mut Input<'a>) -> Result<Vec<T>, Wrong> {
    (0..input.count()?).map(|_| T::take(input)).collect()
}

/// Reads a counter, below 2^60, so that counting on cannot overflow.
pub(crate) fn take_total(input: &mut Input<'_>) -> Result<u64, Wrong> {
    u64::take(input).and_then(|total| if total >> 60 == 0 { Ok(total) } else { Err(Wrong::Malformed) })
}

impl<'a> Input<'a> {
    pub(crate) fn bytes(&mut self, count: usize) -> Result<&'a [u8], Wrong> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(Wrong::Malformed)?;
        self.0 = rest;
        Ok(taken)
    }

    /// Reads a count of items of at least one byte each; an error if they cannot fit in the rest.
    pub(crate) fn count(&mut self) -> Result<usize, Wrong> {
        let count = usize::try_from(u64::take(self)?).map_err(|_| Wrong::Malformed)?;
        if count <= self.0.len() { Ok(count) } else { Err(Wrong::Malformed) }
    }

    pub(crate) fn end(&self) -> Result<(), Wrong> {
        if self.0.is_empty() { Ok(()) } else { Err(Wrong::Malformed) }
    }
}

/// Writes and reads a struct as its fields in this order. A field that is missing here does not compile.
macro_rules! fields {
    ($type:ty { $($field:ident),+ $(,)? }) => {
        impl<'a> $crate::field::Field<'a> for $type {
            fn put(&self, log: &mut alloc::vec::Vec<u8>) {
                let Self { $($field),+ } = self;
                $($field.put(log);)+
            }
            fn take(input: &mut Input<'a>) -> Result<Self, Wrong> {
                $(let $field = Field::take(input)?;)+
                Ok(Self { $($field),+ })
            }
        }
    };
}

/// Writes and reads an enum as a tag of one byte and the variant's field. A variant that is missing here does not compile.
macro_rules! variants {
    ($type:ty { $($tag:literal => $variant:ident $(($item:ident))?),+ $(,)? }) => {
        impl<'a> $crate::field::Field<'a> for $type {
            fn put(&self, log: &mut Vec<u8>) {
                match self {
                    $(Self::$variant $(($item))? => {
                        log.push($tag);
                        $($item.put(log);)?
                    })+
                }
            }
            fn take(input: &mut Input<'a>) -> Result<Self, Wrong> {
                match u8::take(input)? {
                    $($tag => {
                        $(let $item = Field::take(input)?;)?
                        Ok(Self::$variant $(($item))?)
                    })+
                    _ => Err(Wrong::Malformed),
                }
            }
        }
    };
}

pub(crate) use {fields, variants};

impl<'a> Field<'a> for u64 {
    fn put(&self, log: &mut Vec<u8>) {
        let mut rest = *self;
        while rest >= 0x80 {
            log.push(rest as u8 | 0x80);
            rest >>= 7;
        }
        log.push(rest as u8);
    }

    fn take(input: &mut Input<'a>) -> Result<Self, Wrong> {
        let mut value = 0;
        for (at, &byte) in input.0.iter().enumerate().take(10) {
            let bits = u64::from(byte & 0x7f);
            let shift = 7 * at as u32;
            if bits.leading_zeros() < shift {
                return Err(Wrong::Malformed);
            }
            value |= bits << shift;
            if byte < 0x80 {
                input.0 = &input.0[at + 1..];
                return Ok(value);
            }
        }
        Err(Wrong::Malformed)
    }
}

macro_rules! narrow {
    ($($type:ty),+) => {$(
        impl<'a> $crate::field::Field<'a> for $type {
            fn put(&self, log: &mut Vec<u8>) {
                u64::from(*self).put(log);
            }
            fn take(input: &mut Input<'a>) -> Result<Self, Wrong> {
                Self::try_from(u64::take(input)?).map_err(|_| Wrong::Malformed)
            }
        }
    )+};
}

narrow!(u16, u32);

impl<'a> Field<'a> for u8 {
    fn put(&self, log: &mut Vec<u8>) {
        log.push(*self);
    }
    fn take(input: &mut Input<'a>) -> Result<Self, Wrong> {
        input.bytes(1).map(|byte| byte[0])
    }
}

impl<'a, T: Field<'a>> Field<'a> for Option<T> {
    fn put(&self, log: &mut Vec<u8>) {
        log.push(u8::from(self.is_some()));
        if let Some(value) = self {
            value.put(log);
        }
    }
    fn take(input: &mut Input<'a>) -> Result<Self, Wrong> {
        match u8::take(input)? {
            0 => Ok(None),
            1 => T::take(input).map(Some),
            _ => Err(Wrong::Malformed),
        }
    }
}

impl<'a, T: Field<'a>> Field<'a> for Box<T> {
    fn put(&self, log: &mut Vec<u8>) {
        (**self).put(log);
    }
    fn take(input: &mut Input<'a>) -> Result<Self, Wrong> {
        T::take(input).map(Self::new)
    }
}

impl<'a> Field<'a> for &'a str {
    fn put(&self, log: &mut Vec<u8>) {
        (self.len() as u64).put(log);
        log.extend_from_slice(self.as_bytes());
    }
    fn take(input: &mut Input<'a>) -> Result<Self, Wrong> {
        let len = input.count()?;
        core::str::from_utf8(input.bytes(len)?).map_err(|_| Wrong::Malformed)
    }
}

impl<'a> Field<'a> for &'a [u8] {
    fn put(&self, log: &mut Vec<u8>) {
        (self.len() as u64).put(log);
        log.extend_from_slice(self);
    }
    fn take(input: &mut Input<'a>) -> Result<Self, Wrong> {
        let len = input.count()?;
        input.bytes(len)
    }
}

impl<'a> Field<'a> for Bytes {
    fn put(&self, log: &mut Vec<u8>) {
        (&**self).put(log);
    }
    fn take(input: &mut Input<'a>) -> Result<Self, Wrong> {
        <&[u8]>::take(input).map(Self::copy_from_slice)
    }
}

impl<'a> Field<'a> for Duration {
    fn put(&self, log: &mut Vec<u8>) {
        self.as_secs().put(log);
        self.subsec_nanos().put(log);
    }
    fn take(input: &mut Input<'a>) -> Result<Self, Wrong> {
        let (seconds, nanos) = (u64::take(input)?, u32::take(input)?);
        if nanos < 1_000_000_000 { Ok(Self::new(seconds, nanos)) } else { Err(Wrong::Malformed) }
    }
}

impl<'a> Field<'a> for usize {
    fn put(&self, log: &mut Vec<u8>) {
        (*self as u64).put(log);
    }
    fn take(input: &mut Input<'a>) -> Result<Self, Wrong> {
        u64::take(input).and_then(|number| Self::try_from(number).map_err(|_| Wrong::Malformed))
    }
}

impl<'a> Field<'a> for bool {
    fn put(&self, log: &mut Vec<u8>) {
        log.push(u8::from(*self));
    }
    fn take(input: &mut Input<'a>) -> Result<Self, Wrong> {
        match u8::take(input)? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Wrong::Malformed),
        }
    }
}

impl<'a> Field<'a> for Name {
    fn put(&self, log: &mut Vec<u8>) {
        (&**self).put(log);
    }
    fn take(input: &mut Input<'a>) -> Result<Self, Wrong> {
        <&str>::take(input).map(Self::from)
    }
}

impl<'a> Field<'a> for String {
    fn put(&self, log: &mut Vec<u8>) {
        self.as_str().put(log);
    }
    fn take(input: &mut Input<'a>) -> Result<Self, Wrong> {
        <&str>::take(input).map(Self::from)
    }
}

/// A key that is written twice has its last value.
impl<'a, K: Field<'a> + Ord, V: Field<'a>> Field<'a> for BTreeMap<K, V> {
    fn put(&self, log: &mut Vec<u8>) {
        (self.len() as u64).put(log);
        for (key, value) in self {
            key.put(log);
            value.put(log);
        }
    }
    fn take(input: &mut Input<'a>) -> Result<Self, Wrong> {
        (0..input.count()?).map(|_| Ok((K::take(input)?, V::take(input)?))).collect()
    }
}

impl<'a> Field<'a> for Epoch {
    fn put(&self, log: &mut Vec<u8>) {
        self.to_u64().put(log);
    }
    fn take(input: &mut Input<'a>) -> Result<Self, Wrong> {
        u64::take(input).and_then(|number| Self::from_u64(number).ok_or(Wrong::Malformed))
    }
}

impl<'a> Field<'a> for Instant {
    fn put(&self, log: &mut Vec<u8>) {
        self.as_nanos().put(log);
    }
    fn take(input: &mut Input<'a>) -> Result<Self, Wrong> {
        u64::take(input).map(Self::from_nanos)
    }
}

impl<'a> Field<'a> for Bucket {
    fn put(&self, log: &mut Vec<u8>) {
        self.steps().put(log);
    }
    fn take(input: &mut Input<'a>) -> Result<Self, Wrong> {
        u64::take(input).map(Self::from_steps)
    }
}

impl<'a> Field<'a> for Address {
    fn put(&self, log: &mut Vec<u8>) {
        log.extend_from_slice(&self.0);
    }
    fn take(input: &mut Input<'a>) -> Result<Self, Wrong> {
        input.bytes(16)?.try_into().map(Self).map_err(|_| Wrong::Malformed)
    }
}

impl<'a> Field<'a> for CloseCode {
    fn put(&self, log: &mut Vec<u8>) {
        self.0.put(log);
    }
    fn take(input: &mut Input<'a>) -> Result<Self, Wrong> {
        u16::take(input).map(Self)
    }
}

fields!(ClientId { index, generation });
fields!(ConnectionId { index, generation });
fields!(Position { epoch, offset });
variants!(Recover { 0 => Since(position), 1 => Latest });
variants!(Unrecoverable { 0 => EpochChanged, 1 => Trimmed, 2 => Expired, 3 => OverLimit, 4 => NoneKept });
variants!(MessageKind { 0 => Text, 1 => Binary });
variants!(PlaceFormat { 0 => Decimal, 1 => BigEndian });
variants!(ClosedBy { 0 => Peer, 1 => Application, 2 => Hub, 3 => Transport });
