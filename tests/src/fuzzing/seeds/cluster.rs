//! Messages between nodes.

use super::{Seed, seed};

/// For one subject: 0 is that of all nodes, 1 that of the node, 2 of a room, 3 of a user, 4 of nothing.
fn on(subject: u8, messages: &[Vec<u8>]) -> Vec<u8> {
    let mut input = Vec::new();
    for message in messages {
        input.push(subject);
        input.extend((message.len() as u16).to_be_bytes());
        input.extend(message);
    }
    input
}

fn header(kind: u8, node: &str, incarnation: u64, stream: u64, sequence: u64) -> Vec<u8> {
    let mut message = vec![1, kind, node.len() as u8];
    message.extend(node.as_bytes());
    for number in [incarnation, stream, sequence] {
        message.extend(number.to_be_bytes());
    }
    message
}

fn name(name: &str, message: &mut Vec<u8>) {
    message.extend((name.len() as u16).to_be_bytes());
    message.extend(name.as_bytes());
}

/// A publication, with the number of its message, its target, and what follows that up to the payload.
fn publication(sequence: u64, target: &[u8], question: u64, excepted: u8) -> Vec<u8> {
    placed(sequence, target, question, excepted, &[0])
}

/// The same, with a place for an offset.
fn placed(sequence: u64, target: &[u8], question: u64, excepted: u8, place: &[u8]) -> Vec<u8> {
    let mut message = header(5, "other", 3, 1, sequence);
    message.extend(target);
    message.push(1);
    message.extend(question.to_be_bytes());
    message.push(excepted.min(1));
    if excepted > 0 {
        name("bob", &mut message);
    }
    message.extend(u16::from(excepted).to_be_bytes());
    for client in 0..excepted {
        message.extend(b"\x03own");
        message.extend(7_u64.to_be_bytes());
        message.extend(u64::from(client).to_be_bytes());
    }
    message.extend(place);
    message.push(0);
    message.extend(b"hello");
    message
}

/// A publication to the room, of which rooms and users of these kinds and names get a copy of their own.
fn covering(covered: &[(u8, &str)]) -> Vec<u8> {
    let mut message = publication(1, &target(2, "lobby"), 0, 0);
    message.truncate(message.len() - 6);
    message.push(covered.len() as u8);
    covered.iter().for_each(|(kind, of)| message.extend(target(*kind, of)));
    message.extend(b"hello");
    message
}

/// How far a node has told of its rooms: a version, and a digest that may be there.
fn state(head: Vec<u8>, version: u64, digest: Option<u64>) -> Vec<u8> {
    let mut message = numbers(head, &[version]);
    message.push(digest.is_some().into());
    numbers(message, digest.as_slice())
}

fn room_record(of: &str, clients: u32) -> Vec<u8> {
    [&target(1, of)[..], &clients.to_be_bytes(), &clients.to_be_bytes()].concat()
}

fn member_record(client: u64, user: Option<&str>, info: &[u8]) -> Vec<u8> {
    let mut record = numbers(vec![2], &[client]);
    record.push(user.is_some().into());
    user.iter().for_each(|user| name(user, &mut record));
    record.extend((info.len() as u32).to_be_bytes());
    record.extend(info);
    record
}

fn changes(version: u64, records: &[Vec<u8>]) -> Vec<u8> {
    [state(header(8, "other", 3, 0, 0), version, Some(1)), records.concat()].concat()
}

fn page(ask: u64, version: u64, is_last: bool, records: &[Vec<u8>]) -> Vec<u8> {
    let mut message = state(numbers(header(10, "other", 3, 0, 0), &[ask]), version, None);
    message.push(is_last.into());
    [message, records.concat()].concat()
}

/// For several subjects, in turn.
fn on_each(messages: &[(u8, Vec<u8>)]) -> Vec<u8> {
    messages.iter().flat_map(|(subject, message)| on(*subject, std::slice::from_ref(message))).collect()
}

/// What is told of rooms, and asked.
fn of_rooms(beat: &[u8]) -> Vec<Seed> {
    let two = [room_record("a", 2), member_record(1, Some("ada"), b"x"), member_record(2, None, b"")];
    let gone = [room_record("a", 1), numbers(vec![3], &[1]), room_record("b", 0)];
    let mut ask = numbers(header(9, "other", 3, 0, 0), &[7, 5]);
    ask.push(1);
    name("a", &mut ask);
    ask.push(1);
    let ask = numbers(ask, &[2]);
    let many: Vec<_> = (0..12).map(|at| room_record(&format!("room-{at:02}"), 1)).collect();
    let beat = (0, beat.to_vec());
    vec![
        seed("rooms-changed", on_each(&[beat.clone(), (0, changes(1, &two)), (0, changes(2, &gone))])),
        seed(
            "rooms-after-a-gap",
            on_each(&[beat.clone(), (0, changes(5, &two)), (1, page(1, 5, true, &gone[..1]))]),
        ),
        seed(
            "rooms-in-pages",
            on_each(&[
                beat.clone(),
                (0, changes(5, &two)),
                (1, page(1, 5, false, &two[..2])),
                (1, page(2, 6, true, &two)),
            ]),
        ),
        seed(
            "rooms-of-an-old-page",
            on_each(&[beat.clone(), (0, changes(5, &two)), (1, page(1, 4, true, &two))]),
        ),
        seed(
            "rooms-out-of-order",
            on_each(&[
                beat.clone(),
                (0, changes(5, &two)),
                (1, page(1, 5, true, &[many[3].clone(), many[1].clone()])),
            ]),
        ),
        seed(
            "rooms-beyond-the-bound",
            on_each(&[
                beat.clone(),
                (0, changes(1, &many[..2])),
                (0, changes(2, &many[2..4])),
                (0, changes(3, &many[4..6])),
                (0, changes(4, &many[6..8])),
            ]),
        ),
        seed("a-member-of-no-room", on_each(&[beat.clone(), (0, changes(1, &two[1..]))])),
        seed(
            "a-member-that-is-cut",
            on_each(&[
                beat.clone(),
                (0, {
                    let mut cut = changes(1, &two);
                    cut.truncate(cut.len() - 3);
                    cut
                }),
            ]),
        ),
        seed(
            "rooms-that-are-gone",
            on_each(&[beat.clone(), (0, changes(1, &two)), (0, header(3, "other", 3, 0, 0))]),
        ),
        seed("rooms-of-a-node-that-has-not-come", on(0, &[changes(1, &two)])),
        seed("rooms-asked-for", on_each(&[beat, (1, ask)])),
    ]
}

