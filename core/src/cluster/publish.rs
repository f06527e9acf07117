//! What this node sends to others: messages, directives, questions and answers.

use super::action::Answer;
use super::address::{self, Place};
use super::event::{Asker, Directive, Member, Message, QuestionId, To, Topic};
use super::node_id::GlobalId;
use super::outcome::{Outcome, Refusal};
use super::streams::Numbered;
use super::wire::{self, Body, Header, Kind, Target};
use super::{Cluster, Ending};
use alloc::vec::Vec;
use bytes::Bytes;

/// Where something goes, or why it goes nowhere.
enum Way<'a> {
    To(Place<'a>, Target<'a>),
    Local,
    Gone,
}

impl Cluster {
    pub(super) fn handle_publish(&mut self, message: &Message<'_>) -> Result<Outcome, Refusal> {
        self.check_going()?;
        let limit = self.config.message_bytes;
        if message.payload.len() > limit as usize {
            return Err(Refusal::MessageTooBig { limit });
        }
        self.check_name(message.except_user.unwrap_or_default())?;
        let own = self.identity.node.clone();
        let except = message.except.iter().filter(|id| id.node != own);
        if except.clone().count() > self.config.except as usize {
            return Err(Refusal::TooManyExcepted { limit: self.config.except });
        }
        let (way, client) = match message.to {
            To::All => (Way::To(Place::All, Target::All), None),
            To::Room(name) => (Way::To(Place::Room(name), Target::Room(name)), None),
            To::User(name) => (Way::To(Place::User(name), Target::User(name)), None),
            To::Client(id) => (self.way_to(id), Some(id)),
        };
        let (place, target) = match self.go(way, client, message.asks)? {
            Ok(way) => way,
            Err(outcome) => return Ok(outcome),
        };
        let names = [name_of(target), message.except_user.unwrap_or_default()];
        let question = client.filter(|_| message.asks);
        let covered = self.covered(message);
        let size =
            wire::head_size(names, except.clone()) + covered.iter().map(wire::size_of_topic).sum::<usize>();
        self.send(place, Kind::Publication, size, message.payload, question, |number, out| {
            let (except_user, parts) = (message.except_user, (message.place, message.bare.as_ref()));
            wire::write_publication(target, message.kind, number, except_user, except, parts, covered, out);
        })
    }

    pub(super) fn handle_command(
        &mut self,
        to: Member<'_>,
        directive: &Directive,
        asks: bool,
    ) -> Result<Outcome, Refusal> {
        self.check_going()?;
        let text = match directive {
            Directive::Close(close) => &close.reason,
            Directive::Join(room) | Directive::Leave(room) => room,
        };
        self.check_name(text)?;
        let (way, client) = match to {
            Member::User(name) => (Way::To(Place::User(name), Target::User(name)), None),
            Member::Client(id) => (self.way_to(id), Some(id)),
        };
        let (place, target) = match self.go(way, client, asks)? {
            Ok(way) => way,
            Err(outcome) => return Ok(outcome),
        };
        let names = [name_of(target), text];
        let question = client.filter(|_| asks);
        let size = wire::head_size(names, [].iter());
        self.send(place, Kind::Directive, size, &Bytes::new(), question, |number, out| {
            let body = Body::Directive { to: target, directive: directive.clone(), question: number };
            wire::write_body(&body, out);
        })
    }

    pub(super) fn handle_answer(&mut self, asker: &Asker, exists: bool) -> Result<Outcome, Refusal> {
        self.check_going()?;
        let body = Body::Answer { incarnation: asker.incarnation, question: asker.question, exists };
        let place = Place::Node(asker.node.as_str());
        self.send(place, Kind::Answer, wire::MOST_FIXED, &Bytes::new(), None, |_, out| {
            wire::write_body(&body, out);
        })
    }

    fn check_going(&self) -> Result<(), Refusal> {
        match self.ending {
            Ending::No => Ok(()),
            Ending::Conceding(_) | Ending::Superseded => Err(Refusal::Superseded),
            Ending::Flushing(_) | Ending::Goodbye(_) | Ending::Left => Err(Refusal::Leaving),
        }
    }

    fn check_name(&self, name: &str) -> Result<(), Refusal> {
        let limit = self.config.name_bytes;
        if name.len() > limit as usize { Err(Refusal::NameTooLong { limit }) } else { Ok(()) }
    }

