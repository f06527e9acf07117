//! The hub's clock is tokio's: where a test pauses it, a minute is over in no time.

#![allow(clippy::unwrap_used)]

use futures_util::{SinkExt, StreamExt};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant as RealTime};
use throng_tokio::{CloseCode, ClosedBy, Disconnected, Hub};
use tokio::io::DuplexStream;
use tokio::time::{Instant, sleep, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

type Ends = Arc<Mutex<Vec<(Disconnected, Instant)>>>;

fn hub() -> (Hub, Ends) {
    let ends = Ends::default();
    let told = Arc::clone(&ends);
    let builder =
        Hub::builder().on_disconnect(move |_, end| told.lock().unwrap().push((end, Instant::now())));
    (builder.build().unwrap(), ends)
}

async fn connect(hub: &Hub) -> WebSocketStream<DuplexStream> {
    let (ours, theirs) = tokio::io::duplex(4096);
    let hub = hub.clone();
    tokio::spawn(async move { throng_tokio::serve_stream(&hub, ours, None).await });
    tokio_tungstenite::client_async("ws://pipe/", theirs).await.unwrap().0
}

/// Reads, and so answers pings, for so long; how many there were.
async fn answer(peer: &mut WebSocketStream<DuplexStream>, time: Duration) -> u32 {
    let mut pings = 0;
    let until = Instant::now() + time;
    while let Ok(next) = tokio::time::timeout_at(until, peer.next()).await {
        pings += u32::from(matches!(next.unwrap().unwrap(), Message::Ping(_)));
    }
    pings
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_answers_nothing_is_gone_after_a_minute_that_takes_no_time() {
    let real = RealTime::now();
    let (hub, ends) = hub();
    let (start, silent) = (Instant::now(), connect(&hub).await);
    let mut answering = connect(&hub).await;
    assert_eq!(answer(&mut answering, Duration::from_secs(59)).await, 1);
    assert_eq!(hub.client_count(), 2);
    answer(&mut answering, Duration::from_secs(2)).await;
    {
        let ends = ends.lock().unwrap();
        let [(end, at)] = &ends[..] else { panic!("{ends:?}") };
        assert_eq!((end.code, end.by), (CloseCode::ABNORMAL, ClosedBy::Hub));
        let lived = at.duration_since(start);
        assert!(lived >= Duration::from_secs(60) && lived < Duration::from_millis(60_100), "{lived:?}");
    }
    // An hour of pings, all of which are answered.
    assert_eq!(answer(&mut answering, Duration::from_secs(3_600)).await, 66);
    assert_eq!((hub.client_count(), hub.stats().standstills), (1, 0));
    drop(silent);
    assert!(real.elapsed() < Duration::from_secs(30), "it waited in earnest: {:?}", real.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_hub_with_nothing_to_do_does_not_keep_time_from_passing() {
    let (hub, ends) = hub();
    let mut peer = connect(&hub).await;
    for _ in 0..40 {
        // Time goes on by itself only while no task is awake: a timer that spins would stop it.
        let before = Instant::now();
        sleep(Duration::from_secs(5)).await;
        assert_eq!(before.elapsed().as_secs(), 5);
        // A ping was answered by being read.
        if let Ok(next) = timeout(Duration::ZERO, peer.next()).await {
            assert!(matches!(next.unwrap().unwrap(), Message::Ping(_)));
            peer.flush().await.unwrap();
        }
    }
    assert_eq!(ends.lock().unwrap().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_set_ahead_is_a_host_that_stood_still() {
    let (hub, ends) = hub();
    let mut peer = connect(&hub).await;
    answer(&mut peer, Duration::from_secs(30)).await;
    tokio::time::advance(Duration::from_secs(300)).await;
    answer(&mut peer, Duration::from_secs(60)).await;
    assert!(ends.lock().unwrap().is_empty(), "nobody could ask it anything");
    let stats = hub.stats();
    assert_eq!((stats.standstills, stats.clients), (1, 1));
    assert!(stats.stood_still > Duration::from_secs(250), "{:?}", stats.stood_still);
}
