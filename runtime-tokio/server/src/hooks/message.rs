//! Messages of clients go to the back end, one after the other for each client: all of clients without a protocol, and what those of the protocol `send`.

use super::ask::Hooks;
use super::connect::try_again_later;
use super::content::{Content, content};
use super::question::{Answer, Handled, Sent, ToChannel, Who};
use crate::config::Config;
use crate::config::hooks::Fail;
use crate::frames;
use serde_json::json;
use throng_tokio::core::protocol::Data;
use throng_tokio::hub::{Refusal, Target};
use throng_tokio::{Client, Frame, Message, Publish, SendError};

/// A result that has been checked as a whole, before any of it is done.
struct Prepared {
    reply: Option<Frame>,
    publications: Vec<(String, Frame)>,
}

impl Hooks {
    /// Hands a message over, and does what the answer says. Returns `false` if there is nobody to whom it could go.
    pub(crate) async fn message(&self, client: &Client, message: &Message) -> bool {
        let who = || Who::new(client.id(), client.user(), client.get());
        self.hand_over(client, || Sent { who: who(), content: Content::of(message) }).await
    }

    /// The same with what a client of the protocol sends to the back end.
    pub(crate) async fn sent(&self, client: &Client, who: Who, data: &Data) -> bool {
        self.hand_over(client, || Sent { who, content: Content::json(data) }).await
    }

    async fn hand_over(&self, client: &Client, question: impl FnOnce() -> Sent) -> bool {
        let config = self.live.config();
        if config.hooks.message.url.is_none() {
            return false;
        }
        let answer = self.ask(&question(), http::HeaderMap::new()).await;
        match answer {
            Ok(Answer::Result(handled)) => match Self::prepare(client, handled, &config) {
                Ok(prepared) => self.carry_out(client, prepared),
                Err(why) => {
                    self.complain_of::<Sent>(why);
                    self.message_failed(client);
                }
            },
            // The back end decides what its clients may see.
            Ok(Answer::Error(error)) => {
                let told = frames::Content::json(&json!({ "error": error }).to_string());
                let frame = told.ok().and_then(|told| told.for_clients(&client.hub(), &config).ok());
                // A client that ends meanwhile needs no answer. A full outbox is the hub's to count.
                let _ = frame.map(|frame| client.send(&frame));
            }
            Ok(Answer::Disconnect(close)) => _ = client.close(close.code, &close.reason),
            Err(_) => self.message_failed(client),
        }
        true
    }

    fn message_failed(&self, client: &Client) {
        if self.live.config().hooks.message.fail == Fail::Closed {
            let close = try_again_later();
            // An error means that it closes already.
            let _ = client.close(close.code, &close.reason);
        }
    }

    /// Checks all of a result before any of it is done.
    fn prepare(client: &Client, handled: Handled, config: &Config) -> Result<Prepared, String> {
        let most = config.api.channels.0;
        let (hub, Handled { data, text, b64data, publish }) = (client.hub(), handled);
        let name_bytes = hub.config().rooms.name_bytes as usize;
        if publish.len() as u64 > most {
            return Err(format!(
                "publish has {} items, at most {most} are allowed: `api.channels`",
                publish.len()
            ));
        }
        let encoded = |frame: Result<Frame, SendError>| frame.map_err(|error| error.to_string());
        let reply = content(data, text, b64data)?.map(|content| content.for_clients(&hub, config));
        let reply = reply.map(encoded).transpose()?;
        let of_channel = |ToChannel { channel, data, text, b64data }: ToChannel| {
            if channel.is_empty() || channel.len() > name_bytes {
                return Err(format!(
                    "channel {channel:.80?}: a name has 1 to {name_bytes} bytes, `hub.rooms.name_bytes`"
                ));
            }
            match content(data, text, b64data)? {
                Some(content) => {
                    encoded(content.for_channel(&hub, config, &channel)).map(|frame| (channel, frame))
                }
                None => Err(format!("data is missing in publish for channel {channel:?}")),
            }
        };
        let publications = publish.into_iter().map(of_channel).collect::<Result<_, _>>()?;
        Ok(Prepared { reply, publications })
    }

    fn carry_out(&self, client: &Client, Prepared { reply, publications }: Prepared) {
        let hub = client.hub();
        for (channel, frame) in &publications {
            match hub.publish(&Publish::to(&[Target::Room(channel)]), frame) {
                Err(error) if error.refusal() != Some(Refusal::NoSuchRoom) => {
                    self.complain_of::<Sent>(format!("channel {channel:?} takes no message: {error}"));
                }
                // Nobody is there: the message has reached everybody that it should.
                _ => {}
            }
        }
        if let Some(reply) = reply {
            // A client that ends meanwhile needs no answer. A full outbox is the hub's to count.
            let _ = client.send(&reply);
        }
    }
}
