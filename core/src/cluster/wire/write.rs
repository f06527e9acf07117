//! Writes messages between nodes.

use super::{HAS_BARE, Header, MOST_FIXED, State, Target, VERSION};
use crate::cluster::event::{Counts, Directive, Topic};
use crate::cluster::node_id::{GlobalId, NodeId};
use crate::cluster::rooms::Record;
use crate::frame::{BarePart, MessageKind, Place, PlaceFormat};
use alloc::vec::Vec;

/// Most bytes that a head may take with these names and excepted clients. O(excepted).
pub(in crate::cluster) fn head_size<'a, 'b>(
    names: impl IntoIterator<Item = &'a str>,
    except: impl Iterator<Item = &'b GlobalId>,
) -> usize {
    let names: usize = names.into_iter().map(str::len).sum();
    let except: usize = except.map(|id| 1 + id.node.as_str().len() + 8 + 8).sum();
    MOST_FIXED + names + except
}

pub(in crate::cluster) fn write_header(header: &Header<'_>, out: &mut Vec<u8>) {
    out.extend([VERSION, header.kind as u8]);
    put_id(header.node, out);
    for number in [header.incarnation, header.stream, header.sequence] {
        put_u64(number, out);
    }
}

/// The body of a message that is no publication.
pub(in crate::cluster) fn write_body(body: &super::Body<'_>, out: &mut Vec<u8>) {
    match body {
        super::Body::Probe { nonce } => put_u64(*nonce, out),
        super::Body::Beat { beat, counts: Counts { clients, users, rooms }, state } => {
            for number in [*beat, *clients, *users, *rooms] {
                put_u64(number, out);
            }
            put_state(*state, out);
        }
        super::Body::Goodbye | super::Body::Tail => {}
        super::Body::Publication(_) => debug_assert!(false, "written by write_publication"),
        super::Body::Directive { to, directive, question } => {
            put_target(*to, out);
            put_u64(*question, out);
            match directive {
                Directive::Close(close) => {
                    out.push(1);
                    out.extend(close.code.0.to_be_bytes());
                    put_text(&close.reason, out);
                }
                Directive::Join(room) => {
                    out.push(2);
                    put_text(room, out);
                }
                Directive::Leave(room) => {
                    out.push(3);
                    put_text(room, out);
                }
            }
        }
        super::Body::Answer { incarnation, question, exists } => {
            put_u64(*incarnation, out);
            put_u64(*question, out);
            out.push(u8::from(*exists));
        }
        // Its records are written behind it.
        super::Body::Changes { state, .. } => put_state(*state, out),
        super::Body::Page { ask, state, is_last, .. } => {
            put_u64(*ask, out);
            put_state(*state, out);
            out.push(u8::from(*is_last));
        }
        super::Body::Ask { incarnation, ask, after } => {
            put_u64(*incarnation, out);
            put_u64(*ask, out);
            out.push(u8::from(after.is_some()));
            if let Some((room, client)) = after {
                put_text(room, out);
                out.push(u8::from(client.is_some()));
                client.iter().for_each(|client| put_u64(*client, out));
            }
        }
    }
}

fn put_state(state: State, out: &mut Vec<u8>) {
    put_u64(state.version, out);
    out.push(u8::from(state.digest.is_some()));
    state.digest.iter().for_each(|digest| put_u64(*digest, out));
}

