//! What rooms keep.

use super::*;

/// A message expires at the moment at which a client ends, whose room then displaces the one with the message. The timer of the room was set
/// first, and so the message has expired; the model took the connection's timer first.
#[test]
fn a_message_expires_before_its_room_makes_way_at_the_same_moment() {
    let history = Histories {
        messages: 1,
        bytes: 50,
        age: 50,
        meta_age: 50,
        idle_rooms: 1,
        recover_messages: 1,
        recover_bytes: 20,
        keys: 1,
        key_age: 1,
    };
    let limits = Limits {
        messages: 1,
        bytes: 114,
        handshake: 1,
        write: 1,
        close: 1,
        idle: Some(50),
        standstill: 1,
        seed: 6_790_776_676_994_352_534,
        slice: 1_048_576,
        history: Some(history),
        ..Limits::default()
    };
    let ops = [
        Op::Admit { user: 0 },
        Op::Publish { to: vec![Room(0)], except: vec![], size: Bytes(4), full: AsConfigured },
        Op::Recover { who: AsConnection(0), room: 1, since: Back(0) },
    ];
    holds(&limits, &ops);
}

/// The moments of a history move on when the host stood still, and so does its timer.
#[test]
fn the_timer_of_a_history_waits_while_the_host_stands_still() {
    let history = Histories {
        messages: 1,
        bytes: 50,
        age: 1,
        meta_age: 1,
        idle_rooms: 1,
        recover_messages: 1,
        recover_bytes: 20,
        keys: 1,
        key_age: 1,
    };
    let limits = Limits {
        handshake: 1,
        write: 1,
        close: 1,
        standstill: 1,
        history: Some(history),
        ..Limits::default()
    };
    let ops = [
        Op::Accept { address: 0, lane: 0 },
        Op::Reserve { on: Handshake(0), user: 0 },
        Op::Publish { to: vec![Room(0)], except: vec![], size: Bytes(0), full: AsConfigured },
        Op::Drain { idle: 0, spread: 0 },
        Op::Sleep { seconds: 1 },
        Op::Gone { on: AsClient(0) },
    ];
    holds(&limits, &ops);
}
