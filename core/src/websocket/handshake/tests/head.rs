use super::{HEADERS, handshake, head, receive, upgrade_with};
use crate::websocket::handshake::{BadRequest, Handshake, HeadLimits, HeadTooLarge, Refusal, Request};
use http::{Method, Version};
use proptest::prelude::*;

const MAX_HEAD: usize = 8 * 1024;
const MAX_HEADERS: usize = 100;

fn receive_pieces<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> (Result<Option<Request>, Refusal>, Vec<u8>) {
    let mut handshake = handshake();
    let mut result = Ok(None);
    let mut left = Vec::new();
    for piece in pieces {
        let mut piece = piece.to_vec();
        let mut input = piece.as_mut_slice();
        if matches!(result, Ok(None)) {
            result = handshake.receive(&mut input);
        }
        left.extend_from_slice(input);
    }
    (result, left)
}

/// The comparable part of a result.
fn shown(result: &Result<Option<Request>, Refusal>) -> String {
    format!("{result:?}")
}

#[test]
fn a_request_is_read_and_what_follows_it_is_left() {
    let mut bytes = upgrade_with(&[("Cookie", "a=b"), ("cookie", "c")]).into_bytes();
    bytes.extend_from_slice(b"\x81\x80frames\r\n\r\n");
    let mut input = bytes.as_mut_slice();
    let request = handshake().receive(&mut input).unwrap().unwrap();
    assert_eq!(input, b"\x81\x80frames\r\n\r\n");
    assert_eq!(*request.method(), Method::GET);
    assert_eq!(request.path(), "/chat");
    assert_eq!(request.parts().version, Version::HTTP_11);
    let cookies: Vec<_> = request.headers().get_all("cookie").iter().collect();
    assert_eq!(cookies, ["a=b", "c"]);
}

#[test]
fn a_plain_request_is_recognised() {
    let request = receive("GET /healthz?verbose=1 HTTP/1.0\r\nAccept: */*\r\n\r\n").unwrap().unwrap();
    assert_eq!((request.path(), request.query()), ("/healthz", Some("verbose=1")));
    assert_eq!(request.parts().version, Version::HTTP_10);
    assert_eq!(request.headers()["accept"], "*/*");
}

#[test]
fn a_request_is_the_same_however_it_is_cut() {
    let good = [head("GET /a?b HTTP/1.1", [("Host", "h"), ("X", "\ty ")]), "frames\r\n\r\n".into()].concat();
    let bad = "GET / HTTP/1.1\r\nHost: h\nX: y\r\n\r\n".to_owned();
    for bytes in [good.as_bytes(), bad.as_bytes()] {
        let (whole, left) = receive_pieces([bytes].into_iter());
        for first in 0..bytes.len() {
            for second in first..bytes.len() {
                let pieces = [&bytes[..first], &bytes[first..second], &bytes[second..]];
                let cut = receive_pieces(pieces.into_iter());
                assert_eq!(shown(&cut.0), shown(&whole));
                if whole.is_ok() {
                    assert_eq!(cut.1, left);
                }
            }
        }
        assert_eq!(shown(&receive_pieces(bytes.chunks(1)).0), shown(&whole));
    }
}

#[test]
fn one_empty_line_before_the_request_is_passed_over() {
    let mut bytes = format!("\r\n{}frames\r\n\r\n", upgrade_with(&[])).into_bytes();
    let (request, left) = receive_pieces([bytes.as_slice()].into_iter());
    assert_eq!(request.as_ref().unwrap().as_ref().unwrap().path(), "/chat");
    assert_eq!(left, b"frames\r\n\r\n");
    for first in 0..bytes.len() {
        let cut = receive_pieces([&bytes[..first], &bytes[first..]].into_iter());
        assert_eq!((shown(&cut.0), cut.1), (shown(&request), left.clone()), "{first}");
    }
    // The empty line counts against the limit of bytes.
    bytes = [b"\r\n", head_of(MAX_HEAD).as_bytes()].concat();
    assert_eq!(receive(bytes).err(), Some(Refusal::HeadTooLarge(HeadTooLarge::Bytes)));
}

#[test]
fn the_answer_to_a_head_has_no_body_however_much_of_it_was_read() {
    let refusal = Refusal::Unavailable { retry_after: 1 };
    let whole = String::from_utf8(refusal.to_bytes()).unwrap();
    let (head, body) = whole.split_once("\r\n\r\n").unwrap();
    assert!(!body.is_empty());
    let answer = |sent: &str, size: usize| {
        let mut handshake = handshake();
        for piece in sent.as_bytes().chunks(size) {
            let _ = handshake.receive(&mut piece.to_vec().as_mut_slice());
        }
        String::from_utf8(handshake.refuse(&refusal)).unwrap()
    };
    for size in [1, 3, 100] {
        for sent in ["HEAD / HTTP/1.1\r\n\r\n", "HEAD ", "\r\nHEAD /", "HEAD / HTTP/3.0\r\n\r\n", "HEAD \n"] {
            assert_eq!(answer(sent, size), format!("{head}\r\n\r\n"), "{sent:?} by {size}");
        }
        for sent in
            ["GET / HTTP/1.1\r\n\r\n", "G", "HEADS", "HEA D", "head / HTTP/1.1\r\n\r\n", "\u{1}", "\r\nGET"]
        {
            assert_eq!(answer(sent, size), whole, "{sent:?} by {size}");
        }
        // The request may still become a HEAD.
        for sent in ["", "H", "HEAD", "\r\n", "\r\nHEA"] {
            let empty = format!("{head}\r\n\r\n").replace(&format!("{}", body.len()), "0");
            assert_eq!(answer(sent, size).to_lowercase(), empty.to_lowercase(), "{sent:?} by {size}");
        }
    }
}

