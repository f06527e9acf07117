//! Addresses that proxies tell. Real proxies are in front of the program in `tests/proxies.rs`.

use super::protocol::{first, second};
use super::{client, read};
use crate::config::proxies::{Network, Proxies, ProxyHeader};
use crate::config::value::Setting;
use http::Request;
use proptest::prelude::*;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

fn proxies(header: ProxyHeader) -> Proxies {
    let trusted =
        ["10.0.0.0/8", "fd00::/8", "192.0.2.1"].map(|network| Network::read(&network.into()).unwrap());
    Proxies { trusted: trusted.into(), header, protocol: false }
}

fn told(header: ProxyHeader, values: &[&str]) -> String {
    let name = if header == ProxyHeader::Forwarded { "forwarded" } else { "x-forwarded-for" };
    let mut request = Request::builder();
    for value in values {
        request = request.header(name, *value);
    }
    let (parts, ()) = request.body(()).unwrap().into_parts();
    client(&proxies(header), "10.0.0.1:1000".parse().unwrap(), &parts).to_string()
}

#[test]
fn the_client_is_the_last_address_that_is_not_of_a_proxy() {
    const PEER: &str = "10.0.0.1:1000";
    for (values, expected) in [
        (&[][..], PEER),
        (&["198.51.100.7"], "198.51.100.7:0"),
        (&["198.51.100.7:5555"], "198.51.100.7:5555"),
        (&["2001:db8::1"], "[2001:db8::1]:0"),
        (&["[2001:db8::1]:80"], "[2001:db8::1]:80"),
        (&["[2001:db8::1]"], "[2001:db8::1]:0"),
        // What is before it the client may have written.
        (&["203.0.113.9, 198.51.100.7"], "198.51.100.7:0"),
        (&["203.0.113.9", "198.51.100.7"], "198.51.100.7:0"),
        (&["198.51.100.7, 10.1.1.1 , 192.0.2.1, fd00::5"], "198.51.100.7:0"),
        (&["198.51.100.7, ::ffff:10.1.1.1"], "198.51.100.7:0"),
        (&["10.1.1.1, 10.1.1.2"], "10.1.1.1:0"),
        // What cannot be read ends the list.
        (&["198.51.100.7, unknown"], PEER),
        (&["198.51.100.7, "], PEER),
        (&["198.51.100.7, 1.2.3, 10.1.1.1"], "10.1.1.1:0"),
        (&["unknown, 198.51.100.7"], "198.51.100.7:0"),
        (&["\u{e9}"], PEER),
    ] {
        assert_eq!(told(ProxyHeader::XForwardedFor, values), expected, "{values:?}");
    }
    assert_eq!(told(ProxyHeader::None, &["198.51.100.7"]), PEER);
    let long = format!("198.51.100.7{}", ", 10.1.1.1".repeat(40));
    assert_eq!(told(ProxyHeader::XForwardedFor, &[&long]), "10.1.1.1:0");
}

#[test]
fn the_header_forwarded_is_read_as_rfc_7239_says() {
    const PEER: &str = "10.0.0.1:1000";
    for (values, expected) in [
        (&["for=198.51.100.7"][..], "198.51.100.7:0"),
        (&["For=\"198.51.100.7:5555\";proto=https;by=10.0.0.1"], "198.51.100.7:5555"),
        (&["proto=http; for=\"[2001:db8::1]:4711\""], "[2001:db8::1]:4711"),
        (&["for=203.0.113.9, for=198.51.100.7;host=\"a,b;for=1.1.1.1\", for=10.1.1.1"], "198.51.100.7:0"),
        (&["for=203.0.113.9;host=\"a\\\",for=1.1.1.1\", for=10.1.1.1"], "203.0.113.9:0"),
        (&["for=198.51.100.7", "for=10.1.1.1"], "198.51.100.7:0"),
        (&["for=198.51.100.7, for=unknown"], PEER),
        (&["for=198.51.100.7, for=_hidden"], PEER),
        (&["for=198.51.100.7, proto=https"], PEER),
        (&["for=198.51.100.7;for=203.0.113.9"], PEER),
        (&["198.51.100.7"], PEER),
        (&["for=\""], PEER),
        (&[";=,;\"\\"], PEER),
    ] {
        assert_eq!(told(ProxyHeader::Forwarded, values), expected, "{values:?}");
    }
}

/// What `read` says to these bytes, and what it leaves in the socket.
async fn protocol(bytes: &[u8]) -> (Result<Option<SocketAddr>, String>, Vec<u8>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut peer = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (mut stream, _) = listener.accept().await.unwrap();
    let (first, second) = bytes.split_at(bytes.len() / 2);
    let writing = async {
        peer.write_all(first).await.unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        peer.write_all(second).await.unwrap();
        drop(peer);
    };
    let ((), told) = tokio::join!(writing, read(&mut stream));
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest).await;
    (told.map_err(|error| error.to_string()), rest)
}

fn second_version(command: u8, family: u8, rest: &[u8]) -> Vec<u8> {
    let length = u16::try_from(rest.len()).unwrap().to_be_bytes();
    [b"\r\n\r\n\0\r\nQUIT\n", &[command, family][..], &length, rest, b"GET /"].concat()
}

