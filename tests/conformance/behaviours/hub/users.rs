//! Several clients of one user, as the application says.

use std::sync::{Arc, Mutex};

use throng_core::hub::{Cause, Config, PerUser};
use throng_core::{CloseCode, CloseFrame, Name};
use throng_runtime::Placement;
use throng_tests::http::upgrade;
use throng_tests::raw::Raw;
use throng_tests::server::listener;
use throng_tests::wait::eventually;

use crate::behaviours::peer::{Peer, run};
use crate::hosts::Host;

pub(crate) fn a_user_has_as_many_clients_as_the_application_says(host: &Host) {
    let server = host.application(|builder| {
        builder
            .before_connect(|connecting| {
                connecting.set_user("ada");
                connecting.insert(connecting.path().to_owned());
                Ok(())
            })
            .per_user(|newcomer, roster| {
                let path: Option<String> = newcomer.get();
                let same: Vec<_> = roster.iter().filter(|client| client.get() == path).collect();
                match (same.is_empty(), roster.len()) {
                    (false, _) => Placement::evict(same, CloseFrame::new(CloseCode(4001), "here again")),
                    (true, 2) => Placement::refuse(CloseFrame::new(CloseCode(4002), "two are enough")),
                    (true, _) => Placement::Admit,
                }
            })
            .on_message(|client, message| {
                let _ = client.send(message);
            })
    });
    run(async {
        let mut phone = Peer::enter(&server, "/phone").await;
        let mut laptop = Peer::enter(&server, "/laptop").await;
        let mut raw = Raw::connect(server.address);
        raw.send(upgrade("/tablet").as_bytes());
        assert_eq!(raw.response().status, 409);
        let mut again = Peer::enter(&server, "/phone").await;
        assert_eq!(phone.closed().await, (4001, "here again".into()));
        for peer in [&mut laptop, &mut again] {
            peer.say("hello").await;
            assert_eq!(peer.text().await, "hello");
        }
    });
    assert_eq!(server.hub.stats().evicted, 1);
}

pub(crate) fn the_last_hooks_know_whose_client_it_was(host: &Host) {
    let told = Arc::<Mutex<Vec<_>>>::default();
    let (left, ended) = (Arc::clone(&told), Arc::clone(&told));
    let note =
        |told: &Mutex<Vec<_>>, hook, user| told.lock().expect("no test panics with it").push((hook, user));
    let server = host.application(move |builder| {
        builder
            .before_connect(|connecting| {
                connecting.set_user("ada");
                connecting.join("room");
                Ok(())
            })
            .on_leave(move |client, _, _| note(&left, "left", client.user()))
            .on_disconnect(move |client, _| note(&ended, "disconnected", client.user()))
    });
    let raw = Raw::open(server.address, "/");
    eventually("it is a client", || server.hub.client_count() == 1);
    raw.reset();
    let ada = Some(Name::from("ada"));
    let expected = [("left", ada.clone()), ("disconnected", ada)];
    eventually("both are told", || told.lock().is_ok_and(|told| *told == expected));
}

pub(crate) fn who_is_evicted_hears_the_code_that_the_application_chose(host: &Host) {
    let one = |config: &mut Config| config.admission.per_user = PerUser::EvictOldest(1);
    let server = host.server_on(listener(None), one, |builder| {
        builder
            .before_connect(|connecting| {
                connecting.set_user("ada");
                Ok(())
            })
            .close_code(|cause| match cause {
                Cause::Evicted => CloseFrame::new(CloseCode(4010), "you have moved"),
                cause => cause.into(),
            })
    });
    run(async {
        let mut first = Peer::enter(&server, "/").await;
        let _second = Peer::enter(&server, "/").await;
        assert_eq!(first.closed().await, (4010, "you have moved".into()));
        eventually("one is left", || server.hub.client_count() == 1);
    });
}
