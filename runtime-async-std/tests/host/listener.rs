//! A listener whose serving is dropped.

use crate::common::{Runtime, closed, connect, echo, echoes, eventually, listener};
use std::net::TcpStream;
use std::thread;

crate::on_both!(dropped_it_takes_no_more_and_those_there_live_on);

fn dropped_it_takes_no_more_and_those_there_live_on(runtime: &Runtime) {
    let hub = echo().build().unwrap();
    let (listener, address) = listener();
    let (drop_it, until) = async_std::channel::bounded(1);
    let (serve, served) = (runtime.serve_for_a_while, hub.clone());
    let serving = thread::spawn(move || serve(listener, served, until));
    let mut there = connect(address);
    drop(drop_it);
    serving.join().unwrap();
    eventually("the listener is closed", || TcpStream::connect(address).is_err());
    echoes(&mut there, "still there");
    hub.shutdown();
    assert_eq!(closed(&mut there), 1001);
}
