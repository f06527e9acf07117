use throng_core::{CloseCode, ClosedBy};

use super::{Account, Bursts, Causes, Fate, Ledger, Stage};

/// Of two clients, the first of which is to receive the messages 1, 2 and 3.
fn ledger() -> Ledger {
    let mut ledger = Ledger::default();
    let account = || Account { stage: Stage::Connected, ..Account::default() };
    ledger.accounts.extend([account(), account()]);
    (1..=3).for_each(|message| ledger.expect(&[0], message, 10));
    ledger
}

fn end(causes: Causes, by: ClosedBy, code: CloseCode) -> Vec<String> {
    let mut ledger = ledger();
    ledger.accounts[0].causes = causes;
    ledger.ended(0, Fate { by, code });
    ledger.violations
}

#[test]
fn what_is_received_in_order_is_right_and_what_is_missing_is_counted() {
    let mut ledger = ledger();
    ledger.received(0, 1);
    ledger.received(0, 3);
    assert!(ledger.violations.is_empty());
    assert_eq!((ledger.accounts[0].missing, ledger.accounts[0].missing_bytes), (1, 10));
}

#[test]
fn a_message_that_comes_twice_is_found() {
    let mut ledger = ledger();
    ledger.received(0, 1);
    ledger.received(0, 1);
    assert_eq!(ledger.violations, ["peer 0 received message 1 twice or out of order"]);
}

#[test]
fn messages_out_of_order_are_found() {
    let mut ledger = ledger();
    ledger.received(0, 2);
    ledger.received(0, 1);
    assert_eq!(ledger.violations, ["peer 0 received message 1 twice or out of order"]);
}

#[test]
fn a_message_for_others_is_found() {
    let mut ledger = ledger();
    ledger.received(1, 1);
    assert_eq!(ledger.violations, ["peer 1 received message 1 though it was for others"]);
}

#[test]
fn an_end_that_nothing_explains_is_found() {
    assert_eq!(end(Causes::default(), ClosedBy::Hub, CloseCode::ABNORMAL).len(), 1);
    assert_eq!(end(Causes::default(), ClosedBy::Transport, CloseCode::ABNORMAL).len(), 1);
    assert_eq!(end(Causes::default(), ClosedBy::Application, CloseCode(4000)).len(), 1);
}

#[test]
fn an_end_by_ones_own_doing_is_right() {
    let was_slow = Causes { was_slow: true, ..Causes::default() };
    assert!(end(was_slow, ClosedBy::Hub, CloseCode::ABNORMAL).is_empty());
    let violated = Causes { violated: Some(CloseCode::TOO_BIG), ..Causes::default() };
    assert!(end(violated, ClosedBy::Hub, CloseCode::TOO_BIG).is_empty());
}

#[test]
fn an_end_for_saying_too_much_is_wrong_until_more_than_a_burst_was_said() {
    let fate = || Fate { by: ClosedBy::Hub, code: CloseCode::POLICY };
    let bursts = Bursts { control: Some(20), messages: Some(3), bytes: Some(100), user_messages: None };
    for (controls, messages, bytes, is_right) in
        [(20, 3, 30, false), (21, 0, 0, true), (0, 4, 10, true), (0, 2, 51, true), (0, 2, 50, false)]
    {
        let mut ledger = ledger();
        ledger.bursts = bursts;
        ledger.accounts[0].controls = controls;
        (0..messages).for_each(|_| ledger.says(0, bytes));
        // What others say is nothing to it: no rate is on users.
        (0..100).for_each(|_| ledger.says(1, 100));
        ledger.ended(0, fate());
        assert_eq!(ledger.violations.is_empty(), is_right, "{controls}, {messages} of {bytes} bytes");
    }
    let mut ledger = ledger();
    ledger.bursts = Bursts { user_messages: Some(99), ..Bursts::default() };
    (0..100).for_each(|_| ledger.says(1, 1));
    ledger.ended(0, fate());
    assert!(ledger.violations.is_empty(), "another client of its user may have said it");
}

#[test]
fn only_the_end_of_the_idle_is_one_for_being_idle() {
    let ended = |by, code| Account { fate: Some(Fate { by, code }), ..Account::default() };
    assert!(ended(ClosedBy::Hub, CloseCode::NORMAL).was_idle());
    assert!(!ended(ClosedBy::Peer, CloseCode::NORMAL).was_idle());
    assert!(!ended(ClosedBy::Hub, CloseCode::ABNORMAL).was_idle());
    assert!(!Account::default().was_idle(), "it did not end");
}

#[test]
fn a_room_that_was_not_left_is_found() {
    let mut ledger = ledger();
    ledger.accounts[0].rooms.insert(3);
    ledger.accounts[0].causes.broke = true;
    ledger.ended(0, Fate { by: ClosedBy::Transport, code: CloseCode::ABNORMAL });
    assert_eq!(ledger.violations, ["client 0: disconnected, but still in the rooms {3}"]);
}
