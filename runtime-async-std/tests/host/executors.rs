//! Executors of one's own.

use crate::common::{closed, connect, echo, echoes, listener, until_the_hub_ends};
use smol::Executor;
use std::sync::Arc;
use std::thread;
use throng_async_std::executor;

#[test]
fn a_hub_is_served_on_an_executor_with_threads_of_its_own() {
    let hub = echo().build().unwrap();
    let (listener, address) = listener();
    let executor = Arc::new(Executor::new());
    let serving = executor::serve_with(Arc::clone(&executor), listener, hub.clone(), until_the_hub_ends());
    let (ended, end) = smol::channel::bounded::<()>(1);
    for _ in 0..2 {
        let (executor, end) = (Arc::clone(&executor), end.clone());
        thread::spawn(move || smol::block_on(executor.run(end.recv())).unwrap_err());
    }
    let serving = thread::spawn(move || smol::block_on(serving).unwrap());
    let mut clients: Vec<_> = (0..20).map(|_| connect(address)).collect();
    for client in &mut clients {
        echoes(client, "good morning");
    }
    hub.shutdown();
    for client in &mut clients {
        assert_eq!(closed(client), 1001);
    }
    serving.join().unwrap();
    drop(ended);
}
