//! Loads the config: defaults, then a file, then the environment, then flags. All errors are found, not only the first.

use super::Config;
use super::file::{extensions, inline, read};
use super::hub;
use super::keys::{KEYS, Key, find};
use super::nearest::nearest;
use super::proxies::Network;
use super::token_keys::JwksSource;
use super::types::Switch;
use super::value::shown;
use serde_json::{Map, Value};
use std::path::{Path, PathBuf};

/// What every variable of the environment begins with.
const PREFIX: &str = "THRONG_";
/// Top-level keys of WS-HUB's own file that no file of this program has.
const OF_WSHUB: [&str; 4] = ["clientkey", "serverurl", "redis", "websocket"];
/// Paths of the server that no client's path may be.
const TAKEN: [&str; 7] = ["/healthz", "/readyz", "/metrics", "/status", "/clients", "/groups", "/sessions"];
/// Paths of the server below which no client's path may be, either.
const TAKEN_WITH_ALL_BELOW: [&str; 4] = ["/api", "/admin", "/demo", "/assets"];
/// The shortest key of the admin page, in bytes.
const ADMIN_KEY: usize = 12;

/// The most entries of `auth.public_keys`: each takes time for each token.
const MOST_PUBLIC_KEYS: usize = 8;

/// Where the config comes from. A reload reads the same again.
#[derive(Clone, Debug, Default)]
pub(crate) struct Origin {
    /// The file that a flag or `THRONG_CONFIG` names.
    pub(crate) file: Option<PathBuf>,
    /// Folders in which a file is looked for if none is named, in this order.
    pub(crate) folders: Vec<PathBuf>,
    /// Variables of the environment.
    pub(crate) variables: Vec<(String, String)>,
    /// Paths and values of flags, with the flag for errors.
    pub(crate) flags: Vec<(String, String, String)>,
}

/// A config, and where it came from.
#[derive(Clone, Debug)]
pub(crate) struct Loaded {
    pub(crate) config: Config,
    /// The file that was read.
    pub(crate) file: Option<PathBuf>,
    /// What the operator should know, though nothing is wrong.
    pub(crate) notices: Vec<String>,
}

/// Loads the config.
///
/// # Errors
/// Everything that is wrong: each error names its file, variable or flag, the path, the value, and what is allowed.
pub(crate) fn load(origin: &Origin) -> Result<Loaded, Vec<String>> {
    let mut loading = Loading::default();
    let file = origin.file.clone().or_else(|| found(&origin.folders));
    if let Some(path) = &file {
        loading.file(path);
    }
    for (name, value) in &origin.variables {
        if let Some(key) = name.strip_prefix(PREFIX).filter(|key| !is_other(key, value)) {
            loading.text(
                &format!("environment variable {name}"),
                &key.to_lowercase().replace("__", "."),
                value,
            );
        }
    }
    for (path, value, flag) in &origin.flags {
        loading.text(flag, path, value);
    }
    loading.finish(file)
}

/// The file of a folder: throng's own, or WS-HUB's `config.*`.
fn found(folders: &[PathBuf]) -> Option<PathBuf> {
    let of = |folder: &PathBuf, name: &str| -> Vec<PathBuf> {
        extensions().map(|extension| folder.join(format!("{name}.{extension}"))).collect()
    };
    let own = folders.iter().flat_map(|folder| of(folder, "throng")).find(|path| path.is_file());
    own.or_else(|| {
        let theirs = folders.iter().flat_map(|folder| of(folder, "config"));
        // Any program may have a file of this name.
        theirs.filter(|path| path.is_file()).find(|path| read(path).is_ok_and(|tree| is_of_wshub(&tree)))
    })
}

fn is_of_wshub(tree: &Value) -> bool {
    let is_one = |key: &String| OF_WSHUB.contains(&key.to_lowercase().as_str());
    tree.as_object().is_some_and(|table| table.keys().any(is_one))
}

/// Whether a variable of this name, without its prefix, is no key: the file's name, or what Kubernetes sets in every container for a service
/// named `throng`.
fn is_other(key: &str, value: &str) -> bool {
    let is_url = value.contains("://") || key.contains("_TCP") || key.contains("_UDP");
    let is_of_port =
        key == "PORT" || key.ends_with("_PORT") || key.starts_with("PORT_") || key.contains("_PORT_");
    key == "CONFIG" || key.ends_with("SERVICE_HOST") || key.contains("SERVICE_PORT") || (is_of_port && is_url)
}

