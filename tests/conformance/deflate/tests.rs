//! The judge is judged: what it must not let pass.

use super::{Deflate, Inflate, Way, agreed, noise};

const DROPPED: Way = Way { is_kept: false, bits: 15 };
const KEPT: Way = Way { is_kept: true, bits: 15 };

const fn way(bits: u8) -> Way {
    Way { is_kept: true, bits }
}

#[test]
fn an_answer_says_what_holds_for_each_side() {
    for (offer, answer, server, client) in [
        ("permessage-deflate", "permessage-deflate", KEPT, KEPT),
        ("permessage-deflate", "permessage-deflate; server_no_context_takeover", DROPPED, KEPT),
        ("permessage-deflate", "permessage-deflate;client_no_context_takeover", KEPT, DROPPED),
        ("permessage-deflate", "permessage-deflate; server_max_window_bits=9", way(9), KEPT),
        (
            "permessage-deflate; client_max_window_bits",
            "permessage-deflate; client_max_window_bits=\"8\"",
            KEPT,
            way(8),
        ),
        (
            "permessage-deflate; server_max_window_bits=7, foo, permessage-deflate; server_max_window_bits=12",
            "permessage-deflate; server_max_window_bits=10",
            way(10),
            KEPT,
        ),
    ] {
        assert_eq!(agreed(offer, &[answer]), Ok(Some((server, client))), "{offer} and {answer}");
    }
    assert_eq!(agreed("permessage-deflate", &[]), Ok(None));
}

#[test]
fn an_answer_to_what_was_not_offered_is_none() {
    for (offer, answer) in [
        ("permessage-deflate", "permessage-bzip2"),
        ("foo", "permessage-deflate"),
        ("permessage-deflate", "permessage-deflate, permessage-deflate"),
        ("permessage-deflate", "permessage-deflate; unheard_of"),
        ("permessage-deflate", "permessage-deflate; server_no_context_takeover=1"),
        ("permessage-deflate", "permessage-deflate; server_no_context_takeover; server_no_context_takeover"),
        ("permessage-deflate", "permessage-deflate; server_max_window_bits=7"),
        ("permessage-deflate", "permessage-deflate; server_max_window_bits=09"),
        ("permessage-deflate", "permessage-deflate; server_max_window_bits"),
        ("permessage-deflate", "permessage-deflate; client_max_window_bits=15"),
        ("permessage-deflate; client_max_window_bits", "permessage-deflate; client_max_window_bits"),
        ("permessage-deflate; client_max_window_bits=9", "permessage-deflate; client_max_window_bits=10"),
        ("permessage-deflate; server_max_window_bits=9", "permessage-deflate; server_max_window_bits=10"),
        ("permessage-deflate; server_max_window_bits=9", "permessage-deflate"),
        ("permessage-deflate; server_no_context_takeover", "permessage-deflate"),
        ("permessage-deflate; unheard_of", "permessage-deflate"),
    ] {
        assert!(agreed(offer, &[answer]).is_err(), "{offer} and {answer}");
    }
    assert!(agreed("permessage-deflate", &["permessage-deflate", "permessage-deflate"]).is_err());
}

#[test]
fn what_is_deflated_within_a_window_needs_no_larger_one() {
    for bits in 8..=15 {
        for is_kept in [false, true] {
            let way = Way { is_kept, bits };
            let (mut deflate, mut inflate) = (Deflate::new(way), Inflate::new(way));
            for payload in [noise(200), noise(200), noise(50_000), vec![b'a'; 70_000], vec![], noise(200)] {
                assert_eq!(inflate.inflate(&deflate.deflate(&payload)), Ok(payload), "{way:?}");
            }
        }
    }
}

#[test]
fn what_refers_farther_back_than_was_agreed_is_an_error() {
    for bits in 8..=14 {
        let within = noise(1 << bits).repeat(2);
        let beyond = [noise(1 << bits), vec![0], noise(1 << bits)].concat();
        let deflated = |payload: &[u8]| Deflate::new(KEPT).deflate(payload);
        assert_eq!(Inflate::new(way(bits)).inflate(&deflated(&within)), Ok(within), "{bits}");
        assert!(Inflate::new(way(bits)).inflate(&deflated(&beyond)).is_err(), "{bits}");
        assert_eq!(Inflate::new(way(bits + 1)).inflate(&deflated(&beyond)), Ok(beyond), "{bits}");
    }
}

#[test]
fn what_refers_to_a_message_before_makes_another_message_where_none_may() {
    let mut deflate = Deflate::new(KEPT);
    let both = [deflate.deflate(&noise(300)), deflate.deflate(&noise(300))];
    let mut kept = Inflate::new(KEPT);
    let mut dropped = Inflate::new(DROPPED);
    assert_eq!(both.each_ref().map(|one| kept.inflate(one)), [Ok(noise(300)), Ok(noise(300))]);
    assert_eq!(dropped.inflate(&both[0]), Ok(noise(300)));
    assert_ne!(dropped.inflate(&both[1]), Ok(noise(300)));
}

#[test]
fn a_last_block_ends_no_message_for_good() {
    // Sections 7.2.3.4 and 7.2.3.5.
    let hello: [&[u8]; 3] = [
        &[0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00],
        &[0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00],
        &[0xf2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xff, 0xff, 0xca, 0xc9, 0xc9, 0x07, 0x00],
    ];
    let mut inflate = Inflate::new(DROPPED);
    for payload in hello {
        assert_eq!(inflate.inflate(payload), Ok(b"Hello".to_vec()), "{payload:?}");
    }
    assert!(inflate.inflate(b"plain text").is_err());
}
