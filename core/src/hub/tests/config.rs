//! The config: its defaults are those in the docs, and errors name the invalid field.

use super::bench::*;
use crate::close::CloseCode;
use crate::frame::MAX_HEAD;
use crate::hub::{Cause, Config, ConfigError, Hub, Must, OverRate, PerUser, Policy};
use crate::rate::Rate;
use alloc::format;
use alloc::string::ToString;
use core::time::Duration;

/// The least `outbox.bytes`: one message of the largest size, with its head.
const LARGEST: u64 = (512 << 10) + MAX_HEAD as u64;

#[test]
fn the_defaults_are_those_that_are_documented() {
    let config = Config::default();
    assert_eq!(config.validate(), Ok(()));
    assert_eq!((config.outbox.message_bytes, config.outbox.messages), (512 << 10, 256));
    assert_eq!((config.outbox.bytes, config.outbox.hub_bytes), (1 << 20, 256 << 20));
    assert_eq!(config.outbox.policy, Policy::DropNewest);
    assert_eq!((config.deadlines.ping, config.deadlines.pong), (Some(secs(54)), Some(secs(60))));
    assert_eq!((config.deadlines.write, config.deadlines.handshake), (secs(10), secs(10)));
    assert_eq!((config.deadlines.idle, config.deadlines.idle_inbound), (None, None));
    assert_eq!(config.deadlines.expiry_notice, Some(Duration::from_secs(25)));
    assert_eq!(config.deadlines.write_rate, Some(1024));
    assert_eq!((config.admission.connect_rate, config.admission.per_address), (None, None));
    assert_eq!(config.admission.per_user, PerUser::Unlimited);
    assert_eq!((config.admission.handshakes, config.admission.probes), (Some(10_000), 256));
    assert_eq!(config.admission.lingering, 1024);
    assert_eq!((config.inbound.messages, config.inbound.bytes), (None, None));
    assert_eq!((config.inbound.user_messages, config.inbound.user_bytes), (None, None));
    assert_eq!(config.inbound.control, Some(Rate::per_second(100).burst(1000)));
    assert_eq!(config.inbound.over_rate, OverRate::Pause);
    assert_eq!((config.rooms.per_client, config.rooms.total), (Some(1024), Some(1_000_000)));
    assert_eq!((config.rooms.members, config.rooms.name_bytes), (None, 255));
    assert_eq!((config.websocket.fragments, config.websocket.head_bytes), (131_072, 8 << 10));
    assert_eq!(config.websocket.headers, 100);
    assert_eq!((config.hooks.limit, config.hooks.message), (Some(secs(5)), Some(secs(5))));
    assert_eq!(config.hooks.authentication, secs(5));
    assert_eq!(
        (config.drain.idle, config.drain.spread, config.drain.deadline),
        (secs(30), secs(30), secs(60))
    );
}

type Change = fn(&mut Config);

