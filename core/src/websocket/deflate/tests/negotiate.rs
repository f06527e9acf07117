use crate::frame::Window;
use crate::websocket::deflate::{Agreement, Compression, Context, Room, Takeover};
use crate::websocket::handshake::{Extensions, NotOffered};
use http::{HeaderMap, HeaderValue, header};

const DROPPED: &str = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

fn offers(offers: &str) -> Extensions {
    Extensions::parse(&headers(offers)).unwrap()
}

fn headers(extensions: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(header::SEC_WEBSOCKET_EXTENSIONS, HeaderValue::from_str(extensions).unwrap());
    headers
}

fn keeping(window_bits: u8) -> Compression {
    let takeover = Takeover { window_bits, ..Takeover::default() };
    Compression { takeover: Some(takeover), ..Compression::default() }
}

fn answer(compression: Compression, offer: &str) -> Option<String> {
    let agreement = compression.negotiate(&offers(offer), Room::Left)?;
    let answer = agreement.answer();
    // A client understands every answer of the server.
    let understood =
        Agreement::of_response(&HeaderValue::from_str(offer).unwrap(), &headers(answer.to_str().unwrap()));
    assert_eq!(understood, Ok(Some(agreement)), "{offer}");
    Some(answer.to_str().unwrap().to_owned())
}

