//! The config in a file.

use crate::close::{CloseCode, CloseFrame};
use crate::hub::{
    Admission, Asks, Cause, Closes, Config, Deadlines, DrainPlan, EndedBy, Histories, History, Hooks, Host,
    Inbound, Outbox, OverRate, PerUser, Policy, Presence, Presences, Rooms, SecondConnection, Sessions,
    Websocket,
};
use crate::rate::Rate;
use alloc::format;
use alloc::string::{String, ToString};
use core::time::Duration;

/// A config with every field, as it is written.
const WHOLE: &str = r#"[admission]
connections = 50000
handshakes = "none"
per_address = 200
per_user = "unlimited"
probes = 32
lingering = 64

[admission.connect_rate]
units = 30
per = "1m"
burst = 60

[rooms]
per_client = "none"
members = 500
total = 1000
name_bytes = 64

[sessions]
grace = "30s"
messages = 32
bytes = 65536
total = "none"
per_user = 4
per_address = 50
ended_by = "any_close"
second = "refused"
name_bytes = 100

[asks]
per_client = 5
deadline = "3s"

[outbox]
message_bytes = 65536
messages = 100
bytes = 262144
policy = "drop_oldest"
hub_bytes = 1073741824

[outbox.rate]
units = 200
per = "1s"
burst = 50

[history]
idle_rooms = 1000
recover_messages = 200
recover_bytes = 65536
page = 100
keys = 5000
key_bytes = 64
key_age = "10m"

[history.by_prefix."chat:"]
messages = 50
bytes = 1048576
age = "1m"
meta_age = "1d"

[history.by_prefix.prices]
messages = 1
bytes = 1048576
age = "5m"
meta_age = "1d"

[presence]
page = 50

[presence.by_prefix.lobby]
users = 200
info_bytes = 64
tick = "250ms"

[inbound]
bytes = "none"
user_messages = "none"
user_bytes = "none"
control = "none"
over_rate = "drop"

[inbound.messages]
units = 20
per = "1s"
burst = 100

[deadlines]
handshake = "3s"
ping = "20s"
pong = "1m 30s"
write = "15s"
write_rate = 512
close = "2s 500ms"
idle = "1h"
idle_inbound = "2h"
standstill = "2s"
expiry_notice = "40s"

[closes.evicted]
code = 4001
reason = "elsewhere"

[closes.replaced]
code = 4409
reason = "elsewhere"

[closes.idle]
code = 4408
reason = ""

[closes.idle_inbound]
code = 4409
reason = "say something"

[closes.over_rate]
code = 4429
reason = "slower"

[closes.controls]
code = 4430
reason = "no more pings"

[closes.too_slow]
code = 4013
reason = "faster"

[closes.no_answer]
code = 4011
reason = "sorry"

[closes.draining]
code = 1012
reason = "a new version"

[closes.shut_down]
code = 1012
reason = "now"

[closes.expired]
code = 4500
reason = "expired"

[closes.panicked]
code = 4500
reason = "panicked"

[closes.timed_out]
code = 4500
reason = "timed_out"

[closes.first_room]
code = 4500
reason = "first_room"

[closes.roster_changed]
code = 4500
reason = "roster_changed"

[closes.authentication_timed_out]
code = 4500
reason = "authentication_timed_out"

[closes.too_much_before_authentication]
code = 4500
reason = "too_much_before_authentication"

[closes.lagging]
code = 4500
reason = "lagging"

[websocket]
fragments = 1000
head_bytes = 4096
headers = 50

[hooks]
limit = "none"
message = "30s"
authentication = "2s"

[drain]
idle = "0s"
spread = "10s"
deadline = "20s"

[host]
capacity = 10000
"#;

fn whole() -> Config {
    let secs = Duration::from_secs;
    Config {
        admission: Admission {
            connections: Some(50_000),
            handshakes: None,
            per_address: Some(200),
            connect_rate: Some(Rate::per(30, secs(60)).burst(60)),
            per_user: PerUser::Unlimited,
            probes: 32,
            lingering: 64,
        },
        rooms: Rooms { per_client: None, members: Some(500), total: Some(1_000), name_bytes: 64 },
        sessions: Sessions {
            grace: Some(secs(30)),
            messages: 32,
            bytes: 64 << 10,
            total: None,
            per_user: Some(4),
            per_address: Some(50),
            ended_by: EndedBy::AnyClose,
            second: SecondConnection::Refused,
            name_bytes: 100,
        },
        outbox: Outbox {
            message_bytes: 64 << 10,
            messages: 100,
            bytes: 256 << 10,
            policy: Policy::DropOldest,
            rate: Some(Rate::per_second(200).burst(50)),
            hub_bytes: 1 << 30,
        },
        history: history(),
        presence: presence(),
        inbound: Inbound {
            messages: Some(Rate::per_second(20).burst(100)),
            bytes: None,
            user_messages: None,
            user_bytes: None,
            control: None,
            over_rate: OverRate::Drop,
        },
        asks: Asks { per_client: 5, deadline: secs(3) },
        deadlines: Deadlines {
            handshake: secs(3),
            ping: Some(secs(20)),
            pong: Some(secs(90)),
            write: secs(15),
            write_rate: Some(512),
            close: Duration::from_millis(2_500),
            idle: Some(secs(3600)),
            idle_inbound: Some(secs(7200)),
            standstill: secs(2),
            expiry_notice: Some(secs(40)),
        },
        closes: closes(),
        websocket: Websocket { fragments: 1_000, head_bytes: 4096, headers: 50 },
        hooks: Hooks { limit: None, message: Some(secs(30)), authentication: secs(2) },
        drain: DrainPlan { idle: secs(0), spread: secs(10), deadline: secs(20) },
        host: Host { capacity: 10_000, ..Host::default() },
    }
}