/// The body of a publication, up to its payload.
#[expect(clippy::too_many_arguments, reason = "the parts of a message")]
pub(in crate::cluster) fn write_publication<'a>(
    to: Target<'_>,
    kind: MessageKind,
    question: u64,
    except_user: Option<&str>,
    except: impl Iterator<Item = &'a GlobalId> + Clone,
    (place, bare): (Option<Place>, Option<&BarePart>),
    covered: &[Topic<'_>],
    out: &mut Vec<u8>,
) {
    put_target(to, out);
    out.push(kind_byte(kind));
    put_u64(question, out);
    out.push(u8::from(except_user.is_some()));
    if let Some(user) = except_user {
        put_text(user, out);
    }
    // Config allows no more than a `u16` of them.
    out.extend((except.clone().count() as u16).to_be_bytes());
    for id in except {
        put_id(id.node.as_str(), out);
        put_u64(id.incarnation, out);
        put_u64(id.client.to_u64(), out);
    }
    let format = place.map_or(0, |place| match place.format() {
        PlaceFormat::Decimal => 1,
        PlaceFormat::BigEndian => 2,
    });
    out.push(format | if bare.is_some() { HAS_BARE } else { 0 });
    if let Some(place) = place {
        // A place begins within the first 4 GiB.
        out.extend((place.start() as u32).to_be_bytes());
    }
    if let Some(BarePart { kind, envelope, start, end }) = bare {
        out.push(kind_byte(*kind));
        for number in [*envelope, *start, *end] {
            out.extend(number.to_be_bytes());
        }
    }
    // No more than a `u8` of them are passed.
    out.push(covered.len() as u8);
    for topic in covered {
        let (kind, name) = match topic {
            Topic::Room(name) => (2, name),
            Topic::User(name) => (3, name),
        };
        out.push(kind);
        put_text(name, out);
    }
}

const fn kind_byte(kind: MessageKind) -> u8 {
    match kind {
        MessageKind::Text => 1,
        MessageKind::Binary => 2,
    }
}

/// The bytes of a covered room or user.
pub(in crate::cluster) const fn size_of_topic(topic: &Topic<'_>) -> usize {
    match topic {
        Topic::Room(name) | Topic::User(name) => 1 + 2 + name.len(),
    }
}

fn put_target(target: Target<'_>, out: &mut Vec<u8>) {
    match target {
        Target::All => out.push(1),
        Target::Room(name) => {
            out.push(2);
            put_text(name, out);
        }
        Target::User(name) => {
            out.push(3);
            put_text(name, out);
        }
        Target::Client { incarnation, client } => {
            out.push(4);
            put_u64(incarnation, out);
            put_u64(client.to_u64(), out);
        }
    }
}

pub(super) fn put_u64(number: u64, out: &mut Vec<u8>) {
    out.extend(number.to_be_bytes());
}

/// Ids have at most 32 bytes.
fn put_id(id: &str, out: &mut Vec<u8>) {
    debug_assert!(id.len() <= NodeId::MAX);
    out.push(id.len() as u8);
    out.extend(id.as_bytes());
}

/// Config allows no longer names than a `u16` counts.
pub(super) fn put_text(text: &str, out: &mut Vec<u8>) {
    debug_assert!(u16::try_from(text.len()).is_ok());
    out.extend((text.len() as u16).to_be_bytes());
    out.extend(text.as_bytes());
}

/// The bytes of a record.
pub(in crate::cluster) const fn size_of(record: &Record<'_>) -> usize {
    match record {
        Record::Room { name, .. } => 1 + 2 + name.len() + 4 + 4,
        Record::Member { user: Some(user), info, .. } => 1 + 8 + 1 + 2 + user.len() + 4 + info.len(),
        Record::Member { user: None, info, .. } => 1 + 8 + 1 + 4 + info.len(),
        Record::Gone { .. } => 1 + 8,
    }
}

pub(in crate::cluster) fn write_record(record: &Record<'_>, out: &mut Vec<u8>) {
    match *record {
        Record::Room { name, clients, users } => {
            out.push(1);
            put_text(name, out);
            out.extend(clients.to_be_bytes());
            out.extend(users.to_be_bytes());
        }
        Record::Member { client, user, info } => {
            out.push(2);
            put_u64(client, out);
            out.push(u8::from(user.is_some()));
            if let Some(user) = user {
                put_text(user, out);
            }
            // Config allows no longer message.
            out.extend((info.len() as u32).to_be_bytes());
            out.extend(info);
        }
        Record::Gone { client } => {
            out.push(3);
            put_u64(client, out);
        }
    }
}
