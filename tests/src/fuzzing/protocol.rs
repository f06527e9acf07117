//! Conversations in the protocol of Centrifugo's SDKs: what a client sends, what the host decides, and time.

use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;
use throng_core::Instant;
use throng_core::protocol::{
    Command, Connected, Conversation, Data, ErrorCode, Options, Output, Reply, Request, Subscribed,
};

const CHANNELS: u32 = 3;
const NESTING: u32 = 6;
const SECOND: Duration = Duration::from_secs(1);

/// Lines, each after a byte that says what it is: `<` a frame of the client, in which `;` is a line break, `+` and `-` a decision of the host,
/// anything else time, in seconds.
///
/// # Panics
/// If what is sent is not one line of JSON each, or a command gets more than one reply, or something follows a close, or a frame that is not
/// JSON or too deep is taken, or there are more channels than allowed.
pub fn protocol(input: &[u8]) {
    let options = Options { channels: CHANNELS, nesting: NESTING, commands: 50, ..Options::default() };
    let mut run = Run {
        client: Conversation::new(options, Instant::ORIGIN),
        now: Instant::ORIGIN,
        asked: None,
        is_closed: false,
        owed: BTreeMap::new(),
    };
    for line in String::from_utf8_lossy(input).split('\n') {
        match line.split_at_checked(1) {
            Some(("<", frame)) => run.frame(&frame.replace(';', "\n")),
            Some(("+", _)) => run.answer(true),
            Some(("-", _)) => run.answer(false),
            _ => run.pass(line.len() as u64),
        }
        run.look();
    }
}

struct Run {
    client: Conversation,
    now: Instant,
    asked: Option<Request>,
    is_closed: bool,
    /// How many replies of each number may still come.
    owed: BTreeMap<u64, u32>,
}

impl Run {
    fn frame(&mut self, frame: &str) {
        // Read by another reader, which knows no commands.
        let objects: Result<Vec<Value>, _> = serde_json::Deserializer::from_str(frame).into_iter().collect();
        let is_bad = objects
            .as_ref()
            .map_or(true, |objects| objects.is_empty() || objects.iter().any(|it| depth(it) > NESTING));
        for object in objects.into_iter().flatten() {
            // A struct may be written as a list, too: then its first item is the number.
            let id = object.get("id").or_else(|| object.get(0)).and_then(Value::as_u64).unwrap_or_default();
            *self.owed.entry(id).or_default() += 1;
        }
        self.client.handle_frame(frame);
        if is_bad && !self.is_closed {
            let is_closing = std::iter::from_fn(|| self.client.poll_output())
                .any(|output| matches!(output, Output::Close(_)));
            assert!(is_closing, "{frame:?} is taken");
            self.is_closed = true;
        }
    }

    fn answer(&mut self, is_good: bool) {
        let Some(Request { id, command }) = self.asked.take() else { return };
        let (client, now, ttl) = (&mut self.client, self.now, Some(5 * SECOND));
        match command {
            Command::Connect(_) if is_good => {
                client.connected(now, &Connected { ttl: Some(40 * SECOND), ..Connected::default() }, SECOND);
            }
            Command::Subscribe(command) if is_good => {
                client.subscribed(now, id, &command.channel, &Subscribed { ttl, ..Subscribed::default() });
            }
            Command::Unsubscribe(of) => client.unsubscribed(id, &of.channel),
            Command::Refresh(_) if is_good => client.refreshed(now, id, ttl),
            Command::SubRefresh(command) if is_good => client.sub_refreshed(now, id, &command.channel, ttl),
            Command::Rpc(command) if is_good => {
                client.reply(id, &Reply::Rpc(command.data.unwrap_or_else(Data::null)));
            }
            Command::Publish(_) if is_good => client.reply(id, &Reply::Published),
            _ => client.refuse(id, &ErrorCode::PermissionDenied.into()),
        }
    }

    fn pass(&mut self, seconds: u64) {
        self.now = self.now + Duration::from_secs(seconds);
        self.client.handle_timeout(self.now);
        assert!(self.client.poll_timeout().is_none_or(|at| at > self.now), "a time that does not pass");
    }

    fn look(&mut self) {
        while self.asked.is_none()
            && let Some(request) = self.client.poll_request()
        {
            let is_send = matches!(request.command, Command::Send(_));
            self.asked = Some(request).filter(|_| !is_send);
        }
        while let Some(output) = self.client.poll_output() {
            assert!(!self.is_closed, "{output:?} after a close");
            match output {
                Output::Close(close) => {
                    assert!(close.code.may_be_sent());
                    self.is_closed = true;
                }
                Output::Leave(channel) => assert!(!self.client.is_subscribed(&channel)),
                Output::Send(text) | Output::Error(_, text) => self.sent(&text),
            }
        }
        assert!(self.client.channels().count() <= CHANNELS as usize);
    }

    fn sent(&mut self, text: &str) {
        assert!(!text.contains('\n'), "{text}");
        let object: Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
        if let Some(id) = object.get("id").and_then(Value::as_u64) {
            let owed = self.owed.entry(id).or_default();
            *owed = owed.checked_sub(1).unwrap_or_else(|| panic!("a reply that nobody asked for: {text}"));
        }
    }
}

/// Levels of lists and objects.
fn depth(value: &Value) -> u32 {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or_default(),
        Value::Object(fields) => 1 + fields.values().map(depth).max().unwrap_or_default(),
        _ => 0,
    }
}
