//! What is printed, pasted as it is: every operation, and every limit. It compiles, and is printed so again.

#![allow(clippy::too_many_lines, reason = "`printed.rs` shows every operation, as it is printed")]

use super::super::generate::{Flavour, case};
use super::*;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

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
