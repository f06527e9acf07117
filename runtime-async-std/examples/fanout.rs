//! The smallest server for measuring, on the public API and its defaults: `fanout` of throng-tokio, on async-std or smol.
//!
//! - `/ws`: one room; every message goes to the whole room, its sender included
//! - `/room/NAME`: the same for the room NAME
//! - `/echo`: every message goes back; nothing is read while the outbox is full
//! - `/direct/ID`: sets the user; a message `ID payload` goes to the user ID as it is
//!
//! How many threads there are says the environment: `ASYNC_STD_THREAD_COUNT` or `SMOL_THREADS`.

#![allow(clippy::print_stdout)]

use clap::{Parser, ValueEnum};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use throng_async_std::{
    Client, Compression, Config, Connecting, Fatal, Handler, Hub, Message, Name, Record, Refusal, flight,
    smol,
};

#[derive(Parser)]
struct Args {
    /// Where to listen.
    address: SocketAddr,
    /// The largest message, in bytes. Default: the largest of the Autobahn suite.
    #[arg(long, default_value_t = 16 << 20)]
    max_message: u32,
    /// Whose threads run it.
    #[arg(long, value_enum, default_value_t = Executor::AsyncStd)]
    executor: Executor,
    /// Compress messages for the clients that ask for it.
    #[arg(long)]
    compression: bool,
    /// Record the last of the run, without payloads, in 16 MiB, and write it there at the start, on SIGUSR1, on a panic and at the
    /// end. A file of this name is replaced.
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Executor {
    AsyncStd,
    Smol,
}

/// What becomes of a client's messages.
#[derive(Clone)]
enum Route {
    Room(Name),
    Echo,
    Direct,
}

struct Fanout;

impl Handler for Fanout {
    async fn before_connect(&self, connecting: &mut Connecting) -> Result<(), Refusal> {
        let path = connecting.path().to_owned();
        let route = match path.trim_start_matches('/').split_once('/') {
            None if path == "/ws" => Route::Room("ws".into()),
            None if path == "/echo" => Route::Echo,
            Some(("room", name)) => Route::Room(format!("room/{name}").into()),
            Some(("direct", user)) => {
                connecting.set_user(user);
                Route::Direct
            }
            _ => return Err(Refusal::NotFound),
        };
        if let Route::Room(room) = &route {
            connecting.join(Name::clone(room));
        }
        connecting.insert(route);
        Ok(())
    }

    async fn message(&self, client: &Client, message: Message) {
        // A message for nobody, or for a client that has just gone, is no failure here.
        match client.get::<Route>() {
            Some(Route::Room(room)) => {
                let _ = client.hub().send_to_room(&room, message);
            }
            Some(Route::Echo) => {
                let _ = client.send_wait(message).await;
            }
            Some(Route::Direct) => {
                let user = message.as_bytes().split(|byte| *byte == b' ').next().unwrap_or_default();
                if let Ok(user) = str::from_utf8(user) {
                    let _ = client.hub().send_to_user(user, message.clone());
                }
            }
            None => {}
        }
    }
}

fn dump(hub: &Hub, file: &Path) -> Result<(), String> {
    flight::dump(hub, file)
        .map_err(|error| format!("cannot write the recording to {}: {error}", file.display()))
}

fn dump_when_asked(hub: &Hub, file: PathBuf) -> std::io::Result<()> {
    let path = move || file.clone();
    flight::dump_on_panic(hub, path.clone());
    #[cfg(unix)]
    flight::dump_on_signal(hub, flight::Signal::Usr1, path)?;
    Ok(())
}

fn main() -> Result<(), Fatal> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let args = Args::parse();
    let mut config = Config::default();
    config.outbox.message_bytes = args.max_message;
    // One maximal message and its head must fit.
    config.outbox.bytes = config.outbox.bytes.max(args.max_message.saturating_add(64));
    config.outbox.hub_bytes = config.outbox.hub_bytes.max(config.outbox.bytes.into());
    let record = if args.record.is_some() { Record::Last { bytes: 16 << 20 } } else { Record::Nothing };
    // An echo waits for a reader that is slow, however long it takes: the write deadline ends one that takes nothing.
    let builder = Hub::builder().config(config).handler(Fanout).message_limit(None);
    let builder = builder.compression(args.compression.then(Compression::default));
    let hub = builder.record(record).build()?;
    if let Some(file) = args.record.clone() {
        // Now, and not only at the end: a file that cannot be written is known before anything is to be recorded.
        dump(&hub, &file)?;
        dump_when_asked(&hub, file)?;
    }
    let listening = TcpListener::bind(args.address);
    let listener = listening.map_err(|error| format!("cannot listen on {}: {error}", args.address))?;
    let address = listener.local_addr()?;
    // Said once signals are caught: whoever reads it may send one.
    let say = || println!("listening on {address}");
    match args.executor {
        Executor::AsyncStd => {
            let serving = throng_async_std::serve(listener, hub.clone());
            say();
            async_std::task::block_on(serving)?;
        }
        Executor::Smol => {
            let serving = smol::serve(listener, hub.clone());
            say();
            ::smol::block_on(serving)?;
        }
    }
    if let Some(file) = &args.record {
        dump(&hub, file)?;
    }
    Ok(())
}
