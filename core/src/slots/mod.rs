//! Writes a slab as bytes and reads it back, including the order in which its free slots are used again.

use crate::field::{Field, Input, Wrong};
use alloc::vec::Vec;
use slab::Slab;

#[cfg(test)]
mod tests;

/// Writes a slab: its used slots with their values, and its free slots in the order in which they will be used.
///
/// `None` if more than `most` bytes would be written. The slab does not change. A slab does not list its free slots, so
/// this function fills all of them with `filler` and frees them again.
pub(crate) fn put<T>(
    slab: &mut Slab<T>,
    log: &mut Vec<u8>,
    filler: impl Fn() -> T,
    most: usize,
    put: impl Fn(&T, &mut Vec<u8>),
) -> Option<()> {
    let vacant = vacancies(slab, filler);
    (slab.len() as u64).put(log);
    for (slot, value) in slab.iter() {
        (slot as u32).put(log);
        put(value, log);
        within(log, most)?;
    }
    (vacant.len() as u64).put(log);
    for slot in vacant {
        slot.put(log);
        within(log, most)?;
    }
    Some(())
}

/// `None` if more than `most` bytes have been written.
pub(crate) fn within(log: &[u8], most: usize) -> Option<()> {
    (log.len() <= most).then_some(())
}

/// Reads what [`put`] wrote.
pub(crate) fn take<'a, T>(
    input: &mut Input<'a>,
    filler: impl Fn() -> T,
    take: impl Fn(&mut Input<'a>) -> Result<T, Wrong>,
) -> Result<Slab<T>, Wrong> {
    let occupied = (0..input.count()?)
        .map(|_| Ok((u32::take(input)?, take(input)?)))
        .collect::<Result<Vec<_>, Wrong>>()?;
    let vacant = (0..input.count()?).map(|_| u32::take(input)).collect::<Result<Vec<_>, Wrong>>()?;
    let end = occupied.len() + vacant.len();
    let mut values: Vec<Option<Option<T>>> = Vec::new();
    values.resize_with(end, || None);
    let all = occupied.into_iter().map(|(slot, value)| (slot, Some(value)));
    for (slot, value) in all.chain(vacant.iter().map(|&slot| (slot, None))) {
        let place = values.get_mut(slot as usize).ok_or(Wrong::Malformed)?;
        if place.replace(value).is_some() {
            return Err(Wrong::Malformed);
        }
    }
    let mut slab = Slab::with_capacity(end);
    for value in values {
        slab.insert(value.flatten().unwrap_or_else(&filler));
    }
    for &slot in vacant.iter().rev() {
        slab.remove(slot as usize);
    }
    Ok(slab)
}

/// The free slots in the order in which they will be used, without the trailing ones that are used in ascending order.
fn vacancies<T>(slab: &mut Slab<T>, filler: impl Fn() -> T) -> Vec<u32> {
    let free = slab.capacity() - slab.len();
    let mut order: Vec<u32> = Vec::with_capacity(free);
    for _ in 0..free {
        order.push(slab.insert(filler()) as u32);
    }
    for &slot in order.iter().rev() {
        slab.remove(slot as usize);
    }
    // Trailing free slots in ascending order behave like slots that a shorter slab would add, so they are left out.
    let mut end = slab.capacity() as u32;
    while let Some(&last) = order.last()
        && last + 1 == end
    {
        end = last;
        order.pop();
    }
    order
}