fn target(kind: u8, of: &str) -> Vec<u8> {
    let mut target = vec![kind];
    name(of, &mut target);
    target
}

fn client(incarnation: u64) -> Vec<u8> {
    [&[4][..], &incarnation.to_be_bytes(), &9_u64.to_be_bytes()].concat()
}

fn numbers(head: Vec<u8>, numbers: &[u64]) -> Vec<u8> {
    numbers.iter().fold(head, |mut message, number| {
        message.extend(number.to_be_bytes());
        message
    })
}

/// One of every kind.
pub fn cluster_wire() -> Vec<Seed> {
    let room = target(2, "lobby");
    let beat = |node: &str, incarnation, beat| {
        state(numbers(header(2, node, incarnation, 0, 0), &[beat, 5, 6, 7]), 0, None)
    };
    let mut directive = header(6, "other", 3, 1, 1);
    directive.extend(target(3, "ada"));
    directive.extend(0_u64.to_be_bytes());
    directive.push(1);
    directive.extend(4_001_u16.to_be_bytes());
    name("bye", &mut directive);
    let mut answer = numbers(header(7, "other", 3, 1, 1), &[7, 1]);
    answer.push(1);
    let gap: Vec<_> = [1, 2, 5, 4, 70].map(|number| publication(number, &room, 0, 0)).into();
    let mut old = publication(1, &room, 0, 0);
    old[0] = 0;
    let mut long = publication(1, &room, 0, 0);
    long.extend([b'x'; 64]);
    let cut = publication(1, &room, 0, 2)[..50].to_vec();
    let nodes: Vec<_> = ["a", "b", "c", "d", "e"].map(|node| beat(node, 1, 1)).into();
    let of_rooms = of_rooms(&beat("other", 3, 1));
    let mut seeds = vec![
        seed("covered", on(2, &[covering(&[(2, "other"), (3, "ada")])])),
        seed("covered-by-all", on(2, &[covering(&[(1, "other")])])),
        seed("to-all", on(0, &[publication(1, &[1], 0, 0)])),
        seed("to-a-room", on(2, &[publication(1, &room, 0, 0)])),
        seed("to-a-user", on(3, &[publication(1, &target(3, "ada"), 0, 1)])),
        seed("to-a-client", on(1, &[publication(1, &client(7), 0, 0)])),
        seed("to-a-client-with-a-question", on(1, &[publication(1, &client(7), 8, 0)])),
        seed("to-a-client-of-a-former-start", on(1, &[publication(1, &client(6), 8, 0)])),
        seed("with-excepted-clients", on(2, &[publication(1, &room, 0, 3)])),
        seed("with-too-many-excepted", on(2, &[publication(1, &room, 0, 4)])),
        seed("with-a-place", on(2, &[[placed(1, &room, 0, 0, &[2, 0, 0, 0, 2]), vec![0; 8]].concat()])),
        seed(
            "with-a-bare-part",
            on(2, &[placed(1, &room, 0, 0, &[0x10, 1, 0, 0, 0, 5, 0, 0, 0, 1, 0, 0, 0, 4])]),
        ),
        seed(
            "with-a-bare-part-beyond",
            on(2, &[placed(1, &room, 0, 0, &[0x10, 2, 0, 0, 0, 5, 0, 0, 0, 1, 0, 0, 0, 6])]),
        ),
        seed("with-a-place-beyond", on(2, &[placed(1, &room, 0, 0, &[1, 0, 0, 0, 2])])),
        seed("gap-and-late", on(2, &gap)),
        seed("misplaced", on(3, &[publication(1, &room, 0, 0)])),
        seed("unwanted", on(4, &[publication(1, &room, 0, 0)])),
        seed("old-version", on(2, &[old])),
        seed("too-long", on(2, &[long])),
        seed("cut-short", on(2, &[cut])),
        seed("heartbeats", on(0, &nodes)),
        seed("goodbye", on(0, &[beat("other", 3, 1), header(3, "other", 3, 0, 0), beat("other", 3, 2)])),
        seed("started-again", on(0, &[beat("other", 3, 1), beat("other", 4, 1), beat("other", 3, 2)])),
        seed("tail", on(2, &[publication(1, &room, 0, 0), header(4, "other", 3, 1, 9)])),
        seed("directive", on(3, &[directive])),
        seed("answer", on(1, &[answer])),
        seed("probe-of-itself", on(1, &[numbers(header(1, "own", 7, 0, 0), &[1])])),
        seed("same-id-earlier", on(0, &[beat("own", 6, 1)])),
        seed("same-id-later", on(0, &[beat("own", 8, 1), publication(1, &[1], 0, 0)])),
        seed("nothing", on(0, &[Vec::new()])),
    ];
    seeds.extend(of_rooms);
    seeds
}
