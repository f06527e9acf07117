use crate::hosting::Report;
use crate::tests::host::World;
use crate::tests::peer::{Peer, masked};
use crate::{Client, ClientError, Connecting, Disconnected, Handler, Hub};
use std::sync::{Arc, Mutex};
use throng_core::websocket::Message;
use throng_core::websocket::handshake::Refusal;

/// Sets handlers of their own for clients that ask for `/own`.
#[derive(Clone, Default)]
struct Giving(Arc<Mutex<Vec<String>>>);

impl Giving {
    fn note(&self, line: impl Into<String>) {
        self.0.lock().unwrap().push(line.into());
    }

    fn lines(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl Handler for Giving {
    async fn before_connect(&self, connecting: &mut Connecting) -> Result<(), Refusal> {
        if connecting.path() == "/own" {
            let [message, close, error] = [(); 3].map(|()| self.clone());
            let mut count = 0;
            connecting.on_message(move |client, _| {
                count += 1;
                message.note(format!("own message {count}"));
                assert!(client.is_open());
            });
            connecting.on_close_async(move |_, end| {
                let close = close.clone();
                async move { close.note(format!("own close {}", end.code)) }
            });
            connecting.on_error(move |_, failure| error.note(format!("own error {failure:?}")));
        }
        if connecting.path() == "/panics" {
            connecting.on_close(|_, _| std::panic::resume_unwind(Box::new("on purpose")));
        }
        Ok(())
    }

    async fn message(&self, _: &Client, _: Message) {
        self.note("message");
    }

    async fn error(&self, _: &Client, error: &ClientError) {
        self.note(format!("error {error:?}"));
    }

    async fn disconnected(&self, _: &Client, end: Disconnected) {
        self.note(format!("disconnected {}", end.code));
    }
}

fn giving() -> (World, Giving) {
    let giving = Giving::default();
    (World::new(Hub::builder().handler(giving.clone())), giving)
}

fn connect(world: &mut World, path: &str, more: &[u8]) -> Peer {
    let peer = world.accept();
    peer.ask_for(path, more);
    world.run();
    peer
}

#[test]
fn a_handler_of_its_own_has_the_first_message() {
    let (mut world, giving) = giving();
    // Received in the same read as the request.
    let peer = connect(&mut world, "/own", &masked("early"));
    connect(&mut world, "/", &masked("early"));
    peer.send("late");
    world.run();
    assert_eq!(giving.lines(), ["own message 1", "message", "own message 2"]);
}

#[test]
fn handlers_of_its_own_are_told_of_errors_and_the_end_first() {
    let (mut world, giving) = giving();
    let peer = connect(&mut world, "/own", &[]);
    peer.push(&[0xff; 8]);
    world.run();
    assert_eq!(
        giving.lines(),
        [
            "own error Protocol(ReservedBits)",
            "error Protocol(ReservedBits)",
            "own close 1002",
            "disconnected 1002"
        ]
    );
}

#[test]
fn a_panic_in_its_own_last_handler_does_not_keep_the_end_from_being_told() {
    let (mut world, giving) = giving();
    let peer = connect(&mut world, "/panics", &[]);
    peer.end();
    world.run();
    assert_eq!(giving.lines(), ["disconnected 1006"]);
    assert!(world.is_over(&peer));
    assert!(matches!(world.reports()[..], [Report::Panicked { client: Some(_), hook: "disconnected" }]));
}
