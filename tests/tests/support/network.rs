//! A network that fails when a test wants it.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use socket2::SockRef;

/// A network through which a server is reached, and which can fail: then all connections are gone, and no new one lasts.
pub(crate) struct Network {
    pub(crate) address: SocketAddr,
    is_down: Arc<AtomicBool>,
    streams: Arc<Mutex<Vec<TcpStream>>>,
}

impl Network {
    pub(crate) fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
        let address = listener.local_addr().expect("it listens");
        let (is_down, streams) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Vec::new())));
        let network = Self { address, is_down: Arc::clone(&is_down), streams: Arc::clone(&streams) };
        thread::spawn(move || {
            for peer in listener.incoming().map_while(Result::ok) {
                let Ok(server) = TcpStream::connect(server) else { return };
                if is_down.load(Ordering::SeqCst) {
                    reset(&peer);
                    continue;
                }
                let mut streams = streams.lock().unwrap_or_else(PoisonError::into_inner);
                for stream in [&peer, &server] {
                    streams.extend(stream.try_clone());
                }
                for (from, to) in [(peer.try_clone(), server.try_clone()), (Ok(server), Ok(peer))] {
                    let (Ok(from), Ok(to)) = (from, to) else { return };
                    thread::spawn(move || carry(from, to));
                }
            }
        });
        network
    }

    pub(crate) fn fail(&self) {
        self.is_down.store(true, Ordering::SeqCst);
        for stream in self.streams.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            reset(&stream);
        }
    }

    pub(crate) fn mend(&self) {
        self.is_down.store(false, Ordering::SeqCst);
    }
}

/// Both ends see a connection that has broken off.
fn reset(stream: &TcpStream) {
    let _ = SockRef::from(stream).set_linger(Some(Duration::ZERO));
    let _ = stream.shutdown(Shutdown::Both);
}

fn carry(mut from: TcpStream, mut to: TcpStream) {
    let _: io::Result<()> = (|| {
        let mut bytes = [0; 4096];
        loop {
            match from.read(&mut bytes)? {
                0 => return to.shutdown(Shutdown::Write),
                count => to.write_all(&bytes[..count])?,
            }
        }
    })();
}
