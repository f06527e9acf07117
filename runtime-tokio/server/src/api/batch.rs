//! Several commands in one request.

use super::error::{Code, Error};
use super::methods::find;
use super::parameters::{answer, or_default, read};
use super::rights::{Caller, check};
use crate::config::Config;
use crate::server::Server;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct Batch {
    #[serde(default, deserialize_with = "or_default")]
    commands: Vec<BTreeMap<String, Box<RawValue>>>,
}

/// Carries out commands in their order, whether or not the caller allows others. A command that fails does not end the rest.
pub(super) fn batch(
    server: &Server,
    config: &Config,
    caller: Caller<'_>,
    body: &[u8],
) -> Result<Value, Error> {
    let Batch { commands } = read(body)?;
    let most = config.api.channels.0;
    if commands.len() as u64 > most {
        return Err(Error::bad(format!(
            "{} commands, at most {most} are allowed: `api.channels`",
            commands.len()
        )));
    }
    let replies: Vec<Value> = commands.iter().map(|command| reply(server, config, caller, command)).collect();
    // Without `result`, as Centrifugo's.
    Ok(json!({ "replies": replies }))
}

/// The reply to one command: `{"publish": {…}}`, or an error.
fn reply(
    server: &Server,
    config: &Config,
    caller: Caller<'_>,
    command: &BTreeMap<String, Box<RawValue>>,
) -> Value {
    let mut methods = command.iter();
    let (Some((name, parameters)), None) = (methods.next(), methods.next()) else {
        return answer(Err(Error::bad("a command has one method, as {\"publish\": {…}}")));
    };
    let body = parameters.get().as_bytes();
    let carried_out = match find(name) {
        None if name == "batch" => Err(Error::bad("a batch has no batch in it")),
        Some(method) => check(caller, method, body).and_then(|()| (method.command)(server, config, body)),
        None => Err(Error::new(Code::MethodNotFound, format!("there is no method {name:?}"))),
    };
    match carried_out {
        Ok(mut answer) => json!({ name: answer["result"].take() }),
        Err(error) => answer(Err(error)),
    }
}
