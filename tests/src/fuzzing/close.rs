//! Close frames, both ways (RFC 6455 sections 5.5.1 and 7.4).

use super::theirs::{self, End};
use throng_core::CloseCode;
use throng_core::websocket::{Decoder, Item, Limits, ProtocolError, encode};
use tungstenite::protocol::Role;

/// The body of a close frame; what is longer than one can be is a reason to be sent.
///
/// # Panics
/// If a body is not taken or refused as the RFC says, or what is written is not a legal close frame that says the same.
pub fn close_payload(input: &[u8]) {
    let body = &input[..input.len().min(125)];
    let received = receive(body);
    assert_eq!(received, expected(body));
    if let Ok((code, reason)) = &received {
        let mut frame = Vec::new();
        encode::encode_close(*code, reason, &mut frame);
        assert_eq!(frame[2..], *body, "what is taken can be echoed");
    }
    let (code, reason) = input.split_first_chunk().unwrap_or((&[3, 232], input));
    let code = CloseCode(u16::from_be_bytes(*code));
    send(code, &String::from_utf8_lossy(reason));
}

type Close = (Option<CloseCode>, String);

/// A masked close frame with this body, through the decoder.
fn receive(body: &[u8]) -> Result<Close, ProtocolError> {
    let mut frame = vec![0x88, 0x80 | body.len() as u8, 0, 0, 0, 0];
    frame.extend_from_slice(body);
    match Decoder::server(Limits::default()).decode(&mut frame.as_mut_slice())? {
        Some(Item::Close { code, reason }) => Ok((code, reason.as_str().to_owned())),
        other => panic!("a close frame became {other:?}"),
    }
}

/// The rules as they stand in the RFC.
fn expected(body: &[u8]) -> Result<Close, ProtocolError> {
    match body {
        [] => Ok((None, String::new())),
        [_] => Err(ProtocolError::CloseTooShort),
        [high, low, reason @ ..] => {
            let code = u16::from(*high) << 8 | u16::from(*low);
            if !is_legal(code) {
                return Err(ProtocolError::BadCloseCode);
            }
            let reason = core::str::from_utf8(reason).map_err(|_| ProtocolError::ReasonNotUtf8)?;
            Ok((Some(CloseCode(code)), reason.to_owned()))
        }
    }
}

/// Section 7.4.1 and the registry of section 11.7, and the two ranges of section 7.4.2 that are open to use.
fn is_legal(code: u16) -> bool {
    const DEFINED: [u16; 12] = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014];
    DEFINED.contains(&code) || (3000..5000).contains(&code)
}

/// Any code with any reason leads to a legal frame.
fn send(code: CloseCode, reason: &str) {
    let key = [0x5a, 0, 0xff, 7];
    let (mut server, mut client) = (Vec::new(), Vec::new());
    encode::encode_close(Some(code), reason, &mut server);
    encode::encode_client_close(Some(code), reason, key, &mut client);
    assert_eq!(server[0], 0x88);
    assert!(server[1] <= 125 && server.len() == 2 + usize::from(server[1]));

    let sent = if is_legal(code.0) { Some(code) } else { None };
    let cut = if sent.is_some() { longest_prefix(reason, encode::MAX_REASON) } else { "" };
    let item = Item::Close { code: sent, reason: cut.into() };
    let limits = Limits::default();
    assert_eq!(Decoder::client(limits).decode(&mut server.clone().as_mut_slice()), Ok(Some(item.clone())));
    assert_eq!(Decoder::server(limits).decode(&mut client.clone().as_mut_slice()), Ok(Some(item.clone())));
    // Tungstenite does not know 1014, which the registry has had since 2016.
    if code != CloseCode(1014) {
        for (frame, role) in [(&server, Role::Client), (&client, Role::Server)] {
            assert_eq!(theirs::read(frame, role, limits.max_message), (vec![item.clone()], End::Closed));
        }
    }
}

/// As many whole characters as fit.
fn longest_prefix(text: &str, bytes: usize) -> &str {
    let end = text.char_indices().map(|(at, character)| at + character.len_utf8());
    &text[..end.take_while(|&end| end <= bytes).last().unwrap_or(0)]
}
