//! The program `throng`: a WebSocket room hub that needs no code, in front of any back end.
//!
//! It wires parts together: the hub is [`throng_tokio`]'s, by its public API.
//!
//! | file or folder | what |
//! | --- | --- |
//! | `cli` | the command line |
//! | `config` | the config: keys, files, environment, flags |
//! | `run` | from the config to the last client |
//! | `listeners` | the addresses that the program listens on |
//! | `upgrade` | another process takes this one's place |
//! | `systemd` | what systemd hears |
//! | `recorder` | the flight recorder |
//! | `health` | `throng health` |
//! | `reload` | a new config for the running program |
//! | `server`, `live` | what the parts share; the config in force |
//! | `guard` | who may see the pages for operators |
//! | `api` | the HTTP API |
//! | `auth`, `keys` | JSON web tokens; the keys that check them |
//! | `front`, `tls`, `proxies` | connections as they come in: TLS, the PROXY protocol, and whose a connection is |
//! | `http` | paths, health, pages |
//! | `admin` | the key of the admin page |
//! | `records` | the numbers of the last hour, the last refusals and drops |
//! | `clients` | clients without a protocol |
//! | `demo` | the demo: a chat |
//! | `hooks` | what the back end is asked and told over HTTP |
//! | `protocol` | clients that speak the protocol of Centrifugo's SDKs |
//! | `wshub` | WS-HUB mode: clients by a key, groups and messages by Redis |
//! | `requests` | requests to other servers over HTTP and HTTPS |
//! | `log`, `metrics`, `output` | the log on stderr; the numbers for Prometheus; what is printed outside the log |
//! | `files` | files of bounded length |

#![forbid(unsafe_code)]

mod admin;
mod api;
mod auth;
mod cli;
mod clients;
mod config;
mod demo;
mod files;
mod frames;
mod front;
mod guard;
mod health;
mod hooks;
mod http;
mod json;
mod keys;
mod listeners;
mod live;
mod log;
mod metrics;
mod output;
mod protocol;
mod proxies;
mod recorder;
mod records;
mod reload;
mod requests;
mod run;
mod server;
mod systemd;
mod tls;
#[cfg(unix)]
mod upgrade;
mod wshub;

use auth::{Claims, Signing};
use clap::Parser;
use cli::{Cli, Command};
use output::{BAD_CONFIG, complain, say};
use std::path::{Path, PathBuf};
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
        Some(Command::Check { file, env }) => check(file, env),
        Some(Command::Token { user, channels, ttl, key, kid, run }) => {
            token(&run, key.as_deref(), kid.as_deref(), claims(user, channels, ttl))
        }
        Some(Command::Health { ready, run }) => health(&run, if ready { "/readyz" } else { "/healthz" }),
    }
}

fn claims(user: String, channels: Vec<String>, ttl: u64) -> Claims {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let exp = (ttl > 0).then(|| now.saturating_add(ttl));
    Claims { sub: user, exp, channels, ..Claims::default() }
}

fn token(run: &cli::Run, key: Option<&Path>, kid: Option<&str>, claims: Claims) -> ExitCode {
    const NO_SECRET: &str = "the config has no auth.secret: set it, or name a private key with --key FILE";
    let made = config::load(&run.origin()).and_then(|loaded| {
        let auth = &loaded.config.auth;
        match (key, &auth.secret) {
            (Some(file), _) => {
                let shown = file.display();
                let pem =
                    std::fs::read(file).map_err(|error| vec![format!("{shown} cannot be read: {error}")])?;
                auth::make(auth, &Signing::Private(&pem), kid, claims)
                    .map_err(|why| vec![format!("{shown}: {why}")])
            }
            (None, Some(secret)) => {
                auth::make(auth, &Signing::Secret(secret.bytes()), kid, claims).map_err(|why| vec![why])
            }
            (None, None) => Err(vec![NO_SECRET.to_owned()]),
        }
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

fn health(run: &cli::Run, path: &str) -> ExitCode {
    let loaded = match config::load(&run.origin()) {
        Ok(loaded) => loaded,
        Err(errors) => {
            complain(&errors);
            return ExitCode::from(BAD_CONFIG);
        }
    };
    match health::ask(&loaded.config, path) {
        Ok(health) => {
            say(health.text.trim_end());
            if let Some(warning) = health.warning {
                complain(&[warning]);
            }
            ExitCode::SUCCESS
        }
        Err(why) => {
            complain(&[why]);
            ExitCode::FAILURE
        }
    }
}

fn check(file: PathBuf, with_environment: bool) -> ExitCode {
    let name = file.display().to_string();
    let loaded = config::load(&cli::only(file, with_environment)).and_then(|loaded| {
        tls::Certificate::open(&loaded.config.tls).map_err(|why| vec![format!("{name}: {why}")])?;
        Ok(loaded)
    });
    match loaded {
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
