use super::{Played, failures};
use crate::hosts::{Deviation, Standard};
use crate::run::Grade;

const KNOWN: &[Deviation] = &[
    Deviation { case: "1.3.4", why: "it does not look" },
    Deviation { case: "7.7.1014*", why: "it does not know" },
];

fn played(id: &str, grade: Grade) -> Played {
    Played { id: id.to_owned(), category: String::new(), what: id.to_owned(), grade }
}

fn wrong() -> Grade {
    Grade::Wrong(String::new())
}

#[test]
fn a_deviation_is_stale_only_if_its_case_was_played() {
    let failures = |played: &[Played]| failures(Standard::Legal(KNOWN), played);
    assert!(failures(&[played("6.4.1", Grade::Legal)]).is_empty());
    assert!(failures(&[played("1.3.4", wrong()), played("1.3.4", Grade::Best)]).is_empty());
    assert_eq!(
        failures(&[played("1.3.4", Grade::Best)]),
        ["1.3.4 does not deviate any more: it does not look"]
    );
    assert_eq!(
        failures(&[played("7.7.1014.2", Grade::Legal)]),
        ["7.7.1014* does not deviate any more: it does not know"]
    );
}

#[test]
fn what_is_wrong_and_not_known_is_a_failure() {
    assert_eq!(failures(Standard::Legal(KNOWN), &[played("1.3.5", wrong())]).len(), 1);
    assert_eq!(failures(Standard::Best, &[played("6.4.1", Grade::Legal)]).len(), 1);
}

#[test]
fn to_play_nothing_is_a_failure() {
    for standard in [Standard::Best, Standard::Legal(KNOWN)] {
        assert_eq!(failures(standard, &[]), ["no case was played"]);
    }
}
