//! Conversations at random.

use super::{NOW, SECOND, open};
use crate::protocol::*;
use crate::time::Instant;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;
use proptest::prelude::*;

/// A step of a peer, of the host or of time.
#[derive(Clone, Debug)]
enum Step {
    Frame(String),
    Answer(bool),
    Pass(u64),
    BySever(u8, bool),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let command = prop_oneof![
        Just(r#""connect":{}"#.to_string()),
        (0..4_u8).prop_map(|channel| format!(r#""subscribe":{{"channel":"{channel}"}}"#)),
        (0..4_u8).prop_map(|channel| format!(r#""unsubscribe":{{"channel":"{channel}"}}"#)),
        (0..4_u8).prop_map(|channel| format!(r#""publish":{{"channel":"{channel}","data":[1]}}"#)),
        (0..4_u8).prop_map(|channel| format!(r#""sub_refresh":{{"channel":"{channel}"}}"#)),
        Just(r#""refresh":{}"#.to_string()),
        Just(r#""send":{"data":1}"#.to_string()),
        Just(r#""ping":{}"#.to_string()),
        Just(r#""other":{}"#.to_string()),
    ];
    let object = prop_oneof![
        9 => (0..20_u32, command).prop_map(|(id, command)| format!(r#"{{"id":{id},{command}}}"#)),
        1 => Just("{}".to_string()),
    ];
    let frame = proptest::collection::vec(object, 1..5).prop_map(|objects| Step::Frame(objects.join("\n")));
    let step = prop_oneof![
        4 => frame,
        6 => any::<bool>().prop_map(Step::Answer),
        2 => (0..30_u64).prop_map(Step::Pass),
        1 => (0..4_u8, any::<bool>()).prop_map(|(channel, joins)| Step::BySever(channel, joins)),
    ];
    proptest::collection::vec(step, 0..60)
}

/// Answers a request of a client, and says what the rules allow to be there then.
fn answer(client: &mut Conversation, now: Instant, request: &Request, is_good: bool) {
    let id = request.id;
    let ttl = Some(10 * SECOND);
    match &request.command {
        Command::Send(_) => {}
        Command::Connect(_) if is_good => {
            client.connected(now, &Connected { ttl: Some(100 * SECOND), ..Connected::default() }, SECOND);
        }
        Command::Subscribe(subscribe) if is_good => {
            client.subscribed(now, id, &subscribe.channel, &Subscribed { ttl, ..Subscribed::default() });
        }
        Command::Unsubscribe(of) => client.unsubscribed(id, &of.channel),
        Command::Publish(_) if is_good => client.reply(id, &Reply::Published),
        Command::Refresh(_) if is_good => client.refreshed(now, id, ttl),
        Command::SubRefresh(refresh) if is_good => client.sub_refreshed(now, id, &refresh.channel, ttl),
        _ => client.refuse(id, &ErrorCode::PermissionDenied.into()),
    }
}

proptest! {
    #[test]
    fn any_text_is_a_command_an_error_or_a_violation(frames in proptest::collection::vec(".{0,60}|[{}\\[\\]\":,a-z0-9\\\\]{0,60}", 1..6)) {
        let mut client = open(Options { nesting: 8, ..Options::default() });
        for frame in frames {
            client.handle_frame(&frame);
            while client.poll_request().is_some_and(|request| matches!(request.command, Command::Send(_))) {}
            for output in core::iter::from_fn(|| client.poll_output()) {
                if let Output::Send(text) | Output::Error(_, text) = output {
                    prop_assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok() && !text.contains('\n'));
                }
            }
        }
    }

    #[test]
    fn every_command_has_one_reply_and_channels_stay_within_the_limit(steps in steps()) {
        let options = Options { channels: 2, ..Options::default() };
        let mut client = Conversation::new(options, NOW);
        let (mut now, mut asked, mut is_closed) = (NOW, None::<Request>, false);
        let mut take = |client: &mut Conversation, asked: &mut Option<Request>| {
            while asked.as_ref().is_none_or(|asked| matches!(asked.command, Command::Send(_)))
                && let Some(request) = client.poll_request()
            {
                *asked = Some(request);
            }
            if asked.as_ref().is_some_and(|asked| !matches!(asked.command, Command::Send(_))) {
                assert_eq!(client.poll_request(), None, "a second request before the answer");
            }
            while let Some(output) = client.poll_output() {
                assert!(!is_closed, "{output:?} after a close");
                match output {
                    Output::Close(_) => is_closed = true,
                    Output::Send(text) | Output::Error(_, text) => assert!(!text.contains('\n')),
                    Output::Leave(channel) => assert!(!client.is_subscribed(&channel)),
                }
            }
        };
        for step in steps {
            match step {
                Step::Frame(frame) => client.handle_frame(&frame),
                Step::Answer(is_good) => if let Some(request) = asked.take() {
                    answer(&mut client, now, &request, is_good);
                },
                Step::Pass(seconds) => {
                    now = now + Duration::from_secs(seconds);
                    client.handle_timeout(now);
                    prop_assert!(client.poll_timeout().is_none_or(|at| at > now), "a timeout that is due again and again");
                }
                Step::BySever(channel, true) if client.channels().count() < 2 => {
                    client.subscribe(now, &channel.to_string(), &Subscribed::default());
                }
                Step::BySever(channel, _) => client.unsubscribe(&channel.to_string(), UnsubscribeCode::Server),
            }
            take(&mut client, &mut asked);
            prop_assert!(client.channels().count() <= 2);
        }
    }

    #[test]
    fn data_is_the_same_value_without_line_breaks(depth in 0..6_usize, breaks in "[ \n\r\t]{0,4}", text in "[a-z\\n\"]{0,8}") {
        let text = serde_json::to_string(&text).unwrap();
        let json = format!("{0}{breaks}{text}{breaks}{1}", format!("[{breaks}").repeat(depth), "]".repeat(depth));
        match Data::new(&json, 4) {
            Ok(data) => {
                prop_assert!(depth <= 4 && !data.as_str().contains(['\n', '\r']));
                let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
                prop_assert_eq!(value(data.as_str()), value(&json));
            }
            Err(error) => prop_assert_eq!((error, depth > 4), (BadData::TooDeep { limit: 4 }, true)),
        }
    }
}