/// A field, a value that it cannot have, what it must be, and the change that gives it the value.
const INVALID: [(&str, u64, Must, Change); 55] = [
    ("admission.connections", 0, Must::BePositiveOrNone, |c| c.admission.connections = Some(0)),
    ("admission.handshakes", 0, Must::BePositiveOrNone, |c| c.admission.handshakes = Some(0)),
    ("admission.per_address", 0, Must::BePositiveOrNone, |c| c.admission.per_address = Some(0)),
    ("admission.per_user", 0, Must::BePositive, |c| c.admission.per_user = PerUser::RefuseNewest(0)),
    ("admission.per_user", 0, Must::BePositive, |c| c.admission.per_user = PerUser::EvictOldest(0)),
    ("admission.connect_rate", 0, Must::BeARateOrNone, |c| {
        c.admission.connect_rate = Some(Rate::per_second(0));
    }),
    ("admission.probes", 0, Must::BePositive, |c| c.admission.probes = 0),
    ("admission.probes", 4097, Must::BeAtMost(4096), |c| c.admission.probes = 4097),
    ("rooms.per_client", 0, Must::BePositiveOrNone, |c| c.rooms.per_client = Some(0)),
    ("rooms.members", 0, Must::BePositiveOrNone, |c| c.rooms.members = Some(0)),
    ("rooms.total", 0, Must::BePositiveOrNone, |c| c.rooms.total = Some(0)),
    ("rooms.name_bytes", 0, Must::BePositive, |c| c.rooms.name_bytes = 0),
    ("outbox.message_bytes", 0, Must::BePositive, |c| c.outbox.message_bytes = 0),
    ("outbox.message_bytes", 1 << 30, Must::BeAtMost((1 << 30) - 1), |c| {
        c.outbox.message_bytes = 1 << 30;
    }),
    ("outbox.bytes", 1 << 30, Must::BeAtMost((1 << 30) - 1), |c| c.outbox.bytes = 1 << 30),
    ("outbox.bytes", 0, Must::BePositive, |c| c.outbox.bytes = 0),
    ("outbox.bytes", LARGEST - 1, Must::Hold("outbox.message_bytes", LARGEST), |c| {
        c.outbox.bytes = LARGEST as u32 - 1;
    }),
    ("outbox.messages", 0, Must::BePositive, |c| c.outbox.messages = 0),
    ("outbox.hub_bytes", (1 << 20) - 1, Must::Hold("outbox.bytes", 1 << 20), |c| {
        c.outbox.hub_bytes = (1 << 20) - 1;
    }),
    ("outbox.rate", 0, Must::BeARateOrNone, |c| c.outbox.rate = Some(Rate::per_second(0))),
    ("outbox.policy", 0, Must::NotBeWait, |c| c.outbox.policy = Policy::Wait),
    ("inbound.messages", 0, Must::BeARateOrNone, |c| c.inbound.messages = Some(Rate::per_second(0))),
    ("inbound.bytes", 0, Must::BeARateOrNone, |c| c.inbound.bytes = Some(Rate::per_second(1).burst(0))),
    ("inbound.user_messages", 0, Must::BeARateOrNone, |c| {
        c.inbound.user_messages = Some(Rate::per(1, Duration::ZERO));
    }),
    ("inbound.user_bytes", 0, Must::BeARateOrNone, |c| c.inbound.user_bytes = Some(Rate::per_second(0))),
    ("inbound.control", 0, Must::BeARateOrNone, |c| c.inbound.control = Some(Rate::per_second(0))),
    ("deadlines.handshake", 0, Must::BePositive, |c| c.deadlines.handshake = Duration::ZERO),
    ("deadlines.ping", 0, Must::BePositiveOrNone, |c| c.deadlines.ping = Some(Duration::ZERO)),
    ("deadlines.write", 0, Must::BePositive, |c| c.deadlines.write = Duration::ZERO),
    ("deadlines.idle", 0, Must::BePositiveOrNone, |c| c.deadlines.idle = Some(Duration::ZERO)),
    ("asks.per_client", 0, Must::BePositive, |c| c.asks.per_client = 0),
    ("asks.deadline", 0, Must::BePositive, |c| c.asks.deadline = Duration::ZERO),
    ("deadlines.expiry_notice", 0, Must::BePositiveOrNone, |c| {
        c.deadlines.expiry_notice = Some(Duration::ZERO);
    }),
    ("deadlines.idle_inbound", 0, Must::BePositiveOrNone, |c| {
        c.deadlines.idle_inbound = Some(Duration::ZERO);
    }),
    ("deadlines.write_rate", 0, Must::BePositiveOrNone, |c| c.deadlines.write_rate = Some(0)),
    ("deadlines.pong", 54_000_000_000, Must::BeLongerThan("deadlines.ping", 54_000_000_000), |c| {
        c.deadlines.pong = Some(secs(54));
    }),
    ("closes.evicted.code", 999, Must::BeACloseCode, |c| c.closes[Cause::Evicted].code = CloseCode(999)),
    ("closes.idle.code", 1004, Must::BeACloseCode, |c| c.closes[Cause::Idle].code = CloseCode(1004)),
    ("closes.over_rate.code", 1005, Must::BeACloseCode, |c| {
        c.closes[Cause::OverRate].code = CloseCode(1005);
    }),
    ("closes.controls.code", 1006, Must::BeACloseCode, |c| {
        c.closes[Cause::Controls].code = CloseCode(1006);
    }),
    ("closes.too_slow.code", 1015, Must::BeACloseCode, |c| {
        c.closes[Cause::TooSlow].code = CloseCode(1015);
    }),
    ("closes.no_answer.code", 1016, Must::BeACloseCode, |c| {
        c.closes[Cause::NoAnswer].code = CloseCode(1016);
    }),
    ("closes.draining.code", 2999, Must::BeACloseCode, |c| {
        c.closes[Cause::Draining].code = CloseCode(2999);
    }),
    ("closes.shut_down.code", 5000, Must::BeACloseCode, |c| {
        c.closes[Cause::ShutDown].code = CloseCode(5000);
    }),
    ("websocket.fragments", 0, Must::BePositive, |c| c.websocket.fragments = 0),
    ("websocket.head_bytes", 0, Must::BePositive, |c| c.websocket.head_bytes = 0),
    ("websocket.headers", 0, Must::BePositive, |c| c.websocket.headers = 0),
    ("websocket.head_bytes", 255, Must::BeAtLeast(256), |c| c.websocket.head_bytes = 255),
    ("websocket.headers", 4, Must::BeAtLeast(5), |c| c.websocket.headers = 4),
    ("hooks.limit", 0, Must::BePositiveOrNone, |c| c.hooks.limit = Some(Duration::ZERO)),
    ("hooks.message", 0, Must::BePositiveOrNone, |c| c.hooks.message = Some(Duration::ZERO)),
    ("hooks.authentication", 0, Must::BePositive, |c| c.hooks.authentication = Duration::ZERO),
    ("drain.deadline", 60_000_000_000, Must::BeLongerThan("drain.spread", 60_000_000_000), |c| {
        c.drain.spread = secs(60);
    }),
    ("host.lanes", 0, Must::BePositive, |c| c.host.lanes = 0),
    ("host.lanes", 257, Must::BeAtMost(256), |c| c.host.lanes = 257),
];

