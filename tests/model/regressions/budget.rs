//! A hub that is full: whose messages are dropped, and who ends for it.

use super::*;

/// The list of all clients is in another order when one of them has ended to make room.
#[test]
fn those_left_by_whoever_is_ended_for_a_message_get_it_in_their_new_order() {
    let limits = Limits {
        connections: None,
        handshakes: None,
        per_address: None,
        connect_rate: None,
        per_user: PerUser::Unlimited,
        rooms_of_client: None,
        members: None,
        rooms: None,
        name_bytes: 10,
        message_bytes: 100,
        messages: 2,
        bytes: 114,
        policy: Policy::DropNewest,
        hub_bytes: 133,
        written_messages: None,
        client_messages: None,
        client_bytes: None,
        user_messages: None,
        user_bytes: None,
        control: None,
        over_rate: OverRate::Drop,
        handshake: 1,
        ping: None,
        pong: None,
        write: 1,
        write_rate: None,
        close: 1,
        idle: None,
        idle_inbound: None,
        standstill: 1,
        codes: 0,
        lanes: 3,
        seed: 0,
        slice: 4_096,
        ..Limits::default()
    };
    let ops = [
        Op::Publish { to: vec![Room(0)], except: vec![], size: Bytes(0), full: AsConfigured },
        Op::Publish { to: vec![], except: vec![], size: Bytes(0), full: AsConfigured },
        Op::Admit { user: 0 },
        Op::Admit { user: 0 },
        Op::Publish { to: vec![One(Client(1))], except: vec![], size: Bytes(6), full: AsConfigured },
        Op::Publish { to: vec![Room(0)], except: vec![], size: Bytes(0), full: AsConfigured },
        Op::Admit { user: 0 },
        Op::Publish { to: vec![Room(0)], except: vec![], size: Bytes(0), full: AsConfigured },
        Op::Admit { user: 0 },
        Op::Admit { user: 0 },
        Op::Admit { user: 0 },
        Op::Publish { to: vec![Room(0)], except: vec![], size: Bytes(0), full: AsConfigured },
        Op::Transmit { on: Of(Client(7)), budget: 0 },
        Op::Publish { to: vec![Room(0)], except: vec![], size: Bytes(0), full: AsConfigured },
        Op::Transmitted {
            results: vec![Returned { who: Leased(0), through: Its, wrote: Part(0, 1), then: Ready }],
        },
        Op::Publish { to: vec![Room(0)], except: vec![], size: Bytes(0), full: AsConfigured },
        Op::Publish { to: vec![Room(0)], except: vec![], size: Bytes(0), full: AsConfigured },
        Op::Publish { to: vec![Room(0)], except: vec![], size: Bytes(0), full: AsConfigured },
        Op::Publish { to: vec![Room(0)], except: vec![], size: Bytes(0), full: AsConfigured },
        Op::Publish { to: vec![Everybody], except: vec![], size: Bytes(68), full: AsConfigured },
    ];
    holds(&limits, &ops);
}

/// Of two that may have been emptied for the hub's budget the model took the wrong one, as the hub, which does little at once, had not
/// told yet whose messages were dropped first.
#[test]
fn whose_messages_were_dropped_first_is_seen_when_it_is_told() {
    let limits = Limits {
        messages: 4,
        bytes: 126,
        hub_bytes: 260,
        handshake: 1,
        write: 1,
        close: 1,
        standstill: 1,
        slice: 1,
        ..Limits::default()
    };
    let ops = [
        Op::Admit { user: 0 },
        Op::Admit { user: 0 },
        Op::Admit { user: 3 },
        Op::Publish { to: vec![Everybody], except: vec![], size: Bytes(17), full: Wait },
        Op::Admit { user: 0 },
        Op::Admit { user: 0 },
        Op::PublishAs {
            who: AsConnection(0),
            to: vec![User(2)],
            except: vec![],
            size: LeftOf(7, -1),
            full: AsConfigured,
        },
        Op::TransmitReady { lane: 0, connections: 4, budget: 63 },
        Op::PublishAs {
            who: Client(0),
            to: vec![Everybody],
            except: vec![],
            size: Bytes(17),
            full: AsConfigured,
        },
        Op::Publish { to: vec![User(2)], except: vec![], size: LeftOf(0, 0), full: AsConfigured },
    ];
    holds(&limits, &ops);
}

/// Outboxes were shed before the frame was queued, so that what they dropped was told before the drops of a recipient that was too slow. The
/// model took them for shed afterwards, and differed only in how much the hub, which does little at once, told with this event.
#[test]
fn what_was_shed_before_a_publish_is_told_with_it() {
    let limits = Limits {
        messages: 4,
        bytes: 114,
        policy: Policy::DropOldest,
        hub_bytes: 410,
        handshake: 1,
        write: 231,
        close: 1,
        standstill: 1,
        lanes: 3,
        slice: 1,
        ..Limits::default()
    };
    let to_last = |size| Op::Publish { to: vec![One(Client(3))], except: vec![], size, full: AsConfigured };
    let ops = [
        Op::Admit { user: 0 },
        Op::Publish { to: vec![One(Client(0))], except: vec![], size: Bytes(85), full: AsConfigured },
        Op::Arrive { address: 0, user: 0, session: 0 },
        Op::Admit { user: 0 },
        Op::Admit { user: 3 },
        Op::HalfClose { on: Of(Client(0)) },
        Op::PublishAs {
            who: Client(0),
            to: vec![Everybody],
            except: vec![],
            size: Bytes(28),
            full: AsConfigured,
        },
        Op::Publish {
            to: vec![One(Client(0)), Everybody],
            except: vec![],
            size: LeftOf(0, -1),
            full: AsConfigured,
        },
        Op::Arrive { address: 0, user: 0, session: 0 },
        to_last(Bytes(0)),
        to_last(Bytes(73)),
        Op::Publish { to: vec![User(2)], except: vec![], size: Bytes(44), full: Disconnect },
    ];
    holds(&limits, &ops);
}

/// The hub has no room for a message, and says so before the value that it replaces makes way, whose room it could have had.
#[test]
fn a_message_for_which_there_is_no_room_replaces_its_value_and_is_dropped() {
    let limits = Limits {
        handshakes: Some(1),
        members: Some(1),
        messages: 5,
        bytes: 217,
        policy: Policy::Disconnect,
        hub_bytes: 392,
        handshake: 46,
        ping: Some(1),
        write: 1,
        close: 1,
        standstill: 1,
        lanes: 3,
        ..Limits::default()
    };
    let to = |who, size, full| Op::Publish { to: vec![One(Client(who))], except: vec![], size, full };
    let publish_as =
        |to, size| Op::PublishAs { who: Client(0), to, except: vec![], size, full: AsConfigured };
    let ops = [
        Op::Admit { user: 2 },
        Op::Admit { user: 0 },
        publish_as(vec![One(Client(6))], Bytes(5)),
        publish_as(vec![One(Client(1)), One(Client(2))], Bytes(8)),
        to(0, Bytes(49), AsConfigured),
        to(2, Bytes(31), Conflate(2)),
        Op::Join { who: AsConnection(1), room: 0 },
        to(2, Bytes(85), AsConfigured),
        Op::Publish { to: vec![Room(0)], except: vec![], size: Bytes(76), full: AsConfigured },
        Op::Publish { to: vec![User(1)], except: vec![], size: Bytes(2), full: Conflate(2) },
    ];
    holds(&limits, &ops);
}
