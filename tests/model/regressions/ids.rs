//! Connections and clients are two, with ids of their own.

use super::*;

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
