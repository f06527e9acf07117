use super::{Head, Reader};
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;
use std::io;
use throng_runtime::Hub;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf, duplex};
use tokio::time::{Instant, timeout};

const MOST: usize = 100;

/// How many bytes of this it takes until the head is complete, if they come one by one.
async fn bytes_until_complete(sent: &[u8]) -> Option<usize> {
    let (mut peer, mut stream) = duplex(1);
    let mut head = Head::default();
    for (number, byte) in (1..).zip(sent) {
        peer.write_all(&[*byte]).await.expect("there is room");
        if let Ok(is_whole) = timeout(Duration::from_millis(1), head.read(&mut stream, MOST)).await {
            assert!(is_whole);
            return Some(number);
        }
    }
    None
}

#[tokio::test(start_paused = true)]
async fn a_head_ends_with_an_empty_line_however_it_is_cut() {
    for (sent, complete) in [
        (&b"GET / HTTP/1.1\r\nHost: h\r\n\r\nrest"[..], Some(27)),
        (b"GET / HTTP/1.1\nHost: h\n\nrest", Some(24)),
        (b"\r\n\r\nGET / HTTP/1.1\r\n\r\n", Some(22)),
        (b"GET / HTTP/1.1\r\nHost: h\r\n", None),
        (b"\r\n\r\n\r\n", None),
        (&[b'a'; 2 * MOST], Some(MOST)),
    ] {
        let said = String::from_utf8_lossy(sent);
        assert_eq!(bytes_until_complete(sent).await, complete, "{said:?}");
    }
}

#[tokio::test]
async fn what_was_read_comes_out_first_and_then_the_stream() -> io::Result<()> {
    let (mut peer, mut stream) = duplex(1 << 10);
    peer.write_all(b"GET / HTTP/1.1\r\n\r\nbehind").await?;
    let mut head = Head::default();
    let hub = crate::serve::start(Hub::builder().build().expect("the config stands"));
    assert!(head.read(&mut stream, MOST).await);
    peer.write_all(b" it").await?;
    let mut begun = head.rewind(stream, Reader::new(&hub));
    let mut out = [0; 10];
    begun.read_exact(&mut out).await?;
    begun.write_all(b"answer").await?;
    let (mut stream, rest) = begun.into_parts();
    assert_eq!((&out, &*rest), (b"GET / HTTP", &b"/1.1\r\n\r\nbehind"[..]));
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
    assert!(!Head::default().read(&mut stream, MOST).await);
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
    let hub = crate::serve::start(Hub::builder().build().expect("the config stands"));
    let deadlines = hub.hub().config().deadlines;
    // 64 KiB at 1,024 bytes a second.
    let least = deadlines.write + Duration::from_secs(64);
    for shuts in [false, true] {
        let began = Instant::now();
        let mut stream = Head::default().rewind(Buffers, Reader::new(&hub));
        stream.write_all(b"answer").await?;
        let ending = async { if shuts { stream.shutdown().await } else { stream.flush().await } };
        let ended = timeout(Duration::from_secs(600), ending).await.expect("the peer has its deadline");
        assert_eq!(ended.expect_err("nobody reads it").kind(), io::ErrorKind::TimedOut);
        let took = began.elapsed();
        assert!((least..least + Duration::from_secs(2)).contains(&took), "{took:?}");
    }
    Ok(())
}
