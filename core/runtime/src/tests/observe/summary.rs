use super::each;
use crate::Hub;
use crate::observe::Summary;
use crate::tests::host::World;
use std::time::Duration;

fn summed_up(summary: &Summary) -> World {
    let builder = Hub::builder().on_message(|client, message| {
        let _ = client.hub().broadcast(message);
    });
    World::new(each(builder, summary.clone()))
}

#[test]
fn a_summary_adds_up_until_it_is_reset() {
    let summary = Summary::new();
    let mut world = summed_up(&summary);
    let peers = [world.connect(), world.connect()];
    world.pass(Duration::from_secs(10));
    peers[0].send("hello");
    peers[0].send("hi");
    world.run();
    let reading = summary.read(&world.hub);
    assert_eq!(
        (reading.span(), reading.more(|numbers| numbers.stats.received)),
        (Duration::from_secs(10), 2)
    );
    let (received, written) = (&reading.received_bytes, &reading.written);
    assert_eq!((received.count, received.sum, received.max), (2, 7, 5));
    assert_eq!((written.count, written.max, reading.flushed.average()), (4, 0, 2));
    assert!(reading.held.count > 0);

    summary.reset(&world.hub);
    world.pass(Duration::from_secs(2));
    let reading = summary.read(&world.hub);
    assert_eq!((reading.span(), reading.more(|numbers| numbers.stats.received)), (Duration::from_secs(2), 0));
    assert_eq!((reading.received_bytes.count, reading.written.count), (0, 0));
    assert_eq!(reading.numbers.stats.received, 2, "the hub forgets nothing");
}

#[test]
fn a_summary_is_a_page_that_somebody_can_read() {
    let summary = Summary::new();
    let mut world = summed_up(&summary);
    let peer = world.connect();
    world.pass(Duration::from_secs(10));
    peer.send("hello");
    world.run();
    // An unmasked frame, which breaks the protocol.
    peer.push(&[0x81, 0x01, b'x']);
    world.run();
    let page = summary.read(&world.hub).to_string();
    let lines: Vec<&str> = page.lines().collect();
    assert_eq!(lines[0], "running for 10.0s; 10.0s since the start");
    assert!(lines[1].contains("0 clients, 0 in handshake, 0 reserved, 1 closing"), "{page}");
    let counted = |what: &str| {
        let line = lines.iter().find(|line| line.starts_with(what)).expect("it is there");
        line[what.len()..].split_whitespace().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(counted("messages received"), ["1", "0.1"]);
    assert_eq!(counted("bytes received"), ["5", "0.5"]);
    assert_eq!(counted("received, bytes"), ["1", "5", "5", "5", "5"]);
    assert!(page.ends_with("bad input: unmasked frame 1\n"), "{page}");
    summary.reset(&world.hub);
    let page = summary.read(&world.hub).to_string();
    assert!(page.contains("since the last reset") && !page.contains("unmasked"), "{page}");
}
