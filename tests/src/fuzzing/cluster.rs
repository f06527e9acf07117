//! Messages between the nodes of a cluster, as a broker hands them in.

use super::memory;
use bytes::Bytes;
use throng_core::cluster::{
    Action, Cluster, Command, Config, Deliver, Delivery, Identity, NodeId, Scope, Subject, Topic,
};
use throng_core::{BarePart, ClientId, Instant, MessageKind, Place};

/// The subjects on which messages come: those of each node, and of what it is interested in. The last is none of them.
const SUBJECTS: [&str; 5] =
    ["throng.all", "throng.n.own", "throng.r.bG9iYnk", "throng.u.YWRh", "throng.r.eA"];
const NOW: Instant = Instant::from_nanos(1_000_000_000);
const INCARNATION: u64 = 7;
const NODES: u32 = 4;
const STREAMS: u32 = 6;
const ROOM_BYTES: u32 = 2_000;

fn config() -> Config {
    let mut config = Config::default();
    (config.nodes, config.received_streams) = (NODES, STREAMS);
    (config.message_bytes, config.name_bytes, config.except) = (64, 40, 3);
    config.room_bytes = ROOM_BYTES;
    config
}

/// Messages: for each the number of its subject, its length in two bytes, and its bytes. They are handed to one node, each twice.
///
/// # Panics
/// If a message is delivered that a naive reader reads otherwise, or not at all, or that came twice; if one is not counted; or if a table or
/// the memory grows beyond its bound.
pub fn cluster_wire(input: &[u8]) {
    let messages = messages(input);
    let mut node = ready();
    let bound = 16_384 + 4_096 * messages.len() + 16 * input.len();
    memory::at_most(bound, || {
        for (subject, message) in &messages {
            check(&mut node, subject, message);
        }
    });
}

fn messages(mut input: &[u8]) -> Vec<(Subject, Bytes)> {
    let mut messages = Vec::new();
    while let [subject, high, low, rest @ ..] = input {
        let length = usize::from(u16::from_be_bytes([*high, *low])).min(rest.len());
        let (message, after) = rest.split_at(length);
        let subject = SUBJECTS[usize::from(*subject) % SUBJECTS.len()];
        messages.push((Subject::new(subject).expect("it is valid"), Bytes::copy_from_slice(message)));
        input = after;
    }
    messages
}

/// A node that is ready, and interested in a room and a user.
fn ready() -> Cluster {
    let node = NodeId::new("own").expect("it is valid");
    let identity = Identity { node, incarnation: INCARNATION, seed: 1 };
    let mut node = Cluster::new(config(), identity, NOW).expect("the config is valid");
    node.interest(NOW, Topic::Room("lobby"), true).expect("there are few");
    node.interest(NOW, Topic::User("ada"), true).expect("there are few");
    node.link_up(NOW, 1).expect("no action waits");
    let mut commands = Vec::new();
    while node.poll_commands(usize::MAX, &mut commands).is_some() {
        for command in commands.drain(..) {
            let delivery = match command {
                Command::Subscribe(subject) => Delivery::Subscribed(subject),
                Command::Publish { subject, payload } => Delivery::Message { subject, payload },
                Command::Unsubscribe(_) => continue,
            };
            node.received(NOW, 1, &delivery).expect("no action waits");
        }
        node.sent(NOW, 1).expect("no action waits");
    }
    assert!(node.is_ready());
    while node.poll_action().is_some() {}
    node
}

