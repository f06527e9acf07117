//! Rooms whose members are listed, and members that are told who comes and goes.

use std::time::Duration;

use throng_core::hub::{Config, Presence, PresenceChange, PresentAs};
use throng_core::websocket::handshake::Refusal;
use throng_runtime::{Client, Connecting, Handler, Hub};
use throng_tests::server::{Server, listener};
use throng_tests::wait::eventually;

use crate::behaviours::peer::{Peer, run};
use crate::hosts::Host;

const ROOM: &str = "lobby";
/// Joins that follow each other at once are told as one, and those that wait for an answer are not.
const TICK: Duration = Duration::from_millis(50);
/// So many users are told by name.
const USERS: u32 = 4;

/// Puts everybody into the room, with the information in the query. Those who ask for `/watch` are told of changes.
struct Lobby;

impl Handler for Lobby {
    async fn before_connect(&self, connecting: &mut Connecting) -> Result<(), Refusal> {
        let query = |key| connecting.request().query(key);
        let (user, info, session) = (query("user"), query("info"), query("session"));
        user.into_iter().for_each(|user| connecting.set_user(user));
        session.into_iter().for_each(|session| connecting.set_session(session));
        connecting.join_with_info(ROOM, None, info.unwrap_or_default().into_bytes());
        Ok(())
    }

    async fn connected(&self, client: &Client) {
        if client.request().is_some_and(|request| request.path() == "/watch") {
            client.watch_presence(ROOM).expect("it is a member");
        }
    }

    async fn presence_changed(&self, hub: &Hub, room: &str, change: PresenceChange) {
        hub.send_to_watchers(room, words(&change)).expect("somebody watches");
    }
}

/// `+ann=a -bob 2`: who appeared, who disappeared, and how many users are left.
fn words(change: &PresenceChange) -> String {
    let Some(users) = &change.users else { return format!("only {}", change.counts.users) };
    let name = |who: &PresentAs| match who {
        PresentAs::User(name) => name.to_string(),
        other => format!("{other:?}"),
    };
    let appeared =
        users.appeared.iter().map(|one| format!("+{}={} ", name(&one.who), one.info.escape_ascii()));
    let disappeared = users.disappeared.iter().map(|who| format!("-{} ", name(who)));
    appeared.chain(disappeared).chain([change.counts.users.to_string()]).collect()
}

fn server(host: &Host) -> Server {
    let change = |config: &mut Config| {
        config.sessions.grace = Some(Duration::from_secs(60));
        let presence = Presence { users: USERS, info_bytes: 8, tick: TICK };
        config.presence.by_prefix.insert(ROOM.into(), presence);
    };
    host.server_on(listener(None), change, |builder| builder.handler(Lobby))
}

/// What a watcher hears until the room is so: the counts may have been told on the way there.
async fn hears(peer: &mut Peer, last: &str) -> Vec<String> {
    let mut heard = Vec::new();
    loop {
        heard.push(peer.text().await);
        if heard.last().is_some_and(|text| text.ends_with(last)) {
            return heard;
        }
    }
}

/// Two watchers, of which the second is told of by the first.
async fn watchers(server: &Server) -> [Peer; 2] {
    let mut first = Peer::enter(server, "/watch?user=ann&info=a").await;
    eventually("the first watches", || server.hub.stats().watchers == 1);
    let second = Peer::enter(server, "/watch?user=bob&info=b").await;
    assert_eq!(hears(&mut first, " 2").await, ["+bob=b 2"]);
    [first, second]
}

