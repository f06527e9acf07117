//! The game without sockets, an example of the core: its transcript is kept.

use std::fs;
use std::path::Path;
use std::process::Command;

use throng_tests::example::binary;

#[test]
fn it_goes_the_same_way_on_every_run() {
    let game = binary("turn_based_game");
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/examples/turn_based_game.txt");
    let transcript = fs::read_to_string(&kept).expect("a transcript is kept");
    for _ in 0..2 {
        let played = Command::new(&game).output().expect("the game starts");
        assert!(played.status.success(), "{}", String::from_utf8_lossy(&played.stderr));
        let played = String::from_utf8(played.stdout).expect("a transcript is text");
        let how = "if that is meant: cargo run --example turn_based_game > core/examples/turn_based_game.txt";
        assert_eq!(played, transcript, "{how}");
    }
}
