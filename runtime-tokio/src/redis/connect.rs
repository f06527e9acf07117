//! From an address to a link: logging in, and finding the master or the nodes of a cluster.

use super::link::{Node, RedisReceiver, RedisSender, link};
use super::options::{Login, Options, database};
use super::resp::{Parsed, Value, command, parse};
use super::slots::{Topology, topology};
use crate::broker::address::Address;
use crate::broker::socket::{self, Stream};
use bytes::Buf;
use throng_runtime::cluster::BrokerError;

/// The longest reply while connecting, in bytes: the topology of a cluster of a thousand nodes fits.
const REPLY: usize = 4 << 20;

type Link = (RedisSender, RedisReceiver);

pub(super) async fn one(address: &Address, options: &Options) -> Result<Link, BrokerError> {
    let number = database(address)?;
    let stream = socket::in_time(address, options.attempt_time, log_in(address, number, options)).await?;
    Ok(link(vec![Node::new(address, stream)], None, None, options))
}

/// Asks the sentinels in turn for the master.
pub(super) async fn by_sentinel(
    master: &str,
    sentinels: &[Address],
    login: &Login,
    turn: usize,
    options: &Options,
) -> Result<Link, BrokerError> {
    let mut errors = Vec::new();
    for n in 0..sentinels.len() {
        let sentinel = &sentinels[(turn + n) % sentinels.len()];
        let attempt = async {
            let (host, port, watch) = ask_sentinel(master, sentinel, options).await?;
            let path = String::new();
            let Login { is_tls, user, password, database } = login.clone();
            let address = Address { host, port, is_tls, user, password, path };
            let stream = log_in(&address, database, options).await?;
            let watch = Some((Node::new(sentinel, watch), master.to_owned()));
            Ok(link(vec![Node::new(&address, stream)], None, watch, options))
        };
        match socket::in_time(sentinel, options.attempt_time, attempt).await {
            Ok(link) => return Ok(link),
            Err(error) => errors.push(error),
        }
    }
    Err(all("no sentinel leads to the master", &errors))
}

/// The master that a sentinel knows, and the connection to that sentinel, subscribed to failovers before it was asked.
async fn ask_sentinel(
    master: &str,
    sentinel: &Address,
    options: &Options,
) -> Result<(String, u16, Stream), BrokerError> {
    let mut stream = log_in(sentinel, 0, options).await?;
    let subscribed = |value: &Value<'_>| matches!(value, Value::Push(_));
    if !ask(&mut stream, sentinel, &[b"SUBSCRIBE", b"+switch-master"], subscribed).await? {
        return Err(BrokerError::new(format_args!("{sentinel} does not confirm a subscription")));
    }
    let words: [&[u8]; 3] = [b"SENTINEL", b"get-master-addr-by-name", master.as_bytes()];
    let found = ask(&mut stream, sentinel, &words, |value| match value {
        Value::List(address) => match &address[..] {
            [Value::Text(host), Value::Text(port)] => {
                let port = core::str::from_utf8(port).ok().and_then(|port| port.parse::<u16>().ok());
                port.map(|port| (String::from_utf8_lossy(host).into_owned(), port))
            }
            _ => None,
        },
        _ => None,
    })
    .await?;
    let (host, port) = found.ok_or_else(|| {
        BrokerError::new(format_args!("the sentinel {sentinel} knows no master of the name {master:?}"))
    })?;
    Ok((host, port, stream))
}

/// Asks the nodes in turn for the topology, and connects to all masters at once.
pub(super) async fn cluster(seeds: &[Address], turn: usize, options: &Options) -> Result<Link, BrokerError> {
    let mut errors = Vec::new();
    for n in 0..seeds.len() {
        let seed = &seeds[(turn + n) % seeds.len()];
        // User and password are those of the first.
        let seed = &Address { is_tls: seed.is_tls, ..seeds[0].at(seed.host.clone(), seed.port) };
        match of_cluster(seed, options).await {
            Ok(link) => return Ok(link),
            Err(error) => errors.push(error),
        }
    }
    Err(all("no node leads to the cluster", &errors))
}

