use crate::session::{ShortKey, TokenError, Tokens};
use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

fn tokens() -> Tokens {
    Tokens::new(&[7; 32]).unwrap()
}

#[test]
fn a_token_is_known_by_its_key_and_no_other() {
    let token = tokens().make().unwrap();
    assert_eq!(token.len(), 75);
    assert!(token.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)), "{token}");
    assert_eq!(tokens().check(&token), Ok(()));
    assert_eq!(Tokens::new(&[8; 32]).unwrap().check(&token), Err(TokenError::Invalid));
}

#[test]
fn no_two_are_the_same() {
    let made: BTreeSet<_> = (0..1000).map(|_| tokens().make().unwrap()).collect();
    assert_eq!(made.len(), 1000);
}

#[test]
fn whatever_is_changed_in_a_token_is_noticed() {
    let token = tokens().make().unwrap();
    for at in 0..token.len() {
        for other in ["A", "_", "!", "é", ""] {
            let mut forged = token.clone();
            forged.replace_range(at..=at, other);
            assert!(forged == token || tokens().check(&forged) == Err(TokenError::Invalid), "{forged}");
        }
    }
    let longer = format!("{token}AAAA");
    for forged in ["", "A", &token[..74], &token[..32], &longer, &token.repeat(1000), &format!("{token}=")] {
        assert_eq!(tokens().check(forged), Err(TokenError::Invalid), "{forged}");
    }
}

#[test]
fn one_that_is_too_old_is_refused_and_one_from_a_clock_ahead_is_not() {
    let (made, hour) = (SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000), Duration::from_secs(3600));
    let tokens = tokens().valid_for(hour);
    let token = tokens.make_at(made).unwrap();
    for (at, expected) in [
        (made, Ok(())),
        (made + hour, Ok(())),
        (made + hour + Duration::from_secs(1), Err(TokenError::Expired)),
        (made - hour, Ok(())),
    ] {
        assert_eq!(tokens.check_at(&token, at), expected);
    }
}

#[test]
fn tokens_of_two_random_keys_do_not_know_each_other() {
    let (one, other) = (Tokens::with_random_key().unwrap(), Tokens::with_random_key().unwrap());
    let token = one.make().unwrap();
    assert_eq!((one.check(&token), other.check(&token)), (Ok(()), Err(TokenError::Invalid)));
}

#[test]
fn a_token_that_is_known_is_kept_and_any_other_gives_way_to_a_new_one() {
    let tokens = tokens().valid_for(Duration::from_secs(3600));
    let token = tokens.make().unwrap();
    assert_eq!(tokens.check_or_make(Some(&token)).as_deref(), Ok(&*token));
    let foreign = Tokens::with_random_key().unwrap().make().unwrap();
    let old = tokens.make_at(SystemTime::UNIX_EPOCH).unwrap();
    let forged = token.replace(&token[..4], "????");
    for refused in [None, Some(""), Some(&*foreign), Some(&old), Some(&forged)] {
        let new = tokens.check_or_make(refused).unwrap();
        assert_eq!(tokens.check(&new), Ok(()));
        assert!(new != token && Some(&*new) != refused, "{refused:?}");
    }
}

#[test]
fn a_short_key_is_an_error_that_says_so() {
    let error = Tokens::new(&[1; 31]).unwrap_err();
    assert_eq!(error, ShortKey { bytes: 31 });
    assert_eq!(
        error.to_string(),
        "the key of session tokens has 31 bytes: at least 32 random bytes are needed"
    );
}

#[test]
fn what_is_shown_of_them_is_not_the_key() {
    assert_eq!(format!("{:?}", tokens()), "Tokens { age: None, .. }");
}
