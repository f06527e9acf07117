//! Settings in files and their values.

use super::{At, Setting};
use crate::close::{CloseCode, CloseFrame};
use crate::hub::{
    Admission, Asks, Closes, Config, Deadlines, DrainPlan, EndedBy, Histories, History, Hooks, Host, Inbound,
    Lifetime, Outbox, OverRate, PerUser, Presence, Presences, Publishers, RoomConfig, Rooms,
    SecondConnection, Sessions, Websocket,
};
use crate::outbox::Policy;
use crate::rate::Rate;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::cell::Cell;
use core::time::Duration;
use serde::de::IntoDeserializer;
use serde::de::value::Error;

fn whole<'de, T: Setting, D: serde::Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    T::read(deserializer, At::whole(&Cell::new(false)))
}

fn read<T: Setting>(text: &str) -> Result<T, String> {
    whole(text.into_deserializer()).map_err(|error: Error| error.to_string())
}

fn written<T: Setting>(value: &T) -> String {
    let mut json = serde_json::Serializer::new(Vec::new());
    value.write(&mut json).expect("JSON can say it");
    String::from_utf8(json.into_inner()).expect("it is text")
}

#[test]
fn a_duration_is_a_sum_of_numbers_with_units() {
    let cases = [
        ("10s", Duration::from_secs(10)),
        ("250ms", Duration::from_millis(250)),
        ("1m30s", Duration::from_secs(90)),
        (" 1d 2h  3m 4s 5ms 6us 7ns ", Duration::new(93_784, 5_006_007)),
        ("90m", Duration::from_secs(5400)),
        ("30s 1m", Duration::from_secs(90)),
        ("0s", Duration::ZERO),
        ("18446744073709551615s 999999999ns", Duration::MAX),
    ];
    for (text, duration) in cases {
        assert_eq!(read(text), Ok(duration), "{text:?}");
    }
}

#[test]
fn what_is_no_duration_is_refused() {
    let cases = [
        "",
        " ",
        "s",
        "10",
        "10 s",
        "1.5s",
        "-1s",
        "10x",
        "10sec",
        "1m 30",
        "٣s",
        "1s,2s",
        "18446744073709551616s",
        "18446744073709551615s 1s",
        "340282366920938463463374607431768211456ns",
    ];
    for text in cases {
        let refused = read::<Duration>(text);
        let expected = "expected a duration as \"10s\", \"1m 30s\" or \"250ms\"";
        assert_eq!(refused, Err(format!("invalid value: string {text:?}, {expected}")));
    }
}

#[test]
fn a_duration_is_read_as_it_is_written() {
    let cases = [
        (Duration::ZERO, "0s"),
        (Duration::from_secs(10), "10s"),
        (Duration::from_secs(90), "1m 30s"),
        (Duration::from_millis(86_400_250), "1d 250ms"),
        (Duration::from_nanos(1), "1ns"),
        (Duration::MAX, "213503982334601d 7h 15s 999ms 999us 999ns"),
    ];
    for (duration, text) in cases {
        assert_eq!(written(&duration), format!("{text:?}"));
        assert_eq!(read(text), Ok(duration));
    }
}

#[test]
fn a_number_is_whole_and_fits() {
    fn number(json: &str) -> Result<u32, String> {
        whole(&mut serde_json::Deserializer::from_str(json)).map_err(|error| error.to_string())
    }
    assert_eq!(number("4294967295"), Ok(u32::MAX));
    assert_eq!(whole(u64::MAX.into_deserializer()), Ok::<_, Error>(u64::MAX));
    for (json, message) in [
        ("4294967296", "invalid value: integer `4294967296`, expected at most 4294967295"),
        ("-1", "invalid value: integer `-1`, expected zero or more"),
        ("1.5", "invalid type: floating point `1.5`, expected a whole number"),
        ("true", "invalid type: boolean `true`, expected a whole number"),
        ("\"1\"", "invalid type: string \"1\", expected a whole number"),
    ] {
        let refused = number(json).expect_err(json);
        assert!(refused.starts_with(message), "{refused}");
    }
}

#[test]
fn none_is_a_word_or_null() {
    type Ping = Option<Duration>;
    assert_eq!(read::<Ping>("none"), Ok(None));
    assert_eq!(read::<Ping>("5s"), Ok(Some(Duration::from_secs(5))));
    assert_eq!(whole::<Ping, _>(().into_deserializer()), Ok::<_, Error>(None));
    assert_eq!(whole::<Ping, _>(&mut serde_json::Deserializer::from_str("null")).ok(), Some(None));
    assert_eq!(written(&None::<Duration>), "\"none\"");
    assert!(read::<Ping>("None").is_err());
}