fn history() -> Histories {
    let secs = Duration::from_secs;
    Histories {
        by_prefix: [
            ("chat:".into(), History { messages: 50, age: secs(60), ..History::default() }),
            ("prices".into(), History { messages: 1, ..History::default() }),
        ]
        .into(),
        idle_rooms: 1_000,
        recover_messages: 200,
        recover_bytes: 64 << 10,
        page: 100,
        keys: 5_000,
        key_bytes: 64,
        key_age: secs(600),
    }
}

fn presence() -> Presences {
    let lobby = Presence { users: 200, info_bytes: 64, tick: Duration::from_millis(250) };
    Presences { by_prefix: [("lobby".into(), lobby)].into(), page: 50 }
}

fn closes() -> Closes {
    Closes::from_fn(|cause| match cause {
        Cause::Evicted => CloseFrame::new(CloseCode(4001), "elsewhere"),
        Cause::Replaced => CloseFrame::new(CloseCode(4409), "elsewhere"),
        Cause::Idle => CloseFrame::new(CloseCode(4408), ""),
        Cause::IdleInbound => CloseFrame::new(CloseCode(4409), "say something"),
        Cause::OverRate => CloseFrame::new(CloseCode(4429), "slower"),
        Cause::Controls => CloseFrame::new(CloseCode(4430), "no more pings"),
        Cause::TooSlow => CloseFrame::new(CloseCode(4013), "faster"),
        Cause::NoAnswer => CloseFrame::new(CloseCode(4011), "sorry"),
        Cause::Draining => CloseFrame::new(CloseCode(1012), "a new version"),
        Cause::ShutDown => CloseFrame::new(CloseCode(1012), "now"),
        other => CloseFrame::new(CloseCode(4500), other.name()),
    })
}

#[test]
fn a_config_is_read_from_toml_and_json_as_it_is_written() {
    for config in [whole(), Config::default()] {
        let in_toml = toml::to_string(&config).expect("TOML can say it");
        assert_eq!(toml::from_str(&in_toml), Ok(config.clone()));
        let in_json = serde_json::to_string(&config).expect("JSON can say it");
        assert_eq!(serde_json::from_str::<Config>(&in_json).ok(), Some(config));
    }
    assert_eq!(toml::from_str(WHOLE), Ok(whole()));
    assert_eq!(toml::to_string(&whole()).as_deref(), Ok(WHOLE));
}

#[test]
fn what_is_missing_has_its_default() {
    let empty: Result<Config, _> = toml::from_str("");
    assert_eq!(empty, Ok(Config::default()));
    let some: Result<Config, _> = toml::from_str("[inbound]\nuser_messages = { units = 5 }\n[drain]");
    let expected = Inbound { user_messages: Some(Rate::per_second(5)), ..Inbound::default() };
    assert_eq!(some, Ok(Config { inbound: expected, ..Config::default() }));
    let some: Result<Config, _> = toml::from_str("closes.idle.code = 4408");
    let mut expected = Config::default();
    expected.closes[Cause::Idle] = CloseFrame::new(CloseCode(4408), "");
    assert_eq!(some, Ok(expected));
}

#[test]
fn every_policy_has_its_words() {
    for (text, per_user) in [
        ("\"unlimited\"", PerUser::Unlimited),
        ("{ refuse_newest = 3 }", PerUser::RefuseNewest(3)),
        ("{ evict_oldest = 1 }", PerUser::EvictOldest(1)),
    ] {
        let config: Config = toml::from_str(&format!("[admission]\nper_user = {text}")).expect(text);
        assert_eq!(config.admission.per_user, per_user);
    }
    for (text, policy) in [
        ("\"drop_newest\"", Policy::DropNewest),
        ("{ \"conflate\": 7 }", Policy::Conflate(7)),
        ("\"disconnect\"", Policy::Disconnect),
    ] {
        let json = format!("{{ \"outbox\": {{ \"policy\": {text} }} }}");
        let config: Config = serde_json::from_str(&json).expect(text);
        assert_eq!(config.outbox.policy, policy);
        let again = serde_json::to_string(&config).expect("JSON can say it");
        assert_eq!(serde_json::from_str::<Config>(&again).ok(), Some(config));
    }
}

/// The error of a file, found by reading it or by validating the config.
fn wrong_in_toml(file: &str) -> String {
    let config: Config = match toml::from_str(file) {
        Ok(config) => config,
        Err(error) => return error.message().to_string(),
    };
    config.validate().expect_err(file).to_string()
}

