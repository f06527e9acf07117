//! Every cause for which the hub closes has the code and the reason of the application's choosing.

use std::io::Write;
use std::time::Duration;

use throng_core::hub::{Cause, Config, OverRate, Policy};
use throng_core::{CloseCode, CloseFrame, ClosedBy, Rate};
use throng_runtime::Builder;
use throng_tests::raw::{Closed, Connect, PONG, Raw, close, frame};
use throng_tests::server::{Server, listener};
use throng_tests::wait::eventually;

use crate::behaviours::hub::draining::{LONG, over};
use crate::behaviours::peer::run;
use crate::hosts::Host;

const SMALL: usize = 32 << 10;

fn own(cause: Cause) -> u16 {
    match cause {
        Cause::Idle => 4001,
        Cause::OverRate => 4002,
        Cause::Controls => 4003,
        Cause::TooSlow => 4004,
        Cause::NoAnswer => 4005,
        Cause::Draining => 4006,
        Cause::ShutDown => 4007,
        Cause::IdleInbound => 4008,
        _ => 4000,
    }
}

fn mapped(builder: Builder) -> Builder {
    builder.close_code(|cause| CloseFrame::new(CloseCode(own(cause)), format!("it was {cause:?}")))
}

/// The peer hears the application's code and reason, and the application is told the same.
fn is_closed_for(server: &Server, mut raw: Raw, cause: Cause) {
    let said = Closed { code: own(cause), reason: format!("it was {cause:?}") };
    assert_eq!(raw.closed(), said);
    raw.send(&close(said.code, ""));
    raw.ended();
    let is_it = |end: &throng_runtime::Disconnected| {
        let reason = end.reason.as_deref() == Some(&*said.reason);
        (end.code, end.by, reason) == (CloseCode(said.code), ClosedBy::Hub, true)
    };
    eventually("the application is told the same", || server.told.ended().iter().any(|(_, end)| is_it(end)));
}

pub(crate) fn whoever_the_hub_closes_hears_the_code_of_the_applications_choosing(host: &Host) {
    let change = |config: &mut Config| {
        config.inbound.messages = Some(Rate::per_second(1));
        config.inbound.over_rate = OverRate::Close;
        config.inbound.control = Some(Rate::per_second(1));
        config.outbox.policy = Policy::Disconnect;
    };
    let server = host.server_on(listener(Some(SMALL)), change, mapped);
    let mut raw = server.open("/sink");
    (0..2).for_each(|_| raw.say("more"));
    is_closed_for(&server, raw, Cause::OverRate);
    let raw = server.open("/sink");
    let _ = raw.writer().write_all(&frame(PONG, &[]).repeat(2));
    is_closed_for(&server, raw, Cause::Controls);
    let slow = server.open_by(Connect { receive_buffer: Some(SMALL), ..Connect::default() }, "/ws");
    eventually("it is a member", || server.hub.member_count("ws") == 1);
    let message = vec![7; 64 << 10];
    eventually("it is closed", || server.hub.send_to_room("ws", &message[..]).is_err());
    is_closed_for(&server, slow, Cause::TooSlow);
    let raw = server.open("/sink");
    run(async {
        let draining = tokio::spawn(server.hub.drain(over(Duration::ZERO), LONG));
        is_closed_for(&server, raw, Cause::Draining);
        draining.await.expect("no panic").expect("it is done in time");
    });
    let stats = server.hub.stats();
    assert_eq!((stats.policy_violations, stats.too_slow, stats.ended_by_hub), (2, 1, 4));
}

pub(crate) fn so_do_those_who_are_idle_or_wait_for_the_application_or_are_shut_down(host: &Host) {
    let idle = |config: &mut Config| config.deadlines.idle = Some(Duration::from_millis(200));
    let server = host.server_on(listener(None), idle, mapped);
    let raw = server.open("/ws");
    is_closed_for(&server, raw, Cause::Idle);
    assert_eq!(server.hub.stats().idle_timeouts, 1);
    let mute = |config: &mut Config| config.deadlines.idle_inbound = Some(Duration::from_millis(300));
    let server = host.server_on(listener(None), mute, mapped);
    let raw = server.open("/ws");
    eventually("it is a member", || server.hub.member_count("ws") == 1);
    server.hub.send_to_room("ws", "news").expect("it is there");
    let mut raw = raw;
    assert_eq!(raw.message(), b"news");
    is_closed_for(&server, raw, Cause::IdleInbound);
    assert_eq!(server.hub.stats().idle_inbound_timeouts, 1);
    let hasty = |config: &mut Config| {
        config.deadlines.ping = None;
        config.deadlines.pong = Some(Duration::from_millis(300));
        config.deadlines.close = Duration::from_millis(300);
    };
    let server = host.server_on(listener(None), hasty, mapped);
    let mut raw = server.open("/hang");
    raw.say("go");
    is_closed_for(&server, raw, Cause::NoAnswer);
    assert_eq!(server.hub.stats().handler_failures, 1);
    let server = host.server_on(listener(None), |_| {}, mapped);
    let raw = server.open("/ws");
    server.hub.shutdown();
    is_closed_for(&server, raw, Cause::ShutDown);
}
