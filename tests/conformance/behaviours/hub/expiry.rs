//! Clients that are authorised until some time.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

use throng_core::websocket::Message;
use throng_core::websocket::handshake::Refusal;
use throng_core::{CloseCode, CloseFrame};
use throng_runtime::{Client, Connecting, Expiring, Expiry, Handler};
use throng_tests::server::listener;
use throng_tests::wait::eventually;

use crate::behaviours::peer::{Peer, run};
use crate::hosts::Host;

/// What a client is authorised for at a time.
const TIME: Duration = Duration::from_millis(600);

/// Renews a client's authorisation as often as it says, and then lets it end.
struct Renewing(AtomicU32);

impl Renewing {
    fn expiry() -> Expiry {
        Expiry::at(SystemTime::now() + TIME).close_with(CloseFrame::new(CloseCode(4401), "log in again"))
    }
}

impl Handler for Renewing {
    async fn before_connect(&self, connecting: &mut Connecting) -> Result<(), Refusal> {
        let session = connecting.request().query("session");
        session.into_iter().for_each(|session| connecting.set_session(session));
        connecting.set_expiry(Self::expiry());
        Ok(())
    }

    async fn message(&self, client: &Client, message: Message) {
        let _ = client.send(message);
    }

    async fn expiring(&self, client: &Client, expiring: Expiring) {
        assert!(expiring.left <= TIME);
        if self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok() {
            client.set_expiry(Self::expiry()).expect("it is open");
            let _ = client.send("renewed");
        }
    }
}

pub(crate) fn a_client_that_renews_stays_and_one_that_does_not_hears_the_code_of_its_application(
    host: &Host,
) {
    const RENEWALS: u32 = 3;
    let server =
        host.server_on(listener(None), |_| {}, |builder| builder.handler(Renewing(AtomicU32::new(RENEWALS))));
    run(async {
        let mut peer = Peer::enter(&server, "/").await;
        for _ in 0..RENEWALS {
            assert_eq!(peer.text().await, "renewed");
        }
        peer.say("still here").await;
        assert_eq!(peer.text().await, "still here");
        assert_eq!(peer.closed().await, (4401, "log in again".into()));
    });
    let stats = server.hub.stats();
    assert_eq!((stats.expired, stats.expiry_notices), (1, u64::from(RENEWALS) + 1));
}

pub(crate) fn an_away_client_whose_authorisation_ends_cannot_be_continued(host: &Host) {
    let server = host.server_on(
        listener(None),
        |config| config.sessions.grace = Some(Duration::from_secs(120)),
        |builder| builder.handler(Renewing(AtomicU32::new(0))),
    );
    let raw = server.open("/?session=s");
    let client = server.hub.find_session("s").expect("it is open");
    raw.reset();
    eventually("its authorisation ends", || server.hub.stats().expired == 1);
    assert_eq!((server.hub.find_session("s"), server.hub.stats().away), (None, 0));
    let _new = server.open("/?session=s");
    let new = server.hub.find_session("s").expect("it is open");
    assert_ne!(new.id(), client.id());
    assert_eq!(server.hub.stats().resumed, 0);
}
