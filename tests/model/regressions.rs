//! Cases that failed once, as they were printed; each with the name of what was wrong.

use super::outcome;
use throng_tests::model::{Full::*, Limits, Op, Size::*, To::*, Who::*};

fn holds(limits: &Limits, ops: &[Op]) {
    assert_eq!(outcome(limits, ops), Ok(()));
}

#[test]
fn a_message_reaches_whoever_is_in_the_room() {
    let ops = [
        Op::Admit { user: 0 },
        Op::Admit { user: 1 },
        Op::Join { who: Client(1), room: 0 },
        Op::Publish {
            to: vec![Room(0), Everybody],
            except: vec![Client(0)],
            size: Bytes(3),
            full: AsConfigured,
        },
        Op::TransmitReady { lane: 0, clients: 9, budget: 99 },
    ];
    holds(&Limits::default(), &ops);
}

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
