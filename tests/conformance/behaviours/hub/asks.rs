//! Questions to peers, and their replies.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use throng_core::hub::AskId;
use throng_core::websocket::Message;
use throng_core::{CloseCode, ClosedBy};
use throng_runtime::{AskError, AskOptions, Asking, Builder, Client};
use throng_tests::server::listener;
use throng_tests::wait::eventually;

use crate::behaviours::peer::{Peer, run};
use crate::hosts::Host;

/// Long enough for a busy machine.
const LONG: Duration = Duration::from_secs(120);

/// Peers reply to question 17 by "re 17 …"; the session is in the query.
fn asking(builder: Builder) -> Builder {
    builder
        .before_connect(|connecting| {
            let session = connecting.request().query("session");
            session.into_iter().for_each(|session| connecting.set_session(session));
            Ok(())
        })
        .replies_by(|message: &Message| {
            let text = str::from_utf8(message.as_bytes()).ok()?;
            text.strip_prefix("re ")?.split(' ').next()?.parse().ok().map(AskId::from_u64)
        })
}

fn ask(client: &Client, options: impl Into<AskOptions>) -> Asking {
    client.ask_with(options, |ask| format!("ask {ask}"))
}

fn text(reply: Result<Message, AskError>) -> Result<String, AskError> {
    reply.map(|message| String::from_utf8_lossy(message.as_bytes()).into_owned())
}

pub(crate) fn a_peer_that_is_asked_replies_by_the_id_and_what_matches_no_question_is_told(host: &Host) {
    let unmatched = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&unmatched);
    let server = host.server_on(
        listener(None),
        |_| {},
        |builder| {
            asking(builder).on_message(|client, message| _ = client.send(message)).on_unmatched_reply(
                move |_, reply| told.lock().unwrap_or_else(PoisonError::into_inner).push(reply.ask.to_u64()),
            )
        },
    );
    run(async {
        let mut peer = Peer::enter(&server, "/").await;
        let client = server.hub.client(server.hub.clients()[0]).expect("it is open");
        let (first, second) = (ask(&client, LONG), ask(&client, LONG));
        assert_eq!((peer.text().await, peer.text().await), ("ask 1".into(), "ask 2".into()));
        for said in ["re 2 yes", "re 9 never asked", "re 2 again", "re 1 no", "and on"] {
            peer.say(said).await;
        }
        assert_eq!(text(first.await), Ok("re 1 no".into()));
        assert_eq!(text(second.await), Ok("re 2 yes".into()));
        assert_eq!(peer.text().await, "and on", "messages are handled as ever");
        assert_eq!(text(ask(&client, Duration::from_millis(50)).await), Err(AskError::Deadline));
        let last = ask(&client, LONG);
        peer.close(4000, "enough").await;
        let cause = AskError::Ended { code: CloseCode(4000), by: ClosedBy::Peer };
        assert_eq!(text(last.await), Err(cause));
    });
    assert_eq!(*unmatched.lock().unwrap_or_else(PoisonError::into_inner), [9, 2]);
    let stats = server.hub.stats();
    assert_eq!((stats.asked, stats.answered, stats.asks_late, stats.asks_ended, stats.asks), (4, 2, 1, 1, 0));
}

pub(crate) fn on_another_connection_a_question_is_asked_again_or_fails(host: &Host) {
    let server = host.server_on(listener(None), |config| config.sessions.grace = Some(LONG), asking);
    let raw = server.open("/?session=s");
    let client = server.hub.find_session("s").expect("it is open");
    let (fails, again) = (ask(&client, LONG), ask(&client, AskOptions::from(LONG).again_on_resume()));
    raw.reset();
    eventually("the client is away", || client.is_away());
    run(async {
        let mut peer = Peer::enter(&server, "/?session=s").await;
        assert_eq!(text(fails.await), Err(AskError::Resumed));
        // Question 1 may have been lost or not; 2 is there in any case.
        while peer.text().await != "ask 2" {}
        peer.say("re 2 yes").await;
        assert_eq!(text(again.await), Ok("re 2 yes".into()));
    });
}
