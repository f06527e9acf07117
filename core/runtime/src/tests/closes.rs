//! The application chooses the codes with which the hub closes clients.

use super::host::World;
use crate::{Cause, Hub, Rejection};
use throng_core::CloseCode;
use throng_core::hub::{Config, ConfigError, Farewell, Must};
use throng_core::rate::Rate;

/// Each of the hub's causes has a code of its own, by its position.
fn numbered(cause: Cause) -> Rejection {
    let at = [
        Cause::Evicted,
        Cause::Idle,
        Cause::IdleInbound,
        Cause::OverRate,
        Cause::Controls,
        Cause::TooSlow,
        Cause::NoAnswer,
        Cause::Draining,
        Cause::ShutDown,
    ]
    .iter()
    .position(|of_hub| *of_hub == cause);
    at.map_or_else(
        || cause.rejection(),
        |at| Rejection::new(CloseCode(4000 + at as u16), format!("{cause:?}")),
    )
}

fn codes(config: &Config) -> [u16; 9] {
    let closes = &config.closes;
    let all = [
        &closes.evicted,
        &closes.idle,
        &closes.idle_inbound,
        &closes.over_rate,
        &closes.controls,
        &closes.too_slow,
        &closes.no_answer,
        &closes.draining,
        &closes.shut_down,
    ];
    all.map(|farewell| farewell.code.0)
}

#[test]
fn every_cause_of_the_hubs_is_mapped_when_it_is_built() {
    let hub = Hub::builder().close_code(numbered).build().expect("codes that may be sent");
    assert_eq!(codes(&hub.config()), [4000, 4001, 4002, 4003, 4004, 4005, 4006, 4007, 4008]);
    assert_eq!(&*hub.config().closes.no_answer.reason, "NoAnswer");
}

#[test]
fn a_mapping_that_leaves_everything_as_it_is_changes_nothing() {
    let hub = Hub::builder().close_code(Cause::rejection).build().expect("the defaults");
    assert_eq!(hub.config().closes, Config::default().closes);
}

#[test]
fn what_the_config_says_goes_before_the_mapping() {
    let mut config = Config::default();
    config.closes.idle = Farewell::new(CloseCode(4999), "");
    let hub = Hub::builder().close_code(numbered).config(config).build().expect("codes that may be sent");
    assert_eq!(codes(&hub.config()), [4000, 4999, 4002, 4003, 4004, 4005, 4006, 4007, 4008]);
}

#[test]
fn another_config_is_mapped_too_and_may_say_otherwise() {
    let hub = Hub::builder().close_code(numbered).build().expect("codes that may be sent");
    hub.reconfigure(&Config::default()).expect("it can stand");
    assert_eq!(codes(&hub.config()), [4000, 4001, 4002, 4003, 4004, 4005, 4006, 4007, 4008]);
    let mut config = hub.config();
    config.closes.shut_down = Farewell::new(CloseCode(1012), "a new version");
    hub.reconfigure(&config).expect("it can stand");
    assert_eq!(codes(&hub.config()), [4000, 4001, 4002, 4003, 4004, 4005, 4006, 4007, 1012]);
    config.closes.draining.code = CloseCode::ABNORMAL;
    let refused = ConfigError { field: "closes.draining.code", value: 1006, must: Must::BeACloseCode };
    assert_eq!(hub.reconfigure(&config), Err(refused));
}

#[test]
fn a_mapping_that_panics_leaves_the_codes_as_they_are() {
    let hub = Hub::builder().close_code(|_| panic!("no idea")).build().expect("the defaults");
    assert_eq!(hub.config().closes, Config::default().closes);
}

#[test]
fn peers_hear_the_code_and_it_counts_as_what_it_is() {
    let mut config = Config::default();
    config.inbound.control = Some(Rate::per_second(1));
    let mut world = World::new(Hub::builder().config(config).close_code(numbered));
    let (flood, calm) = (world.connect(), world.connect());
    for _ in 0..2 {
        flood.push(&[0x8a, 0x80, 0, 0, 0, 0]);
    }
    world.run();
    assert_eq!(flood.texts(), ["closed Some(4004)"]);
    assert_eq!(world.hub.stats().policy_violations, 1);
    world.hub.shutdown();
    world.run();
    assert_eq!(calm.texts(), ["closed Some(4008)"]);
}
