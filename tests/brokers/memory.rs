//! The broker in memory, with a runtime of several threads.

use crate::support::{Link, conforms, publish};
use throng_tokio::cluster::conformance::{Options, check};
use throng_tokio::cluster::{Delivery, Memory};

#[tokio::test(flavor = "multi_thread")]
async fn memory_conforms() {
    let memory = Memory::new().queue_bytes(16 << 20);
    let options = Options::new("memory").flood(64 << 20).cut(|| memory.cut());
    conforms(&memory, &options, &[]).await;
}

/// The suite needs no runtime, and neither does this broker.
#[test]
fn memory_conforms_on_smol() {
    let memory = Memory::new().queue_bytes(16 << 20);
    let options = Options::new("memory").flood(64 << 20).cut(|| memory.cut());
    let sleep = |time| async move { _ = smol::Timer::after(time).await };
    let report =
        smol::block_on(check(&memory, &options, sleep)).unwrap_or_else(|violation| panic!("{violation}"));
    assert_eq!(report.left_out, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_on_several_threads_hear_each_other_in_order() {
    let memory = Memory::new();
    let mut nodes = Vec::new();
    for _ in 0..4 {
        let mut link = Link::open(&memory).await;
        link.subscribed("all").await;
        nodes.push(link);
    }
    let nodes = nodes.into_iter().enumerate().map(|(own, mut link)| {
        tokio::spawn(async move {
            let mut next = [0_u32; 4];
            for n in 0..500_u32 {
                let payload = [&[own as u8][..], &n.to_be_bytes()].concat();
                link.send([publish("all", payload)]).await.expect("the link works");
            }
            while next != [500; 4] {
                for delivery in link.receive_until(|_| true).await {
                    let Delivery::Message { payload, .. } = delivery else { continue };
                    let (from, number) = (usize::from(payload[0]), &payload[1..]);
                    assert_eq!(number, next[from].to_be_bytes(), "of node {from}");
                    next[from] += 1;
                }
            }
        })
    });
    for node in nodes.collect::<Vec<_>>() {
        node.await.expect("it does not panic");
    }
}
