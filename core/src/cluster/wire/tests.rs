//! What is written is read, and is as long as was reckoned.

use super::*;
use crate::close::{CloseCode, CloseFrame};
use crate::cluster::node_id::{GlobalId, Identity, NodeId};
use crate::cluster::stats::Defect;
use alloc::format;
use alloc::string::String;
use proptest::prelude::*;

const LIMITS: Limits = Limits { message_bytes: 100, name_bytes: 300, except: 5 };

fn own() -> Identity {
    Identity { node: NodeId::new("own").unwrap(), incarnation: 7, seed: 0 }
}

fn names() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z]{0,5}", ".{0,70}"]
}

fn nodes() -> impl Strategy<Value = String> {
    prop_oneof![Just(String::from("own")), "[A-Za-z0-9_-]{1,32}"]
}

fn directives() -> impl Strategy<Value = Directive> {
    prop_oneof![
        (prop_oneof![Just(1000), 3000..=4999_u16], names())
            .prop_map(|(code, reason)| Directive::Close(CloseFrame::new(CloseCode(code), reason))),
        names().prop_map(|room| Directive::Join(room.into())),
        names().prop_map(|room| Directive::Leave(room.into())),
    ]
}

fn header<'a>(kind: Kind, node: &'a str, numbers: (u64, u64)) -> Header<'a> {
    let (stream, sequence) = if kind.is_numbered() { (numbers.0.max(1), numbers.1.max(1)) } else { (0, 0) };
    Header { kind, node, incarnation: numbers.1, stream, sequence }
}

fn written(header: &Header<'_>, body: &Body<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    write_header(header, &mut bytes);
    write_body(body, &mut bytes);
    bytes
}

fn kind_of(body: &Body<'_>) -> Kind {
    match body {
        Body::Probe { .. } => Kind::Probe,
        Body::Beat { .. } => Kind::Beat,
        Body::Goodbye => Kind::Goodbye,
        Body::Tail => Kind::Tail,
        Body::Publication(_) => Kind::Publication,
        Body::Directive { .. } => Kind::Directive,
        Body::Answer { .. } => Kind::Answer,
        Body::Changes { .. } => Kind::Changes,
        Body::Ask { .. } => Kind::Ask,
        Body::Page { .. } => Kind::Page,
    }
}

