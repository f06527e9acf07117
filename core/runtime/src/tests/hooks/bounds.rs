use super::{Diary, ask, only};
use crate::state::mailbox::{Mailbox, Notice};
use crate::{ClientError, Hook, Left};
use throng_core::hub::Joined;

fn joined(room: &str) -> Notice {
    Notice::Joined(room.into(), Joined::new(1))
}

fn left(room: &str) -> Notice {
    Notice::Left(room.into(), Left::Asked)
}

#[test]
fn joins_and_leaves_that_nobody_was_told_of_do_not_pile_up() {
    let mut mailbox = Mailbox::default();
    for _ in 0..10_000 {
        mailbox.push(joined("a"));
        mailbox.push(left("a"));
        mailbox.push(Notice::Error(ClientError::TimedOut(Hook::BeforeJoin)));
    }
    mailbox.push(joined("b"));
    let mut notices = Vec::new();
    while let Some(notice) = mailbox.pop() {
        notices.push(notice);
    }
    assert!(notices.len() < 1_030, "{}", notices.len());
    // The notices are still consistent: each join has its leave.
    let mut is_in = false;
    for notice in &notices {
        match notice {
            Notice::Joined(room, _) if **room == *"a" => assert!(!std::mem::replace(&mut is_in, true)),
            Notice::Left(..) => assert!(std::mem::replace(&mut is_in, false)),
            _ => {}
        }
    }
    assert!(!is_in);
    assert!(matches!(notices.last(), Some(Notice::Joined(room, _)) if **room == *"b"));
}

#[test]
fn a_client_that_is_joined_over_and_over_while_its_hook_waits_stays_small() {
    let diary = Diary::hanging(Hook::Message);
    let mut world = diary.world();
    let peer = ask(&mut world, "/");
    let client = only(&world);
    peer.send("x");
    world.run();
    for _ in 0..5_000 {
        world.hub.join(client.id(), "room").unwrap();
        world.hub.leave(client.id(), "room").unwrap();
    }
    diary.lines();
    world.pass(std::time::Duration::from_secs(5));
    let told = diary.lines();
    assert!((1_000..1_100).contains(&told.len()), "{}", told.len());
    assert!(
        told[2..].chunks(2).all(|pair| pair == ["joined room 1", "left room Removed"]),
        "{:?}",
        &told[..6]
    );
}
