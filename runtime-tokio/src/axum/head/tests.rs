use super::{Head, Reader, rewind};
use crate::axum::admission::HttpAdmission;
use crate::axum::readers::hang_up;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use throng_core::websocket::handshake::HeadLimits;
use throng_runtime::Hub;
use throng_runtime::hosting::HostedHub;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf, duplex};
use tokio::time::{Instant, timeout};

const MOST: usize = 100;

fn hub() -> HostedHub {
    crate::serve::start(Hub::builder().build().expect("the config stands"))
}

/// The admission of a connection whose first request has arrived.
fn admission(hub: &HostedHub) -> Arc<HttpAdmission> {
    let admission = HttpAdmission::new(hub, Some(SocketAddr::from((Ipv4Addr::LOCALHOST, 1))));
    admission.head_is_complete(false);
    Arc::new(admission)
}

fn head() -> Head {
    let mut limits = HeadLimits::default();
    limits.max_bytes = MOST as u32;
    Head::new(limits)
}

/// How many bytes of this it takes until the head is complete or refused, if they come one by one, and whether it is complete.
async fn bytes_until_known(sent: &[u8]) -> Option<(usize, bool)> {
    let (mut peer, mut stream) = duplex(1);
    let mut head = head();
    for (number, byte) in (1..).zip(sent) {
        peer.write_all(&[*byte]).await.expect("there is room");
        if let Ok(read) = timeout(Duration::from_millis(1), head.read(&mut stream)).await {
            let read = read.expect("the peer is there");
            if let Ok(head) = &read {
                assert_eq!(head, &sent[..number], "hyper gets what was sent");
            }
            return Some((number, read.is_ok()));
        }
    }
    None
}

#[tokio::test(start_paused = true)]
async fn a_head_ends_with_an_empty_line_however_it_is_cut_and_is_refused_as_soon_as_it_is_none() {
    for (sent, known) in [
        (&b"GET / HTTP/1.1\r\nHost: h\r\n\r\nrest"[..], Some((27, true))),
        (b"\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n", Some((29, true))),
        (b"GET / HTTP/1.1\nHost: h\n\nrest", Some((15, false))),
        (b"\r\n\r\nGET / HTTP/1.1\r\n\r\n", Some((4, false))),
        (b"GET / HTTP/1.1\r\n\r\n", Some((18, false))),
        (b"GET / HTTP/1.1\r\nHost: h\r\n", None),
        (&[b'a'; 2 * MOST], Some((MOST, false))),
    ] {
        let said = String::from_utf8_lossy(sent);
        assert_eq!(bytes_until_known(sent).await, known, "{said:?}");
    }
}

#[tokio::test]
async fn what_was_read_comes_out_first_and_then_the_stream() -> io::Result<()> {
    let (mut peer, mut stream) = duplex(1 << 10);
    peer.write_all(b"GET / HTTP/1.1\r\nHost: h\r\n\r\nbehind").await?;
    let hub = hub();
    let read = head().read(&mut stream).await.expect("the peer is there").expect("a head");
    peer.write_all(b" it").await?;
    let mut begun = rewind(read, stream, Reader::new(&hub, &admission(&hub)));
    let mut out = [0; 10];
    begun.read_exact(&mut out).await?;
    begun.write_all(b"answer").await?;
    let (mut stream, rest) = begun.into_parts().expect("the stream is there");
    assert_eq!((&out, &*rest), (b"GET / HTTP", &b"/1.1\r\nHost: h\r\n\r\nbehind"[..]));
    drop(peer.shutdown().await);
    let (mut behind, mut answer) = (String::new(), [0; 6]);
    stream.read_to_string(&mut behind).await?;
    peer.read_exact(&mut answer).await?;
    assert_eq!((&*behind, &answer), (" it", b"answer"));
    Ok(())
}

#[tokio::test]
async fn a_peer_that_goes_in_the_middle_has_no_head() -> io::Result<()> {
    let (mut peer, mut stream) = duplex(1 << 10);
    peer.write_all(b"GET / HTTP/1.1\r\n").await?;
    drop(peer);
    assert!(head().read(&mut stream).await.is_none());
    Ok(())
}

/// A layer that buffers what is written, for a peer that takes nothing of it.
struct Buffers;

impl AsyncRead for Buffers {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, _: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Poll::Pending
    }
}

