//! The config.

use super::*;

#[test]
fn the_default_is_valid() {
    assert_eq!(Config::default().validate(), Ok(()));
}

type Change = fn(&mut Config);

const INVALID: &[(Change, &str)] = &[
    (
        |config| config.prefix = "".into(),
        "config field `cluster.prefix` is a text of 0 bytes: it must be 1 to 32 ASCII letters, digits, '-', '_' and, between others, '.'",
    ),
    (
        |config| config.prefix = "a b".into(),
        "config field `cluster.prefix` is a text of 3 bytes: it must be 1 to 32 ASCII letters, digits, '-', '_' and, between others, '.'",
    ),
    (
        |config| config.prefix = "x".repeat(33).into(),
        "config field `cluster.prefix` is a text of 33 bytes: it must be 1 to 32 ASCII letters, digits, '-', '_' and, between others, '.'",
    ),
    (
        |config| config.message_bytes = 0,
        "config field `cluster.message_bytes` is 0: it must be more than zero",
    ),
    (
        |config| config.message_bytes = u32::MAX,
        "config field `cluster.message_bytes` is 4294967295: it must be at most 268435456",
    ),
    (
        |config| config.queue_bytes = 1 << 20,
        "config field `cluster.queue_bytes` is 1048576: it must be at least 1048704, to hold what `cluster.message_bytes` allows",
    ),
    (|config| config.except = 65_536, "config field `cluster.except` is 65536: it must be at most 65535"),
    (
        |config| config.name_bytes = 65_536,
        "config field `cluster.name_bytes` is 65536: it must be at most 65535",
    ),
    (|config| config.name_bytes = 0, "config field `cluster.name_bytes` is 0: it must be more than zero"),
    (|config| config.batch = 0, "config field `cluster.batch` is 0: it must be more than zero"),
    (|config| config.actions = 0, "config field `cluster.actions` is 0: it must be more than zero"),
    (|config| config.nodes = 0, "config field `cluster.nodes` is 0: it must be more than zero"),
    (
        |config| config.published_streams = 0,
        "config field `cluster.published_streams` is 0: it must be more than zero",
    ),
    (
        |config| config.connect = Duration::ZERO,
        "config field `cluster.connect` is 0: it must be more than zero",
    ),
    (
        |config| config.backoff = Duration::ZERO,
        "config field `cluster.backoff` is 0: it must be more than zero",
    ),
    (|config| config.probe = Duration::ZERO, "config field `cluster.probe` is 0: it must be more than zero"),
    (|config| config.proof = Duration::ZERO, "config field `cluster.proof` is 0: it must be more than zero"),
    (
        |config| config.heartbeat = Duration::ZERO,
        "config field `cluster.heartbeat` is 0: it must be more than zero",
    ),
    (
        |config| config.tail = Some(Duration::ZERO),
        "config field `cluster.tail` is 0: it must be more than zero",
    ),
    (
        |config| config.answer = Duration::ZERO,
        "config field `cluster.answer` is 0: it must be more than zero",
    ),
    (
        |config| config.standstill = Duration::ZERO,
        "config field `cluster.standstill` is 0: it must be more than zero",
    ),
    (
        |config| config.backoff_max = Duration::from_millis(99),
        "config field `cluster.backoff_max` is 99ms: it must be at least 100ms, because of `cluster.backoff`",
    ),
    (
        |config| config.forget = 14 * SECOND,
        "config field `cluster.forget` is 14s: it must be at least 15s, because of `cluster.heartbeat`",
    ),
];

#[test]
fn an_invalid_field_is_named_with_its_value_and_the_rule() {
    for (change, expected) in INVALID {
        let mut config = Config::default();
        change(&mut config);
        let error = Cluster::new(config, identity("a", 1), Instant::ORIGIN).unwrap_err();
        assert_eq!(error.to_string(), *expected);
    }
}

#[test]
fn zero_is_allowed_where_it_means_none() {
    let mut config = Config::default();
    (config.except, config.topics, config.questions, config.received_streams) = (0, 0, 0, 0);
    (config.linger, config.goodbye, config.tail) = (Duration::ZERO, Duration::ZERO, None);
    assert_eq!(config.validate(), Ok(()));
}

#[cfg(feature = "serde")]
#[test]
fn a_config_is_read_from_a_file_and_written() {
    let text = "prefix = \"chat\"\nheartbeat = \"2s\"\ntail = \"none\"\n";
    let config: Config = toml::from_str(text).unwrap();
    let expected = Config { prefix: "chat".into(), heartbeat: 2 * SECOND, tail: None, ..Config::default() };
    assert_eq!(config, expected);
    let written = toml::to_string(&config).unwrap();
    assert_eq!(toml::from_str::<Config>(&written).unwrap(), config);
    let error = toml::from_str::<Config>("hartbeat = \"2s\"").unwrap_err().to_string();
    assert!(error.contains("cluster.hartbeat"), "{error}");
    let error = toml::from_str::<Config>("nodes = \"many\"").unwrap_err().to_string();
    assert!(error.contains("cluster.nodes"), "{error}");
}
