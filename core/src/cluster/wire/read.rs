//! Reads messages between nodes. No size is trusted: nothing is reserved for what a length claims, and each length is compared with the
//! bytes that are there and with the limits of the config.

use super::input::{Input, Limits, Read};
use super::rooms::Records;
use super::{Body, COVERED, HAS_BARE, Header, Kind, Publication, State, Target, VERSION};
use crate::close::{CloseCode, CloseFrame};
use crate::cluster::event::{Counts, Directive, Topic};
use crate::cluster::node_id::{Identity, NodeId};
use crate::cluster::stats::Defect;
use crate::frame::{BarePart, MessageKind, Place};
use crate::id::ClientId;
use alloc::vec::Vec;

/// The header of a message, and the length of it. O(1).
pub(in crate::cluster) fn read_header(message: &[u8]) -> Read<(Header<'_>, usize)> {
    let mut input = Input { rest: message, limits: Limits { message_bytes: 0, name_bytes: 0, except: 0 } };
    if input.u8()? != VERSION {
        return Err(Defect::Version);
    }
    let kind = input.u8()?;
    let kind = Kind::ALL.into_iter().find(|known| *known as u8 == kind).ok_or(Defect::Kind)?;
    let node = input.node()?;
    let (incarnation, stream, sequence) = (input.u64()?, input.u64()?, input.u64()?);
    if kind.is_numbered() != (stream > 0) || kind.is_numbered() != (sequence > 0) {
        return Err(Defect::Value);
    }
    Ok((Header { kind, node, incarnation, stream, sequence }, message.len() - input.rest.len()))
}

/// The body of a message whose header was read, up to its end. O(length).
pub(in crate::cluster) fn read_body<'a>(
    kind: Kind,
    message: &'a [u8],
    header: usize,
    own: &Identity,
    limits: Limits,
) -> Read<Body<'a>> {
    let rest = message.get(header..).ok_or(Defect::Truncated)?;
    let mut input = Input { rest, limits };
    let body = match kind {
        Kind::Probe => Body::Probe { nonce: input.u64()? },
        Kind::Beat => {
            let beat = input.u64()?;
            let counts = Counts { clients: input.u64()?, users: input.u64()?, rooms: input.u64()? };
            Body::Beat { beat, counts, state: input.state()? }
        }
        Kind::Goodbye => Body::Goodbye,
        Kind::Tail => Body::Tail,
        Kind::Publication => {
            let mut publication = input.publication(own)?;
            publication.payload = message.len() - input.rest.len();
            if input.rest.len() as u64 > u64::from(limits.message_bytes) {
                return Err(Defect::Oversized);
            }
            if publication.place.is_some_and(|place| place.end() > input.rest.len()) {
                return Err(Defect::Value);
            }
            let length = input.rest.len();
            if publication.bare.as_ref().is_some_and(|bare| !bare.is_within(length)) {
                return Err(Defect::Value);
            }
            // The payload is all that follows.
            return Ok(Body::Publication(publication));
        }
        Kind::Directive => {
            let (to, question) = (input.target()?, input.u64()?);
            match to {
                Target::User(_) if question > 0 => return Err(Defect::Value),
                Target::User(_) | Target::Client { .. } => {}
                Target::All | Target::Room(_) => return Err(Defect::Value),
            }
            Body::Directive { to, directive: input.directive()?, question }
        }
        Kind::Answer => {
            let (incarnation, question) = (input.u64()?, input.u64()?);
            Body::Answer { incarnation, question, exists: input.flag()? }
        }
        // The records are all that follows.
        Kind::Changes => {
            let state = input.state()?;
            return Ok(Body::Changes { state, records: Records::read(&input, false)? });
        }
        Kind::Page => {
            let (ask, state, is_last) = (input.u64()?, input.state()?, input.flag()?);
            return Ok(Body::Page { ask, state, is_last, records: Records::read(&input, true)? });
        }
        Kind::Ask => {
            let (incarnation, ask) = (input.u64()?, input.u64()?);
            let after = if input.flag()? {
                let room = input.text()?;
                Some((room, if input.flag()? { Some(input.u64()?) } else { None }))
            } else {
                None
            };
            Body::Ask { incarnation, ask, after }
        }
    };
    if input.rest.is_empty() { Ok(body) } else { Err(Defect::Trailing) }
}