#[tokio::test]
async fn the_proxy_protocol_tells_the_client_and_takes_no_byte_more() {
    let four = [&[198, 51, 100, 7, 10, 0, 0, 1, 0x15, 0xb3, 0, 80][..], &[4, 0, 1, 0]].concat();
    let mut six = [0; 36];
    six[..4].copy_from_slice(&[0x20, 1, 0x0d, 0xb8]);
    (six[15], six[33]) = (1, 80);
    for (bytes, expected) in [
        (b"PROXY TCP4 198.51.100.7 10.0.0.1 5555 80\r\nGET /".to_vec(), Some("198.51.100.7:5555")),
        (b"PROXY TCP6 2001:db8::1 fd00::1 5555 80\r\nGET /".to_vec(), Some("[2001:db8::1]:5555")),
        (b"PROXY UNKNOWN\r\nGET /".to_vec(), None),
        (b"PROXY UNKNOWN what ever\r\nGET /".to_vec(), None),
        (second_version(0x21, 0x11, &four), Some("198.51.100.7:5555")),
        (second_version(0x21, 0x21, &six), Some("[2001:db8::1]:80")),
        (second_version(0x20, 0x00, b""), None),
        (second_version(0x20, 0x11, &four), None),
        (second_version(0x21, 0x00, b""), None),
    ] {
        let (told, rest) = protocol(&bytes).await;
        assert_eq!(told, Ok(expected.map(|address| address.parse().unwrap())), "{:?}", bytes.escape_ascii());
        assert_eq!(rest, b"GET /", "{:?}", bytes.escape_ascii());
    }
}

#[tokio::test]
async fn a_bad_proxy_protocol_is_an_error() {
    let long = format!("PROXY TCP4 198.51.100.7 {} 1 2\r\n", "1".repeat(100));
    let endless = format!("PROXY UNKNOWN {}", "x".repeat(500));
    for bytes in [
        b"".to_vec(),
        b"GET / HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(),
        b"PROXY".to_vec(),
        b"PROXY TCP4 198.51.100.7\r\n".to_vec(),
        b"PROXY TCP4 198.51.100.7 10.0.0.1 5555 80 1\r\n".to_vec(),
        b"PROXY TCP4 198.51.100.7 10.0.0.1 65536 80\r\n".to_vec(),
        b"PROXY TCP4 2001:db8::1 fd00::1 5555 80\r\n".to_vec(),
        b"PROXY TCP5 198.51.100.7 10.0.0.1 5555 80\r\n".to_vec(),
        b"PROXY TCP4 198.51.100.7 10.0.0.1 5555 80\nGET /".to_vec(),
        b"PROXY TCP4 198.51.100.7 10.0.0.1 5555 80".to_vec(),
        b"PROXY TCP4 198.51.100.\xff 10.0.0.1 5555 80\r\n".to_vec(),
        long.into_bytes(),
        endless.into_bytes(),
        second_version(0x21, 0x11, &[1, 2, 3]),
        second_version(0x21, 0x21, &[0; 35]),
        second_version(0x21, 0x12, &[0; 12]),
        second_version(0x21, 0x31, &[0; 216]),
        second_version(0x11, 0x11, &[0; 12]),
        second_version(0x22, 0x11, &[0; 12]),
        second_version(0x21, 0x11, &[0; 5_000]),
        b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\x01".to_vec(),
    ] {
        let (told, _) = protocol(&bytes).await;
        assert!(told.is_err(), "{:?}: {told:?}", bytes.escape_ascii());
    }
}

proptest! {
    /// Whatever a header has, the client is the peer or an address that stands in it.
    #[test]
    fn no_header_does_harm(value in "[\\x20-\\x7e]{0,60}|([0-9a-f:.,; \\[\\]\"=]|for=|10\\.0\\.0\\.1){0,40}") {
        for header in [ProxyHeader::XForwardedFor, ProxyHeader::Forwarded] {
            let client: SocketAddr = told(header, &[&value]).parse().unwrap();
            prop_assert!(client.to_string() == "10.0.0.1:1000" || value.contains([':', '.']), "{value:?}: {client}");
        }
    }

    /// Whatever a proxy sends, it is an address, nobody's, or an error.
    #[test]
    fn no_proxy_protocol_does_harm(
        line in "PROXY (TCP4|TCP6|UNKNOWN|x)( ([0-9.]{1,15}|[0-9a-f:]{1,20}|[ -~]{0,8})){0,6}\r\n",
        command in 0x1e..0x23_u8,
        family in 0..0x35_u8,
        rest in prop::collection::vec(any::<u8>(), 0..64),
    ) {
        let _ = first(line.as_bytes());
        let told = second(command, family, &rest);
        let is_whole = (family == 0x11 && rest.len() >= 12) || (family == 0x21 && rest.len() >= 36);
        prop_assert_eq!(told.is_ok_and(|client| client.is_some()), command == 0x21 && is_whole);
    }
}

#[test]
fn networks_are_read() {
    let read = |text: &str| Network::read(&text.into());
    assert!(read("0.0.0.0/0").unwrap().is_everybody() && !read("::1").unwrap().is_everybody());
    for bad in ["", "10.0.0.0/33", "10.0.0/8", "localhost", "10.0.0.0/8 "] {
        assert!(read(bad).unwrap_err().contains("must be a network"), "{bad}");
    }
    assert!(read("10.0.0.1/8").unwrap_err().contains("\"10.0.0.0/8\""));
    assert!(Network::read(&7.into()).is_err());
}
