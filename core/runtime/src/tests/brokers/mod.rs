//! Brokers, as a node uses them.

#[cfg(feature = "broker-conformance")]
mod conformance;
#[cfg(feature = "broker-conformance")]
mod faulty;
mod memory;

use crate::cluster::{Broker, BrokerError, Command, Delivery, Receiver, Subject};
use core::future::Future;
use core::pin::pin;
use core::task::{Context, Poll, Waker};

fn subject(text: &str) -> Subject {
    Subject::new(text).expect("a subject")
}

fn publish(to: &str, payload: &'static [u8]) -> Command {
    Command::Publish { subject: subject(to), payload: payload.into() }
}

fn message(to: &str, payload: &'static [u8]) -> Delivery {
    Delivery::Message { subject: subject(to), payload: payload.into() }
}

/// The result of a future that does not wait.
fn now<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("it waits"),
    }
}

/// What a link has to hand in at this moment: nothing if it waits.
fn received(receiver: &mut impl Receiver) -> Result<Vec<Delivery>, BrokerError> {
    let mut into = Vec::new();
    let polled = pin!(receiver.receive(&mut into)).poll(&mut Context::from_waker(Waker::noop()));
    match polled {
        Poll::Ready(Err(error)) => Err(error),
        Poll::Ready(Ok(())) | Poll::Pending => Ok(into),
    }
}

fn link<B: Broker>(broker: &B) -> (B::Sender, B::Receiver) {
    now(broker.connect()).expect("the broker admits links")
}