impl<'a> Input<'a> {
    fn state(&mut self) -> Read<State> {
        let version = self.u64()?;
        Ok(State { version, digest: if self.flag()? { Some(self.u64()?) } else { None } })
    }

    fn position(&mut self) -> Read<usize> {
        usize::try_from(self.u32()?).map_err(|_| Defect::Value)
    }

    fn node(&mut self) -> Read<&'a str> {
        let length = usize::from(self.u8()?);
        if length == 0 || length > NodeId::MAX {
            return Err(Defect::Value);
        }
        let id = core::str::from_utf8(self.bytes(length)?).map_err(|_| Defect::Value)?;
        if NodeId::is_valid(id) { Ok(id) } else { Err(Defect::Value) }
    }

    fn target(&mut self) -> Read<Target<'a>> {
        Ok(match self.u8()? {
            1 => Target::All,
            2 => Target::Room(self.text()?),
            3 => Target::User(self.text()?),
            4 => Target::Client { incarnation: self.u64()?, client: ClientId::from_u64(self.u64()?) },
            _ => return Err(Defect::Value),
        })
    }

    fn directive(&mut self) -> Read<Directive> {
        Ok(match self.u8()? {
            1 => {
                let code = CloseCode(self.u16()?);
                if !code.may_be_sent() {
                    return Err(Defect::Value);
                }
                Directive::Close(CloseFrame::new(code, self.text()?))
            }
            2 => Directive::Join(self.text()?.into()),
            3 => Directive::Leave(self.text()?.into()),
            _ => return Err(Defect::Value),
        })
    }

    fn covered(&mut self) -> Read<Vec<Topic<'a>>> {
        let (count, before) = (self.u8()?, self.rest.len());
        let mut covered = Vec::new();
        for _ in 0..count {
            covered.push(match self.target()? {
                Target::Room(name) => Topic::Room(name),
                Target::User(name) => Topic::User(name),
                Target::All | Target::Client { .. } => return Err(Defect::Value),
            });
            if before - self.rest.len() > COVERED {
                return Err(Defect::Oversized);
            }
        }
        Ok(covered)
    }

    fn publication(&mut self, own: &Identity) -> Read<Publication<'a>> {
        let to = self.target()?;
        let kind = self.kind()?;
        let question = self.u64()?;
        if question > 0 && !matches!(to, Target::Client { .. }) {
            return Err(Defect::Value);
        }
        let except_user = if self.flag()? { Some(self.text()?) } else { None };
        let count = self.u16()?;
        if u32::from(count) > self.limits.except {
            return Err(Defect::Oversized);
        }
        // Grows with what is there, and not by what is claimed.
        let mut except = Vec::new();
        for _ in 0..count {
            let (node, incarnation, client) = (self.node()?, self.u64()?, self.u64()?);
            if node == own.node.as_str() && incarnation == own.incarnation {
                except.push(ClientId::from_u64(client));
            }
        }
        let parts = self.u8()?;
        let place = match parts & !HAS_BARE {
            0 => None,
            1 => Some(Place::decimal(self.position()?)),
            2 => Some(Place::big_endian(self.position()?)),
            _ => return Err(Defect::Value),
        };
        let has_bare = parts & HAS_BARE != 0;
        let bare = if has_bare {
            Some(BarePart { kind: self.kind()?, envelope: self.u32()?, start: self.u32()?, end: self.u32()? })
        } else {
            None
        };
        let covered = self.covered()?;
        Ok(Publication { to, kind, question, except_user, except, place, bare, covered, payload: 0 })
    }

    fn kind(&mut self) -> Read<MessageKind> {
        match self.u8()? {
            1 => Ok(MessageKind::Text),
            2 => Ok(MessageKind::Binary),
            _ => Err(Defect::Value),
        }
    }
}