proptest! {
    #[test]
    fn every_message_but_publications_is_read_as_it_was_written(
        node in nodes(),
        numbers in any::<(u64, u64)>(),
        fields in any::<[u64; 4]>(),
        exists in any::<bool>(),
        name in names(),
        directive in directives(),
    ) {
        let [first, second, users, rooms] = fields;
        let state = State { version: users, digest: exists.then_some(rooms) };
        let after = exists.then_some((&*name, (rooms % 2 == 0).then_some(users)));
        let to_client = Target::Client { incarnation: first, client: ClientId::from_u64(second) };
        for body in [
            Body::Probe { nonce: first },
            Body::Beat { beat: first, counts: Counts { clients: second, users, rooms }, state },
            Body::Ask { incarnation: first, ask: second, after },
            Body::Goodbye,
            Body::Tail,
            Body::Directive { to: Target::User(&name), directive: directive.clone(), question: 0 },
            Body::Directive { to: to_client, directive: directive.clone(), question: users },
            Body::Answer { incarnation: first, question: second, exists },
        ] {
            let header = header(kind_of(&body), &node, numbers);
            let bytes = written(&header, &body);
            let text = match &directive {
                Directive::Close(close) => &close.reason,
                Directive::Join(room) | Directive::Leave(room) => room,
            };
            prop_assert!(bytes.len() <= head_size([&*name, text], [].iter()));
            let (read, length) = read_header(&bytes).unwrap();
            prop_assert_eq!(read, header);
            prop_assert_eq!(read_body(header.kind, &bytes, length, &own(), LIMITS), Ok(body.clone()));
            for cut in 0..bytes.len() {
                let read = read_header(&bytes[..cut]).and_then(|(header, length)| {
                    read_body(header.kind, &bytes[..cut], length, &own(), LIMITS)
                });
                prop_assert_eq!(read, Err(Defect::Truncated));
            }
            let mut longer = bytes.clone();
            longer.push(0);
            prop_assert_eq!(read_body(header.kind, &longer, length, &own(), LIMITS), Err(Defect::Trailing));
        }
    }

    #[test]
    fn every_publication_is_read_as_it_was_written(
        node in nodes(),
        numbers in any::<(u64, u64)>(),
        name in names(),
        user in proptest::option::of(names()),
        except in proptest::collection::vec((nodes(), 6..9_u64, any::<u64>()), 0..=5),
        is_text in any::<bool>(),
        question in any::<u64>(),
        place in proptest::option::of((any::<bool>(), 0..=80_usize)),
        bare in proptest::option::of((any::<bool>(), 0..=110_u32, 0..=110_u32, 0..=110_u32)),
        covered in proptest::collection::vec((any::<bool>(), names()), 0..=4),
        payload in proptest::collection::vec(any::<u8>(), 0..=100),
    ) {
        let ids: Vec<_> = except.iter().map(|(node, incarnation, client)| GlobalId {
            node: NodeId::new(node).unwrap(),
            incarnation: *incarnation,
            client: ClientId::from_u64(*client),
        }).collect();
        let place = place.map(|(is_decimal, at)| if is_decimal { Place::decimal(at) } else { Place::big_endian(at) });
        let bare = bare.map(|(is_text, envelope, start, end)| {
            let kind = if is_text { MessageKind::Text } else { MessageKind::Binary };
            BarePart { kind, envelope, start, end }
        });
        let mut topics: Vec<Topic<'_>> = Vec::new();
        for (is_room, name) in &covered {
            topics.push(if *is_room { Topic::Room(name) } else { Topic::User(name) });
        }
        let covered = topics;
        let client = Target::Client { incarnation: numbers.0, client: ClientId::from_u64(numbers.1) };
        for to in [Target::All, Target::Room(&name), Target::User(&name), client] {
            let kind = if is_text { MessageKind::Text } else { MessageKind::Binary };
            let question = if to == client { question } else { 0 };
            let header = header(Kind::Publication, &node, numbers);
            let mut bytes = Vec::new();
            write_header(&header, &mut bytes);
            write_publication(to, kind, question, user.as_deref(), ids.iter(), (place, bare.as_ref()), &covered, &mut bytes);
            let head = bytes.len();
            let size = head_size([&*name, user.as_deref().unwrap_or_default()], ids.iter());
            prop_assert!(head <= size + covered.iter().map(size_of_topic).sum::<usize>());
            bytes.extend(&payload);
            let (_, length) = read_header(&bytes).unwrap();
            let here = ids.iter().filter(|id| id.node.as_str() == "own" && id.incarnation == 7);
            let expected = Publication {
                to,
                kind,
                question,
                except_user: user.as_deref(),
                except: here.map(|id| id.client).collect(),
                place,
                bare,
                covered: covered.clone(),
                payload: head,
            };
            let read = read_body(Kind::Publication, &bytes, length, &own(), LIMITS);
            let fits = place.is_none_or(|place| place.end() <= payload.len())
                && bare.is_none_or(|bare| bare.start <= bare.end && bare.end.max(bare.envelope) as usize <= payload.len());
            let expected = if fits { Ok(Body::Publication(expected)) } else { Err(Defect::Value) };
            prop_assert_eq!(read, expected);
            bytes.resize(head + 101, 0);
            let read = read_body(Kind::Publication, &bytes, length, &own(), LIMITS);
            prop_assert_eq!(read, Err(Defect::Oversized));
        }
    }
}

/// A change here parts the nodes of two versions: then it needs another number.
#[test]
fn the_format_of_version_1_never_changes() {
    let header = Header { kind: Kind::Publication, node: "n-1", incarnation: 1, stream: 2, sequence: 3 };
    let id = GlobalId { node: NodeId::new("m").unwrap(), incarnation: 4, client: ClientId::from_u64(5) };
    let mut bytes = Vec::new();
    write_header(&header, &mut bytes);
    let covered = [Topic::User("c")];
    write_publication(
        Target::Room("r"),
        MessageKind::Text,
        0,
        Some("u"),
        [id].iter(),
        (None, None),
        &covered,
        &mut bytes,
    );
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(
        hex,
        "0105036e2d31000000000000000100000000000000020000000000000003\
         0200017201000000000000000001000175000101\
         6d00000000000000040000000000000005000103000163"
    );
    let beat = Header { kind: Kind::Beat, node: "n", incarnation: 1, stream: 0, sequence: 0 };
    let counts = Counts { clients: 2, users: 3, rooms: 4 };
    let bytes = written(&beat, &Body::Beat { beat: 5, counts, state: State { version: 6, digest: Some(7) } });
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(
        hex,
        "0102016e000000000000000100000000000000000000000000000000\
         0000000000000005000000000000000200000000000000030000000000000004\
         0000000000000006010000000000000007"
    );
}