#[test]
fn malformed_heads_are_refused() {
    let cases: [&[u8]; 19] = [
        b"\r\n\r\n",
        b"\r\n\r\nGET / HTTP/1.1\r\n\r\n",
        b"\r\n\n",
        b"\nGET / HTTP/1.1\r\n\r\n",
        b"\n",
        b"GET / HTTP/1.1\n\n",
        b"GET / HTTP/1.1\r\nHost: a\n\r\n",
        b"GET /\r\n\r\n",
        b"GET / HTTP/2.0\r\n\r\n",
        b"GET / HTTP/1.1 \r\n\r\n",
        b"GET  / HTTP/1.1\r\n\r\n",
        b"G\xc3\xa9T / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
        b"GET / HTTP/1.1\r\nspace : x\r\n\r\n",
        b"GET / HTTP/1.1\r\n: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nX: a\r\n folded\r\n\r\n",
        b"GET / HTTP/1.1\r\nX: \0\r\n\r\n",
        b"GET / HTTP/1.1\r\nX: a\rb\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    ];
    for bytes in cases {
        let result = receive(bytes);
        assert_eq!(result.err(), Some(BadRequest::Head.into()), "{}", bytes.escape_ascii());
    }
}

#[test]
fn what_http_demands_of_every_request_is_checked_whatever_it_asks_for() {
    let (host, length) = (Some(BadRequest::Host.into()), Some(Refusal::from(BadRequest::Length)));
    for (line, headers, refusal) in [
        ("GET /healthz HTTP/1.1", "Host: a", None),
        ("GET /healthz HTTP/1.1", "Host:", None),
        ("GET /healthz HTTP/1.1", "X: y", host.clone()),
        ("GET /healthz HTTP/1.1", "Host: a\r\nHost: a", host.clone()),
        ("POST / HTTP/1.1", "Host: a b", host.clone()),
        ("GET /healthz HTTP/1.0", "X: y", None),
        ("GET /healthz HTTP/1.0", "Host: a\r\nHost: b", host),
        ("POST / HTTP/1.1", "Host: a\r\nContent-Length: 12", None),
        ("POST / HTTP/1.1", "Host: a\r\nContent-Length: 12\r\nContent-Length: 12", None),
        ("POST / HTTP/1.1", "Host: a\r\nTransfer-Encoding: gzip, Chunked", None),
        ("POST / HTTP/1.1", "Host: a\r\nTransfer-Encoding: gzip\r\nTransfer-Encoding: chunked", None),
        ("POST / HTTP/1.1", "Host: a\r\nContent-Length: 12\r\nContent-Length: 13", length.clone()),
        ("POST / HTTP/1.1", "Host: a\r\nContent-Length: 1, 1", length.clone()),
        ("POST / HTTP/1.1", "Host: a\r\nContent-Length: +1", length.clone()),
        ("POST / HTTP/1.1", "Host: a\r\nContent-Length: ", length.clone()),
        ("POST / HTTP/1.1", "Host: a\r\nContent-Length: 18446744073709551616", length.clone()),
        ("POST / HTTP/1.1", "Host: a\r\nTransfer-Encoding: chunked, gzip", length.clone()),
        ("POST / HTTP/1.1", "Host: a\r\nTransfer-Encoding: ", length.clone()),
        ("POST / HTTP/1.1", "Host: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked", length.clone()),
        ("POST / HTTP/1.0", "Host: a\r\nTransfer-Encoding: chunked", length),
    ] {
        let bytes = format!("{line}\r\n{headers}\r\n\r\n");
        let request = receive(&bytes).unwrap().unwrap();
        assert_eq!(request.check().err(), refusal, "{bytes:?}");
        let mut handshake = handshake();
        let read = handshake.receive_bytes(&mut bytes.clone().into_bytes().as_mut_slice());
        let expected = refusal.map_or_else(|| Ok(Some(bytes.clone().into_bytes())), Err);
        assert_eq!(read, expected, "{bytes:?}");
    }
}

#[test]
fn the_bytes_of_a_head_are_those_that_were_sent_however_they_are_cut() {
    let sent = [b"\r\n", upgrade_with(&[]).as_bytes(), b"frames"].concat();
    for size in 1..=sent.len() {
        let mut handshake = handshake();
        let (mut read, mut taken) = (Ok(None), 0);
        for piece in sent.chunks(size) {
            let mut piece = piece.to_vec();
            let (len, mut input) = (piece.len(), piece.as_mut_slice());
            read = handshake.receive_bytes(&mut input);
            taken += len - input.len();
            if read != Ok(None) {
                break;
            }
        }
        assert_eq!(read.unwrap().as_deref(), Some(&sent[..sent.len() - 6]), "by {size}");
        assert_eq!(taken, sent.len() - 6, "by {size}");
        assert_eq!(handshake.receive_bytes(&mut [].as_mut_slice()), Ok(None), "there is one");
    }
    let mut handshake = handshake();
    let refusal = Err(BadRequest::Head.into());
    assert_eq!(handshake.receive_bytes(&mut b"GET /\n".to_vec().as_mut_slice()), refusal);
    assert_eq!(handshake.receive_bytes(&mut [].as_mut_slice()), refusal, "an error is terminal");
}

#[test]
fn an_incomplete_head_is_waited_for() {
    let bytes = upgrade_with(&[]);
    for end in 0..bytes.len() {
        assert!(matches!(receive(&bytes[..end]), Ok(None)), "{end}");
    }
}

fn head_of(len: usize) -> String {
    let empty = head("GET / HTTP/1.1", [("X", "")]).len();
    head("GET / HTTP/1.1", [("X", "x".repeat(len - empty).as_str())])
}

#[test]
fn a_head_over_the_limit_is_refused_as_soon_as_it_is_known() {
    let too_long = || Some(Refusal::HeadTooLarge(HeadTooLarge::Bytes));
    assert!(receive(head_of(MAX_HEAD)).unwrap().is_some());
    assert_eq!(receive(head_of(MAX_HEAD + 1)).err(), too_long());
    assert_eq!(receive("x".repeat(1 << 20)).err(), too_long());

    for size in [1, 100, 5000] {
        let bytes = head_of(100_000);
        let mut handshake = handshake();
        let mut sent = 0;
        let refusal = bytes.as_bytes().chunks(size).find_map(|piece| {
            sent += piece.len();
            handshake.receive(&mut piece.to_vec().as_mut_slice()).err()
        });
        assert_eq!(refusal, too_long());
        assert!(sent < MAX_HEAD + size, "{sent} bytes by {size}");
        assert_eq!(handshake.receive(&mut [].as_mut_slice()).err(), too_long(), "an error is terminal");
    }
}

#[test]
fn thousands_of_headers_are_refused_as_soon_as_it_is_known() {
    let with = |count| head("GET / HTTP/1.1", vec![("a", "b"); count]);
    assert_eq!(receive(with(MAX_HEADERS)).unwrap().unwrap().headers().len(), MAX_HEADERS);
    let too_many = Some(Refusal::HeadTooLarge(HeadTooLarge::Headers));
    assert_eq!(receive(with(MAX_HEADERS + 1)).err(), too_many);
    let bytes = with(1000);
    let mut handshake = handshake();
    let sent =
        bytes.bytes().take_while(|byte| handshake.receive(&mut [*byte].as_mut_slice()).is_ok()).count();
    assert!(sent < with(MAX_HEADERS + 2).len());
}

#[test]
fn the_limits_are_the_hosts_to_set() {
    let mut limits = HeadLimits::default();
    (limits.max_bytes, limits.max_headers) = (20_000, 300);
    let receive = |bytes: String| Handshake::new(limits).receive(&mut bytes.into_bytes().as_mut_slice());
    assert!(receive(head_of(20_000)).unwrap().is_some());
    assert_eq!(receive(head_of(20_001)).err(), Some(Refusal::HeadTooLarge(HeadTooLarge::Bytes)));
    assert!(receive(head("GET / HTTP/1.1", vec![("a", "b"); 300])).unwrap().is_some());
    let over = receive(head("GET / HTTP/1.1", vec![("a", "b"); 301])).err();
    assert_eq!(over, Some(Refusal::HeadTooLarge(HeadTooLarge::Headers)));
}

#[test]
fn a_reader_reads_one_request() {
    let mut handshake = handshake();
    let mut bytes = upgrade_with(&[]).into_bytes();
    assert!(handshake.receive(&mut bytes.as_mut_slice()).unwrap().is_some());
    let mut again = upgrade_with(&[]).into_bytes();
    let mut input = again.as_mut_slice();
    assert!(handshake.receive(&mut input).unwrap().is_none());
    assert!(!input.is_empty());
}

proptest! {
    #[test]
    fn noise_neither_panics_nor_depends_on_cuts(
        headers in proptest::collection::vec(("[A-Za-z :\r\n\t]{0,12}", "[ -~\r\n]{0,30}"), 0..6),
        noise in proptest::collection::vec(any::<u8>(), 0..20),
        sizes in 1usize..30,
    ) {
        let more = headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let mut bytes = head("GET / HTTP/1.1", HEADERS.into_iter().chain(more)).into_bytes();
        bytes.splice(7..7, noise);
        let whole = receive_pieces([bytes.as_slice()].into_iter());
        let cut = receive_pieces(bytes.chunks(sizes));
        prop_assert_eq!(shown(&cut.0), shown(&whole.0));
    }
}
