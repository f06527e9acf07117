//! A config that shows whether every field is written and read.

use crate::close::{CloseCode, CloseFrame};
use crate::hub::{
    Admission, Asks, Cause, Closes, Config, Deadlines, DrainPlan, EndedBy, Histories, History, Hooks, Host,
    Inbound, Outbox, OverRate, PerUser, Policy, Presence, Presences, Rooms, SecondConnection, Sessions,
    Websocket,
};
use crate::rate::Rate;
use core::time::Duration;

/// A config in which no field has its default.
pub(super) fn strange() -> Config {
    let rate = Some(Rate::per(7, Duration::from_millis(13)).burst(99));
    Config {
        admission: Admission {
            connections: Some(1),
            handshakes: None,
            per_address: Some(u32::MAX),
            connect_rate: rate,
            per_user: PerUser::EvictOldest(4),
            probes: 41,
            lingering: 42,
        },
        rooms: Rooms { per_client: None, members: Some(5), total: None, name_bytes: 6 },
        sessions: Sessions {
            grace: Some(Duration::from_nanos(50)),
            messages: 51,
            bytes: 52,
            total: None,
            per_user: None,
            per_address: Some(53),
            ended_by: EndedBy::NoClose,
            second: SecondConnection::Refused,
            name_bytes: 54,
        },
        outbox: Outbox {
            message_bytes: 7,
            messages: 8,
            bytes: 900,
            policy: Policy::Conflate(10),
            rate,
            hub_bytes: u64::MAX,
        },
        history: history(),
        presence: Presences {
            by_prefix: [("p".into(), Presence { users: 55, info_bytes: 56, tick: Duration::from_nanos(57) })]
                .into(),
            page: 58,
        },
        inbound: Inbound {
            messages: rate,
            bytes: Some(Rate::per_second(11)),
            user_messages: None,
            user_bytes: rate,
            control: None,
            over_rate: OverRate::Close,
        },
        asks: Asks { per_client: 30, deadline: Duration::from_micros(31) },
        deadlines: deadlines(),
        closes: closes(),
        websocket: Websocket { fragments: 19, head_bytes: 20, headers: 21 },
        hooks: Hooks {
            limit: None,
            message: Some(Duration::from_secs(22)),
            authentication: Duration::from_secs(23),
        },
        drain: DrainPlan {
            idle: Duration::from_secs(24),
            spread: Duration::from_secs(25),
            deadline: Duration::from_secs(26),
        },
        host: Host {
            lanes: 256,
            capacity: 17,
            hash_key: [0x1122_3344_5566_7788, 0x99aa_bbcc_ddee_ff00],
            seed: 18,
            epoch_seed: 29,
            slice: 27,
            occupancy: true,
        },
    }
}

fn history() -> Histories {
    Histories {
        by_prefix: [(
            "chat:".into(),
            History {
                messages: 30,
                bytes: 31,
                age: Duration::from_secs(32),
                meta_age: Duration::from_secs(33),
            },
        )]
        .into(),
        idle_rooms: 34,
        recover_messages: 35,
        recover_bytes: 36,
        page: 37,
        keys: 38,
        key_bytes: 39,
        key_age: Duration::from_secs(40),
    }
}

fn closes() -> Closes {
    Closes::from_fn(|cause| match cause {
        Cause::Evicted => CloseFrame::new(CloseCode(4001), "elsewhere"),
        Cause::Idle => CloseFrame::new(CloseCode(4002), ""),
        Cause::IdleInbound => CloseFrame::new(CloseCode(4009), "say something"),
        Cause::OverRate => CloseFrame::new(CloseCode(4003), "slower"),
        Cause::Controls => CloseFrame::new(CloseCode(4004), "no pings"),
        Cause::TooSlow => CloseFrame::new(CloseCode(4005), "faster"),
        Cause::NoAnswer => CloseFrame::new(CloseCode(4006), "sorry"),
        Cause::Draining => CloseFrame::new(CloseCode(4007), "soon"),
        Cause::ShutDown => CloseFrame::new(CloseCode(4008), "now"),
        other => CloseFrame::new(CloseCode(4500), other.name()),
    })
}

fn deadlines() -> Deadlines {
    Deadlines {
        handshake: Duration::from_nanos(12),
        ping: None,
        pong: Some(Duration::MAX),
        write: Duration::from_secs(13),
        write_rate: Some(27),
        close: Duration::from_secs(14),
        idle: Some(Duration::from_micros(15)),
        idle_inbound: Some(Duration::from_micros(28)),
        standstill: Duration::from_micros(16),
        expiry_notice: Some(Duration::from_micros(29)),
    }
}
