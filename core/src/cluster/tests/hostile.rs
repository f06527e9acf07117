//! Messages that no node of this version sends.

use super::*;
use proptest::prelude::*;

/// A message of node `a` to the room `lobby`, and its subject.
fn sample() -> (Bus, Subject, Vec<u8>) {
    let mut bus = Bus::of(2);
    bus.want(1, Topic::Room("lobby"));
    bus.rule(|_| Fate::Carried);
    bus.publish(0, To::Room("lobby"), "hello");
    bus.take(1);
    let (subject, payload) = bus.carried[0].clone();
    (bus, subject, payload.to_vec())
}

fn hand_in(bus: &mut Bus, subject: &Subject, bytes: Vec<u8>) {
    bus.deliver(1, &Delivery::Message { subject: subject.clone(), payload: bytes.into() });
    bus.settle();
}

type Change = fn(&mut Vec<u8>);

const UNREADABLE: &[(&str, Change, Defect)] = &[
    ("nothing", Vec::clear, Defect::Truncated),
    ("an older version", |bytes| bytes[0] = 0, Defect::Version),
    ("a newer version", |bytes| bytes[0] = 2, Defect::Version),
    ("an unknown kind", |bytes| bytes[1] = 99, Defect::Kind),
    ("kind zero", |bytes| bytes[1] = 0, Defect::Kind),
    ("no node", |bytes| bytes[2] = 0, Defect::Value),
    ("a node with a long id", |bytes| bytes[2] = 255, Defect::Value),
    ("a node with a dot", |bytes| bytes[3] = b'.', Defect::Value),
    ("a node that is no text", |bytes| bytes[3] = 0xff, Defect::Value),
    ("no stream", |bytes| bytes[12..20].fill(0), Defect::Value),
    ("no number", |bytes| bytes[20..28].fill(0), Defect::Value),
    ("an unknown target", |bytes| bytes[28] = 9, Defect::Value),
    ("a name longer than it is", |bytes| bytes[29..31].copy_from_slice(&[4, 0]), Defect::Truncated),
    ("a name longer than allowed", |bytes| bytes[29..31].fill(0xff), Defect::Oversized),
    ("a name that is no text", |bytes| bytes[31] = 0xff, Defect::Value),
    ("an unknown kind of message", |bytes| bytes[36] = 3, Defect::Value),
    ("a question about a room", |bytes| bytes[44] = 1, Defect::Value),
    ("an unknown flag", |bytes| bytes[45] = 2, Defect::Value),
    ("more excepted than allowed", |bytes| bytes[46..48].fill(0xff), Defect::Oversized),
    (
        "more excepted than there are",
        |bytes| {
            bytes[47] = 1;
            bytes.truncate(48);
        },
        Defect::Truncated,
    ),
    ("a payload longer than allowed", |bytes| bytes.resize(bytes.len() + (1 << 20), 0), Defect::Oversized),
    ("much longer than allowed", |bytes| bytes.resize(64 << 20, 0), Defect::Oversized),
    ("another room's", |bytes| bytes[28] = 3, Defect::Misplaced),
    (
        "a goodbye with something behind it",
        |bytes| {
            bytes[1] = 3;
            bytes[12..28].fill(0);
        },
        Defect::Trailing,
    ),
    (
        "a goodbye with a number",
        |bytes| {
            bytes[1] = 3;
            bytes.truncate(28);
        },
        Defect::Value,
    ),
    (
        "a goodbye to a room",
        |bytes| {
            bytes[1] = 3;
            bytes[12..28].fill(0);
            bytes.truncate(28);
        },
        Defect::Misplaced,
    ),
];

