//! Checks that the chapter covers the code.

use crate::hub::Action;

/// The names of all actions, and a match that does not compile when one is missing.
macro_rules! every_action {
    ($($name:ident),+ $(,)?) => {
        const ACTIONS: &[&str] = &[$(stringify!($name)),+];

        #[allow(dead_code, reason = "it is there to be compiled")]
        fn none_is_missing(action: &Action) {
            match action {
                $(Action::$name { .. } => {})+
            }
        }
    };
}

every_action!(
    Connected,
    Away,
    Resumed,
    Expiring,
    AskAgain,
    AskEnded,
    Replaced,
    Left,
    Disconnected,
    Dropped,
    OverRate,
    OutboxLow,
    Resume,
    Abort,
    Stopped,
    StoodStill,
    RoomClosed,
    PresenceChanged,
    RoomOccupied,
    RoomVacated,
    UserPresent,
    UserAbsent,
    RoomCounted,
    MemberPresent,
    MemberAbsent
);

#[test]
fn the_chapter_says_what_to_do_with_each_action() {
    let chapter = include_str!("mod.rs");
    for action in ACTIONS {
        let rows =
            chapter.lines().filter(|line| line.starts_with(&alloc::format!("//! | [`{action}`] |"))).count();
        assert_eq!(rows, 1, "{action}");
    }
}
