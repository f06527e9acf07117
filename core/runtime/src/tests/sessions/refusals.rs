use super::{ask, config, connect, lose, only, world, world_with};
use throng_core::hub::SecondConnection;

#[test]
fn before_the_upgrade_a_refusal_is_an_http_answer() {
    let mut config = config();
    config.sessions.second = SecondConnection::Refused;
    config.sessions.name_bytes = 10;
    let (mut world, _, _) = world_with(config);
    let (peer, _) = connect(&mut world, "/?session=s&user=ada");
    let mut refused = |path: &str, status: &str| {
        let (head, _) = ask(&mut world, path).answer();
        assert!(head.starts_with(&format!("HTTP/1.1 {status}")), "{path}: {head}");
    };
    refused("/?session=s&user=bob", "403");
    refused("/?session=s", "403");
    refused("/?session=s&user=ada", "409");
    refused("/?session=", "400");
    refused("/?session=12345678901", "400");
    lose(&mut world, &peer);
    let (head, _) = ask(&mut world, "/?session=s&user=bob").answer();
    assert!(head.starts_with("HTTP/1.1 403"), "{head}");
    assert!(only(&world).is_away());
    let refusals = world.hub.stats().refusals;
    let count = |name| refusals.iter().find(|(known, _)| *known == name).map_or(0, |(_, count)| count);
    assert_eq!((count("session_of_another_user"), count("session_in_use")), (3, 1));
    let (_, _) = connect(&mut world, "/?session=s&user=ada");
}

#[test]
fn after_the_upgrade_it_is_a_close_frame() {
    let (mut world, lines, _) = world();
    let (peer, _) = connect(&mut world, "/?session=s&user=ada");
    lose(&mut world, &peer);
    for path in ["/late?session=s&user=bob", "/late?session=s"] {
        let late = ask(&mut world, path);
        late.send("let me in");
        world.run();
        assert_eq!(late.answer().1, ["closed Some(1008)"], "{path}");
    }
    assert!(only(&world).is_away());
    let late = ask(&mut world, "/late?session=s&user=ada");
    late.send("let me in");
    world.run();
    assert!(!only(&world).is_away());
    assert_eq!(lines.take(), ["connected", "away 1006 Transport", "resumed Some(0ns)"]);
}

#[test]
fn a_client_whose_session_is_named_later_can_return_too() {
    let (mut world, lines, _) = world();
    let (peer, _) = connect(&mut world, "/?user=ada");
    let client = only(&world);
    client.set_session("s").unwrap();
    assert_eq!((client.session().as_deref(), client.user().as_deref()), (Some("s"), Some("ada")));
    let (other, _) = connect(&mut world, "/?user=ada");
    let second = world.hub.clients().into_iter().find(|id| *id != client.id()).unwrap();
    assert!(world.hub.client(second).unwrap().set_session("s").is_err(), "it is taken");
    lose(&mut world, &peer);
    assert!(client.is_away());
    let _ = connect(&mut world, "/?session=s&user=ada");
    assert!(!client.is_away());
    drop(other);
    assert_eq!(lines.take(), ["connected", "connected", "away 1006 Transport", "resumed Some(0ns)"]);
}
