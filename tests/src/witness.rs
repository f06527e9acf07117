//! Somebody who is well-behaved and must be served whatever others do. The client is tungstenite's.

use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tungstenite::{Message, WebSocket};

use crate::wait::PATIENCE;

/// An open WebSocket to a path that echoes.
#[derive(Debug)]
pub struct Witness {
    socket: WebSocket<TcpStream>,
    sent: u64,
}

impl Witness {
    /// Opens it.
    ///
    /// # Panics
    /// It is refused.
    #[must_use]
    pub fn open(address: SocketAddr, path: &str) -> Self {
        let stream = TcpStream::connect(address).expect("the server takes the connection");
        stream.set_nodelay(true).expect("a socket");
        stream.set_read_timeout(Some(PATIENCE)).expect("a socket");
        let opened = tungstenite::client(format!("ws://{address}{path}"), stream);
        let (socket, _) = opened.expect("the server opens the WebSocket");
        Self { socket, sent: 0 }
    }

    /// Sends a message and waits for its echo; says how long that took.
    ///
    /// # Panics
    /// It is not served.
    pub fn is_served(&mut self) -> Duration {
        self.sent += 1;
        let (start, text) = (Instant::now(), format!("witness {}", self.sent));
        self.socket.send(Message::text(&text)).expect("the server takes a message");
        loop {
            match self.socket.read().expect("the server answers") {
                Message::Text(echo) => {
                    assert_eq!(echo.as_str(), text);
                    return start.elapsed();
                }
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// Goes on being served, on a thread of its own.
    #[must_use]
    pub fn watch(mut self) -> Watch {
        let is_over = Arc::new(AtomicBool::new(false));
        let over = Arc::clone(&is_over);
        let thread = thread::spawn(move || {
            let mut trips = Vec::new();
            while !over.load(Ordering::Relaxed) {
                trips.push(self.is_served());
                thread::sleep(Duration::from_millis(1));
            }
            trips.sort_unstable();
            Served { trips }
        });
        Watch { is_over, thread }
    }
}

/// A witness on a thread of its own.
#[derive(Debug)]
pub struct Watch {
    is_over: Arc<AtomicBool>,
    thread: JoinHandle<Served>,
}

/// How a witness was served.
#[derive(Debug)]
pub struct Served {
    trips: Vec<Duration>,
}

impl Watch {
    /// Ends it.
    ///
    /// # Panics
    /// It was not served.
    #[must_use]
    pub fn end(self) -> Served {
        self.is_over.store(true, Ordering::Relaxed);
        self.thread.join().expect("the witness is served")
    }
}

impl Served {
    /// Round trips.
    #[must_use]
    pub fn trips(&self) -> usize {
        self.trips.len()
    }

    /// The round trip than which half are shorter.
    ///
    /// # Panics
    /// There was none.
    #[must_use]
    pub fn median(&self) -> Duration {
        self.trips[self.trips.len() / 2]
    }

    /// The longest round trip.
    ///
    /// # Panics
    /// There was none.
    #[must_use]
    pub fn longest(&self) -> Duration {
        self.trips[self.trips.len() - 1]
    }
}
