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
    message.extend(b"hello");
    message
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
    let beat = |node: &str, incarnation, beat| numbers(header(2, node, incarnation, 0, 0), &[beat, 5, 6, 7]);
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
    vec![
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
    ]
}
