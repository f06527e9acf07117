//! Writes and reads the config of the recorded hub, without its hash key.

use crate::cause::Cause;
use crate::close::CloseFrame;
use crate::field::{Field, Input, Wrong, fields, variants};
use crate::hub::{
    Admission, Asks, Closes, Config, Deadlines, DrainPlan, EndedBy, Histories, History, Hooks, Host, Inbound,
    Lifetime, Outbox, OverRate, PerUser, Policy, Presence, Presences, Publishers, RoomConfig, Rooms,
    SecondConnection, Sessions, Websocket,
};
use crate::rate::Rate;
use alloc::vec::Vec;
use core::time::Duration;

fields!(Config {
    admission,
    rooms,
    sessions,
    asks,
    outbox,
    history,
    inbound,
    deadlines,
    closes,
    websocket,
    hooks,
    drain,
    host,
    presence
});
fields!(Admission { connections, handshakes, per_address, connect_rate, per_user, probes, lingering });
fields!(Rooms { per_client, members, total, name_bytes });
fields!(Sessions { grace, messages, bytes, total, per_user, per_address, ended_by, second, name_bytes });
variants!(EndedBy { 0 => AnyClose, 1 => NormalClose, 2 => NoClose });
variants!(SecondConnection { 0 => TakesOver, 1 => Refused });
fields!(Asks { per_client, deadline });
fields!(Outbox { message_bytes, messages, bytes, policy, rate, hub_bytes });
fields!(Inbound { messages, bytes, user_messages, user_bytes, control, over_rate });
fields!(Deadlines {
    handshake,
    ping,
    pong,
    write,
    write_rate,
    close,
    idle,
    idle_inbound,
    standstill,
    expiry_notice
});
fields!(CloseFrame { code, reason });
fields!(Websocket { fragments, head_bytes, headers });
fields!(Hooks { limit, message, authentication });
fields!(DrainPlan { idle, spread, deadline });
variants!(PerUser { 0 => Unlimited, 1 => RefuseNewest(limit), 2 => EvictOldest(limit) });
fields!(RoomConfig { members, publishers, policy, lifetime, history, presence });
fields!(History { messages, bytes, age, meta_age });
fields!(Histories { by_prefix, idle_rooms, recover_messages, recover_bytes, page, keys, key_bytes, key_age });
fields!(Presence { users, info_bytes, tick });
fields!(Presences { by_prefix, page });
variants!(Publishers { 0 => Anybody, 1 => Members, 2 => Application });
variants!(Lifetime { 0 => Members, 1 => Kept });
variants!(OverRate { 0 => Drop, 1 => Pause, 2 => Close });
variants!(Policy { 0 => DropNewest, 1 => DropOldest, 2 => Conflate(key), 3 => Disconnect, 4 => Wait });

impl<'a> Field<'a> for Host {
    fn put(&self, log: &mut Vec<u8>) {
        // The hash key is a secret of the process, and no behaviour depends on it.
        let Self { lanes, capacity, hash_key: _, seed, epoch_seed, slice, occupancy } = self;
        // Lanes in the low 16 bits.
        (u32::from(*lanes) | u32::from(*occupancy) << 16).put(log);
        capacity.put(log);
        seed.put(log);
        epoch_seed.put(log);
        slice.put(log);
    }
    fn take(input: &mut Input<'a>) -> Result<Self, Wrong> {
        let first = u32::take(input)?;
        let occupancy = match first >> 16 {
            0 => false,
            1 => true,
            _ => return Err(Wrong::Malformed),
        };
        let lanes = first as u16;
        let capacity = Field::take(input)?;
        let seed = Field::take(input)?;
        let epoch_seed = Field::take(input)?;
        let slice = Field::take(input)?;
        Ok(Self { lanes, capacity, hash_key: [0; 2], seed, epoch_seed, slice, occupancy })
    }
}

impl<'a> Field<'a> for Rate {
    fn put(&self, log: &mut Vec<u8>) {
        let (units, period, burst) = self.parts();
        units.put(log);
        period.put(log);
        burst.put(log);
    }
    fn take(input: &mut Input<'a>) -> Result<Self, Wrong> {
        let units = u32::take(input)?;
        let period = u64::take(input)?;
        let burst = u32::take(input)?;
        Ok(Self::per(units, Duration::from_nanos(period)).burst(burst))
    }
}

/// Writes and reads the code and reason of each cause, in the order of `Cause::ALL`.
impl<'a> Field<'a> for Closes {
    fn put(&self, log: &mut Vec<u8>) {
        for (_, farewell) in self.iter() {
            farewell.put(log);
        }
    }

    fn take(input: &mut Input<'a>) -> Result<Self, Wrong> {
        let mut closes = Self::default();
        for &cause in Cause::ALL {
            closes[cause] = Field::take(input)?;
        }
        Ok(closes)
    }
}
