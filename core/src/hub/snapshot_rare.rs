//! Writes the expiries and the questions of clients as bytes and reads them back.

use super::Hub;
use super::asked::{Ask, Asked};
use super::expiries::Expiry;
use crate::close::CloseFrame;
use crate::field::{Field, Input, Wrong, fields, put_list, take_list};
use crate::time::Instant;
use crate::timer::{Timer, Wheel};
use alloc::vec::Vec;

fields!(Ask { id, until, lasts, on_resume, connection });

impl Hub {
    /// Writes the expiry of a client, without its timer.
    pub(super) fn put_expiry(&self, index: u32, log: &mut Vec<u8>) {
        let expiry = self.expiries.get(index);
        expiry.map(|expiry| expiry.at).put(log);
        if let Some(Expiry { tell, close, .. }) = expiry {
            tell.put(log);
            close.put(log);
        }
    }

    pub(super) fn take_expiry(&mut self, index: u32, input: &mut Input<'_>) -> Result<(), Wrong> {
        let at: Option<Instant> = Field::take(input)?;
        if let Some(at) = at {
            let (tell, close): (_, Option<CloseFrame>) = (Field::take(input)?, Field::take(input)?);
            self.expiries.put(index, Expiry { timer: Timer::none(), at, tell, close });
        }
        Ok(())
    }

    pub(super) fn put_expiry_timers(&self, log: &mut Vec<u8>) {
        self.expiries.wheel.snapshot(log, |index, log| index.put(log));
    }

    /// Gives each timer back to its expiry; an expiry with two timers is an error.
    pub(super) fn take_expiry_timers(&mut self, input: &mut Input<'_>) -> Result<(), Wrong> {
        let (wheel, timers) = Wheel::restore(input, self.now(), u32::take)?;
        self.expiries.wheel = wheel;
        for (timer, index) in timers {
            let expiry = self.expiries.get_mut(index).ok_or(Wrong::Malformed)?;
            if core::mem::replace(&mut expiry.timer, timer) != Timer::none() {
                return Err(Wrong::Malformed);
            }
        }
        Ok(())
    }

    /// Writes the questions of a client, without their timer.
    pub(super) fn put_asks(&self, index: u32, log: &mut Vec<u8>) {
        let asks = self.asks.get(index).map_or(&[][..], |asked| &asked.asks);
        put_list(asks.iter().copied(), log);
    }

    pub(super) fn take_asks(&mut self, index: u32, input: &mut Input<'_>) -> Result<(), Wrong> {
        let asks: Vec<Ask> = take_list(input)?;
        if !asks.is_empty() {
            self.asks_open = u32::try_from(asks.len())
                .ok()
                .and_then(|more| self.asks_open.checked_add(more))
                .ok_or(Wrong::Malformed)?;
            self.asks.put(index, Asked { timer: Timer::none(), asks });
        }
        Ok(())
    }
}