pub(crate) fn watchers_are_told_who_joins_and_who_leaves(host: &Host) {
    let server = server(host);
    run(async {
        let [mut first, mut second] = watchers(&server).await;
        let mut cleo = Peer::enter(&server, "/?user=cleo&info=c").await;
        // The second may have been told of itself, if it watched within that tick.
        assert_eq!(hears(&mut first, " 3").await, ["+cleo=c 3"]);
        assert_eq!(hears(&mut second, " 3").await.last().map(String::as_str), Some("+cleo=c 3"));
        let members = server.hub.presence(ROOM, None, 9).expect("the room has presence").members;
        let listed: Vec<_> = members.iter().map(|one| (one.user.as_deref(), &one.info[..])).collect();
        assert_eq!(listed, [(Some("ann"), &b"a"[..]), (Some("bob"), b"b"), (Some("cleo"), b"c")]);
        // Another client of a user that is there already is told to nobody by name.
        let mut again = Peer::enter(&server, "/?user=cleo&info=other").await;
        for watcher in [&mut first, &mut second] {
            assert_eq!(watcher.text().await, "3", "only the number of clients has changed");
        }
        assert_eq!(server.hub.presence_counts(ROOM).map(|counts| counts.clients), Some(4));
        again.close(1000, "").await;
        cleo.close(1000, "").await;
        assert_eq!(hears(&mut first, "-cleo 2").await.last().map(String::as_str), Some("-cleo 2"));
        assert_eq!(hears(&mut second, "-cleo 2").await.last().map(String::as_str), Some("-cleo 2"));
    });
}

pub(crate) fn a_client_that_is_away_and_returns_is_present_all_the_time(host: &Host) {
    let server = server(host);
    run(async {
        let [mut first, mut second] = watchers(&server).await;
        let path = "/watch?user=cleo&info=c&session=tab";
        let lost = Peer::enter(&server, path).await;
        assert_eq!(hears(&mut first, " 3").await, ["+cleo=c 3"]);
        drop(lost);
        eventually("it is away", || server.hub.stats().away == 1);
        let dan = Peer::enter(&server, "/?user=dan&info=d").await;
        for watcher in [&mut first, &mut second] {
            assert_eq!(
                hears(watcher, " 4").await.last().map(String::as_str),
                Some("+dan=d 4"),
                "it has not left"
            );
        }
        let mut back = Peer::enter(&server, path).await;
        eventually("it is back", || server.hub.stats().resumed == 1);
        assert_eq!(hears(&mut back, " 4").await.last().map(String::as_str), Some("+dan=d 4"), "what waited");
        drop(dan);
        for watcher in [&mut first, &mut back] {
            assert_eq!(hears(watcher, " 3").await, ["-dan 3"], "it has not come, either");
        }
    });
}

pub(crate) fn above_the_cap_watchers_hear_only_how_many_there_are(host: &Host) {
    let server = server(host);
    run(async {
        let [mut first, _second] = watchers(&server).await;
        let mut others = Vec::new();
        for user in ["cleo", "dan", "eve"] {
            others.push(Peer::enter(&server, &format!("/?user={user}")).await);
        }
        let heard = hears(&mut first, " 5").await;
        assert_eq!(heard.last().map(String::as_str), Some("only 5"), "{heard:?}");
        drop(others.pop());
        assert_eq!(hears(&mut first, " 4").await, ["only 4"], "there were five within the tick");
        drop(others.pop());
        assert_eq!(hears(&mut first, " 3").await, ["-dan 3"]);
        assert!(server.hub.stats().presence_counts_only >= 2);
    });
}

pub(crate) fn information_over_its_limit_closes_the_client_and_changes_nothing(host: &Host) {
    let server = server(host);
    run(async {
        let [mut first, _second] = watchers(&server).await;
        let version = server.hub.presence(ROOM, None, 0).expect("the room has presence").version;
        let mut long = Peer::enter(&server, "/?user=cleo&info=123456789").await;
        assert_eq!(long.closed().await, (1013, "info_too_long".to_owned()));
        assert_eq!(server.hub.presence(ROOM, None, 0).expect("it is there").version, version);
        let _fits = Peer::enter(&server, "/?user=cleo&info=12345678").await;
        assert_eq!(hears(&mut first, " 3").await, ["+cleo=12345678 3"]);
    });
}