impl AsyncWrite for Buffers {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Pending
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Pending
    }
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_leaves_in_a_buffer_what_tls_holds_for_it_is_ended() -> io::Result<()> {
    let hub = hub();
    let deadlines = hub.hub().config().deadlines;
    // 64 KiB at 1,024 bytes a second.
    let least = deadlines.write + Duration::from_secs(64);
    for shuts in [false, true] {
        let began = Instant::now();
        let mut stream = rewind(Vec::new(), Buffers, Reader::new(&hub, &admission(&hub)));
        stream.write_all(b"answer").await?;
        let ending = async { if shuts { stream.shutdown().await } else { stream.flush().await } };
        let ended = timeout(Duration::from_secs(600), ending).await.expect("the peer has its deadline");
        assert_eq!(ended.expect_err("nobody reads it").kind(), io::ErrorKind::TimedOut);
        let took = began.elapsed();
        assert!((least..least + Duration::from_secs(2)).contains(&took), "{took:?}");
    }
    Ok(())
}

/// A layer whose peer takes what it must, so that there is always something left in the buffer.
struct NeverEmpty;

impl AsyncRead for NeverEmpty {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, _: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Poll::Pending
    }
}

impl AsyncWrite for NeverEmpty {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Pending
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Pending
    }
}

/// Whether flushing fails within ten minutes, if so many bytes are written each second.
async fn is_ended(stream: &mut (impl AsyncWrite + Unpin), bytes_each_second: usize) -> io::Result<bool> {
    for _ in 0..600 {
        stream.write_all(&vec![0; bytes_each_second]).await?;
        if let Ok(flushed) = timeout(Duration::from_secs(1), stream.flush()).await {
            return Ok(flushed.is_err());
        }
    }
    Ok(false)
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_takes_what_it_must_is_not_ended_although_a_buffer_of_tls_is_never_empty()
-> io::Result<()> {
    let hub = hub();
    for (bytes_each_second, expected) in [(1_024, false), (64, true)] {
        let mut stream = rewind(Vec::new(), NeverEmpty, Reader::new(&hub, &admission(&hub)));
        assert_eq!(is_ended(&mut stream, bytes_each_second).await?, expected, "{bytes_each_second} a second");
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn the_deadlines_for_answers_do_not_hold_for_a_websocket() -> io::Result<()> {
    let (hub, admission) = (hub(), admission(&hub()));
    let mut stream = rewind(Vec::new(), NeverEmpty, Reader::new(&hub, &admission));
    admission.upgraded();
    assert!(!is_ended(&mut stream, 64).await?);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_goes_on_sending_has_a_second_to_read_its_answer_and_hang_up() -> io::Result<()> {
    let hub = hub();
    for (hangs_up, expected) in [(true, Duration::ZERO), (false, Duration::from_secs(1))] {
        let (mut peer, stream) = duplex(16);
        let mut stream = rewind(Vec::new(), stream, Reader::new(&hub, &admission(&hub)));
        let returned = stream.returned();
        stream.write_all(b"refused").await?;
        // As hyper does with a connection whose upgrade was declined.
        drop(stream);
        let stream = returned.lock().expect("nobody panics").take().expect("it is returned");
        let (began, of) = (Instant::now(), hub.clone());
        let ending = tokio::spawn(async move { hang_up(&of, *stream).await });
        // More than there is room for: it is taken and thrown away.
        peer.write_all(&[b'x'; 1_000]).await?;
        let mut answer = String::new();
        peer.read_to_string(&mut answer).await?;
        assert_eq!(answer, "refused");
        if hangs_up {
            peer.shutdown().await?;
        }
        ending.await.expect("it does not panic");
        let took = began.elapsed();
        assert!((expected..expected + Duration::from_millis(500)).contains(&took), "{took:?}");
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn no_more_connections_than_may_linger_wait_for_their_peers() {
    let mut config = throng_core::hub::Config::default();
    config.admission.lingering = 0;
    let hub = crate::serve::start(Hub::builder().config(config).build().expect("the config stands"));
    let (_peer, stream) = duplex(16);
    let began = Instant::now();
    hang_up(&hub, stream).await;
    assert_eq!(began.elapsed(), Duration::ZERO);
    let (peer, stream) = duplex(16);
    drop(peer);
    hang_up(&hub, stream).await;
    assert_eq!(hub.hub().numbers().refused_connections.cut, 1, "who has hung up is not cut");
}