#[derive(Default)]
struct Loading {
    config: Config,
    hub: Map<String, Value>,
    errors: Vec<String>,
    notices: Vec<String>,
    sources: Vec<String>,
}

impl Loading {
    fn file(&mut self, path: &Path) {
        let source = path.display().to_string();
        match read(path) {
            Err(why) => self.errors.push(format!("{source}: {why}")),
            Ok(Value::Null) => {}
            Ok(Value::Object(table)) if is_of_wshub(&Value::Object(table.clone())) => {
                self.config.wshub.enabled = true;
                self.notices.push(format!("{source} is a config of WS-HUB: the program takes its place"));
                self.table(&source, "wshub.", &table);
            }
            Ok(Value::Object(table)) => self.table(&source, "", &table),
            Ok(other) => {
                self.errors
                    .push(format!("{source}: {} is not allowed: must be a table of keys", shown(&other)));
            }
        }
        self.sources.push(source);
    }

    fn table(&mut self, source: &str, prefix: &str, table: &Map<String, Value>) {
        for (key, value) in table {
            let path = format!("{prefix}{key}");
            match value {
                Value::Object(inner) if is_section(&path) => self.table(source, &format!("{path}."), inner),
                // A section whose keys are all commented out.
                Value::Null if is_section(&path) => {}
                value => self.leaf(source, &path, value),
            }
        }
    }

    fn leaf(&mut self, source: &str, path: &str, value: &Value) {
        if let Err(why) = self.set(path, value) {
            self.errors.push(format!("{source}: {path}: {why}"));
        }
    }

    /// Sets a value that is a text: as it is, or else as the number, list or table that it says.
    fn text(&mut self, source: &str, path: &str, text: &str) {
        let as_text = self.set(path, &Value::String(text.into()));
        let Err(why) = as_text else { return };
        let read = inline(text).filter(|value| !value.is_string());
        if let Err(why) = read.map_or(Err(why), |value| self.set(path, &value)) {
            self.errors.push(format!("{source}: {path}: {why}"));
        }
    }

    fn set(&mut self, path: &str, value: &Value) -> Result<(), String> {
        if let Some(rest) = path.strip_prefix("hub.") {
            return self.set_of_hub(rest, value);
        }
        let Some(key) = find(path) else {
            if is_section(path) {
                return Err(format!("{} is not allowed: must be a table of keys", shown(value)));
            }
            return Err(unknown(path));
        };
        (key.set)(&mut self.config, value).map_err(|allowed| {
            // What is nearly a secret is shown no more than a secret.
            let is_secret = key.path.ends_with("key")
                || key.path.ends_with("keys")
                || key.path.ends_with("password")
                || key.path.ends_with("secret")
                || key.path.ends_with("secrets")
                // A URL may name a user with a password.
                || (key.path.starts_with("hooks.") && value.as_str().is_some_and(|url| url.contains('@')))
                || key.path.ends_with("broker");
            let shown = if is_secret { "the value".into() } else { shown(value) };
            format!("{shown} is not allowed: {allowed}")
        })
    }

    fn set_of_hub(&mut self, path: &str, value: &Value) -> Result<(), String> {
        let Some((section, key)) = path.split_once('.') else {
            if hub::defaults().contains_key(path) {
                return Err(format!("{} is not allowed: must be a table of keys", shown(value)));
            }
            return hub::check(path, "", value);
        };
        hub::check(section, key, value)?;
        let table = self.hub.entry(section).or_insert_with(|| Value::Object(Map::new()));
        if let Value::Object(table) = table {
            table.insert(key.into(), value.clone());
        }
        Ok(())
    }

    /// The path of the protocol must be free.
    fn check_paths(&mut self, of: &str) {
        let clients = self.config.clients.path.text();
        let path = self.config.protocol.path.text();
        if self.config.speaks_protocol() && (is_taken(path) || path == clients) {
            self.errors.push(format!(
                "{of}: protocol.path: {path:?} is not allowed: must be none of {}, {clients}, and not in {}",
                TAKEN.join(", "),
                TAKEN_WITH_ALL_BELOW.join(", ")
            ));
        }
    }