fn check(node: &mut Cluster, subject: &Subject, message: &Bytes) {
    let delivery = Delivery::Message { subject: subject.clone(), payload: message.clone() };
    let expected = Reader(message).publication(subject.as_str());
    for is_again in [false, true] {
        let before = node.stats();
        node.received(NOW, 1, &delivery).expect("few actions wait");
        let stats = node.stats();
        assert_eq!(node.check(), Ok(()));
        assert!(stats.nodes <= u64::from(NODES) && stats.received_streams <= u64::from(STREAMS));
        assert!(stats.room_bytes <= u64::from(ROOM_BYTES));
        ask(node);
        // Once another node has its id, the node takes nothing any more.
        assert_eq!(stats.received + stats.stale, before.received + before.stale + 1);
        while let Some(action) = node.poll_action() {
            if let Action::Deliver(deliver) = action {
                let read = expected.as_ref().expect("a naive reader reads it");
                assert!(!is_again || stats.unchecked > before.unchecked, "it came twice");
                assert!(read.is(&deliver), "{deliver:?} is read as {read:?}");
            }
        }
        if stats.delivered == before.delivered && expected.is_some() {
            // There is a reason, which is counted, unless the node has given way to another of its id.
            let reasons = |stats: &throng_core::cluster::Stats| {
                stats.repeated + stats.late + stats.outdated + stats.refused_nodes + stats.gone + stats.echoes
            };
            let has_ended = node.publish(NOW, nothing(&Bytes::new())).is_err();
            let is_of_this_id = message.get(3..6) == Some(b"own") && message[2] == 3;
            assert!(reasons(&stats) > reasons(&before) || has_ended || is_of_this_id, "{stats:?}");
        }
    }
}

/// Sends what the node has to send, so that it asks for rooms, and looks at all rooms page by page.
fn ask(node: &mut Cluster) {
    let mut commands = Vec::new();
    while node.poll_commands(usize::MAX, &mut commands).is_some() {
        commands.clear();
        node.sent(NOW, 1).expect("few actions wait");
    }
    assert_eq!(node.check(), Ok(()));
    for (room, counts) in node.rooms(None) {
        let (mut after, mut last) = (None, None);
        while let Some(page) = node.presence(room, after.as_ref(), 1) {
            assert!(page.counts == counts && page.members.len() <= 1);
            after = page.next;
            if after.is_none() {
                break;
            }
            assert_ne!(after, last, "the next page is another one");
            last.clone_from(&after);
        }
    }
}

const fn nothing(payload: &Bytes) -> throng_core::cluster::Message<'_> {
    throng_core::cluster::Message {
        to: throng_core::cluster::To::Room("nobody"),
        kind: MessageKind::Text,
        payload,
        place: None,
        bare: None,
        except_user: None,
        except: &[],
        covered: &[],
        asks: false,
    }
}

/// What a naive reader sees of a publication that is for this node.
#[derive(Debug)]
struct Publication {
    from: Vec<u8>,
    to: Scope,
    kind: MessageKind,
    asks: bool,
    except_user: Option<Vec<u8>>,
    except: Vec<ClientId>,
    place: Option<Place>,
    bare: Option<BarePart>,
    covered: Vec<Scope>,
    payload: Vec<u8>,
}

impl Publication {
    fn is(&self, deliver: &Deliver) -> bool {
        self.from == deliver.from.as_str().as_bytes()
            && self.to == deliver.to
            && self.kind == deliver.kind
            && self.asks == deliver.asker.is_some()
            && self.except_user.as_deref() == deliver.except_user.as_deref().map(str::as_bytes)
            && self.except[..] == deliver.except[..]
            && self.place == deliver.place
            && self.bare == deliver.bare
            && self.covered[..] == deliver.covered[..]
            && self.payload[..] == deliver.payload[..]
    }
}

