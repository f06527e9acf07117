//! The example `game`: two pages, and a network between them and the server that fails.

mod support;

use std::net::SocketAddr;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use support::network::Network;
use support::webdriver::{DESKTOP, Driver, PHONE, Page};
use throng_tests::example::Example;
use throng_tests::raw::{Raw, close};

fn game() -> Example {
    Example::start("game", &["127.0.0.1:0"])
}

fn player(server: SocketAddr, key: char) -> Raw {
    Raw::open(server, &format!("/games/7?key={}", String::from(key).repeat(16)))
}

/// The next message: its type and its payload.
fn heard(raw: &mut Raw) -> (String, Value) {
    let message: Value = serde_json::from_slice(&raw.message()).expect("JSON");
    (message["type"].as_str().expect("a type").to_owned(), message["payload"].clone())
}

fn say(raw: &mut Raw, kind: &str, payload: &Value) {
    raw.say(&json!({ "type": kind, "payload": payload }).to_string());
}

#[test]
fn two_play_and_one_that_loses_its_network_misses_nothing() {
    let server = game();
    let mut red = player(server.address, 'r');
    assert_eq!(heard(&mut red).1["you"], "red");
    let network = Network::to(server.address);
    let mut yellow = player(network.address, 'y');
    assert_eq!(heard(&mut yellow).1["you"], "yellow");
    assert_eq!(heard(&mut red).0, "joined");
    // There is no third.
    let third = player(server.address, 't').closed();
    assert_eq!((third.code, &*third.reason), (4003, "two are playing already"));

    say(&mut yellow, "move", &json!({ "column": 0 }));
    assert_eq!(heard(&mut yellow).1["code"], "not_your_turn");
    network.fail();
    drop(yellow);
    assert_eq!(heard(&mut red).0, "away");
    say(&mut red, "move", &json!({ "column": 3 }));
    for text in ["Your turn.", "Are you there?"] {
        say(&mut red, "say", &json!({ "text": text }));
    }
    for number in 1..=3 {
        assert_eq!(heard(&mut red).1["number"], number);
    }
    network.mend();
    let mut yellow = player(network.address, 'y');
    assert_eq!(heard(&mut red).0, "back");
    let moved = json!({ "number": 1, "color": "red", "column": 3, "winner": null });
    assert_eq!(heard(&mut yellow), ("moved".to_owned(), moved));
    assert_eq!(heard(&mut yellow).1["text"], "Your turn.");
    assert_eq!(heard(&mut yellow).1["text"], "Are you there?");
    let (kind, position) = heard(&mut yellow);
    assert_eq!((&*kind, &position["number"], &position["moves"]), ("position", &json!(3), &json!([3])));

    // Red wins, upwards.
    for column in [0, 3, 0, 3, 0, 3] {
        let (mover, other) = if column == 0 { (&mut yellow, &mut red) } else { (&mut red, &mut yellow) };
        say(mover, "move", &json!({ "column": column }));
        assert_eq!((heard(mover).1, heard(other).1).0["column"], column);
    }
    say(&mut yellow, "move", &json!({ "column": 0 }));
    assert_eq!(heard(&mut yellow).1["code"], "over");
    yellow.send(&close(1000, ""));
    assert_eq!(red.closed().code, 4001);
}

fn log(page: &Page) -> String {
    page.run("return [...document.querySelectorAll('#log p')].map((line) => line.textContent).join('; ');")
        .as_str()
        .expect("a text")
        .to_owned()
}

fn shows(text: &str) -> String {
    format!("document.querySelector('#log').textContent.includes('{text}')")
}

#[test]
#[ignore = "needs chromium and chromium-driver"]
fn two_pages_play_and_the_one_that_loses_its_network_for_ten_seconds_misses_nothing() {
    let server = game();
    let network = Network::to(server.address);
    let driver = Driver::start();
    let red = driver.open(&format!("http://{}/#table", server.address), DESKTOP);
    red.wait_for("document.querySelector('#state').textContent.startsWith('You are Red. It is your turn')");
    let yellow = driver.open(&format!("http://{}/#table", network.address), PHONE);
    yellow.wait_for("document.querySelector('#state').textContent.startsWith('You are Yellow')");
    red.wait_for("document.querySelector('#other').textContent === 'The other player is here.'");

    red.click("#board button:nth-child(4)");
    yellow.wait_for("document.querySelectorAll('#board .red').length === 1");
    yellow.click("#board button:nth-child(1)");
    red.wait_for("document.querySelectorAll('#board .yellow').length === 1");

    network.fail();
    yellow.wait_for("document.querySelector('#state').dataset.state === 'reconnecting'");
    red.wait_for("document.querySelector('#other').textContent.includes('has lost the connection')");
    red.save("12-game-away");
    red.click("#board button:nth-child(4)");
    for text in ["Where are you?", "Take your time."] {
        red.type_into("#text", &format!("{text}\n"));
        red.wait_for(&shows(text));
    }
    thread::sleep(Duration::from_secs(10));
    network.mend();

    yellow.wait_for("document.querySelector('#state').dataset.state === 'online'");
    yellow.wait_for(&shows("Take your time."));
    red.wait_for("document.querySelector('#other').textContent === 'The other player is back.'");
    assert_eq!(log(&yellow), log(&red));
    assert_eq!(
        log(&yellow),
        "Red: column 4; Yellow: column 1; Red: column 4; Red says: Where are you?; Red says: Take your time."
    );
    yellow.wait_for("document.querySelectorAll('#board .red').length === 2");
    yellow.wait_for("document.querySelector('#gap').textContent === ''");
    yellow.click("#board button:nth-child(1)");
    red.wait_for("document.querySelectorAll('#board .yellow').length === 2");
    yellow.save("13-game-back");

    // A page that is reloaded is the same player, and knows the board.
    yellow.run("location.reload()");
    yellow.wait_for("document.querySelectorAll('#board .yellow').length === 2");
    yellow.wait_for("document.querySelector('#state').textContent.startsWith('You are Yellow')");
    red.wait_for("document.querySelector('#other').textContent === 'The other player is back.'");
    yellow.wait_for("document.querySelector('#gap').textContent === ''");
}
