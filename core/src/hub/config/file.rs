//! Reads and writes a [`Config`] with serde.

use super::{
    Admission, Asks, Config, Deadlines, DrainPlan, EndedBy, Histories, Hooks, Host, Inbound, OverRate,
    PerUser, Presences, Rooms, SecondConnection, Sessions, Websocket,
};
use crate::close::CloseFrame;
use crate::hub::{History, Lifetime, Presence, Publishers, RoomConfig};
use crate::outbox::{Outbox, Policy};
use crate::setting::{At, KeyOf, Setting, by_itself, choice, read_once, section};
use core::fmt;
use serde::de::{Error, MapAccess, Visitor};
use serde::ser::SerializeStruct;
use serde::{Deserializer, Serializer};

section!(Config, "the tables of a config", "", {
    admission, rooms, sessions, asks, outbox, history, presence, inbound, deadlines, closes, websocket, hooks, drain, host
});
section!(Admission, "the table `admission`", "admission.", {
    connections, handshakes, per_address, connect_rate, per_user, probes, lingering
});
section!(Rooms, "the table `rooms`", "rooms.", { per_client, members, total, name_bytes });
section!(Sessions, "the table `sessions`", "sessions.", {
    grace, messages, bytes, total, per_user, per_address, ended_by, second, name_bytes
});
section!(Asks, "the table `asks`", "asks.", { per_client, deadline });
section!(Outbox, "the table `outbox`", "outbox.", { message_bytes, messages, bytes, policy, rate, hub_bytes });
section!(Inbound, "the table `inbound`", "inbound.", {
    messages, bytes, user_messages, user_bytes, control, over_rate
});
section!(Deadlines, "the table `deadlines`", "deadlines.", {
    handshake, ping, pong, write, write_rate, close, idle, idle_inbound, standstill, expiry_notice
});
section!(Websocket, "the table `websocket`", "websocket.", { fragments, head_bytes, headers });
section!(Hooks, "the table `hooks`", "hooks.", { limit, message, authentication });
section!(DrainPlan, "the table `drain`", "drain.", { idle, spread, deadline });
// Lanes, hash key, seeds and the like are not in the file: the host sets them when it starts.
section!(Host, "the table `host`", "host.", { capacity });

// A room's config is not part of the hub's config: an application keeps it in its own file.
section!(RoomConfig, "a table with the config of a room", "", {
    members, publishers, policy, lifetime, history, presence
});
section!(History, "a table with the bounds of a history", "", { messages, bytes, age, meta_age });
section!(Histories, "the table `history`", "history.", {
    by_prefix, idle_rooms, recover_messages, recover_bytes, page, keys, key_bytes, key_age
});

section!(Presence, "a table with the presence of a room", "", { users, info_bytes, tick });
section!(Presences, "the table `presence`", "presence.", { by_prefix, page });

choice!(Publishers { "anybody" => Anybody, "members" => Members, "application" => Application });
choice!(Lifetime { "members" => Members, "kept" => Kept });
choice!(PerUser {
    "unlimited" => Unlimited,
    "refuse_newest" => RefuseNewest(limit),
    "evict_oldest" => EvictOldest(limit),
});
choice!(OverRate { "drop" => Drop, "pause" => Pause, "close" => Close });
choice!(EndedBy { "any_close" => AnyClose, "normal_close" => NormalClose, "no_close" => NoClose });
choice!(SecondConnection { "takes_over" => TakesOver, "refused" => Refused });
choice!(Policy {
    "drop_newest" => DropNewest,
    "drop_oldest" => DropOldest,
    "conflate" => Conflate(key),
    "disconnect" => Disconnect,
    "wait" => Wait,
});

by_itself!(Publishers, Lifetime, PerUser, OverRate, EndedBy, SecondConnection, Policy, CloseFrame);

/// `{ code = 4408, reason = "still there?" }`. `section!` does not fit, since the code has no default.
impl Setting for CloseFrame {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut table = serializer.serialize_struct("CloseFrame", CLOSE_FRAME.len())?;
        table.serialize_field("code", &self.code.0)?;
        table.serialize_field("reason", &*self.reason)?;
        table.end()
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D, at: At<'_>) -> Result<Self, D::Error> {
        deserializer.deserialize_struct("CloseFrame", &CLOSE_FRAME, CloseFrameTable(at))
    }
}

const CLOSE_FRAME: [&str; 2] = ["code", "reason"];

struct CloseFrameTable<'a>(At<'a>);

impl<'de> Visitor<'de> for CloseFrameTable<'_> {
    type Value = CloseFrame;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a close code as { code = 4408, reason = \"still there?\" }")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<CloseFrame, A::Error> {
        let (mut code, mut reason) = (None, None);
        while let Some(key) = map.next_key_seed(KeyOf::part(self.0, &CLOSE_FRAME))? {
            match key {
                "code" => read_once(&mut map, &mut code, self.0.part("code"))?,
                "reason" => read_once(&mut map, &mut reason, self.0.part("reason"))?,
                other => return Err(A::Error::unknown_field(other, &CLOSE_FRAME)),
            }
        }
        let code = code.ok_or_else(|| A::Error::missing_field("code"))?;
        Ok(CloseFrame { code, reason: reason.unwrap_or_else(|| "".into()) })
    }
}