/// Reads from the front.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn bytes(&mut self, length: usize) -> Option<&'a [u8]> {
        let (bytes, rest) = (self.0.get(..length)?, self.0.get(length..)?);
        self.0 = rest;
        Some(bytes)
    }

    fn number(&mut self, length: usize) -> Option<u64> {
        Some(self.bytes(length)?.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    fn id(&mut self) -> Option<&'a [u8]> {
        let length = self.number(1)? as usize;
        let id = self.bytes(length)?;
        let is_valid = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_".contains(byte);
        ((1..=32).contains(&length) && id.iter().all(is_valid)).then_some(id)
    }

    fn name(&mut self) -> Option<&'a [u8]> {
        let length = self.number(2)? as usize;
        let name = self.bytes(length)?;
        (length <= 40 && std::str::from_utf8(name).is_ok()).then_some(name)
    }

    /// A publication that a node interested in the room `lobby` and the user `ada` takes from this subject, if it is new.
    fn publication(mut self, subject: &str) -> Option<Publication> {
        let (version, kind) = (self.number(1)?, self.number(1)?);
        let from = self.id()?.to_vec();
        let (_incarnation, stream, sequence) = (self.number(8)?, self.number(8)?, self.number(8)?);
        if (version, kind) != (1, 5) || stream == 0 || sequence == 0 {
            return None;
        }
        let (to, expected) = match self.number(1)? {
            1 => (Scope::All, SUBJECTS[0]),
            2 => (Scope::Room("lobby".into()), if self.name()? == b"lobby" { SUBJECTS[2] } else { "" }),
            3 => (Scope::User("ada".into()), if self.name()? == b"ada" { SUBJECTS[3] } else { "" }),
            4 => {
                let is_here = self.number(8)? == INCARNATION;
                let client = ClientId::from_u64(self.number(8)?);
                (Scope::Client(client), if is_here { SUBJECTS[1] } else { "" })
            }
            _ => return None,
        };
        let kind = self.kind()?;
        let asks = self.number(8)? > 0;
        let except_user = match self.number(1)? {
            0 => None,
            1 => Some(self.name()?.to_vec()),
            _ => return None,
        };
        let mut except = Vec::new();
        let count = self.number(2)?;
        for _ in 0..count {
            let (node, incarnation, client) = (self.id()?, self.number(8)?, self.number(8)?);
            if node == b"own" && incarnation == INCARNATION {
                except.push(ClientId::from_u64(client));
            }
        }
        let parts = self.number(1)?;
        let place = match parts & !0x10 {
            0 => None,
            1 => Some(Place::decimal(self.number(4)? as usize)),
            2 => Some(Place::big_endian(self.number(4)? as usize)),
            _ => return None,
        };
        let bare = if parts & 0x10 > 0 {
            let (kind, envelope) = (self.kind()?, self.number(4)? as u32);
            Some(BarePart { kind, envelope, start: self.number(4)? as u32, end: self.number(4)? as u32 })
        } else {
            None
        };
        let covered = self.covered()?;
        let fits =
            |bare: BarePart| bare.start <= bare.end && bare.end.max(bare.envelope) as usize <= self.0.len();
        let is_valid = subject == expected
            && bare.is_none_or(fits)
            && place.is_none_or(|place| place.end() <= self.0.len())
            && count <= 3
            && self.0.len() <= 64
            && (!asks || matches!(to, Scope::Client(_)));
        let payload = self.0.to_vec();
        is_valid.then_some(Publication {
            from,
            to,
            kind,
            asks,
            except_user,
            except,
            place,
            bare,
            covered,
            payload,
        })
    }

    /// The rooms and users whose members get the message as recipients of another target; at most 4 KiB.
    fn covered(&mut self) -> Option<Vec<Scope>> {
        let (count, before) = (self.number(1)?, self.0.len());
        let mut covered = Vec::new();
        for _ in 0..count {
            let is_room = match self.number(1)? {
                2 => true,
                3 => false,
                _ => return None,
            };
            let name = std::str::from_utf8(self.name()?).ok()?.into();
            covered.push(if is_room { Scope::Room(name) } else { Scope::User(name) });
        }
        (before - self.0.len() <= 4_096).then_some(covered)
    }

    fn kind(&mut self) -> Option<MessageKind> {
        match self.number(1)? {
            1 => Some(MessageKind::Text),
            2 => Some(MessageKind::Binary),
            _ => None,
        }
    }
}
