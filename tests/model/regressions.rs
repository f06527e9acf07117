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