#[test]
fn what_cannot_be_read_is_dropped_and_counted_by_kind() {
    let mut seen = BTreeSet::new();
    for (case, change, defect) in UNREADABLE {
        let (mut bus, subject, mut bytes) = sample();
        let before = bus.at(1).stats();
        bytes[27] += 1;
        change(&mut bytes);
        hand_in(&mut bus, &subject, bytes);
        let stats = bus.at(1).stats();
        assert_eq!(bus.take(1), [], "{case}");
        assert_eq!(
            (stats.malformed[*defect], stats.malformed.total()),
            (1, 1),
            "{case}: {:?}",
            stats.malformed
        );
        assert_eq!(stats.received_streams, before.received_streams, "{case}");
        seen.insert(defect.name());
    }
    assert_eq!(seen.len(), Defect::ALL.len());
    let (bus, ..) = sample();
    assert_eq!(bus.stations[1].cluster.stats().malformed.iter().map(|(_, count)| count).sum::<u64>(), 0);
}

#[test]
fn a_message_that_is_cut_off_anywhere_before_its_payload_is_dropped() {
    let (mut bus, subject, bytes) = sample();
    let head = bytes.len() - "hello".len();
    for length in 0..head {
        hand_in(&mut bus, &subject, bytes[..length].to_vec());
        assert_eq!(bus.at(1).stats().malformed[Defect::Truncated], length as u64 + 1);
    }
    assert_eq!(bus.take(1), []);
}

#[test]
fn a_name_of_another_room_on_this_subject_is_not_delivered() {
    let (mut bus, subject, mut bytes) = sample();
    bytes[27] += 1;
    bytes[31] = b'L';
    hand_in(&mut bus, &subject, bytes);
    assert_eq!((bus.take(1).len(), bus.at(1).stats().unwanted), (0, 1));
}

#[test]
fn a_nodes_own_message_is_dropped_by_its_header_alone() {
    let (mut bus, _, bytes) = sample();
    let own = Subject::new("throng.n.a").unwrap();
    for length in [28, bytes.len()] {
        let delivery = Delivery::Message { subject: own.clone(), payload: bytes[..length].to_vec().into() };
        let before = bus.at(0).stats();
        bus.deliver(0, &delivery);
        let stats = bus.at(0).stats();
        assert_eq!((stats.echoes, stats.malformed.total()), (before.echoes + 1, 0));
    }
}

#[test]
fn nodes_that_do_not_exist_fill_no_table() {
    let (mut bus, subject, bytes) = sample();
    let before = bus.at(1).totals();
    for number in 0..3_000_u32 {
        let mut forged = bytes.clone();
        forged[2] = 8;
        forged.splice(3..4, format!("{number:08}").into_bytes());
        hand_in(&mut bus, &subject, forged);
    }
    assert_eq!(bus.texts(1).len(), 3_000);
    assert_eq!(bus.at(1).totals(), before, "none sent a heartbeat");
    assert!(bus.at(1).stats().received_streams <= 1_000);
    bus.publish(0, To::Room("lobby"), "still heard");
    bus.pass(6 * SECOND);
    assert_eq!(bus.texts(1), ["still heard"]);
    assert_eq!(bus.at(1).totals(), before);
}

fn any_bytes() -> impl Strategy<Value = Vec<u8>> {
    let (_, _, bytes) = sample();
    let changed = (
        Just(bytes),
        proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        0..4_usize,
    )
        .prop_map(|(mut bytes, changes, cut)| {
            for (at, byte) in changes {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            bytes.truncate(bytes.len() - cut);
            bytes
        });
    prop_oneof![proptest::collection::vec(any::<u8>(), 0..200), changed]
}

proptest! {
    #[test]
    fn any_bytes_are_taken_or_counted_and_every_table_stays_within_its_bounds(
        messages in proptest::collection::vec((any_bytes(), 0..4_usize), 1..100),
    ) {
        let mut config = Config::default();
        (config.nodes, config.received_streams, config.actions) = (5, 7, 50);
        let mut bus = Bus::with(2, &config);
        bus.settle();
        bus.want(1, Topic::Room("lobby"));
        let subjects = ["throng.all", "throng.n.b", "throng.r.bG9iYnk", "throng.r.eA"];
        for (bytes, subject) in messages {
            hand_in(&mut bus, &Subject::new(subjects[subject]).unwrap(), bytes);
            bus.at(1).check().unwrap();
            let stats = bus.at(1).stats();
            prop_assert!(stats.received_streams <= 7 && stats.nodes <= 5);
        }
        bus.pass(SECOND);
    }
}
