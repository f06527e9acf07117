//! The hook that is told which rooms are occupied and vacated.

use super::host::World;
use crate::hosting::Report;
use crate::{Builder, Handler, Hub, Occupancy};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use throng_core::ClientId;
use throng_core::hub::Members;

type Told = Arc<Mutex<Vec<String>>>;

fn note(told: &Told, room: &str, occupancy: Occupancy) {
    told.lock().unwrap_or_else(PoisonError::into_inner).push(format!("{room} {occupancy:?}"));
}

fn take(told: &Told) -> Vec<String> {
    std::mem::take(&mut *told.lock().unwrap_or_else(PoisonError::into_inner))
}

fn telling(told: &Told) -> Builder {
    let told = Arc::clone(told);
    Hub::builder().on_occupancy_change(move |_, room, occupancy| note(&told, room, occupancy))
}

fn two_clients(world: &mut World) -> [ClientId; 2] {
    for _ in 0..2 {
        world.accept().ask();
    }
    world.run();
    world.hub.clients().try_into().expect("two clients")
}

#[test]
fn the_first_member_occupies_a_room_and_the_last_one_vacates_it() {
    let told = Told::default();
    let mut world = World::new(telling(&told));
    let [ann, bob] = two_clients(&mut world);
    let hub = world.hub.clone();
    hub.join(ann, "lobby").expect("it may");
    world.run();
    assert_eq!(take(&told), ["lobby Occupied"]);
    hub.join(bob, "lobby").expect("it may");
    hub.leave(ann, "lobby").expect("a member");
    world.run();
    assert_eq!(take(&told), [""; 0], "there is a member all the time");
    hub.leave(bob, "lobby").expect("a member");
    world.run();
    assert_eq!(take(&told), ["lobby Vacated"]);
    for room in ["b", "a"] {
        hub.join(ann, room).expect("it may");
    }
    world.run();
    assert_eq!(take(&told), ["b Occupied", "a Occupied"], "in the order in which they were");
    hub.close_room("a", Members::Leave).expect("it is there");
    world.run();
    assert_eq!(take(&told), ["a Vacated"]);
    hub.shutdown();
    world.pass(Duration::from_secs(20));
    assert_eq!(take(&told), ["b Vacated"], "the end of the hub vacates all rooms");
}

#[test]
fn changes_that_cancel_each_other_before_the_hook_is_called_are_not_told() {
    let told = Told::default();
    let mut world = World::new(telling(&told));
    let [ann, bob] = two_clients(&mut world);
    for room in ["short", "long", "short", "long"] {
        world.hub.join(ann, room).expect("it may");
        world.hub.leave(ann, room).expect("a member");
    }
    world.hub.join(ann, "long").expect("it may");
    world.hub.join(bob, "other").expect("it may");
    world.run();
    assert_eq!(take(&told), ["long Occupied", "other Occupied"]);
    world.hub.leave(ann, "long").expect("a member");
    world.hub.leave(bob, "other").expect("a member");
    world.hub.join(ann, "long").expect("it may");
    world.run();
    assert_eq!(take(&told), ["other Vacated"]);
}

#[test]
fn a_hook_that_panics_or_is_late_is_reported_and_the_next_change_is_told() {
    struct Failing(Told);
    impl Handler for Failing {
        async fn occupancy_changed(&self, hub: &Hub, room: &str, occupancy: Occupancy) {
            assert!(room != "panics", "as it is meant to");
            assert!(hub.client_count() > 0, "no lock is held");
            note(&self.0, room, occupancy);
            if room == "late" {
                std::future::pending::<()>().await;
            }
        }
    }
    let (told, limit) = (Told::default(), Duration::from_secs(2));
    let builder = Hub::builder().handler(Failing(Arc::clone(&told))).hook_limit(Some(limit));
    let mut world = World::new(builder);
    let [ann, _] = two_clients(&mut world);
    for room in ["panics", "late", "lobby"] {
        world.hub.join(ann, room).expect("it may");
    }
    world.run();
    assert_eq!(take(&told), ["late Occupied"]);
    world.pass(limit);
    assert_eq!(take(&told), ["lobby Occupied"]);
    let is_failure = |report: &Report| matches!(report, Report::Panicked { .. } | Report::TimedOut { .. });
    let failed: Vec<_> = world.reports().into_iter().filter(is_failure).collect();
    let hook = "occupancy_changed";
    assert_eq!(failed, [Report::Panicked { client: None, hook }, Report::TimedOut { client: None, hook }]);
    assert_eq!(world.hub.clients().len(), 2, "no client is closed for it");
}