#[test]
fn a_rate_is_a_table_whose_time_and_burst_may_be_missing() {
    fn read(json: &str) -> Result<Rate, String> {
        whole(&mut serde_json::Deserializer::from_str(json)).map_err(|error| error.to_string())
    }
    let minute = Duration::from_secs(60);
    for (json, rate) in [
        (r#"{"units": 30}"#, Rate::per_second(30)),
        (r#"{"units": 30, "burst": 90}"#, Rate::per_second(30).burst(90)),
        (r#"{"burst": 5, "per": "1m", "units": 30}"#, Rate::per(30, minute).burst(5)),
    ] {
        assert_eq!(read(json), Ok(rate));
        assert_eq!(read(&written(&rate)), Ok(rate), "as it is written");
    }
    for (json, message) in [
        (r#"{"burst": 5}"#, "missing field `units`"),
        (r#"{"units": "x"}"#, "`units`: invalid type: string \"x\", expected a whole number"),
        (r#"{"units": 5, "per": 1}"#, "`per`: invalid type: integer `1`, expected a duration"),
        (r#"{"units": 5, "units": 6}"#, "duplicate field `units`"),
        (r#"{"per_second": 5}"#, "unknown field `per_second`, expected one of `units`, `per`, `burst`"),
        ("5", "invalid type: integer `5`, expected a rate as { units = 30, per = \"1m\", burst = 50 }"),
    ] {
        let refused = read(json).expect_err(json);
        assert!(refused.starts_with(message), "{refused}");
    }
}

/// Settings of an application that contain parts of a hub's config.
#[derive(serde::Deserialize, serde::Serialize, PartialEq, Debug)]
struct Mine {
    votes: Rate,
    tabs: PerUser,
    fast: OverRate,
    slow: Policy,
    bye: CloseFrame,
    kicked: CloseCode,
    stage: RoomConfig,
    deadlines: Deadlines,
}

const MINE: &str = r#"
    votes = { units = 3, per = "1m" }
    tabs = { refuse_newest = 2 }
    fast = "close"
    slow = { conflate = 7 }
    bye = { code = 4000, reason = "bye" }
    kicked = 4001
    stage = { members = 9, publishers = "application", policy = { conflate = 1 }, lifetime = "kept", history = { messages = 50 }, presence = { tick = "1s" } }
    [deadlines]
    ping = "20s"
"#;

#[test]
fn each_part_of_a_config_is_read_by_itself_as_it_is_written() {
    let mine: Mine = toml::from_str(MINE).expect("it is as people write it");
    let deadlines = Deadlines { ping: Some(Duration::from_secs(20)), ..Deadlines::default() };
    let stage = RoomConfig {
        members: Some(9),
        publishers: Publishers::Application,
        policy: Some(Policy::Conflate(1)),
        lifetime: Lifetime::Kept,
        history: Some(History { messages: 50, ..History::default() }),
        presence: Some(Presence { tick: Duration::from_secs(1), ..Presence::default() }),
    };
    let expected = Mine {
        votes: Rate::per(3, Duration::from_secs(60)),
        tabs: PerUser::RefuseNewest(2),
        fast: OverRate::Close,
        slow: Policy::Conflate(7),
        bye: CloseFrame { code: CloseCode(4000), reason: "bye".into() },
        kicked: CloseCode(4001),
        stage,
        deadlines,
    };
    assert_eq!(mine, expected);
    let written = serde_json::to_string(&mine).expect("JSON can say it");
    assert_eq!(serde_json::from_str::<Mine>(&written).ok(), Some(expected));
}

#[test]
fn a_part_that_is_wrong_says_what_is_wrong_with_it() {
    for (right, wrong, message) in [
        ("units = 3", "units = \"x\"", "`units`: invalid type: string \"x\", expected a whole number"),
        ("per = \"1m\"", "per = 60", "`per`: invalid type: integer `60`, expected a duration"),
        ("per = ", "every = ", "unknown field `every`, expected one of `units`, `per`, `burst`"),
        ("refuse_newest", "refuse_all", "unknown variant `refuse_all`"),
        (
            "\"close\"",
            "\"kill\"",
            "invalid value: string \"kill\", expected one of \"drop\", \"pause\", \"close\"",
        ),
        (
            "members = 9",
            "members = -9",
            "config field `members`: invalid value: integer `-9`, expected zero or more",
        ),
        (
            "\"kept\"",
            "\"for ever\"",
            "config field `lifetime`: invalid value: string \"for ever\", expected one of",
        ),
        ("= 4001", "= 70000", "invalid value: integer `70000`, expected at most 65535"),
        (
            "ping = \"20s\"",
            "ping = 20",
            "config field `deadlines.ping`: invalid type: integer `20`, expected a duration",
        ),
        (
            "ping = \"20s\"",
            "pings = \"20s\"",
            "there is no config field `deadlines.pings`: the fields here are",
        ),
    ] {
        let text = MINE.replace(right, wrong);
        assert_ne!(text, MINE);
        let error = toml::from_str::<Mine>(&text).expect_err(wrong).to_string();
        assert!(error.contains(message), "{error}");
    }
}

#[test]
fn what_is_wrong_is_shown_where_it_stands_though_the_config_is_a_part_of_a_larger_file() {
    #[derive(serde::Deserialize, Debug)]
    struct File {
        #[serde(rename = "hub")]
        _hub: Config,
    }

    for (table, line) in [
        ("outbox", "bytes = \"many\""),
        ("outbox", "bytes = -1"),
        ("outbox", "bites = 1"),
        ("deadlines", "close = \"soon\""),
        ("admission", "per_user = \"evict_oldest\""),
        ("inbound", "messages.units = \"x\""),
        ("inbound", "messages.every = \"1s\""),
        ("closes", "idle.code = 70000"),
        ("closes", "idle.text = \"bye\""),
        ("outbox", "policy.conflate = \"x\""),
        ("outbox", "policy.keep = 1"),
    ] {
        let (wrong, _) = line.split_once([' ', '.']).expect("a field and its value");
        let text = format!("[hub.rooms]\nmembers = 9\n\n[hub.{table}]\n{line}\n");
        let error = toml::from_str::<File>(&text).expect_err(line);
        let place = error.span().expect("it has a place");
        let begin = text.find(line).expect("the line is there");
        assert!(begin <= place.start && place.end <= begin + line.len(), "{error}");
        let said = error.message();
        assert!(said.contains(&format!("`{table}.{wrong}`")), "{said}");
    }
}

/// Reads a value that was written by itself.
fn again<T: serde::Serialize + serde::de::DeserializeOwned>(value: &T) -> T {
    let text = serde_json::to_string(value).expect("JSON can say it");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// A table is read as it is written, one without fields is the default, and a field that is not there is named.
fn is_a_table<T>(prefix: &str)
where
    T: Default + PartialEq + core::fmt::Debug + serde::Serialize + serde::de::DeserializeOwned,
{
    assert_eq!(again(&T::default()), T::default());
    assert_eq!(serde_json::from_str::<T>("{}").ok(), Some(T::default()));
    let error = serde_json::from_str::<T>(r#"{"nothing": 1}"#).expect_err(prefix).to_string();
    assert!(error.contains(&format!("`{prefix}nothing`")), "{error}");
}

#[test]
fn each_table_and_each_choice_is_read_by_itself() {
    is_a_table::<Config>("");
    is_a_table::<Admission>("admission.");
    is_a_table::<Rooms>("rooms.");
    is_a_table::<Sessions>("sessions.");
    is_a_table::<Asks>("asks.");
    is_a_table::<Outbox>("outbox.");
    is_a_table::<Inbound>("inbound.");
    is_a_table::<Deadlines>("deadlines.");
    is_a_table::<Closes>("closes.");
    is_a_table::<Websocket>("websocket.");
    is_a_table::<Hooks>("hooks.");
    is_a_table::<DrainPlan>("drain.");
    is_a_table::<Host>("host.");
    is_a_table::<Histories>("history.");
    is_a_table::<Presences>("presence.");
    is_a_table::<RoomConfig>("");
    is_a_table::<History>("");
    is_a_table::<Presence>("");
    for value in [Publishers::Anybody, Publishers::Members, Publishers::Application] {
        assert_eq!(again(&value), value);
    }
    for value in [Lifetime::Members, Lifetime::Kept] {
        assert_eq!(again(&value), value);
    }
    for value in [PerUser::Unlimited, PerUser::RefuseNewest(3), PerUser::EvictOldest(3)] {
        assert_eq!(again(&value), value);
    }
    for value in [OverRate::Drop, OverRate::Pause, OverRate::Close] {
        assert_eq!(again(&value), value);
    }
    for value in [EndedBy::AnyClose, EndedBy::NormalClose, EndedBy::NoClose] {
        assert_eq!(again(&value), value);
    }
    for value in [SecondConnection::TakesOver, SecondConnection::Refused] {
        assert_eq!(again(&value), value);
    }
    for value in
        [Policy::DropNewest, Policy::DropOldest, Policy::Conflate(7), Policy::Disconnect, Policy::Wait]
    {
        assert_eq!(again(&value), value);
    }
}
