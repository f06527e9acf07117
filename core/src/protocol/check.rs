//! What is wrong with a command by itself, before the host sees it.

use super::code::ErrorCode;
use super::command::{Command, Publish, Send, Subscribe};
use super::limits::Options;
use super::reply::Failure;
use super::subscriptions::Subscriptions;
use alloc::format;

pub(super) enum Checked {
    Good,
    Bad(Failure),
}

impl Checked {
    pub(super) fn new(command: &Command, options: &Options, subscriptions: &Subscriptions) -> Self {
        match check(command, options, subscriptions) {
            Ok(()) => Self::Good,
            Err(failure) => Self::Bad(failure),
        }
    }
}

fn check(command: &Command, options: &Options, subscriptions: &Subscriptions) -> Result<(), Failure> {
    let bad = |why: &str| Err(Failure::new(ErrorCode::BadRequest, why));
    if let Some(channel) = command.channel() {
        let (bytes, most) = (channel.len(), options.name_bytes);
        if bytes == 0 {
            return bad("channel is missing or empty");
        }
        if bytes > most as usize {
            return bad(&format!("channel has {bytes} bytes, at most {most} are allowed"));
        }
    }
    match command {
        Command::Subscribe(subscribe) => check_subscribe(subscribe, options, subscriptions),
        Command::Publish(Publish { data: None, .. }) | Command::Send(Send { data: None }) => {
            bad("data is missing")
        }
        Command::SubRefresh(refresh) if !subscriptions.has(&refresh.channel) => {
            Err(Failure::new(ErrorCode::PermissionDenied, "the client is not subscribed to the channel"))
        }
        _ => Ok(()),
    }
}

fn check_subscribe(
    subscribe: &Subscribe,
    options: &Options,
    subscriptions: &Subscriptions,
) -> Result<(), Failure> {
    if subscriptions.has(&subscribe.channel) {
        return Err(ErrorCode::AlreadySubscribed.into());
    }
    let most = options.channels;
    if subscriptions.len() >= most as usize {
        let why = format!("a client may be subscribed to {most} channels");
        return Err(Failure::new(ErrorCode::LimitExceeded, why));
    }
    let unavailable = |what| Err(Failure::new(ErrorCode::NotAvailable, what));
    match subscribe {
        Subscribe { delta, .. } if !delta.is_empty() => unavailable("delta compression"),
        Subscribe { tf: Some(_), .. } => unavailable("filters by tags"),
        Subscribe { kind, .. } if *kind != 0 => {
            unavailable("a type of subscription other than 0, to a stream")
        }
        _ => Ok(()),
    }
}
