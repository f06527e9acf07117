//! Messages handled by services.

mod layers;
#[cfg(feature = "metrics")]
mod metrics;
mod rate;
mod reuse;
mod service;
mod tower;
#[cfg(feature = "tracing")]
mod trace;

use super::host::World;
use super::peer::Peer;
use crate::Hub;
use crate::middleware::{Answer, Incoming, ServiceError};
use tower_service::Service;

/// A world in which this service handles messages.
fn world<S>(service: S) -> World
where
    S: Service<Incoming> + Clone + Send + Sync + 'static,
    S::Response: Answer,
    S::Error: Into<ServiceError>,
    S::Future: Send + 'static,
{
    World::new(Hub::builder().messages(service))
}

/// What the peer receives in answer to this message.
fn ask(world: &mut World, peer: &Peer, text: &str) -> Vec<String> {
    peer.send(text);
    world.run();
    peer.texts()
}

/// The error code in this answer.
fn code(heard: &str) -> Option<&str> {
    let (_, rest) = heard.split_once(r#"{"type":"error","code":""#)?;
    rest.split_once('"').map(|(code, _)| code)
}
