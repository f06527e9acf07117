use super::Verdict::{Duplicate, New};
use super::*;

#[test]
fn every_kind_of_fault_is_told_apart() {
    struct Case {
        what: &'static str,
        arrivals: &'static [u32],
        sent: u32,
        missing: u64,
        duplicated: u64,
        out_of_order: u64,
    }
    let case = |what, arrivals, sent, missing, duplicated, out_of_order| Case {
        what,
        arrivals,
        sent,
        missing,
        duplicated,
        out_of_order,
    };
    let cases = [
        case("all in order", &[0, 1, 2, 3], 4, 0, 0, 0),
        case("nothing sent", &[], 0, 0, 0, 0),
        case("nothing arrived", &[], 5, 5, 0, 0),
        case("the tail is missing", &[0, 1], 4, 2, 0, 0),
        case("the head is missing", &[2, 3], 4, 2, 0, 0),
        case("one in the middle is missing", &[0, 2, 3], 4, 1, 0, 0),
        case("several gaps", &[1, 4, 5, 9], 11, 7, 0, 0),
        case("repeated at once", &[0, 0, 1], 2, 0, 1, 0),
        case("repeated later", &[0, 1, 2, 0, 1], 3, 0, 2, 0),
        case("two swapped", &[1, 0, 2], 3, 0, 0, 1),
        case("all reversed", &[3, 2, 1, 0], 4, 0, 0, 3),
        case("late, then again", &[0, 2, 1, 1], 3, 0, 1, 1),
        case("missing, repeated and late at once", &[0, 3, 3, 1], 5, 2, 1, 1),
    ];
    for Case { what, arrivals, sent, missing, duplicated, out_of_order } in cases {
        let mut ledger = Ledger::new(1);
        for &sequence in arrivals {
            ledger.observe(0, sequence);
        }
        let found = (ledger.missing(0, sent), ledger.duplicated(), ledger.out_of_order());
        assert_eq!(found, (missing, duplicated, out_of_order), "{what}");
    }
}

#[test]
fn a_duplicate_is_no_new_message() {
    let mut ledger = Ledger::new(1);
    let verdicts: Vec<_> = [0, 2, 2, 1, 1, 0].map(|sequence| ledger.observe(0, sequence)).into();
    assert_eq!(verdicts, [New, New, Duplicate, New, Duplicate, Duplicate]);
}

#[test]
fn cells_do_not_touch_each_other() {
    let mut ledger = Ledger::new(3);
    ledger.observe(0, 0);
    ledger.observe(2, 1);
    assert_eq!([0, 1, 2].map(|cell| ledger.missing(cell, 2)), [1, 2, 1]);
    assert_eq!(ledger.duplicated() + ledger.out_of_order(), 0);
}