    /// Rooms in which no client could be would refuse every client.
    fn check_rooms(&mut self, of: &str) {
        let (rooms, limits) = (&self.config.clients.rooms, &self.config.hub.rooms);
        let most = limits.name_bytes as usize;
        self.errors.extend(rooms.iter().filter(|room| room.is_empty() || room.len() > most).map(|room| {
            format!("{of}: clients.rooms: {room:?} is not allowed: a name has 1 to {most} bytes, `hub.rooms.name_bytes`")
        }));
        self.errors.extend(limits.per_client.filter(|most| rooms.len() > *most as usize).map(|most| {
            format!(
                "{of}: clients.rooms: {} rooms are not allowed: at most {most}, `hub.rooms.per_client`",
                rooms.len()
            )
        }));
    }

    /// The pages must not be open by accident.
    fn check_pages(&mut self, of: &str) {
        let (config, listen) = (&self.config, self.config.listen());
        let (admin, demo) = (&config.admin, config.demo.enabled);
        if admin.key.as_ref().is_some_and(|key| key.bytes().len() < ADMIN_KEY) {
            self.errors.push(format!(
                "{of}: admin.key: the value is not allowed: must have at least {ADMIN_KEY} characters"
            ));
        }
        // The page is where the API is.
        let of_admin = config.api.listen.as_ref().unwrap_or(listen);
        if admin.enabled == Switch::On && admin.key.is_none() && !of_admin.is_loopback() {
            self.errors.push(format!(
                "{of}: admin.enabled: true is not allowed without `admin.key`, as {} is no loopback address: set the key",
                of_admin.text()
            ));
        }
        if demo == Switch::On && config.wshub.enabled {
            self.errors
                .push(format!("{of}: demo.enabled: true is not allowed in WS-HUB mode, `wshub.enabled`"));
        }
        if demo == Switch::On && !config.wshub.enabled && !listen.is_loopback() {
            self.notices.push(format!(
                "the demo is open to everybody who reaches {}: `demo.enabled` is true",
                listen.text()
            ));
        }
    }

    /// Settings of tokens, proxies and TLS that make sense only together.
    fn check_access(&mut self, of: &str) {
        let Config { clients, auth, proxies, tls, .. } = &self.config;
        let mut wrong = |told: &str| self.errors.push(format!("{of}: {told}"));
        if auth.first_message && clients.anonymous {
            wrong(
                "auth.first_message: true is not allowed while clients.anonymous is true: a client without a token in its request is anonymous",
            );
        }
        if auth.public_keys.len() > MOST_PUBLIC_KEYS {
            let (count, most) = (auth.public_keys.len(), MOST_PUBLIC_KEYS);
            wrong(&format!(
                "auth.public_keys: {count} keys are not allowed: at most {most}, since a token is tried with each"
            ));
        }
        if proxies.protocol && proxies.trusted.is_empty() {
            wrong(
                "proxies.protocol: true is not allowed while proxies.trusted is empty: the PROXY protocol is believed only of trusted proxies",
            );
        }
        match (&tls.certificate, &tls.key) {
            (Some(_), None) => wrong("tls.key is missing: tls.certificate needs the file of its private key"),
            (None, Some(_)) => wrong("tls.certificate is missing: tls.key needs the file of its certificate"),
            _ => {}
        }
        let mut notice = |told: String| self.notices.push(told);
        if proxies.trusted.iter().any(Network::is_everybody) {
            notice("proxies.trusted has every address: any client can claim any address".into());
        }
        match &auth.jwks {
            Some(JwksSource::Url(url)) if url.is_open() => {
                notice(format!(
                    "auth.jwks: {url} is fetched without TLS: whoever can change the answer can let anybody in"
                ));
            }
            Some(JwksSource::File(file)) => {
                file.left_out().iter().for_each(|why| notice(format!("auth.jwks: {why}")));
            }
            _ => {}
        }
    }

