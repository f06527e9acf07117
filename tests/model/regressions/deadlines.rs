//! What is due, and in which order.

use super::*;

/// Traffic brought its deadline nearer, and no timer was set to that.
#[test]
fn who_was_idle_when_the_drain_began_keeps_its_moment() {
    let ops = [
        Op::Admit { user: 0 },
        Op::Admit { user: 0 },
        Op::Pass { millis: 12 },
        Op::Drain { idle: 1, spread: 11 },
        Op::Timeout,
        Op::Publish { to: vec![One(Client(1))], except: vec![], size: Bytes(0), full: AsConfigured },
    ];
    holds(&Limits { seed: 95821705888, ..Limits::default() }, &ops);
}

/// Its timer was set to a deadline that was then put off, and took its place behind others when it fired.
#[test]
fn who_comes_just_after_a_standstill_waits_in_its_place() {
    let limits =
        Limits { handshake: 1, close: 1, standstill: 66, seed: 1544983847671479738, ..Limits::default() };
    let ops = [
        Op::Admit { user: 0 },
        Op::Close { who: Client(0), code: 0, reason: 0, how: AfterFlush },
        Op::Pass { millis: 68 },
        Op::Accept { address: 0, lane: 2 },
        Op::Accept { address: 0, lane: 0 },
        Op::Pass { millis: 2 },
    ];
    holds(&limits, &ops);
}

/// What a client loses its connection for and its expiry come in one event: it goes away and ends, and its connection is to be
/// ended, too, while the application has heard only that it went away.
mod who_goes_away_at_its_expiry_ends {
    use super::*;

    #[test]
    fn after_its_transport_stood_still() {
        let limits = Limits {
            messages: 1,
            bytes: 114,
            handshake: 1,
            write: 1,
            close: 1,
            named: true,
            expiry_notice: Some(40),
            grace: Some(1),
            ended_by: EndedBy::AnyClose,
            second: SecondConnection::TakesOver,
            ..Limits::default()
        };
        let ops = [
            Op::Arrive { address: 1, user: 0, session: 1 },
            Op::Publish { to: vec![Everybody], except: vec![], size: Bytes(20), full: AsConfigured },
            Op::TransmitReady { lane: 0, connections: 9, budget: 255 },
            Op::Transmitted {
                results: vec![Returned { who: Leased(0), through: Its, wrote: Part(0, 0), then: Fails }],
            },
            Op::SetExpiry { who: Client(0), after: 0, code: 0 },
            Op::Pass { millis: 1 },
            Op::Timeout,
        ];
        holds(&limits, &ops);
    }

    #[test]
    fn after_it_was_silent() {
        let limits = Limits {
            handshake: 1,
            pong: Some(1),
            write: 1,
            close: 1,
            named: true,
            expiry_notice: Some(40),
            grace: Some(1),
            ..Limits::default()
        };
        let ops = [
            Op::Arrive { address: 0, user: 0, session: 1 },
            Op::SetExpiry { who: Client(0), after: 0, code: 0 },
            Op::Pass { millis: 1 },
            Op::TimeoutWhenDue,
        ];
        holds(&limits, &ops);
    }
}
