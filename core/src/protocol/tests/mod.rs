#![allow(clippy::unwrap_used)]

mod random;

use super::*;
use crate::close::CloseFrame;
use crate::frame::Place;
use crate::time::Instant;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;

const NOW: Instant = Instant::ORIGIN;
const SECOND: Duration = Duration::from_secs(1);

/// What is to be done when no command is left for the host.
fn outputs(client: &mut Conversation) -> Vec<Output> {
    assert_eq!(client.poll_request(), None);
    core::iter::from_fn(|| client.poll_output()).collect()
}

fn texts(client: &mut Conversation) -> Vec<String> {
    let text = |output| match output {
        Output::Send(text) | Output::Error(_, text) => text,
        other => panic!("{other:?}"),
    };
    outputs(client).into_iter().map(text).collect()
}

fn closed(client: &mut Conversation) -> Option<CloseFrame> {
    outputs(client).into_iter().find_map(|output| match output {
        Output::Close(close) => Some(close),
        _ => None,
    })
}

fn request(client: &mut Conversation) -> Request {
    client.poll_request().unwrap()
}

/// A client that has connected, with a ping after 20 s.
fn open(options: Options) -> Conversation {
    let mut client = Conversation::new(options, NOW);
    client.handle_frame(r#"{"id":1,"connect":{}}"#);
    request(&mut client);
    client.connected(NOW, &Connected::default(), 20 * SECOND);
    assert_eq!(texts(&mut client).len(), 1);
    client
}

fn subscribe(client: &mut Conversation, channel: &str, subscribed: &Subscribed) -> Vec<String> {
    client.handle_frame(&format!(r#"{{"id":2,"subscribe":{{"channel":"{channel}"}}}}"#));
    let id = request(client).id;
    client.subscribed(NOW, id, channel, subscribed);
    texts(client)
}

#[test]
fn commands_of_one_frame_are_given_out_in_order_each_after_the_answer_to_the_one_before() {
    let mut client = Conversation::new(Options::default(), NOW);
    client.handle_frame("{\"id\":1,\"connect\":{\"token\":\"t\"}}\n{\"id\":2,\"subscribe\":{\"channel\":\"a\"}}\n{\"id\":3,\"ping\":{}}");
    let Command::Connect(connect) = request(&mut client).command else { panic!("a connect") };
    assert_eq!(connect.token, "t");
    assert_eq!(client.poll_request(), None, "the subscribe waits for the decision about the connect");
    client.connected(NOW, &Connected::default(), SECOND);
    assert!(matches!(client.poll_output(), Some(Output::Send(_))));
    assert_eq!(request(&mut client).id, 2);
    assert_eq!(client.poll_output(), None);
    client.subscribed(NOW, 7, "b", &Subscribed::default());
    assert_eq!(
        (client.poll_request(), client.poll_output()),
        (None, None),
        "that is no answer to the command"
    );
    client.subscribed(NOW, 2, "a", &Subscribed::default());
    assert_eq!(texts(&mut client), [r#"{"id":2,"subscribe":{}}"#, r#"{"id":3,"ping":{}}"#]);
}

#[test]
fn what_breaks_the_protocol_closes_with_3501_and_says_why() {
    let connect = r#"{"id":1,"connect":{}}"#;
    let deep = format!(r#"{{"id":2,"rpc":{{"data":{}1{}}}}}"#, "[".repeat(63), "]".repeat(63));
    let long = " ".repeat((64 << 10) + 1);
    for (before, frame, why) in [
        ("", r#"{"id":1,"subscribe":{"channel":"a"}}"#, "a command before connect"),
        ("", r#"{"id":1,"ping":{}}"#, "a command before connect"),
        ("", r#"{"send":{"data":1}}"#, "a command without a number"),
        ("", r#"{"id":0,"connect":{}}"#, "a command without a number"),
        ("", r#"{"connect":{}}"#, "a command without a number"),
        ("", "", "an empty frame"),
        ("", " \n ", "an empty frame"),
        ("", "{}", "a pong without a ping"),
        ("", "nonsense", "a frame is not of JSON objects, or a field has another type"),
        ("", r#"{"id":-1,"connect":{}}"#, "a frame is not of JSON objects, or a field has another type"),
        (
            "",
            r#"{"id":4294967296,"connect":{}}"#,
            "a frame is not of JSON objects, or a field has another type",
        ),
        ("", r#"7"#, "a frame is not of JSON objects, or a field has another type"),
        ("", "[]", "a frame is not of JSON objects, or a field has another type"),
        ("", r#"[1,{}]"#, "a frame is not of JSON objects, or a field has another type"),
        (
            "",
            r#"{"id":1,"connect":["token"]}"#,
            "a frame is not of JSON objects, or a field has another type",
        ),
        (
            "",
            r#"{"id":1,"connect":{"subs":{"a":[]}}}"#,
            "a frame is not of JSON objects, or a field has another type",
        ),
        (
            connect,
            r#"{"id":2,"subscribe":["a"]}"#,
            "a frame is not of JSON objects, or a field has another type",
        ),
        (
            connect,
            r#"{"id":2,"history":{"channel":"a","since":[]}}"#,
            "a frame is not of JSON objects, or a field has another type",
        ),
        (connect, r#"{"id":2,"ping":[]}"#, "a frame is not of JSON objects, or a field has another type"),
        (connect, r#"{"id":2,"connect":{}}"#, "a second connect"),
        (connect, r#"{"subscribe":{"channel":"a"}}"#, "a command without a number"),
        (connect, r#"{"ping":{}}"#, "a command without a number"),
        (connect, r#"{"send":{}}"#, "a send without data"),
        (connect, r#"{"id":2,"ping":{},"publish":{}}"#, "several commands in one object"),
        (connect, r#"{"id":2,"presence":{},"publish":{}}"#, "several commands in one object"),
        (connect, &deep, "a frame is nested too deep"),
        (connect, &long, "a frame is too long"),
    ] {
        let mut client = if before.is_empty() {
            Conversation::new(Options::default(), NOW)
        } else {
            open(Options::default())
        };
        client.handle_frame(frame);
        let close = closed(&mut client).unwrap_or_else(|| panic!("{frame:.60}"));
        assert_eq!((close.code.0, &*close.reason), (3501, why), "{frame:.60}");
        client.handle_frame(connect);
        client.handle_timeout(NOW + 1_000 * SECOND);
        assert_eq!((client.poll_output(), client.poll_timeout()), (None, None), "nothing follows a close");
    }
}

#[test]
fn what_is_wrong_with_a_command_is_answered_with_an_error() {
    let long = "x".repeat(256);
    let mut client = open(Options::default());
    subscribe(&mut client, "a", &Subscribed::default());
    for (command, code, says) in [
        (r#""nonsense":{}"#.to_string(), 104, "method not found"),
        (r#""subscribe":{}"#.into(), 107, "channel is missing"),
        (r#""subscribe":{"channel":null}"#.into(), 107, "channel is missing"),
        (format!(r#""presence":{{"channel":"{long}"}}"#), 107, "256 bytes, at most 255"),
        (r#""subscribe":{"channel":"a"}"#.into(), 105, "already subscribed"),
        (r#""subscribe":{"channel":"b","delta":"fossil"}"#.into(), 108, "delta"),
        (r#""subscribe":{"channel":"b","tf":{}}"#.into(), 108, "tags"),
        (r#""subscribe":{"channel":"b","type":1}"#.into(), 108, "type"),
        (r#""publish":{"channel":"b"}"#.into(), 107, "data is missing"),
        (r#""sub_refresh":{"channel":"b","token":"t"}"#.into(), 103, "not subscribed"),
    ] {
        client.handle_frame(&format!(r#"{{"id":9,{command}}}"#));
        let reply = texts(&mut client).concat();
        let is_it = reply.starts_with(&format!(r#"{{"id":9,"error":{{"code":{code},"message":""#))
            && reply.contains(says);
        assert!(is_it, "{command:.60}: {reply}");
    }
    client.handle_frame(r#"{"id":10,"publish":{"channel":"a","data":null}}"#);
    let Command::Publish(publish) = request(&mut client).command else { panic!("a publish") };
    assert_eq!(publish.data.unwrap().as_str(), "null", "null is a message");
}

#[test]
fn a_client_has_no_more_channels_than_the_limit() {
    let mut client = open(Options { channels: 2, ..Options::default() });
    assert!(client.subscribe(NOW, "by-server", &Subscribed::default()));
    assert!(!client.subscribe(NOW, "by-server", &Subscribed::default()));
    assert_eq!(texts(&mut client).len(), 1);
    subscribe(&mut client, "own", &Subscribed::default());
    client.handle_frame(r#"{"id":3,"subscribe":{"channel":"more"}}"#);
    assert_eq!(
        texts(&mut client),
        [
            r#"{"id":3,"error":{"code":106,"message":"limit exceeded: a client may be subscribed to 2 channels"}}"#
        ]
    );
    client.handle_frame(r#"{"id":4,"unsubscribe":{"channel":"own"}}"#);
    request(&mut client);
    client.unsubscribed(4, "own");
    assert_eq!(texts(&mut client), [r#"{"id":4,"unsubscribe":{}}"#]);
    client.handle_frame(r#"{"id":5,"subscribe":{"channel":"more"}}"#);
    assert_eq!(request(&mut client).id, 5);
}

#[test]
fn a_send_has_no_reply_and_nothing_waits_for_it() {
    let mut client = open(Options::default());
    client
        .handle_frame("{\"id\":5,\"send\":{\"data\":1}}\n{\"send\":{\"data\":null}}\n{\"id\":6,\"ping\":{}}");
    assert!(matches!(request(&mut client).command, Command::Send(_)));
    assert!(matches!(request(&mut client).command, Command::Send(_)));
    assert_eq!(texts(&mut client), [r#"{"id":6,"ping":{}}"#]);
}

#[test]
fn a_flood_of_commands_is_ended() {
    let mut client = Conversation::new(Options { commands: 3, ..Options::default() }, NOW);
    client.handle_frame(&r#"{"id":1,"connect":{}}"#.repeat(4));
    assert_eq!(closed(&mut client), Some(Disconnect::TooManyRequests.close()));
}

#[test]
fn what_waits_for_a_slow_host_has_a_limit_in_bytes_and_a_pong_does_not_wait() {
    let mut client = open(Options { frame_bytes: 100, ..Options::default() });
    let frame = format!(r#"{{"id":2,"rpc":{{"method":"{}"}}}}"#, "m".repeat(60));
    client.handle_frame(&frame);
    let asked = request(&mut client).id;
    client.handle_timeout(NOW + 20 * SECOND);
    assert_eq!(texts(&mut client), ["{}"]);
    let fit = 400 / frame.len() - 1;
    for _ in 0..fit {
        client.handle_frame(&frame);
    }
    client.handle_frame("{}");
    client.handle_timeout(NOW + 30 * SECOND);
    assert_eq!(closed(&mut client), None, "the pong has been read");
    let failure = Failure::of_application(1_000, "not now", true);
    client.refuse(asked, &failure);
    let answer = r#"{"id":2,"error":{"code":1000,"message":"not now","temporary":true}}"#;
    assert_eq!(client.poll_output(), Some(Output::Error(1_000, answer.into())));
    for _ in 0..fit {
        let id = request(&mut client).id;
        client.reply(id, &Reply::Rpc(Data::null()));
    }
    assert_eq!(texts(&mut client).len(), fit);
    // All have had their turn: there is room again.
    for _ in 0..=fit {
        assert_eq!(closed_or_asked(&mut client), None);
        client.handle_frame(&frame);
    }
    client.handle_frame(&frame);
    client.handle_frame(&frame);
    assert_eq!(closed_or_asked(&mut client).map(|close| close.code.0), Some(3013));
}

/// The close, if there is one, while a command is in the host's hands.
fn closed_or_asked(client: &mut Conversation) -> Option<CloseFrame> {
    let _ = client.poll_request();
    core::iter::from_fn(|| client.poll_output()).find_map(|output| match output {
        Output::Close(close) => Some(close),
        _ => None,
    })
}

#[test]
fn a_refused_connect_ends_what_was_sent_with_it() {
    let mut client = Conversation::new(Options::default(), NOW);
    client.handle_frame("{\"id\":1,\"connect\":{}}\n{\"id\":2,\"subscribe\":{\"channel\":\"a\"}}");
    request(&mut client);
    client.refuse(1, &ErrorCode::TokenExpired.into());
    assert_eq!(texts(&mut client), [r#"{"id":1,"error":{"code":109,"message":"token expired"}}"#]);
    client.handle_frame(r#"{"id":3,"subscribe":{"channel":"a"}}"#);
    assert_eq!(client.poll_output(), None);
    client.handle_timeout(NOW + 10 * SECOND);
    assert_eq!(closed(&mut client), Some(Disconnect::Stale.close()));
}

#[test]
fn a_client_that_does_not_connect_or_answer_pings_is_closed_in_time() {
    let mut client = Conversation::new(Options::default(), NOW);
    assert_eq!(client.poll_timeout(), Some(NOW + 10 * SECOND));
    client.handle_timeout(NOW + 10 * SECOND);
    assert_eq!(closed(&mut client), Some(Disconnect::Stale.close()));

    let mut client = open(Options::default());
    client.handle_timeout(NOW + 20 * SECOND);
    assert_eq!(texts(&mut client), ["{}"]);
    assert_eq!(client.poll_timeout(), Some(NOW + 28 * SECOND));
    client.handle_frame("{}");
    assert_eq!((client.poll_output(), client.poll_timeout()), (None, Some(NOW + 45 * SECOND)));
    client.handle_timeout(NOW + 45 * SECOND);
    assert_eq!(texts(&mut client), ["{}"]);
    client.handle_timeout(NOW + 53 * SECOND);
    assert_eq!(closed(&mut client), Some(Disconnect::NoPong.close()));
}

#[test]
fn a_process_that_stood_still_gives_the_deadline_of_a_pong_again() {
    let mut client = open(Options::default());
    client.handle_timeout(NOW + 20 * SECOND);
    client.handle_timeout(NOW + 100 * SECOND);
    assert_eq!(texts(&mut client), ["{}", "{}"]);
    assert_eq!(client.poll_timeout(), Some(NOW + 108 * SECOND));
    client.handle_timeout(NOW + 108 * SECOND);
    assert_eq!(closed(&mut client), Some(Disconnect::NoPong.close()));
}

#[test]
fn a_token_may_be_renewed_until_25_s_after_its_end() {
    let mut client = Conversation::new(Options { ping: Duration::ZERO, ..Options::default() }, NOW);
    client.handle_frame(r#"{"id":1,"connect":{}}"#);
    request(&mut client);
    let connected =
        Connected { client: "c".into(), version: "v".into(), ttl: Some(60 * SECOND), ..Connected::default() };
    client.connected(NOW, &connected, SECOND);
    assert_eq!(
        texts(&mut client),
        [r#"{"id":1,"connect":{"client":"c","version":"v","expires":true,"ttl":60,"node":""}}"#]
    );
    assert_eq!(client.poll_timeout(), Some(NOW + 85 * SECOND));
    client.handle_frame(r#"{"id":2,"refresh":{"token":"t"}}"#);
    request(&mut client);
    client.refreshed(NOW + 84 * SECOND, 2, Some(SECOND / 2));
    assert_eq!(
        texts(&mut client),
        [r#"{"id":2,"refresh":{"client":"c","version":"v","expires":true,"ttl":1}}"#]
    );
    client.set_ttl(NOW + 84 * SECOND, Some(SECOND));
    client.handle_timeout(NOW + 109 * SECOND);
    assert_eq!(client.poll_output(), None);
    client.handle_timeout(NOW + 110 * SECOND);
    assert_eq!(closed(&mut client), Some(Disconnect::Expired.close()));
}

#[test]
fn a_subscription_whose_token_is_not_renewed_ends_and_the_sdk_makes_it_again() {
    let mut client = open(Options { ping: Duration::ZERO, ..Options::default() });
    let subscribed = Subscribed { ttl: Some(SECOND), ..Subscribed::default() };
    assert_eq!(
        subscribe(&mut client, "a", &subscribed),
        [r#"{"id":2,"subscribe":{"expires":true,"ttl":1}}"#]
    );
    client.handle_frame(r#"{"id":3,"sub_refresh":{"channel":"a","token":"t"}}"#);
    request(&mut client);
    client.sub_refreshed(NOW + SECOND, 3, "a", Some(SECOND));
    assert_eq!(texts(&mut client), [r#"{"id":3,"sub_refresh":{"expires":true,"ttl":1}}"#]);
    assert_eq!(client.poll_timeout(), Some(NOW + 27 * SECOND));
    client.handle_timeout(NOW + 27 * SECOND);
    let push = r#"{"push":{"channel":"a","unsubscribe":{"code":2501,"reason":"subscription expired"}}}"#;
    assert_eq!(outputs(&mut client), [Output::Send(push.into()), Output::Leave("a".into())]);
    assert!(!client.is_subscribed("a"));
}

#[test]
fn the_host_may_end_a_subscription_in_time_without_telling_the_sdk() {
    let mut client = open(Options { ping: Duration::ZERO, ..Options::default() });
    let texts_of = subscribe(&mut client, "news", &Subscribed::default());
    assert_eq!(texts_of, [r#"{"id":2,"subscribe":{}}"#]);
    client.set_subscription_ttl(NOW, "news", Some(10 * SECOND));
    client.set_subscription_ttl(NOW, "other", Some(SECOND));
    assert_eq!(client.poll_timeout(), Some(NOW + 35 * SECOND), "25 s of grace");
    client.set_subscription_ttl(NOW, "news", None);
    assert_eq!(client.poll_timeout(), None);
    client.set_subscription_ttl(NOW, "news", Some(Duration::ZERO));
    client.handle_timeout(NOW + 25 * SECOND);
    let told = r#"{"push":{"channel":"news","unsubscribe":{"code":2501,"reason":"subscription expired"}}}"#;
    assert_eq!(outputs(&mut client), [Output::Send(told.into()), Output::Leave("news".into())]);
}

#[test]
fn lost_messages_end_a_subscription_of_the_client_and_the_connection_of_one_that_the_server_made() {
    let mut client = open(Options::default());
    subscribe(&mut client, "own", &Subscribed::default());
    client.unsubscribe("own", UnsubscribeCode::InsufficientState);
    client.unsubscribe("own", UnsubscribeCode::InsufficientState);
    assert_eq!(
        texts(&mut client),
        [r#"{"push":{"channel":"own","unsubscribe":{"code":2500,"reason":"insufficient state"}}}"#]
    );
    let position = Some(StartsAt { offset: 7, epoch: "feed".into() });
    client.subscribe(NOW, "by-server", &Subscribed { recoverable: true, position, ..Subscribed::default() });
    assert_eq!(
        texts(&mut client),
        [r#"{"push":{"channel":"by-server","subscribe":{"recoverable":true,"epoch":"feed","offset":7}}}"#]
    );
    assert_eq!(client.channels().collect::<Vec<_>>(), ["by-server"]);
    client.unsubscribe("by-server", UnsubscribeCode::InsufficientState);
    assert_eq!(closed(&mut client), Some(Disconnect::InsufficientState.close()));
}

#[test]
fn a_publication_has_places_for_its_offset_and_its_message() {
    let data = Data::new("{\"text\":\r\n\"a\\nb\"}", 8).unwrap();
    assert_eq!(data.as_str(), r#"{"text":"a\nb"}"#, "no line breaks between tokens");
    let info = ClientInfo {
        user: "ann".into(),
        client: "1.2".into(),
        conn_info: Data::new("[1]", 1).ok(),
        chan_info: None,
    };
    let Publication { text, place, data: range } = Publication::new("a\"b", &data, Some(&info));
    assert_eq!(&text[range], data.as_str());
    assert_eq!(&text[place.start()..place.end()], Place::ZERO);
    let object = Publication::object_of("a\"b", &text).unwrap();
    assert_eq!(text, format!(r#"{{"push":{{"channel":"a\"b","pub":{object}}}}}"#),);
    let read: serde_json::Value = serde_json::from_str(object).unwrap();
    let expected = serde_json::json!({
        "offset": 0, "data": {"text": "a\nb"}, "info": {"user": "ann", "client": "1.2", "conn_info": [1]},
    });
    assert_eq!(read, expected);
    assert_eq!(Publication::object_of("a", &text), None);
    let (text, range) = message(&data);
    assert_eq!((&text[range], &*text), (data.as_str(), r#"{"push":{"message":{"data":{"text":"a\nb"}}}}"#));
}

#[test]
fn pushes_and_replies_are_what_the_sdks_read() {
    let info = ClientInfo { user: "ann".into(), client: "1.2".into(), ..ClientInfo::default() };
    assert_eq!(join("a", &info), r#"{"push":{"channel":"a","join":{"info":{"user":"ann","client":"1.2"}}}}"#);
    assert_eq!(
        leave("a", &info),
        r#"{"push":{"channel":"a","leave":{"info":{"user":"ann","client":"1.2"}}}}"#
    );
    let data = Data::new("7", 1).unwrap();
    for (command, reply, expected) in [
        (r#""publish":{"channel":"a","data":1}"#, Reply::Published, r#""publish":{}"#),
        (
            r#""presence":{"channel":"a"}"#,
            Reply::Presence([("1.2".into(), info)].into()),
            r#""presence":{"presence":{"1.2":{"user":"ann","client":"1.2"}}}"#,
        ),
        (
            r#""presence_stats":{"channel":"a"}"#,
            Reply::PresenceStats { clients: 2, users: 1 },
            r#""presence_stats":{"num_clients":2,"num_users":1}"#,
        ),
        (
            r#""history":{"channel":"a","limit":-1}"#,
            Reply::History { publications: vec![data.clone()], offset: 9, epoch: "e".into() },
            r#""history":{"publications":[7],"offset":9,"epoch":"e"}"#,
        ),
        (r#""rpc":{"method":"m","data":{}}"#, Reply::Rpc(data), r#""rpc":{"data":7}"#),
    ] {
        let mut client = open(Options::default());
        client.handle_frame(&format!(r#"{{"id":5,{command}}}"#));
        let id = request(&mut client).id;
        client.reply(id, &reply);
        client.reply(id, &reply);
        assert_eq!(texts(&mut client), [format!(r#"{{"id":5,{expected}}}"#)], "one reply to one command");
    }
}

#[test]
fn each_code_says_what_the_sdk_does() {
    for (disconnect, number, retry) in [
        (Disconnect::Shutdown, 3001, Retry::Again),
        (Disconnect::InsufficientState, 3010, Retry::Again),
        (Disconnect::InvalidToken, 3500, Retry::Never),
        (Disconnect::PermissionDenied, 3507, Retry::Never),
    ] {
        assert_eq!((disconnect.number(), disconnect.retry()), (number, retry));
        assert!(disconnect.close().code.may_be_sent());
    }
    assert_eq!(UnsubscribeCode::Server.retry(), Retry::Never);
    assert_eq!(UnsubscribeCode::InsufficientState.retry(), Retry::Again);
    assert!(ErrorCode::Internal.is_temporary() && !ErrorCode::PermissionDenied.is_temporary());
}
