//! What arrives from the broker.

use super::action::{Action, Answer, Deliver, Departure, Perform, Scope};
use super::event::{Asker, Topic};
use super::heard::Verdict;
use super::interests::What;
use super::node_id::NodeId;
use super::nodes::Sender;
use super::stats::Defect;
use super::traffic::Delivery;
use super::wire::{self, Body, Header, Kind, Limits, Publication, Target};
use super::{Cluster, Ending};
use alloc::boxed::Box;
use bytes::Bytes;

/// A message whose sender and number were taken in.
struct From<'a> {
    header: Header<'a>,
    /// The slot of the node.
    node: u32,
    /// The slot of the subscription.
    on: u32,
    what: What,
}

impl Cluster {
    pub(super) fn handle_received(&mut self, link: u64, delivery: &Delivery) {
        if self.link.up_of(link).is_none() || matches!(self.ending, Ending::Conceding(_)) {
            self.stats.stale += 1;
            return;
        }
        match delivery {
            Delivery::Subscribed(subject) => self.confirmed(subject.as_str()),
            Delivery::Dropped { messages } => {
                self.stats.broker_dropped += messages;
                self.actions.push_back(Action::BrokerDropped { messages: *messages });
            }
            Delivery::Message { subject, payload } => {
                self.stats.received += 1;
                self.stats.received_bytes += payload.len() as u64;
                if let Err(defect) = self.take_in(subject.as_str(), payload) {
                    self.stats.malformed[defect] += 1;
                }
            }
        }
    }

    /// The longest message that this config allows: a longer one is not even looked at.
    fn most_bytes(&self) -> u64 {
        let Limits { message_bytes, name_bytes, except } = self.limits();
        let except = u64::from(except) * wire::EXCEPTED as u64;
        wire::MOST_FIXED as u64
            + u64::from(message_bytes)
            + 2 * u64::from(name_bytes)
            + except
            + wire::COVERED as u64
    }

    const fn limits(&self) -> Limits {
        let super::Config { message_bytes, name_bytes, except, .. } = self.config;
        Limits { message_bytes, name_bytes, except }
    }

    fn take_in(&mut self, subject: &str, message: &Bytes) -> Result<(), Defect> {
        if message.len() as u64 > self.most_bytes() {
            return Err(Defect::Oversized);
        }
        let (header, length) = wire::read_header(message)?;
        if header.node == self.identity.node.as_str() {
            if header.incarnation == self.identity.incarnation {
                self.hear_itself(&header, message, length);
            } else {
                self.meet_rival(header.incarnation);
            }
            return Ok(());
        }
        let body = wire::read_body(header.kind, message, length, &self.identity, self.limits())?;
        let Some(on) = self.interests.find(subject) else {
            self.stats.unwanted += 1;
            return Ok(());
        };
        let Some(what) = self.interests.what(on) else { return Ok(()) };
        check_place(&body, what)?;
        let node = match self.nodes.heard(header.node, header.incarnation, self.now) {
            Sender::Outdated => {
                self.stats.outdated += 1;
                return Ok(());
            }
            Sender::Refused => {
                self.stats.refused_nodes += 1;
                return Ok(());
            }
            Sender::Known { slot, replaced } => {
                if let (Some(incarnation), Some(node)) = (replaced, self.nodes.get(slot)) {
                    let id = node.id.clone();
                    self.node_gone(id, incarnation, Departure::Replaced);
                }
                slot
            }
        };
        let from = From { header, node, on, what };
        if from.header.kind.is_numbered() && !self.take_number(&from, &body) {
            return Ok(());
        }
        self.act(&from, body, message);
        Ok(())
    }

    /// A message of this node. It is dropped whatever it is, but a probe and the newest heartbeat prove the link. O(1).
    fn hear_itself(&mut self, header: &Header<'_>, message: &[u8], length: usize) {
        self.stats.echoes += 1;
        let Some(number) =
            message.get(length..).and_then(<[u8]>::first_chunk).copied().map(u64::from_be_bytes)
        else {
            return;
        };
        match header.kind {
            Kind::Probe => self.probed(number),
            Kind::Beat if number == self.heartbeat.beat => {
                let now = self.now;
                if let Some(up) = self.link.up_mut()
                    && up.is_proven
                {
                    up.proved = now;
                }
            }
            _ => {}
        }
    }

    /// Whether a message is new by its number. Tells what is lost before it.
    fn take_number(&mut self, from: &From<'_>, body: &Body<'_>) -> bool {
        let Header { stream, sequence, .. } = from.header;
        if matches!(body, Body::Tail) {
            let lost = self.nodes.tail(from.node, from.on, stream, sequence);
            self.lose(from, lost);
            return false;
        }
        match self.nodes.number(from.node, from.on, stream, sequence) {
            Some(Verdict::New { lost }) => {
                self.lose(from, lost);
                return true;
            }
            Some(Verdict::Repeated) => self.stats.repeated += 1,
            Some(Verdict::Late { lost }) => {
                self.stats.late += 1;
                self.lose(from, lost);
            }
            None => {
                self.stats.unchecked += 1;
                return true;
            }
        }
        false
    }

