//! Pushes: what the server sends without being asked.

use super::code::UnsubscribeCode;
use super::data::Data;
use super::info::ClientInfo;
use super::json::text_of;
use super::reply::Subscribed;
use crate::frame::Place;
use alloc::format;
use alloc::string::String;
use core::ops::Range;

/// The text of a publication, for all subscribers of a channel.
///
/// Make a frame of the text, with a [place](crate::Frame::with_place) for the offset, and with the bare message as its
/// [bare variant](crate::Frame::with_bare).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publication {
    /// The push.
    pub text: String,
    /// Where the text has a place for the offset. An offset of 0, in a channel without history, is none for an SDK.
    pub place: Place,
    /// Where the text has the message.
    pub data: Range<usize>,
}

impl Publication {
    /// A message to a channel; `from` is the client that published it, if it was one.
    #[must_use]
    pub fn new(channel: &str, data: &Data, from: Option<&ClientInfo>) -> Self {
        let mut text = before(channel);
        text.push_str(r#"{"offset":"#);
        let place = Place::decimal(text.len());
        text.push_str(Place::ZERO);
        text.push_str(r#","data":"#);
        let start = text.len();
        text.push_str(data.as_str());
        let data = start..text.len();
        if let Some(info) = from {
            text.push_str(r#","info":"#);
            text.push_str(&text_of(info));
        }
        text.push_str(BEHIND);
        Self { text, place, data }
    }

    /// The object of the publication itself in the text of such a push, for the answer to `history`. `None` if the text is not a
    /// publication to this channel.
    #[must_use]
    pub fn object_of<'a>(channel: &str, push: &'a str) -> Option<&'a str> {
        let object = push.strip_prefix(&*before(channel))?.strip_suffix("}}")?;
        object.starts_with('{').then_some(object)
    }
}

/// What is before the object of a publication.
fn before(channel: &str) -> String {
    format!(r#"{{"push":{{"channel":{},"pub":"#, text_of(&channel))
}

const BEHIND: &str = "}}}";

/// A client has subscribed to a channel.
#[must_use]
pub fn join(channel: &str, info: &ClientInfo) -> String {
    format!(r#"{{"push":{{"channel":{},"join":{{"info":{}}}}}}}"#, text_of(&channel), text_of(info))
}

/// A client has left a channel.
#[must_use]
pub fn leave(channel: &str, info: &ClientInfo) -> String {
    format!(r#"{{"push":{{"channel":{},"leave":{{"info":{}}}}}}}"#, text_of(&channel), text_of(info))
}

/// A message to one client, apart from channels. The range is where the text has the message.
#[must_use]
pub fn message(data: &Data) -> (String, Range<usize>) {
    let text = format!(r#"{{"push":{{"message":{{"data":{}}}}}}}"#, data.as_str());
    let end = text.len() - BEHIND.len();
    let start = end - data.as_str().len();
    (text, start..end)
}

pub(super) fn unsubscribe(channel: &str, code: UnsubscribeCode) -> String {
    let (channel, reason) = (text_of(&channel), text_of(&code.reason()));
    format!(
        r#"{{"push":{{"channel":{channel},"unsubscribe":{{"code":{},"reason":{reason}}}}}}}"#,
        code.number()
    )
}

pub(super) fn subscribe(channel: &str, subscribed: &Subscribed) -> String {
    let (channel, subscribed) = (text_of(&channel), text_of(&subscribed.json()));
    format!(r#"{{"push":{{"channel":{channel},"subscribe":{subscribed}}}}}"#)
}