    fn way_to<'a>(&self, id: &'a GlobalId) -> Way<'a> {
        let target = Target::Client { incarnation: id.incarnation, client: id.client };
        let known = if id.node == self.identity.node {
            if id.incarnation == self.identity.incarnation {
                return Way::Local;
            }
            Some(self.identity.incarnation)
        } else {
            self.nodes.find(id.node.as_str()).map(|(incarnation, _)| incarnation)
        };
        match known {
            Some(incarnation) if incarnation > id.incarnation => Way::Gone,
            // A node that is not known may be new.
            _ => Way::To(Place::Node(id.node.as_str()), target),
        }
    }

    /// What is to be sent, or the outcome if there is nothing: then a question is answered at once.
    fn go<'a>(
        &mut self,
        way: Way<'a>,
        client: Option<&GlobalId>,
        asks: bool,
    ) -> Result<Result<(Place<'a>, Target<'a>), Outcome>, Refusal> {
        let answer = match way {
            Way::Local => return Ok(Err(Outcome::Local)),
            Way::Gone if !asks => return Ok(Err(Outcome::Gone)),
            Way::Gone => Some(Answer::Gone),
            Way::To(_, target) => {
                self.check_name(name_of(target))?;
                let is_known =
                    |id: &GlobalId| self.nodes.find(id.node.as_str()) == Some((id.incarnation, true));
                client.filter(|id| asks && !is_known(id)).map(|_| Answer::UnknownNode)
            }
        };
        if asks && client.is_some() && self.questions.len() >= self.config.questions as usize {
            return Err(Refusal::TooManyQuestions { limit: self.config.questions });
        }
        match (answer, client, way) {
            (Some(answer), Some(id), _) => {
                let question = self.ask(id);
                self.questions.answered(question, id.node.as_str(), id.incarnation);
                self.tell(question, answer);
                Ok(Err(Outcome::Asked(QuestionId(question))))
            }
            (_, _, Way::To(place, target)) => Ok(Ok((place, target))),
            _ => Ok(Err(Outcome::Gone)),
        }
    }

    fn ask(&mut self, id: &GlobalId) -> u64 {
        self.stats.questions += 1;
        self.questions.ask(id.node.clone(), id.incarnation, self.now + self.config.answer)
    }

    /// The covered rooms and users that a message may name.
    fn covered<'a>(&self, message: &Message<'a>) -> &'a [Topic<'a>] {
        let mut left = wire::COVERED;
        let mut fits = |topic: &Topic<'_>| {
            let size = wire::size_of_topic(topic);
            let is_short = size <= left && size <= self.config.name_bytes as usize + 3;
            left = left.saturating_sub(size);
            is_short
        };
        let count = message.covered.iter().take(usize::from(u8::MAX)).take_while(|topic| fits(topic)).count();
        message.covered.get(..count).unwrap_or_default()
    }

    /// Queues a message, numbered, with a head of at most this size.
    fn send(
        &mut self,
        place: Place<'_>,
        kind: Kind,
        size: usize,
        payload: &Bytes,
        asked: Option<&GlobalId>,
        write: impl FnOnce(u64, &mut Vec<u8>),
    ) -> Result<Outcome, Refusal> {
        if !self.queue.fits(size, payload.len()) {
            // Its receivers see by the next number that it is missing.
            address::write(&self.config.prefix, place, &mut self.text);
            self.streams.skip(&self.text, self.now);
            self.count_dropped(1, payload.len() as u64);
            return Ok(Outcome::Dropped);
        }
        let question = asked.map(|id| self.ask(id));
        address::write(&self.config.prefix, place, &mut self.text);
        let (numbered, tail) = self.streams.next(&self.text, self.now);
        if let Some(tail) = tail {
            self.push_tail(&tail);
        }
        let mut head = Vec::with_capacity(size);
        self.write_header(kind, &numbered, &mut head);
        write(question.unwrap_or(0), &mut head);
        debug_assert!(head.len() <= size, "{} of {size}", head.len());
        self.queue.push(numbered.subject, head, payload.clone());
        self.stats.relayed += 1;
        self.stats.relayed_bytes += payload.len() as u64;
        Ok(question.map_or(Outcome::Queued, |question| Outcome::Asked(QuestionId(question))))
    }

    /// No other node gets these messages.
    pub(super) fn count_dropped(&mut self, messages: u64, bytes: u64) {
        self.stats.dropped += messages;
        self.stats.dropped_bytes += bytes;
        self.dropped.0 += messages;
        self.dropped.1 += bytes;
    }

    /// Queues the number of the last message of a stream.
    pub(super) fn push_tail(&mut self, tail: &Numbered) {
        let mut head = Vec::new();
        self.write_header(Kind::Tail, tail, &mut head);
        self.queue.push_tail(tail.subject.clone(), head);
    }

    fn write_header(&self, kind: Kind, numbered: &Numbered, out: &mut Vec<u8>) {
        let header = Header {
            kind,
            node: self.identity.node.as_str(),
            incarnation: self.identity.incarnation,
            stream: numbered.stream,
            sequence: numbered.sequence,
        };
        wire::write_header(&header, out);
    }
}

const fn name_of(target: Target<'_>) -> &str {
    match target {
        Target::Room(name) | Target::User(name) => name,
        Target::All | Target::Client { .. } => "",
    }
}
