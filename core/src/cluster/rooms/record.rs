//! The records of a roster, their order and their hashes.

use crate::id::Name;
use core::hash::Hasher;
use siphasher::sip::SipHasher13;

/// One statement about a room in a message between nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Record<'a> {
    /// The numbers of a room; no clients: the room has ended, with all its members. The records after it are of its members.
    Room { name: &'a str, clients: u32, users: u32 },
    /// A member of the last room.
    Member { client: u64, user: Option<&'a str>, info: &'a [u8] },
    /// A client that is no member of the last room any more.
    Gone { client: u64 },
}

/// The place of a record in the order of a roster: a room, and behind it its members.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) room: Name,
    pub(crate) client: Option<u64>,
}

/// The same on each node and in each version: nodes compare digests.
const KEY: (u64, u64) = (0x7468_726f_6e67_2d72, 0x6f6f_6d73_2d6f_6631);

pub(super) fn hash_room(name: &str, clients: u32, users: u32) -> u64 {
    let mut hasher = SipHasher13::new_with_keys(KEY.0, KEY.1);
    hasher.write(&[1]);
    write(&mut hasher, name.as_bytes());
    hasher.write(&clients.to_be_bytes());
    hasher.write(&users.to_be_bytes());
    hasher.finish()
}

pub(super) fn hash_member(room: &str, client: u64, user: Option<&str>, info: &[u8]) -> u64 {
    let mut hasher = SipHasher13::new_with_keys(KEY.0, KEY.1);
    hasher.write(&[2 + u8::from(user.is_some())]);
    write(&mut hasher, room.as_bytes());
    hasher.write(&client.to_be_bytes());
    write(&mut hasher, user.unwrap_or_default().as_bytes());
    write(&mut hasher, info);
    hasher.finish()
}

/// With its length, so that no two records write the same bytes.
fn write(hasher: &mut SipHasher13, bytes: &[u8]) {
    hasher.write(&(bytes.len() as u64).to_be_bytes());
    hasher.write(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_that_differ_in_anything_have_other_hashes() {
        let hashes = [
            hash_room("a", 1, 1),
            hash_room("a", 1, 2),
            hash_room("a", 2, 1),
            hash_room("b", 1, 1),
            hash_member("a", 1, None, b""),
            hash_member("a", 1, Some(""), b""),
            hash_member("a", 1, None, b"x"),
            hash_member("a", 1, Some("x"), b""),
            hash_member("a", 2, None, b""),
            hash_member("b", 1, None, b""),
        ];
        let distinct: alloc::collections::BTreeSet<u64> = hashes.into_iter().collect();
        assert_eq!(distinct.len(), hashes.len());
    }

    /// A change would let the nodes of two versions ask each other for everything again and again.
    #[test]
    fn the_hash_of_a_record_never_changes() {
        assert_eq!(hash_room("lobby", 3, 2), 13_056_805_885_489_151_948);
        assert_eq!(hash_member("lobby", 7, Some("ada"), b"{}"), 1_488_382_266_885_198_097);
    }
}
