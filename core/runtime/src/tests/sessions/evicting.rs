use super::{Door, GRACE, Lines, ask, assert_clean, config, connect};
use crate::Hub;
use crate::tests::host::World;
use std::time::Duration;
use throng_core::hub::PerUser;

#[test]
fn a_newcomer_that_is_lost_while_it_waits_for_the_evicted_is_served_while_it_is_away() {
    let mut config = config();
    config.hooks.limit = Some(Duration::from_secs(60));
    config.admission.per_user = PerUser::EvictOldest(1);
    let (lines, door) = (Lines::default(), Door::default());
    let [starts, losses, ends] = [(); 3].map(|()| lines.clone());
    let last = door.clone();
    let builder = Hub::builder()
        .config(config)
        .before_connect(|connecting| {
            connecting.request().query("session").into_iter().for_each(|name| connecting.set_session(name));
            connecting.set_user("ada");
            Ok(())
        })
        .on_connect(move |client| starts.note(format_args!("connected {}", client.session().unwrap())))
        .on_away(move |_, end| losses.note(format_args!("away {}", end.code)))
        .on_disconnect_async(move |_, end| {
            let (lines, door) = (ends.clone(), last.clone());
            async move {
                lines.note(format_args!("disconnected {} {:?}", end.code, end.by));
                door.pass().await;
            }
        });
    let mut world = World::new(builder);
    let _first = connect(&mut world, "/?session=first");
    let second = ask(&mut world, "/?session=second");
    assert_eq!(lines.take(), ["connected first", "disconnected 1008 Hub"]);
    second.set_room(Some(0));
    world.hub.send_to_user("ada", "lost").unwrap();
    world.run();
    world.pass(Duration::from_secs(11));
    assert!(world.hub.client(world.hub.clients()[0]).unwrap().is_away());
    assert_eq!(lines.take(), Vec::<String>::new(), "it still waits");
    door.open(2);
    world.run();
    assert_eq!(lines.take(), ["connected second", "away 1006"]);
    assert!(world.is_over(&second) && !second.is_held());
    world.pass(GRACE);
    assert_eq!(lines.take(), ["disconnected 1006 Hub"]);
    world.pass(Duration::from_secs(10));
    assert_clean(&world);
}