/// RFC 7692 section 7.1.
#[test]
fn without_takeover_contexts_are_dropped_whatever_is_offered() {
    for (offer, bits) in [
        ("permessage-deflate", None),
        ("permessage-deflate; client_max_window_bits", None),
        ("permessage-deflate; client_max_window_bits=10", None),
        ("permessage-deflate; server_no_context_takeover", None),
        ("permessage-deflate; client_no_context_takeover; server_no_context_takeover", None),
        ("permessage-deflate; server_max_window_bits=10", Some(10)),
        ("permessage-deflate; server_max_window_bits=8", Some(8)),
        ("permessage-deflate; server_max_window_bits=15", Some(15)),
        (r#"permessage-deflate; server_max_window_bits="9""#, Some(9)),
        ("foo, permessage-deflate;server_max_window_bits=12;client_max_window_bits , bar", Some(12)),
    ] {
        let expected = match bits {
            None => DROPPED.to_owned(),
            Some(bits) => DROPPED.replacen(';', &format!("; server_max_window_bits={bits};"), 1),
        };
        let found = answer(Compression::default(), offer).unwrap();
        let sorted = |answer: &str| {
            let mut parameters: Vec<String> = answer.split("; ").map(str::to_owned).collect();
            parameters.sort_unstable();
            parameters
        };
        assert_eq!(sorted(&found), sorted(&expected), "{offer}");
        let agreement = Compression::default().negotiate(&offers(offer), Room::Left).unwrap();
        assert_eq!(agreement.window().bits(), bits.unwrap_or(15), "{offer}");
    }
}

#[test]
fn an_offer_that_makes_no_sense_is_declined_and_the_next_one_is_taken() {
    for parameters in [
        "server_no_context_takeover=1",
        "client_no_context_takeover=\"true\"",
        "server_no_context_takeover; server_no_context_takeover",
        "client_no_context_takeover; client_no_context_takeover",
        "server_max_window_bits",
        "server_max_window_bits=7",
        "server_max_window_bits=16",
        "server_max_window_bits=08",
        "server_max_window_bits=+9",
        "server_max_window_bits=1e1",
        "server_max_window_bits=99999999999999999999",
        "server_max_window_bits=9; server_max_window_bits=10",
        "client_max_window_bits=7",
        "client_max_window_bits=16",
        "client_max_window_bits=010",
        "client_max_window_bits; client_max_window_bits",
        "client_max_window_bits; client_max_window_bits=9",
        "unknown",
        "unknown=9",
        "SERVER_NO_CONTEXT_TAKEOVER",
    ] {
        let bad = format!("permessage-deflate; {parameters}");
        assert_eq!(answer(Compression::default(), &bad), None, "{bad}");
        let fallback =
            format!("{bad}, x-webkit-deflate-frame, permessage-deflate; server_max_window_bits=10");
        let agreement = Compression::default().negotiate(&offers(&fallback), Room::Left).unwrap();
        assert_eq!(agreement.server.window_bits, Some(10), "{bad}");
    }
    for other in ["permessage-bzip2", "Permessage-Deflate", "permessage-deflate2"] {
        assert_eq!(answer(Compression::default(), other), None);
    }
}

#[test]
fn contexts_are_kept_within_the_servers_window_if_the_client_lets_it() {
    let both = "permessage-deflate; server_max_window_bits=12; client_max_window_bits=12";
    let server = "permessage-deflate; server_max_window_bits=12; client_no_context_takeover";
    for (offer, expected) in [
        ("permessage-deflate; client_max_window_bits", both),
        ("permessage-deflate; client_max_window_bits=15; server_max_window_bits=15", both),
        // Without this parameter the server may not limit the client's window, which would be 32 KiB.
        ("permessage-deflate", server),
        ("permessage-deflate; client_max_window_bits; client_no_context_takeover", server),
        (
            "permessage-deflate; client_max_window_bits=9; server_max_window_bits=10",
            "permessage-deflate; server_max_window_bits=10; client_max_window_bits=9",
        ),
        (
            "permessage-deflate; server_no_context_takeover; client_max_window_bits",
            "permessage-deflate; server_no_context_takeover; client_max_window_bits=12",
        ),
        // flate2's compressor has no window that small.
        (
            "permessage-deflate; server_max_window_bits=8",
            "permessage-deflate; server_no_context_takeover; server_max_window_bits=8; client_no_context_takeover",
        ),
    ] {
        assert_eq!(answer(keeping(12), offer).as_deref(), Some(expected), "{offer}");
    }
    assert_eq!(
        answer(keeping(15), "permessage-deflate").as_deref(),
        Some("permessage-deflate; server_max_window_bits=15")
    );
}

#[test]
fn who_finds_no_room_does_without_a_context() {
    let agreement =
        keeping(12).negotiate(&offers("permessage-deflate; client_max_window_bits"), Room::UsedUp);
    assert_eq!(agreement.unwrap().answer(), DROPPED);
    assert_eq!(agreement.unwrap().window(), Window::WHOLE);
    let kept = keeping(12).negotiate(&offers("permessage-deflate"), Room::Left).unwrap();
    assert_eq!((kept.window(), kept.server.context), (Window::NONE, Context::Kept));
}

#[test]
fn a_client_fails_over_an_answer_to_what_it_has_not_offered() {
    let plain = "permessage-deflate";
    let limited = "permessage-deflate; server_max_window_bits=10; server_no_context_takeover";
    for (offer, answer) in [
        (plain, "permessage-deflate; client_max_window_bits=10"),
        (plain, "permessage-deflate; client_max_window_bits"),
        (plain, "permessage-deflate; unknown"),
        (plain, "permessage-deflate, permessage-deflate"),
        (plain, "foo"),
        (limited, "permessage-deflate; server_max_window_bits=10"),
        (limited, "permessage-deflate; server_no_context_takeover"),
        (limited, "permessage-deflate; server_max_window_bits=11; server_no_context_takeover"),
        ("permessage-deflate; client_max_window_bits=9", "permessage-deflate; client_max_window_bits=10"),
        ("permessage-deflate; client_max_window_bits", "permessage-deflate; client_max_window_bits"),
    ] {
        let offer = HeaderValue::from_static(offer);
        let understood = Agreement::of_response(&offer, &headers(answer));
        assert_eq!(understood, Err(NotOffered), "{answer} to {offer:?}");
    }
    let offer = HeaderValue::from_static(plain);
    assert_eq!(Agreement::of_response(&offer, &HeaderMap::new()), Ok(None));
    let mut twice = headers(plain);
    twice.append(header::SEC_WEBSOCKET_EXTENSIONS, HeaderValue::from_static(plain));
    assert_eq!(Agreement::of_response(&offer, &twice), Err(NotOffered));
}