/// A file, and what is wrong with it.
const WRONG: &[(&str, &str)] = &[
    (
        "[outbox]\nbytes = \"many\"",
        "config field `outbox.bytes`: invalid type: string \"many\", expected a whole number",
    ),
    (
        "[outbox]\nbytes = -1",
        "config field `outbox.bytes`: invalid value: integer `-1`, expected zero or more",
    ),
    (
        "[rooms]\nmembers = 5000000000",
        "config field `rooms.members`: invalid value: integer `5000000000`, expected at most 4294967295",
    ),
    (
        "[rooms]\nmembers = 1.5",
        "config field `rooms.members`: invalid type: floating point `1.5`, expected a whole number",
    ),
    (
        "[deadlines]\nping = 20",
        "config field `deadlines.ping`: invalid type: integer `20`, expected a duration as \"10s\", \"1m 30s\" or \
             \"250ms\"",
    ),
    (
        "[deadlines]\nclose = \"soon\"",
        "config field `deadlines.close`: invalid value: string \"soon\", expected a duration as \"10s\", \"1m 30s\" \
             or \"250ms\"",
    ),
    (
        "[inbound]\nmessages = 5",
        "config field `inbound.messages`: invalid type: integer `5`, expected a rate as { units = 30, per = \"1m\", \
             burst = 50 }",
    ),
    (
        "[inbound]\nmessages = { units = 5, per = \"x\" }",
        "config field `inbound.messages`: `per`: invalid value: string \"x\", expected a duration as \"10s\", \
             \"1m 30s\" or \"250ms\"",
    ),
    (
        "[inbound]\nover_rate = \"ignore\"",
        "config field `inbound.over_rate`: invalid value: string \"ignore\", expected one of \"drop\", \"pause\", \
             \"close\"",
    ),
    (
        "[admission]\nper_user = \"evict_oldest\"",
        "config field `admission.per_user`: invalid value: string \"evict_oldest\", expected one of \"unlimited\", \
             { refuse_newest = 1 }, { evict_oldest = 1 }",
    ),
    (
        "[admission]\nper_user = { evict_newest = 1 }",
        "config field `admission.per_user`: unknown variant `evict_newest`, expected one of `unlimited`, \
             `refuse_newest`, `evict_oldest`",
    ),
    (
        "[admission]\nper_user = { evict_oldest = \"x\" }",
        "config field `admission.per_user`: `evict_oldest`: invalid type: string \"x\", expected a whole number",
    ),
    (
        "[closes]\nidle = 4408",
        "config field `closes.idle`: invalid type: integer `4408`, expected a close code as { code = 4408, reason \
             = \"still there?\" }",
    ),
    ("closes.idle.reason = \"bye\"", "config field `closes.idle`: missing field `code`"),
    (
        "closes.idle.code = 70000",
        "config field `closes.idle`: `code`: invalid value: integer `70000`, expected at most 65535",
    ),
    (
        "closes.idle.code = 1006",
        "config field `closes.idle.code` is 1006: it must be 1000-1003, 1007-1014 or 3000-4999 to be sent in a close frame",
    ),
    ("rooms = 3", "invalid type: integer `3`, expected the table `rooms`"),
    (
        "[rooms]\nmember = 3",
        "there is no config field `rooms.member`: the fields here are `per_client`, `members`, `total`, `name_bytes`",
    ),
    (
        "[romms]\nmembers = 3",
        "there is no config field `romms`: the fields here are `admission`, `rooms`, `sessions`, `asks`, `outbox`, `history`, `presence`, `inbound`, `deadlines`, \
             `closes`, `websocket`, `hooks`, `drain`, `host`",
    ),
    ("[host]\nlanes = 3", "there is no config field `host.lanes`: the fields here are `capacity`"),
    (
        "[rooms]\nmembers = 0",
        "config field `rooms.members` is 0: it must be more than zero, or `None` for no limit (in a file \"none\")",
    ),
    (
        "[deadlines]\nping = \"1m\"",
        "config field `deadlines.pong` is 60s: it must be longer than `deadlines.ping`, which is 60s",
    ),
    (
        "[outbox]\npolicy = \"wait\"",
        "config field `outbox.policy` is `Wait`: it must be another policy, since `Wait` is for single publishes only",
    ),
];

#[test]
fn a_bad_file_is_told_which_field_is_wrong_and_what_it_must_be() {
    for (file, message) in WRONG {
        assert_eq!(wrong_in_toml(file), *message, "{file}");
    }
}

#[test]
fn a_bad_file_in_json_is_told_the_same_and_where() {
    let wrong = |json| serde_json::from_str::<Config>(json).expect_err(json).to_string();
    assert_eq!(
        wrong(r#"{"outbox": {"bytes": "many"}}"#),
        "config field `outbox.bytes`: invalid type: string \"many\", expected a whole number at line 1 column 27"
    );
    assert_eq!(
        wrong(r#"{"outbox": {"bytes": 1, "bytes": 2}}"#),
        "duplicate field `outbox.bytes` at line 1 column 31"
    );
}
