//! Messages of clients without a protocol go to the back end, one after the other for each client.

use super::ask::Hooks;
use super::connect::try_again_later;
use super::content::{Content, frame};
use super::question::{Answer, Handled, Sent, ToChannel, Who};
use crate::config::hooks::Fail;
use serde_json::json;
use throng_tokio::hub::{Refusal, Target};
use throng_tokio::{Client, Frame, Message, Publish};

/// A result that has been checked as a whole, before any of it is done.
struct Prepared {
    reply: Option<Frame>,
    publications: Vec<(String, Frame)>,
}

impl Hooks {
    /// Hands a message over, and does what the answer says. Returns `false` if there is nobody to whom it could go.
    pub(crate) async fn message(&self, client: &Client, message: &Message) -> bool {
        let config = self.live.config();
        if config.hooks.message.url.is_none() {
            return false;
        }
        let who = Who::new(client.id(), client.user(), client.get());
        let answer = self.ask(&Sent { who, content: Content::of(message) }, http::HeaderMap::new()).await;
        match answer {
            Ok(Answer::Result(handled)) => match self.prepare(client, handled, config.api.channels.0) {
                Ok(prepared) => self.carry_out(client, prepared),
                Err(why) => {
                    self.complain_of::<Sent>(why);
                    self.message_failed(client);
                }
            },
            // The back end decides what its clients may see.
            Ok(Answer::Error(error)) => {
                // A client that ends meanwhile needs no answer. A full outbox is the hub's to count.
                let _ = client.send(json!({ "error": error }).to_string());
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
    fn prepare(&self, client: &Client, handled: Handled, most: u64) -> Result<Prepared, String> {
        let (hub, Handled { data, text, b64data, publish }) = (client.hub(), handled);
        let name_bytes = hub.config().rooms.name_bytes as usize;
        if publish.len() as u64 > most {
            return Err(format!(
                "publish has {} items, at most {most} are allowed: `api.channels`",
                publish.len()
            ));
        }
        let reply = frame(&hub, data, text, b64data)?;
        let of_channel = |ToChannel { channel, data, text, b64data }: ToChannel| {
            if channel.is_empty() || channel.len() > name_bytes {
                return Err(format!(
                    "channel {channel:.80?}: a name has 1 to {name_bytes} bytes, `hub.rooms.name_bytes`"
                ));
            }
            match frame(&hub, data, text, b64data)? {
                Some(frame) => Ok((channel, frame)),
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
