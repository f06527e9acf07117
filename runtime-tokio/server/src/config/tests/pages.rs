//! The pages for the browser: where they are on by themselves, and what the API shows of the config.

use super::of_file;
use crate::config::hub_keys::HUB_KEYS;
use crate::config::keys::KEYS;
use crate::config::load::{Loaded, Origin, load};
use crate::config::{Config, listed};

#[test]
fn the_demo_and_the_admin_page_are_on_by_themselves_only_where_the_program_is_tried() {
    let of_flags = |flags: &[(&str, &str)]| {
        let flag = |(key, value): &(&str, &str)| ((*key).into(), (*value).into(), "--set".into());
        let origin = Origin { flags: flags.iter().map(flag).collect(), ..Origin::default() };
        let Loaded { config, notices, .. } = load(&origin).unwrap();
        (config.has_demo(), config.has_admin(), notices)
    };
    assert_eq!(of_flags(&[]), (true, true, vec![]));
    for loopback in ["127.0.0.1:1", "127.8.8.8:1", "[::1]:1", "localhost:1", "[::ffff:127.0.0.1]:1"] {
        assert_eq!(of_flags(&[("listen", loopback)]), (true, true, vec![]), "{loopback}");
    }
    for public in [":1", "0.0.0.0:1", "[::]:1", "192.0.2.1:1", "localhost.example:1"] {
        assert_eq!(of_flags(&[("listen", public)]), (false, false, vec![]), "{public}");
    }
    assert_eq!(of_flags(&[("wshub.enabled", "true")]), (false, false, vec![]));
    assert_eq!(of_flags(&[("demo.enabled", "false"), ("admin.enabled", "false")]), (false, false, vec![]));
    let key = ("admin.key", "correct horse");
    assert_eq!(of_flags(&[("listen", ":1"), key]), (false, true, vec![]));
    assert_eq!(of_flags(&[("listen", ":1"), key, ("admin.enabled", "false")]), (false, false, vec![]));
    let (demo, admin, notices) = of_flags(&[("listen", ":1"), ("demo.enabled", "true")]);
    assert!(demo && !admin && notices[0].contains("open to everybody who reaches :1"), "{notices:?}");
    let loaded = of_file("throng.yaml", "listen: 127.0.0.1:1").unwrap();
    assert!(!loaded.config.has_demo() && !loaded.config.has_admin());
}

#[test]
fn the_demo_sets_what_it_needs_and_leaves_what_the_operator_has_set() {
    let hub = Config { has_file: false, ..Config::default() }.hub();
    assert_eq!(hub.sessions.grace, Some(std::time::Duration::from_secs(30)));
    assert_eq!(hub.history.by_prefix.keys().collect::<Vec<_>>(), ["demo:"]);
    let hub = Config { has_file: true, ..Config::default() }.hub();
    assert!(hub.sessions.grace.is_none() && hub.history.by_prefix.is_empty());
    let text = "demo: { enabled: true }\nhub: { sessions: { grace: 5s }, history: { by_prefix: { 'demo:': { messages: 3 } } } }";
    let hub = of_file("throng.yaml", text).unwrap().config.hub();
    assert_eq!(hub.sessions.grace, Some(std::time::Duration::from_secs(5)));
    assert_eq!(hub.history.by_prefix["demo:"].messages, 3);
}

#[test]
fn the_list_of_the_config_in_force_shows_every_key_and_no_secret() {
    let text = "api: { keys: [hunter2] }\nadmin: { key: hunter2hunter2 }\npages: { key: hunter2 }\nauth: { secret: hunter2 }\n\
        cluster: { broker: 'redis://:hunter2@localhost' }\nwshub: { redis: { password: hunter2 } }\nhub: { rooms: { members: 7 } }";
    let keys = listed(&of_file("throng.yaml", text).unwrap().config);
    assert!(!serde_json::to_string(&keys).unwrap().contains("hunter2"), "{keys:?}");
    let of = |path: &str| keys.iter().find(|key| key["key"] == path).unwrap_or_else(|| panic!("{path}"));
    assert_eq!(
        (&of("api.keys")["value"], &of("api.keys")["is_default"]),
        (&serde_json::json!(["***"]), &false.into())
    );
    assert_eq!(
        (&of("hub.rooms.members")["value"], &of("hub.rooms.members")["is_default"]),
        (&7.into(), &false.into())
    );
    assert_eq!(of("metrics.enabled")["is_default"], true);
    assert!(keys.len() == KEYS.len() + HUB_KEYS.len());
}
