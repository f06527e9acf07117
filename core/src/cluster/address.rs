//! The subjects of a cluster.
//!
//! | subject | of |
//! | --- | --- |
//! | `PREFIX.all` | all nodes |
//! | `PREFIX.n.ID` | a node |
//! | `PREFIX.r.NAME`, `PREFIX.u.NAME` | a room, a user: the name in base64url |
//! | `PREFIX.rh.HASH`, `PREFIX.uh.HASH` | a room, a user whose name is empty or too long for that: a hash of the name |
//!
//! A message carries the name as well, so two names with one hash only cost messages that nobody wants.

use super::config::Config;
use super::subject::Subject;
use alloc::string::String;
use core::hash::Hasher;
use siphasher::sip128::{Hasher128, SipHasher13};

/// What a subject is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place<'a> {
    All,
    Node(&'a str),
    Room(&'a str),
    User(&'a str),
}

/// The longest name that is in its subject: three bytes become four characters.
const LONGEST: usize = (Subject::MAX - Config::MAX_PREFIX - ".r.".len()) / 4 * 3;

/// The same on each node and in each version: nodes of one cluster must agree.
const KEY: (u64, u64) = (0x7468_726f_6e67_2d63, 0x6c75_7374_6572_2d31);

/// Writes the subject of a place over what is in `text`. O(length of the name).
pub(super) fn write(prefix: &str, place: Place<'_>, text: &mut String) {
    text.clear();
    text.push_str(prefix);
    match place {
        Place::All => text.push_str(".all"),
        Place::Node(id) => {
            text.push_str(".n.");
            text.push_str(id);
        }
        Place::Room(name) => write_name('r', name, text),
        Place::User(name) => write_name('u', name, text),
    }
}

/// The subject of a place.
pub(super) fn subject(prefix: &str, place: Place<'_>) -> Subject {
    let mut text = String::new();
    write(prefix, place, &mut text);
    Subject::made(&text)
}

fn write_name(kind: char, name: &str, text: &mut String) {
    text.push('.');
    text.push(kind);
    if name.is_empty() || name.len() > LONGEST {
        text.push_str("h.");
        let mut hasher = SipHasher13::new_with_keys(KEY.0, KEY.1);
        hasher.write(name.as_bytes());
        base64url(&hasher.finish128().as_u128().to_be_bytes(), text);
    } else {
        text.push('.');
        base64url(name.as_bytes(), text);
    }
}

/// RFC 4648 section 5, without padding. Not the crate base64: this is all that is needed of it.
fn base64url(bytes: &[u8], text: &mut String) {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for chunk in bytes.chunks(3) {
        let byte = |at: usize| u32::from(chunk.get(at).copied().unwrap_or(0));
        let group = byte(0) << 16 | byte(1) << 8 | byte(2);
        for at in 0..=chunk.len() {
            text.push(char::from(DIGITS[(group >> (18 - 6 * at) & 63) as usize]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn base64url_is_that_of_rfc_4648() {
        for (bytes, expected) in [
            (&b""[..], ""),
            (b"f", "Zg"),
            (b"fo", "Zm8"),
            (b"foo", "Zm9v"),
            (b"foob", "Zm9vYg"),
            (b"fooba", "Zm9vYmE"),
            (b"foobar", "Zm9vYmFy"),
            (b"\xfb\xff\xfe", "-__-"),
            (b"\x00\x00\x00\x00", "AAAAAA"),
        ] {
            let mut text = String::new();
            base64url(bytes, &mut text);
            assert_eq!(text, expected);
        }
    }

    #[test]
    fn each_place_has_a_subject_of_its_own() {
        for (place, expected) in [
            (Place::All, "throng.all"),
            (Place::Node("a-1"), "throng.n.a-1"),
            (Place::Room("lobby"), "throng.r.bG9iYnk"),
            (Place::User("lobby"), "throng.u.bG9iYnk"),
            (Place::Room("*.>"), "throng.r.Ki4-"),
        ] {
            assert_eq!(subject("throng", place).to_string(), expected);
        }
    }

    #[test]
    fn names_of_any_length_have_valid_subjects_that_differ() {
        let longest_prefix = "p".repeat(Config::MAX_PREFIX);
        let mut seen = alloc::collections::BTreeSet::new();
        for length in [0, 1, LONGEST - 1, LONGEST, LONGEST + 1, LONGEST + 2, 255, 10_000] {
            for letter in ["a", "b"] {
                let name = letter.repeat(length);
                for place in [Place::Room(&name), Place::User(&name)] {
                    let subject = subject(&longest_prefix, place);
                    assert!(Subject::new(subject.as_str()).is_ok(), "{subject}");
                    assert!(seen.insert(subject) || length == 0, "{length}");
                }
            }
        }
    }

    /// A change would part the nodes of two versions.
    #[test]
    fn the_hash_of_a_long_name_never_changes() {
        let subject = subject("throng", Place::Room(&"x".repeat(300)));
        assert_eq!(subject.as_str(), "throng.rh.yofXQ2as9hixZMqgqUyXgA");
    }
}
