//! A config in a file.

use super::{
    Admission, Config, Deadlines, DrainPlan, Eviction, Hooks, Host, Inbound, OverRate, PerUser, Rooms,
    Websocket,
};
use crate::outbox::{Outbox, Policy};
use crate::setting::{choice, section};

section!(Config, "the tables of a config", "", {
    admission, rooms, outbox, inbound, deadlines, websocket, hooks, drain, host
});
section!(Admission, "the table `admission`", "admission.", {
    connections, handshakes, per_address, connect_rate, per_user, eviction
});
section!(Eviction, "the table `admission.eviction`", "admission.eviction.", { code, reason });
section!(Rooms, "the table `rooms`", "rooms.", { per_client, members, total, name_bytes });
section!(Outbox, "the table `outbox`", "outbox.", { message_bytes, messages, bytes, policy, rate, hub_bytes });
section!(Inbound, "the table `inbound`", "inbound.", {
    messages, bytes, user_messages, user_bytes, control, over_rate
});
section!(Deadlines, "the table `deadlines`", "deadlines.", { handshake, ping, pong, write, close, idle });
section!(Websocket, "the table `websocket`", "websocket.", { fragments, head_bytes, headers });
section!(Hooks, "the table `hooks`", "hooks.", { limit, message, authentication });
section!(DrainPlan, "the table `drain`", "drain.", { idle, spread, deadline });
// Lanes, hash key and seed are for the host to say, as it runs.
section!(Host, "the table `host`", "host.", { capacity });

choice!(PerUser {
    "unlimited" => Unlimited,
    "refuse_newest" => RefuseNewest(limit),
    "evict_oldest" => EvictOldest(limit),
});
choice!(OverRate { "drop" => Drop, "pause" => Pause, "close" => Close });
choice!(Policy {
    "drop_newest" => DropNewest,
    "drop_oldest" => DropOldest,
    "conflate" => Conflate(key),
    "disconnect" => Disconnect,
    "wait" => Wait,
});
