//! The program `throng`: a WebSocket room hub that needs no code, in front of any back end.
//!
//! It wires parts together: the hub is [`throng_tokio`]'s, by its public API.
//!
//! | file or folder | what |
//! | --- | --- |
//! | `cli` | the command line |
//! | `config` | the config: keys, files, environment, flags |
//! | `run` | from the config to the last client |
//! | `reload` | a new config for the running program |
//! | `server`, `live` | what the parts share; the config in force |
//! | `guard` | who may see the pages for operators |
//! | `api`, `auth` | the HTTP API; JSON web tokens |
//! | `http` | paths, health, pages |
//! | `admin` | the key of the admin page |
//! | `records` | the numbers of the last hour, the last refusals and drops |
//! | `clients` | clients without a protocol |
//! | `demo` | the demo: a chat |
//! | `wshub` | WS-HUB mode: clients by a key, groups and messages by Redis |
//! | `log`, `metrics`, `output` | the log on stderr; the numbers for Prometheus; what is printed outside the log |

#![forbid(unsafe_code)]

mod admin;
mod api;
mod auth;
mod cli;
mod clients;
mod config;
mod demo;
mod guard;
mod http;
mod live;
mod log;
mod metrics;
mod output;
mod records;
mod reload;
mod run;
mod server;
mod wshub;

use clap::Parser;
use cli::{Cli, Command};
use output::{BAD_CONFIG, complain, say};
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

fn main() -> ExitCode {
    let cli = Cli::parse();
    match cli.command {
        None => run::run(cli.run.origin()),
        Some(Command::Config) => {
            say(config::commented().trim_end());
            ExitCode::SUCCESS
        }
        Some(Command::Check { file }) => check(file),
        Some(Command::Token { user, channels, ttl, run }) => token(&run, user, channels, ttl),
    }
}

fn token(run: &cli::Run, user: String, channels: Vec<String>, ttl: u64) -> ExitCode {
    let made = config::load(&run.origin()).and_then(|loaded| {
        let auth = &loaded.config.auth;
        let secret = auth.secret.as_ref().ok_or("the config has no auth.secret: no token can be signed");
        let secret = secret.map_err(|why| vec![why.to_owned()])?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let exp = (ttl > 0).then(|| now.saturating_add(ttl));
        let claims = auth::Claims { sub: user, exp, channels, ..auth::Claims::default() };
        auth::make(auth, secret, claims).map_err(|error| vec![error.to_string()])
    });
    match made {
        Ok(token) => {
            say(&token);
            ExitCode::SUCCESS
        }
        Err(errors) => {
            complain(&errors);
            ExitCode::from(BAD_CONFIG)
        }
    }
}

fn check(file: std::path::PathBuf) -> ExitCode {
    let name = file.display().to_string();
    match config::load(&cli::only(file)) {
        Ok(loaded) => {
            for notice in &loaded.notices {
                say(notice);
            }
            say(&format!("{name} is a valid config"));
            ExitCode::SUCCESS
        }
        Err(errors) => {
            complain(&errors);
            ExitCode::from(BAD_CONFIG)
        }
    }
}