    fn lose(&mut self, from: &From<'_>, messages: u64) {
        if messages == 0 {
            return;
        }
        self.stats.lost = self.stats.lost.saturating_add(messages);
        let name = self.interests.any_name(from.on);
        let scope = match (from.what, name) {
            (What::All, _) => Scope::All,
            (What::Node, _) => Scope::Node,
            (What::Room, Some(name)) => Scope::Room(name),
            (What::User, Some(name)) => Scope::User(name),
            // Nobody is there to miss it.
            (What::Room | What::User, None) => return,
        };
        if let Some(from) = self.id_of(from.node) {
            self.actions.push_back(Action::Lost { scope, from, messages });
        }
    }

    fn id_of(&self, node: u32) -> Option<NodeId> {
        self.nodes.get(node).map(|node| node.id.clone())
    }

    fn act(&mut self, from: &From<'_>, body: Body<'_>, message: &Bytes) {
        let Some(node) = self.id_of(from.node) else { return };
        let incarnation = from.header.incarnation;
        match body {
            Body::Probe { .. } | Body::Tail => {}
            Body::Beat { beat, counts, state } => {
                let Some(joins) = self.nodes.beat(from.node, beat, counts, self.now) else {
                    self.stats.repeated += 1;
                    return;
                };
                self.hear_state(&node, incarnation, state);
                if joins {
                    self.actions.push_back(Action::NodeJoined { node, incarnation });
                }
            }
            Body::Changes { state, records } => self.hear_changes(&node, incarnation, state, records),
            Body::Ask { incarnation, ask, after } => self.hear_ask(node, incarnation, ask, after),
            Body::Page { ask, state, is_last, records } => {
                self.hear_page(&node, ask, state, is_last, records);
            }
            Body::Goodbye => {
                if self.nodes.goodbye(from.node, self.now) {
                    self.node_gone(node, incarnation, Departure::Goodbye);
                }
            }
            Body::Publication(publication) => self.deliver(from, node, publication, message),
            Body::Directive { to, directive, question } => {
                let asker = asker(&node, incarnation, question);
                if let Some(to) = self.scope_of(from, to, asker.as_ref()) {
                    self.stats.delivered += 1;
                    let perform = Perform { to, directive, from: node, asker };
                    self.actions.push_back(Action::Perform(Box::new(perform)));
                }
            }
            Body::Answer { incarnation: own, question, exists } => {
                if own == self.identity.incarnation
                    && self.questions.answered(question, node.as_str(), incarnation)
                {
                    self.tell(question, if exists { Answer::Exists } else { Answer::Gone });
                }
            }
        }
    }

    fn deliver(&mut self, from: &From<'_>, node: NodeId, publication: Publication<'_>, message: &Bytes) {
        let asker = asker(&node, from.header.incarnation, publication.question);
        let Some(to) = self.scope_of(from, publication.to, asker.as_ref()) else { return };
        self.stats.delivered += 1;
        self.actions.push_back(Action::Deliver(Deliver {
            to,
            kind: publication.kind,
            payload: message.slice(publication.payload..),
            place: publication.place,
            bare: publication.bare,
            except_user: publication.except_user.map(Into::into),
            except: publication.except.into_boxed_slice(),
            covered: publication.covered.iter().map(scope_of_topic).collect(),
            from: node,
            asker: asker.map(Box::new),
        }));
    }

    /// The recipients on this node; `None` if nobody is interested. A question about a client that cannot exist is answered.
    fn scope_of(&mut self, from: &From<'_>, target: Target<'_>, asker: Option<&Asker>) -> Option<Scope> {
        let scope = match target {
            Target::All => return Some(Scope::All),
            Target::Room(name) => self.interests.name(from.on, name).map(Scope::Room),
            Target::User(name) => self.interests.name(from.on, name).map(Scope::User),
            Target::Client { incarnation, client } => {
                if incarnation == self.identity.incarnation {
                    return Some(Scope::Client(client));
                }
                self.stats.gone += 1;
                if let Some(asker) = asker {
                    // If there is no room for the answer, it counts as dropped, and the asker's time runs out. If this node leaves,
                    // nobody waits for its answers.
                    let _ = self.handle_answer(asker, false);
                }
                return None;
            }
        };
        self.stats.unwanted += u64::from(scope.is_none());
        scope
    }
}

fn scope_of_topic(topic: &Topic<'_>) -> Scope {
    match *topic {
        Topic::Room(name) => Scope::Room(name.into()),
        Topic::User(name) => Scope::User(name.into()),
    }
}

fn asker(node: &NodeId, incarnation: u64, question: u64) -> Option<Asker> {
    (question > 0).then(|| Asker { node: node.clone(), incarnation, question })
}

/// Whether a message belongs on the subject on which it came.
fn check_place(body: &Body<'_>, what: What) -> Result<(), Defect> {
    let expected = match body {
        Body::Beat { .. } | Body::Goodbye | Body::Changes { .. } => What::All,
        Body::Probe { .. } | Body::Answer { .. } | Body::Ask { .. } | Body::Page { .. } => What::Node,
        Body::Tail => return Ok(()),
        Body::Publication(Publication { to, .. }) | Body::Directive { to, .. } => match to {
            Target::All => What::All,
            Target::Room(_) => What::Room,
            Target::User(_) => What::User,
            Target::Client { .. } => What::Node,
        },
    };
    if expected == what { Ok(()) } else { Err(Defect::Misplaced) }
}
