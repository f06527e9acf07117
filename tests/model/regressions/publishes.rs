//! Whom a message reaches, and in which order.

use super::*;

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
        Op::TransmitReady { lane: 0, connections: 9, budget: 99 },
    ];
    holds(&Limits::default(), &ops);
}

/// So many by four targets are more than 256: who gets it waits among many.
#[test]
fn everybody_four_times_is_many() {
    let mut ops = vec![Op::Admit { user: 0 }; 65];
    let to = vec![Everybody; 4];
    let publish = Op::Publish { to, except: vec![Client(3)], size: Bytes(1), full: AsConfigured };
    let direct = Op::Publish { to: vec![One(Client(3))], except: vec![], size: Bytes(1), full: AsConfigured };
    ops.extend([publish, direct]);
    ops.extend([Op::TransmitReady { lane: 0, connections: 3, budget: 99 }, Op::PollReady]);
    holds(&Limits::default(), &ops);
}

#[test]
fn those_who_are_slow_end_one_by_one_whatever_happens_meanwhile() {
    let limits = Limits { messages: 1, policy: Policy::Disconnect, slice: 1, ..Limits::default() };
    let mut before = vec![Op::Admit { user: 1 }; 7];
    before.extend((0..7).map(|n| Op::Join { who: Client(n), room: 0 }));
    let everybody = Op::Publish { to: vec![Everybody], except: vec![], size: Bytes(3), full: AsConfigured };
    before.extend([
        everybody.clone(),
        Op::TransmitReady { lane: 0, connections: 2, budget: 1 },
        everybody.clone(),
    ]);
    // Six are marked now; the first has ended.
    let meanwhile = [
        Op::Gone { on: Of(Anybody(3)) },
        Op::PeerClose { on: Of(Anybody(4)), code: 1, reason: 2 },
        Op::HalfClose { on: Of(Anybody(4)) },
        Op::Transmitted {
            results: vec![Returned { who: Leased(0), through: Its, wrote: Whole, then: Fails }],
        },
        Op::Transmitted {
            results: vec![Returned { who: Leased(1), through: Its, wrote: Part(0, 1), then: Blocks }],
        },
        Op::Close { who: Anybody(5), code: 0, reason: 0, how: AtOnce },
        Op::Join { who: Anybody(5), room: 1 },
        Op::Publish { to: vec![Room(0), User(1)], except: vec![], size: Bytes(3), full: DropOldest },
        Op::Admit { user: 1 },
        Op::Shutdown,
        Op::Drain { idle: 1, spread: 50 },
        Op::Sleep { seconds: 2 },
        Op::Timeout,
    ];
    for (at, first) in meanwhile.iter().enumerate() {
        for second in &meanwhile[at..] {
            let ops: Vec<_> = before.iter().chain([first, second, &everybody]).cloned().collect();
            let mut reached = BTreeSet::new();
            assert_eq!(run_and_note(&limits, &ops, &mut reached), Ok(()));
            assert!(reached.contains("Marked"), "{reached:?}");
        }
    }
}
