use crate::hub::{Config, Event, Flush};
use crate::websocket::{ControlPayload, Item, Limits, Message, ProtocolError};
use crate::{CloseCode, ConnectionId, Frame, MessageKind};
use bytes::Bytes;

const CONNECTION: ConnectionId = ConnectionId::from_u64(8);

#[test]
fn the_hub_is_told_the_kind_and_size_of_a_message_and_all_of_a_control_frame() {
    let payload = ControlPayload::new("who?").unwrap();
    let (text, binary) = (Message::Text("héllo".into()), Message::Binary(Bytes::from_static(b"\0\xff")));
    let compressed = Item::Compressed { kind: MessageKind::Text, payload: Bytes::from_static(b"short") };
    let close = Item::Close { code: Some(CloseCode::GOING_AWAY), reason: "bye".into() };
    let cases = [
        (Item::Message(text), Event::Received { connection: CONNECTION, kind: MessageKind::Text, bytes: 6 }),
        (
            Item::Message(binary),
            Event::Received { connection: CONNECTION, kind: MessageKind::Binary, bytes: 2 },
        ),
        (compressed, Event::Received { connection: CONNECTION, kind: MessageKind::Text, bytes: 5 }),
        (Item::Ping(payload.clone()), Event::Ping { connection: CONNECTION, payload: b"who?" }),
        (Item::Pong(payload), Event::Pong { connection: CONNECTION }),
        (
            close,
            Event::PeerClosed { connection: CONNECTION, code: Some(CloseCode::GOING_AWAY), reason: "bye" },
        ),
    ];
    for (item, event) in cases {
        assert_eq!(item.event(CONNECTION), event);
    }
}

#[test]
fn who_breaks_the_protocol_is_closed_once_its_answers_are_written() {
    for error in ProtocolError::ALL {
        let (code, reason) = (error.close_code(), error.name());
        let closes = Event::CloseConnection { connection: CONNECTION, code, reason, flush: Flush::First };
        assert_eq!(error.event(CONNECTION), closes);
    }
}

#[test]
fn a_message_is_sent_on_as_it_came_and_without_a_copy() {
    let bytes = Bytes::from(vec![7; 1000]);
    let frame = Frame::try_from(Message::Binary(bytes.clone())).unwrap();
    assert_eq!((frame.head(), frame.payload().as_ptr()), (&[0x82, 126, 3, 232][..], bytes.as_ptr()));
    let frame = Frame::try_from(Message::Text("hi".into())).unwrap();
    assert_eq!((frame.head(), &frame.payload()[..]), (&[0x81, 2][..], &b"hi"[..]));
}

#[test]
fn a_message_may_be_as_long_as_one_that_the_hub_takes() {
    let mut config = Config::default();
    config.outbox.message_bytes = 12_345;
    let limits = Limits::from(&config);
    assert_eq!((limits.max_message, limits.max_fragments), (12_345, Limits::default().max_fragments));
}
