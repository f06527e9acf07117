//! Cases that failed once, as they were printed; each with the name of what was wrong.

use super::generate::{Flavour, case};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use std::collections::BTreeSet;
#[allow(unused_imports, reason = "for what is pasted")]
use throng_tests::model::{
    EndedBy, Every, Full::*, Histories, How::*, Limits, On::*, Op, OverRate, PerUser, Policy, Presences,
    Returned, SecondConnection, Seen::*, Since::*, Size::*, Then::*, Through::*, To::*, Who::*, Wrote::*,
    as_test, outcome, run_and_note,
};

fn holds(limits: &Limits, ops: &[Op]) {
    assert_eq!(outcome(limits, ops), Ok(()));
}

/// What is printed, pasted as it is: every operation, and every limit. It compiles, and is printed so again.
mod a_printed_case_is_a_test {
    use super::*;

    const TEXT: &str = include_str!("printed.rs");

    include!("printed.rs");

    fn holds(limits: &Limits, ops: &[Op]) {
        super::holds(limits, ops);
        assert_eq!(as_test(limits, ops), TEXT);
    }

    #[test]
    fn with_every_name_that_there_is() {
        let printed = printed_cases();
        let mut missing = names(&printed);
        missing.retain(|name| !names(TEXT).contains(name));
        assert!(missing.is_empty(), "`printed.rs` is to show {missing:?}, too");
    }

    /// What many random cases would be printed as.
    fn printed_cases() -> String {
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[1; 32]);
        let mut runner = TestRunner::new_with_rng(Config::default(), rng);
        let strategy = case(Flavour::Any);
        let cases = (0..100).filter_map(|_| strategy.new_tree(&mut runner).ok());
        cases.map(|case| case.current()).map(|(limits, ops)| as_test(&limits, &ops)).collect()
    }

    /// The names of types and variants in a text; of the limits' own variants the type, which is what is imported.
    fn names(text: &str) -> BTreeSet<&str> {
        let words = text.split(|letter: char| !(letter.is_alphanumeric() || letter == ':'));
        let names = words.filter(|word| word.starts_with(char::is_uppercase));
        names
            .map(|name| if name.starts_with("Op::") { name } else { name.split(':').next().unwrap_or(name) })
            .collect()
    }
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
        Op::TransmitReady { lane: 0, connections: 9, budget: 99 },
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

/// The client is no more, and its user has none; the connection is there until the host has ended it.
#[test]
fn a_reservation_that_is_given_up_leaves_its_connection() {
    let ops = [
        Op::Accept { address: 0, lane: 0 },
        Op::Reserve { on: Handshake(0), user: 1 },
        Op::TimeoutWhenDue,
        Op::Reserve { on: Aborted(0), user: 1 },
        Op::Open { on: Of(Stale(0)) },
        Op::SetUser { who: Stale(0), user: 2 },
        Op::Transmit { on: Aborted(0), budget: 9 },
        Op::Accept { address: 0, lane: 0 },
        Op::Reserve { on: Handshake(1), user: 1 },
        Op::Gone { on: Aborted(0) },
        Op::Open { on: Of(Reserved(0)) },
    ];
    let limits = Limits { per_user: PerUser::RefuseNewest(1), ..Limits::default() };
    reaches(&limits, &ops, &["Given up", "On a connection without a client", "Connected"]);
}

/// Neither the connection of somebody else nor one that is gone can return it.
#[test]
fn a_lease_comes_back_from_its_own_connection_alone() {
    let returned = |through| {
        let results = vec![Returned { who: Leased(0), through, wrote: Whole, then: Fails }];
        Op::Transmitted { results }
    };
    let ops = [
        Op::Admit { user: 0 },
        Op::Admit { user: 0 },
        Op::Admit { user: 0 },
        Op::Gone { on: Of(Client(2)) },
        Op::Publish { to: vec![Everybody], except: vec![], size: Bytes(3), full: AsConfigured },
        Op::Transmit { on: Of(Client(0)), budget: 99 },
        returned(Anothers(0)),
        returned(Former(0)),
        returned(Its),
    ];
    reaches(&Limits::default(), &ops, &["Stale lease"]);
}

/// The client is the first of all, on the second connection: the number of the one is not the other's.
#[test]
fn the_number_of_a_connection_is_not_that_of_its_client() {
    let ops = [
        Op::Accept { address: 0, lane: 0 },
        Op::Admit { user: 1 },
        Op::Gone { on: Handshake(0) },
        Op::Join { who: AsConnection(0), room: 0 },
        Op::Close { who: AsConnection(0), code: 0, reason: 0, how: AtOnce },
        Op::Receive { on: AsClient(0), bytes: 1 },
        Op::Gone { on: AsClient(0) },
        Op::Accept { address: 0, lane: 0 },
        Op::Gone { on: AsClient(0) },
    ];
    reaches(&Limits::default(), &ops, &["On a client's number", "For a connection's number"]);
}

fn reaches(limits: &Limits, ops: &[Op], names: &[&str]) {
    let mut reached = BTreeSet::new();
    assert_eq!(run_and_note(limits, ops, &mut reached), Ok(()));
    let missed: Vec<_> = names.iter().filter(|name| !reached.contains(**name)).collect();
    assert!(missed.is_empty(), "{missed:?} of {reached:?}");
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
