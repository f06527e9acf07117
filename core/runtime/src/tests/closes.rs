//! The application chooses the codes with which the hub closes clients.

use super::host::World;
use crate::Hub;
use throng_core::hub::{Cause, Config, ConfigError, Must};
use throng_core::{CloseCode, CloseFrame, Rate};

/// Each of the hub's causes has a code of its own, by its position.
fn numbered(cause: Cause) -> CloseFrame {
    let at = Cause::ALL.iter().position(|other| *other == cause).expect("it is one of them");
    CloseFrame::new(CloseCode(4000 + at as u16), format!("{cause:?}"))
}

fn is_numbered(config: &Config, but: &[(Cause, u16)]) {
    for (cause, close) in config.closes.iter() {
        let other = but.iter().find(|(other, _)| *other == cause).map(|(_, code)| CloseCode(*code));
        assert_eq!(close.code, other.unwrap_or(numbered(cause).code), "{cause:?}");
    }
}

#[test]
fn every_cause_is_mapped_when_the_hub_is_built() {
    let hub = Hub::builder().close_code(numbered).build().expect("codes that may be sent");
    is_numbered(&hub.config(), &[]);
    assert_eq!(&*hub.config().closes[Cause::NoAnswer].reason, "NoAnswer");
}

#[test]
fn a_mapping_that_leaves_everything_as_it_is_changes_nothing() {
    let hub = Hub::builder().close_code(CloseFrame::from).build().expect("the defaults");
    assert_eq!(hub.config().closes, Config::default().closes);
}

#[test]
fn what_the_config_says_goes_before_the_mapping() {
    let mut config = Config::default();
    config.closes[Cause::Idle] = CloseFrame::new(CloseCode(4999), "");
    let hub = Hub::builder().close_code(numbered).config(config).build().expect("codes that may be sent");
    is_numbered(&hub.config(), &[(Cause::Idle, 4999)]);
}

#[test]
fn another_config_is_mapped_too_and_may_say_otherwise() {
    let hub = Hub::builder().close_code(numbered).build().expect("codes that may be sent");
    hub.reconfigure(&Config::default()).expect("it can stand");
    is_numbered(&hub.config(), &[]);
    let mut config = hub.config();
    config.closes[Cause::ShutDown] = CloseFrame::new(CloseCode(1012), "a new version");
    hub.reconfigure(&config).expect("it can stand");
    is_numbered(&hub.config(), &[(Cause::ShutDown, 1012)]);
    config.closes[Cause::Draining].code = CloseCode::ABNORMAL;
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
