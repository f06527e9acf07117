//! Links, as a node uses them.

use std::time::{Duration, Instant};

use throng_tests::wait::PATIENCE;
use throng_tokio::cluster::conformance::{Clause, Options, check};
use throng_tokio::cluster::{Broker, BrokerError, Command, Delivery, Receiver, Sender, Subject};
use tokio::time::{sleep, timeout};

pub(crate) fn subject(text: &str) -> Subject {
    Subject::new(text).expect("a subject")
}

pub(crate) fn subscribe(to: &str) -> Command {
    Command::Subscribe(subject(to))
}

pub(crate) fn publish(to: &str, payload: impl Into<Vec<u8>>) -> Command {
    Command::Publish { subject: subject(to), payload: payload.into().into() }
}

/// Both halves of a link.
pub(crate) struct Link<B: Broker> {
    pub(crate) sender: B::Sender,
    pub(crate) receiver: B::Receiver,
}

impl<B: Broker> Link<B> {
    pub(crate) async fn open(broker: &B) -> Self {
        let (sender, receiver) = broker.connect().await.expect("the broker admits links");
        Self { sender, receiver }
    }

    /// Tries until it opens.
    pub(crate) async fn open_again(broker: &B) -> Self {
        let end = Instant::now() + PATIENCE;
        loop {
            match broker.connect().await {
                Ok((sender, receiver)) => return Self { sender, receiver },
                Err(error) if Instant::now() > end => panic!("not within {PATIENCE:?}: {error}"),
                Err(_) => sleep(Duration::from_millis(50)).await,
            }
        }
    }

    pub(crate) async fn send(&mut self, commands: impl Into<Vec<Command>>) -> Result<(), BrokerError> {
        let sent = timeout(PATIENCE, self.sender.send(&mut commands.into())).await;
        sent.expect("a batch is sent in time")
    }

    pub(crate) async fn subscribed(&mut self, to: &str) {
        self.send([subscribe(to)]).await.expect("the link works");
        self.receive_until(|delivery| *delivery == Delivery::Subscribed(subject(to))).await;
    }

    /// All that comes until this does.
    pub(crate) async fn receive_until(&mut self, is_last: impl Fn(&Delivery) -> bool) -> Vec<Delivery> {
        let mut seen = Vec::new();
        while !seen.iter().any(&is_last) {
            let received = timeout(PATIENCE, self.receiver.receive(&mut seen)).await;
            let received = received.unwrap_or_else(|_| panic!("nothing more comes: {} came", seen.len()));
            received.expect("the link works");
        }
        seen
    }

    /// Waits for a message with this payload.
    pub(crate) async fn heard(&mut self, text: &str) {
        let is = |delivery: &Delivery| matches!(delivery, Delivery::Message { payload, .. } if payload == text.as_bytes());
        self.receive_until(is).await;
    }

    /// What the half that receives fails with, which must be in time.
    pub(crate) async fn failure(&mut self) -> String {
        let mut seen = Vec::new();
        let failing = async {
            loop {
                if let Err(error) = self.receiver.receive(&mut seen).await {
                    return error.to_string();
                }
            }
        };
        timeout(PATIENCE, failing).await.expect("the link fails")
    }

    /// What sending fails with, if this is sent again and again.
    pub(crate) async fn failure_of_sending(&mut self, command: &Command) -> String {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Err(error) = self.send([command.clone()]).await {
                return error.to_string();
            }
            assert!(Instant::now() < end, "sending does not fail");
            sleep(Duration::from_millis(20)).await;
        }
    }
}

/// Holds a broker to the contract, with nothing left out but the clauses given.
pub(crate) async fn conforms<B: Broker>(broker: &B, options: &Options<'_>, left_out: &[Clause]) {
    match check(broker, options, sleep).await {
        Ok(report) => assert_eq!(report.left_out, left_out),
        Err(violation) => panic!("{violation}"),
    }
}