    fn finish(mut self, file: Option<PathBuf>) -> Result<Loaded, Vec<String>> {
        match hub::assemble(std::mem::take(&mut self.hub)) {
            Ok(hub) => self.config.hub = hub,
            Err(why) => self.errors.push(format!("hub: {why}")),
        }
        self.config.has_file = file.is_some();
        let of = if self.sources.is_empty() { "the config".into() } else { self.sources.join(", ") };
        // What is wrong with the whole is only known if every part is right.
        if self.errors.is_empty() {
            self.errors.extend(hub::validate(&self.config.hub()).err().map(|why| format!("{of}: {why}")));
            self.errors.extend(self.config.cluster.errors().map(|why| format!("{of}: {why}")));
            let mut of_hooks = self.config.hooks.errors(&self.config.hub());
            of_hooks.extend(self.config.protocol.errors(&self.config.hooks));
            self.errors.extend(of_hooks.into_iter().map(|why| format!("{of}: {why}")));
            let (key, path) = match self.config.wshub.enabled {
                true => ("wshub.serverUrl", self.config.wshub.server_url.text()),
                false => ("clients.path", self.config.clients.path.text()),
            };
            if is_taken(path) {
                self.errors.push(format!(
                    "{of}: {key}: {path:?} is not allowed: must be none of {}, and not in {}",
                    TAKEN.join(", "),
                    TAKEN_WITH_ALL_BELOW.join(", ")
                ));
            }
            self.check_pages(&of);
        }
        self.check_paths(&of);
        self.check_rooms(&of);
        self.check_access(&of);
        let default = Config::default();
        let is_changed = |key: &Key| key.path.starts_with("wshub.") && !(key.is_same)(&self.config, &default);
        if !self.config.wshub.enabled && KEYS.iter().any(is_changed) {
            self.notices.push("wshub.enabled is false: the other keys of wshub have no effect".into());
        }
        if self.config.wshub.enabled && self.config.hooks.is_on() {
            let why =
                "wshub.enabled is true: the keys of hooks have no effect, the back end is told by Redis";
            self.notices.push(why.into());
        }
        if !self.errors.is_empty() {
            return Err(self.errors);
        }
        Ok(Loaded { config: self.config, file, notices: self.notices })
    }
}

/// Whether the server has something else at this path.
fn is_taken(path: &str) -> bool {
    let is_below =
        |taken: &&str| path.strip_prefix(*taken).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    TAKEN.contains(&path) || TAKEN_WITH_ALL_BELOW.iter().any(is_below)
}

/// Whether keys begin with this path and a dot. Those of `wshub` are known in capital letters, too.
fn is_section(path: &str) -> bool {
    let begins = |key: &str| {
        key.len() > path.len()
            && key.as_bytes()[path.len()] == b'.'
            && key.as_bytes()[..path.len()] == *path.as_bytes()
    };
    let lower = path.to_lowercase();
    let begins_in_wshub = |key: &str| {
        let key = key.to_lowercase();
        path.starts_with("wshub.") && key.strip_prefix(&lower).is_some_and(|rest| rest.starts_with('.'))
    };
    path == "hub"
        || path.strip_prefix("hub.").is_some_and(|section| hub::defaults().contains_key(section))
        || KEYS.iter().any(|key| begins(key.path) || begins_in_wshub(key.path))
}

/// The error about a key that there is not: the nearest of its section, else one of the same name elsewhere.
fn unknown(path: &str) -> String {
    let (section, name) = path.rsplit_once('.').map_or(("", path), |(section, name)| (section, name));
    let prefix = if section.is_empty() { String::new() } else { format!("{section}.") };
    let next = |key: &'static str| key.strip_prefix(&prefix).and_then(|rest| rest.split('.').next());
    let mut siblings: Vec<&str> = KEYS.iter().filter_map(|key| next(key.path)).collect();
    if section.is_empty() {
        siblings.push("hub");
    }
    siblings.dedup();
    if let Some(near) = nearest(name, siblings.iter().copied()) {
        return format!("unknown key; the nearest is {prefix}{near}");
    }
    let elsewhere = KEYS.iter().find(|key| key.path.rsplit('.').next() == Some(name));
    match elsewhere.map(|key| key.path).or_else(|| nearest(path, KEYS.iter().map(|key| key.path))) {
        Some(near) => format!("unknown key; the nearest is {near}"),
        None if siblings.is_empty() => "unknown key; `throng config` prints all keys".into(),
        None => format!("unknown key; there are {prefix}{}", siblings.join(&format!(", {prefix}"))),
    }
}