async fn of_cluster(seed: &Address, options: &Options) -> Result<Link, BrokerError> {
    let asking = async {
        let mut stream = log_in(seed, 0, options).await?;
        ask(&mut stream, seed, &[b"CLUSTER", b"SLOTS"], topology).await?
    };
    let Topology { masters, slots } = socket::in_time(seed, options.attempt_time, asking).await?;
    let mut opening = tokio::task::JoinSet::new();
    for (place, (host, port)) in masters.into_iter().enumerate() {
        let host = if host.is_empty() { seed.host.clone() } else { host };
        let (address, options) = (seed.at(host, port), options.clone());
        opening.spawn(async move {
            let stream = log_in(&address, 0, &options);
            let stream = socket::in_time(&address, options.attempt_time, stream).await?;
            Ok((place, Node::new(&address, stream)))
        });
    }
    let mut nodes = Vec::new();
    while let Some(opened) = opening.join_next().await {
        let opened = opened.map_err(|error| BrokerError::new(format_args!("connect to a node: {error}")))?;
        nodes.push(opened?);
    }
    nodes.sort_unstable_by_key(|(place, _)| *place);
    let nodes = nodes.into_iter().map(|(_, node)| node).collect();
    Ok(link(nodes, Some(slots), None, options))
}

fn all(what: &str, errors: &[BrokerError]) -> BrokerError {
    let errors: Vec<_> = errors.iter().map(ToString::to_string).collect();
    BrokerError::new(format_args!("{what}: {}", errors.join("; ")))
}

/// Opens a connection, switches it to RESP3, logs in, and chooses the database. A replica is an error.
async fn log_in(address: &Address, database: u32, options: &Options) -> Result<Stream, BrokerError> {
    let tcp = socket::connect(address).await?;
    let mut stream = match address.is_tls {
        true => options.tls.connect(tcp, &address.host).await?,
        false => Stream::tcp(tcp),
    };
    let mut words: Vec<&[u8]> = vec![b"HELLO", b"3"];
    if let Some(password) = &address.password {
        let user = address.user.as_deref().unwrap_or("default");
        words.extend([b"AUTH", user.as_bytes(), password.as_bytes()]);
    }
    let role = ask(&mut stream, address, &words, role).await?;
    // It would take messages, and hand them to its own clients alone.
    if let Some(role) = role.filter(|role| role != b"master") {
        let role = String::from_utf8_lossy(&role);
        return Err(BrokerError::new(format_args!(
            "Redis at {address} has the role {role:?}: nodes must connect to the master"
        )));
    }
    if database != 0 {
        ask(&mut stream, address, &[b"SELECT", database.to_string().as_bytes()], |_| ()).await?;
    }
    Ok(stream)
}

/// What the reply to HELLO says of the server's role. A sentinel says nothing.
fn role(reply: &Value<'_>) -> Option<Vec<u8>> {
    let Value::List(words) = reply else { return None };
    let role = words.chunks_exact(2).find(|pair| pair[0] == Value::Text(b"role"))?;
    match role[1] {
        Value::Text(role) => Some(role.to_vec()),
        _ => None,
    }
}

/// Sends a command and reads the reply. An error of Redis is an error.
async fn ask<T>(
    stream: &mut Stream,
    address: &Address,
    words: &[&[u8]],
    read: impl Fn(&Value<'_>) -> T,
) -> Result<T, BrokerError> {
    let name = String::from_utf8_lossy(words[0]).into_owned();
    let failed = |error: std::io::Error| BrokerError::new(format_args!("{address}: {name}: {error}"));
    command(&mut stream.writer.out, words);
    stream.writer.flush().await.map_err(failed)?;
    let reader = &mut stream.reader;
    loop {
        let (value, length) = match parse(&reader.buffer, REPLY) {
            Ok(Parsed::Whole(value, length)) => (value, length),
            Ok(Parsed::Needs(needed)) => {
                reader.fill(needed).await.map_err(failed)?;
                continue;
            }
            Err(bad) => {
                return Err(BrokerError::new(format_args!("{address}: {name}: reply with {}", bad.0)));
            }
        };
        let read = match value {
            // A failover that is told just now. The master is asked for after it.
            Value::Push(_) if name != "SUBSCRIBE" => None,
            Value::Error(text) => {
                let text = String::from_utf8_lossy(text);
                return Err(BrokerError::new(format_args!("{address}: {name}: Redis refuses: {text}")));
            }
            value => Some(read(&value)),
        };
        reader.buffer.advance(length);
        if let Some(read) = read {
            return Ok(read);
        }
    }
}
