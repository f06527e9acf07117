//! The command line.

use crate::config::Origin;
use clap::{Args, Parser, Subcommand};
use std::env;
use std::ffi::OsString;
use std::path::PathBuf;

/// A WebSocket room hub that needs no code, in front of any back end.
#[derive(Debug, Parser)]
#[command(name = "throng", version, about, args_conflicts_with_subcommands = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) run: Run,
}

/// How the program runs.
#[derive(Debug, Args)]
pub(crate) struct Run {
    /// The config: a file in YAML, TOML or JSON, by its extension. Default: throng.yaml, .yml, .toml or .json, or a config of WS-HUB, in
    /// the working directory or beside the program; if there is none, the defaults.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The address and port to listen on, as 127.0.0.1:8080 or :8080.
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,
    /// Sets any key of the config, as --set log.format=json. `throng config` prints all keys.
    #[arg(long, value_name = "KEY=VALUE", value_parser = key_and_value)]
    set: Vec<(String, String)>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Checks a config, and prints everything that is wrong with it: the file alone, without the environment.
    Check {
        /// The file to check.
        file: PathBuf,
        /// Checks what the program would run with: the file with the variables of the environment, THRONG_…, on top.
        #[arg(long)]
        env: bool,
    },
    /// Prints every key of the config with its default and its meaning, as a file in YAML.
    Config,
    /// Asks the program that runs with this config on this machine whether it lives. The exit code is 0 if it answers with 200.
    Health {
        /// Asks whether it takes newcomers, /readyz, in place of /healthz.
        #[arg(long)]
        ready: bool,
        #[command(flatten)]
        run: Run,
    },
    /// Makes a JSON web token for trying, signed with the config's `auth.secret` or with a private key.
    ///
    /// The options of the config come after the word: throng token ann --set auth.secret=hush. Of the config only the section `auth` is
    /// used.
    Token {
        /// The user: the claim sub.
        user: String,
        /// Rooms that the client is in from its beginning, separated by commas.
        #[arg(long, value_name = "ROOMS", value_delimiter = ',')]
        channels: Vec<String>,
        /// How many seconds the token is valid. 0: for ever.
        #[arg(long, value_name = "SECONDS", default_value_t = 3600)]
        ttl: u64,
        /// A file with a private key in PEM that signs in place of `auth.secret`: RSA (RS256), P-256 (ES256), P-384 (ES384) or Ed25519 (EdDSA).
        #[arg(long, value_name = "FILE")]
        key: Option<PathBuf>,
        /// The name of the key in a JWK set, for the header kid.
        #[arg(long)]
        kid: Option<String>,
        #[command(flatten)]
        run: Run,
    },
}

fn key_and_value(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("must be KEY=VALUE, as log.format=json")?;
    Ok((key.into(), value.into()))
}

impl Run {
    /// Where the config comes from: this command line and the environment of the process.
    pub(crate) fn origin(&self) -> Origin {
        let beside = env::current_exe().ok().and_then(|program| program.parent().map(PathBuf::from));
        let listen = self.listen.iter().map(|value| ("listen".into(), value.clone(), "--listen".into()));
        let set = self.set.iter().map(|(key, value)| (key.clone(), value.clone(), format!("--set {key}")));
        Origin {
            file: self.config.clone().or_else(|| env::var_os("THRONG_CONFIG").map(PathBuf::from)),
            folders: env::current_dir().into_iter().chain(beside).collect(),
            variables: variables(),
            flags: listen.chain(set).collect(),
        }
    }
}

/// The config of `throng check`: this file, alone or with the environment of the process.
pub(crate) fn only(file: PathBuf, with_environment: bool) -> Origin {
    let variables = if with_environment { variables() } else { Vec::new() };
    Origin { file: Some(file), variables, ..Origin::default() }
}

fn variables() -> Vec<(String, String)> {
    let text = |(name, value): (OsString, OsString)| {
        Some((name.into_string().ok()?, value.to_string_lossy().into_owned()))
    };
    env::vars_os().filter_map(text).collect()
}