#[test]
fn a_field_that_cannot_stand_is_named_with_its_value() {
    for (field, value, must, change) in INVALID {
        let mut config = Config::default();
        change(&mut config);
        let expected = ConfigError { field, value, must };
        assert_eq!(Hub::new(config).err(), Some(expected));
        assert!(format!("{expected}").contains(field));
        assert_eq!(format!("{expected:?}"), expected.to_string(), "what `main` prints");
    }
}

#[test]
fn an_error_says_what_may_be_written_in_place_of_the_value() {
    type Change = fn(&mut Config);
    let cases: [(&str, Change); 7] = [
        (
            "config field `admission.connections` is 0: it must be more than zero, or `None` for no limit (in a file \
             \"none\")",
            |c| c.admission.connections = Some(0),
        ),
        // This field has a value in each case: there is no `None` to point to.
        ("config field `outbox.messages` is 0: it must be more than zero", |c| c.outbox.messages = 0),
        ("config field `admission.per_user` is 0: it must be more than zero", |c| {
            c.admission.per_user = PerUser::EvictOldest(0);
        }),
        (
            "config field `inbound.bytes` is a rate with a zero: it must have units, a period and a burst of more than \
             zero, or `None` for no limit (in a file \"none\")",
            |c| c.inbound.bytes = Some(Rate::per_second(5).burst(0)),
        ),
        // Whoever raises the one field learns that the other one has to follow.
        (
            "config field `outbox.bytes` is 1048576: it must be at least 2000013, to hold what `outbox.message_bytes` \
             allows",
            |c| c.outbox.message_bytes = 2_000_000,
        ),
        (
            "config field `outbox.hub_bytes` is 1000: it must be at least 1048576, to hold what `outbox.bytes` allows",
            |c| c.outbox.hub_bytes = 1000,
        ),
        ("config field `drain.deadline` is 60s: it must be longer than `drain.spread`, which is 120s", |c| {
            c.drain.spread = secs(120);
        }),
    ];
    for (sentence, change) in cases {
        let mut config = Config::default();
        change(&mut config);
        assert_eq!(config.validate().map_err(|error| error.to_string()), Err(sentence.into()));
    }
}

#[test]
fn a_drain_that_is_not_spread_may_have_any_deadline() {
    let mut config = Config::default();
    (config.drain.spread, config.drain.deadline) = (Duration::ZERO, Duration::ZERO);
    assert_eq!(config.validate(), Ok(()));
}

#[test]
fn the_outermost_values_stand() {
    let mut config = Config::default();
    config.outbox.message_bytes = (512 << 10) - MAX_HEAD as u32;
    config.outbox.bytes = 512 << 10;
    config.outbox.hub_bytes = 512 << 10;
    config.outbox.messages = 1;
    config.host.lanes = 256;
    config.deadlines.pong = Some(secs(54) + TICK);
    config.deadlines.handshake = Duration::MAX;
    config.deadlines.close = Duration::MAX;
    config.deadlines.write = Duration::MAX;
    config.deadlines.idle = Some(Duration::MAX);
    let mut bench = Bench::of(config);
    let client = bench.connect_on(255);
    bench.tell(client, "hello");
    assert_eq!(bench.write_to(client), ["hello"]);
}

#[test]
fn an_outbox_may_hold_as_many_bytes_as_are_named_as_the_most() {
    let mut config = Config::default();
    config.outbox.bytes = (1 << 30) - 1;
    config.outbox.hub_bytes = 1 << 30;
    assert_eq!(config.validate(), Ok(()));
}
