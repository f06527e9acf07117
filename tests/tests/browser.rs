//! The chat's page in a real browser, whose screenshots of the key moments are left in `artefacts/`; and compression.

mod support;

use std::thread;
use std::time::Duration;

use support::chat::Chat;
use support::network::Network;
use support::webdriver::{DESKTOP, DESKTOP_DARK, Driver, Look, PHONE, PHONE_DARK, Page};
use throng_core::websocket::deflate::{Compression, Takeover};
use throng_tests::server::{Server, listener};

const ONLINE: &str = "document.querySelector('#state').dataset.state === 'online'";

fn open(driver: &Driver, chat: &Chat, query: &str, look: Look) -> Page {
    driver.open(&format!("http://{}/{query}", chat.address), look)
}

fn has_member(name: &str) -> String {
    format!(
        "[...document.querySelectorAll('#members .called')].some((name) => name.textContent === '{name}')"
    )
}

fn shows_message(from: &str, text: &str) -> String {
    format!(
        "[...document.querySelectorAll('.log:not([hidden]) .message')].some((message) => \
         message.querySelector('.from bdi').textContent === '{from}' && \
         message.querySelector('.text').textContent === '{text}')"
    )
}

fn say(page: &Page, text: &str) {
    page.type_into("#text", &format!("{text}\n"));
}

#[test]
#[ignore = "needs chromium and chromium-driver"]
fn two_pages_talk_one_leaves_and_one_comes_back_after_a_restart_of_the_server() {
    let mut chat = Chat::start();
    let driver = Driver::start();

    // Ada comes by the form, Bo by the address.
    let ada = open(&driver, &chat, "", DESKTOP);
    ada.wait_for("document.activeElement.id === 'name'");
    ada.save("1-enter");
    ada.type_into("#name", "Ada\n");
    ada.wait_for(ONLINE);
    ada.wait_for(&has_member("Ada"));
    let bo = open(&driver, &chat, "?name=Bo&room=lobby", DESKTOP_DARK);
    bo.wait_for(ONLINE);
    ada.wait_for(&has_member("Bo"));
    bo.wait_for(&has_member("Ada"));

    say(&ada, "Hello Bo");
    bo.wait_for(&shows_message("Ada", "Hello Bo"));
    // What people write is text, whatever it looks like.
    say(&bo, "<img src=x onerror=alert(1)> & <b>hello</b>");
    ada.wait_for(&shows_message("Bo", "<img src=x onerror=alert(1)> & <b>hello</b>"));
    ada.wait_for("document.querySelectorAll('.log img, .log b').length === 0");
    say(
        &bo,
        "And a second line, long enough to be broken into two on a narrow screen, but not on a wide one.",
    );
    say(&ada, "Nice.");
    ada.wait_for(&shows_message("Ada", "Nice."));

    // A second room, made by the one, joined by the other from the list.
    ada.type_into("#room", "tea corner\n");
    ada.wait_for("document.querySelector('#title').textContent === 'tea corner'");
    bo.wait_for("document.querySelector('#others [data-key=\"go tea corner\"]')");
    bo.save("2-talk-dark");
    bo.click("#others [data-key='go tea corner']");
    bo.wait_for("document.querySelector('#title').textContent === 'tea corner'");
    ada.wait_for(&has_member("Bo"));
    ada.click("#mine [data-key='go lobby']");
    say(&bo, "Anybody here?");
    ada.wait_for("document.querySelector('#mine .badge')?.textContent.startsWith('1')");
    ada.save("3-talk");

    // Bo leaves a room.
    bo.click("#mine [data-key='leave lobby']");
    ada.wait_for(&format!("!{}", has_member("Bo")));
    bo.wait_for("!document.querySelector('#mine [data-key=\"go lobby\"]')");

    // Bo is gone, without a word.
    ada.click("#mine [data-key='go tea corner']");
    ada.wait_for(&has_member("Bo"));
    drop(bo);
    ada.wait_for(&format!("!{}", has_member("Bo")));

    // The server is gone, and comes back.
    chat.kill();
    ada.wait_for("document.querySelector('#state').dataset.state === 'reconnecting'");
    ada.wait_for("!document.querySelector('#trouble').hidden");
    ada.save("4-reconnecting");
    let chat = Chat::start_at(chat.address);
    ada.wait_for(ONLINE);
    ada.wait_for("[...document.querySelectorAll('.log:not([hidden]) .event')].some((event) => event.textContent === 'Connected again.')");
    ada.wait_for("document.querySelectorAll('#mine li').length === 2");
    let cy = open(&driver, &chat, "?name=Cy&room=tea+corner", PHONE);
    cy.wait_for(ONLINE);
    ada.wait_for(&has_member("Cy"));
    say(&cy, "Were you away?");
    ada.wait_for(&shows_message("Cy", "Were you away?"));
    say(&ada, "For a moment.");
    cy.wait_for(&shows_message("Ada", "For a moment."));
    ada.save("5-back-online");

    // On a phone.
    cy.save("6-phone");
    cy.set_look(PHONE_DARK);
    cy.click("#open-rooms");
    thread::sleep(Duration::from_millis(300));
    cy.save("7-phone-rooms-dark");
    cy.type_into("#room", "a room of my own\n");
    cy.wait_for("document.querySelector('#title').textContent === 'a room of my own'");
    cy.click("#open-people");
    thread::sleep(Duration::from_millis(300));
    cy.save("8-phone-people-dark");
}

/// What is said in the room that is open, as the page shows it.
fn said(page: &Page) -> Vec<String> {
    let texts = page.run(
        "return [...document.querySelectorAll('.log:not([hidden]) .message .text')].map((text) => text.textContent);",
    );
    let texts = texts.as_array().expect("a list");
    texts.iter().map(|text| text.as_str().expect("a text").to_owned()).collect()
}

/// Waits until one has said it and the other shows it.
fn says(page: &Page, name: &str, text: &str, other: &Page) {
    say(page, text);
    other.wait_for(&shows_message(name, text));
}

/// Loads the page again, and waits until it is online.
fn reload(page: &Page) {
    page.run("window.isOld = true; location.reload();");
    page.wait_for(&format!("!window.isOld && {ONLINE}"));
}

/// How often the page tells this of somebody, or of the connection.
fn tells(event: &str, times: u32) -> String {
    format!(
        "[...document.querySelectorAll('.log:not([hidden]) .event')].filter((event) => event.textContent === '{event}').length === {times}"
    )
}

const NO_GAP: &str = "document.querySelectorAll('.gap').length === 0";

#[test]
#[ignore = "needs chromium and chromium-driver"]
fn a_page_that_is_reloaded_or_loses_its_network_misses_nothing_and_others_see_it_go_and_return() {
    let chat = Chat::start();
    let network = Network::to(chat.address);
    let driver = Driver::start();
    let bo = open(&driver, &chat, "?name=Bo&room=tea", DESKTOP);
    bo.wait_for(ONLINE);
    let url = format!("http://{}/?name=Ada&room=tea", network.address);
    let ada = driver.open(&url, DESKTOP);
    ada.wait_for(ONLINE);
    bo.wait_for(&has_member("Ada"));
    says(&bo, "Bo", "one", &ada);
    says(&ada, "Ada", "two", &bo);

    // The page is left, and comes again.
    ada.run("location.href = 'about:blank';");
    bo.wait_for(&tells("Ada is away", 1));
    bo.wait_for("document.querySelector('#members .away .called')?.textContent === 'Ada'");
    says(&bo, "Bo", "three", &bo);
    bo.save("14-away");
    ada.run(&format!("location.href = '{url}';"));
    ada.wait_for(ONLINE);
    ada.wait_for(&shows_message("Bo", "three"));
    bo.wait_for(&tells("Ada is back", 1));
    bo.wait_for("document.querySelectorAll('#members .away').length === 0");
    assert_eq!(said(&ada), ["one", "two", "three"]);
    ada.wait_for("document.querySelector('.message.mine .text').textContent === 'two'");

    // In the middle of a talk.
    for round in 0..3 {
        say(&bo, &format!("before {round}"));
        ada.run("location.reload();");
        says(&bo, "Bo", &format!("after {round}"), &ada);
    }
    ada.wait_for(ONLINE);
    let mut expected = vec!["one", "two", "three"].into_iter().map(String::from).collect::<Vec<_>>();
    expected.extend((0..3).flat_map(|round| [format!("before {round}"), format!("after {round}")]));
    assert_eq!(said(&ada), expected);

    // What Ada says goes nowhere, as the network has failed already. She is told no error, and it is said when she is back.
    ada.run("socket.send = () => {};");
    say(&ada, "can you hear me?");
    network.fail();
    ada.wait_for("document.querySelector('#state').dataset.state === 'reconnecting'");
    bo.wait_for(&tells("Ada is away", 5));
    for text in ["four", "five"] {
        says(&bo, "Bo", text, &bo);
    }
    network.mend();
    ada.wait_for(ONLINE);
    bo.wait_for(&shows_message("Ada", "can you hear me?"));
    ada.wait_for(&shows_message("Ada", "can you hear me?"));
    bo.wait_for(&tells("Ada is back", 5));
    ada.wait_for(&tells("Connected again.", 2));

    // A message is lost on an open connection.
    ada.run(
        "const hears = socket.onmessage; let lost = false; socket.onmessage = (event) => { \
         if (!lost && event.data.includes('said')) lost = true; else hears(event); };",
    );
    says(&bo, "Bo", "lost", &bo);
    says(&bo, "Bo", "found", &ada);
    expected.extend(["four", "five", "can you hear me?", "lost", "found"].map(String::from));
    assert_eq!((said(&ada), said(&bo)), (expected.clone(), expected));
    ada.wait_for(NO_GAP);
    ada.save("15-back");
}

#[test]
#[ignore = "needs chromium and chromium-driver"]
fn two_windows_of_one_browser_are_two_users_and_a_copy_of_a_page_is_another() {
    let chat = Chat::start();
    let driver = Driver::start();
    let bo = open(&driver, &chat, "?name=Bo&room=tea", PHONE);
    bo.wait_for(ONLINE);
    let ada = open(&driver, &chat, "?name=Ada&room=tea", DESKTOP);
    ada.wait_for(ONLINE);
    // What lies in the storage of a tab is copied to a window that it opens.
    reload(&ada);
    ada.run("Object.assign(document.createElement('a'), { href: location.href, target: '_blank', rel: 'opener' }).click();");
    bo.wait_for("document.querySelector('#members .times')?.textContent === '2 pages'");
    ada.wait_for(ONLINE);
    says(&ada, "Ada", "I am still here", &bo);
}

#[test]
#[ignore = "needs chromium and chromium-driver"]
fn a_page_shows_a_gap_after_a_restart_of_the_server_and_after_too_long_an_absence() {
    let mut chat = Chat::start();
    let driver = Driver::start();
    let ada = open(&driver, &chat, "?name=Ada&room=tea", DESKTOP);
    ada.wait_for(ONLINE);
    says(&ada, "Ada", "before", &ada);
    chat.kill();
    ada.wait_for("document.querySelector('#state').dataset.state === 'reconnecting'");
    let _again = Chat::start_at(chat.address);
    ada.wait_for(ONLINE);
    ada.wait_for("document.querySelector('.gap')?.textContent === 'Something may be missing here: the server began anew.'");
    says(&ada, "Ada", "after", &ada);
    ada.save("16-gap");
    // The page has gone on from there.
    reload(&ada);
    says(&ada, "Ada", "and again", &ada);
    assert_eq!(said(&ada), ["before", "after", "and again"]);
    ada.wait_for("document.querySelectorAll('.gap').length === 1");

    let chat = Chat::start_configured(
        "chat-pages",
        "[sessions]\ngrace = \"400ms\"\n[history.by_prefix.\"\"]\nmessages = 2\n",
    );
    let network = Network::to(chat.address);
    let ada = driver.open(&format!("http://{}/?name=Ada&room=tea", network.address), PHONE);
    ada.wait_for(ONLINE);
    let bo = open(&driver, &chat, "?name=Bo&room=tea", DESKTOP);
    bo.wait_for(ONLINE);
    says(&bo, "Bo", "one", &ada);
    network.fail();
    bo.wait_for(&tells("Ada left", 1));
    for text in ["two", "three", "four"] {
        says(&bo, "Bo", text, &bo);
    }
    network.mend();
    ada.wait_for(ONLINE);
    ada.wait_for("document.querySelector('.gap')?.textContent === 'Something may be missing here: more was said meanwhile than the server keeps.'");
    says(&bo, "Bo", "five", &ada);
    assert_eq!(said(&ada), ["one", "five"]);
}

#[test]
#[ignore = "needs chromium and chromium-driver"]
fn what_is_said_while_a_page_joins_is_shown_although_it_comes_before_the_answer() {
    let chat = Chat::start();
    let driver = Driver::start();
    let ada = open(&driver, &chat, "?name=Ada&room=kitchen", DESKTOP);
    ada.wait_for(ONLINE);
    let bo = open(&driver, &chat, "?name=Bo&room=tea", PHONE);
    bo.wait_for(ONLINE);
    bo.run(
        "const hears = socket.onmessage; let late = []; socket.onmessage = (event) => { \
         if (late && /kitchen.*(members|position)/.test(event.data)) return late.push(event); hears(event); \
         if (late && event.data.includes('early')) { late.forEach(hears); late = null; } };",
    );
    bo.run("ask('kitchen');");
    ada.wait_for(&has_member("Bo"));
    says(&ada, "Ada", "early", &ada);
    bo.wait_for("document.querySelector('#title').textContent === 'kitchen'");
    bo.wait_for(&shows_message("Ada", "early"));
    bo.wait_for(NO_GAP);
}

#[test]
#[ignore = "needs chromium and chromium-driver"]
fn a_page_of_a_server_that_keeps_nothing_says_that_something_is_missed() {
    let chat = Chat::start_as_loop();
    let network = Network::to(chat.address);
    let driver = Driver::start();
    let ada = driver.open(&format!("http://{}/?name=Ada&room=tea", network.address), DESKTOP);
    ada.wait_for(ONLINE);
    let bo = open(&driver, &chat, "?name=Bo&room=tea", PHONE);
    bo.wait_for(ONLINE);
    ada.wait_for(&has_member("Bo"));
    says(&bo, "Bo", "one", &ada);
    network.fail();
    bo.wait_for(&format!("!{}", has_member("Ada")));
    says(&bo, "Bo", "two", &bo);
    network.mend();
    ada.wait_for(&tells("Connected again.", 1));
    ada.wait_for(&tells("Connection lost. What is said meanwhile is missed here.", 1));
    says(&bo, "Bo", "three", &ada);
    says(&ada, "Ada", "four", &bo);
    assert_eq!(said(&ada), ["one", "three", "four"]);
}

#[test]
#[ignore = "needs chromium and chromium-driver"]
fn a_page_tells_what_the_server_dropped_and_what_it_refuses() {
    let chat = Chat::start();
    let driver = Driver::start();
    let page = open(&driver, &chat, "?name=Fast", DESKTOP);
    page.wait_for(ONLINE);
    page.wait_for(&has_member("Fast"));
    page.run("for (let count = 0; count < 40; count += 1) send({ type: 'say', room: 'lobby', text: `Message ${count}` });");
    page.wait_for("document.querySelector('.notice')?.textContent.startsWith('Too fast')");
    // Within the rate again.
    thread::sleep(Duration::from_secs(1));
    page.run("send({ type: 'join', room: 'lobby' });");
    page.wait_for("document.querySelector('#refused').textContent === 'You are in this room already.'");
    page.save("9-dropped-and-refused");

    let other = open(&driver, &chat, &format!("?name={}", "x".repeat(33)), PHONE);
    other.wait_for("document.querySelector('#name-error').textContent === 'A name has at most 32 letters.'");
    other.save("10-name-refused");
}

#[test]
#[ignore = "needs chromium and chromium-driver"]
fn a_page_isolates_names_and_hears_why_one_cannot_be_had() {
    let chat = Chat::start();
    let driver = Driver::start();
    let ada = open(&driver, &chat, "?name=%EF%BC%A1da&room=lobby", DESKTOP);
    ada.wait_for(ONLINE);
    ada.wait_for(&has_member("Ada"));
    // Written from right to left.
    let right = "\u{5e2}\u{5d3}\u{5d4} 1";
    let bo = open(&driver, &chat, "?name=%D7%A2%D7%93%D7%94%201&room=lobby", DESKTOP);
    bo.wait_for(ONLINE);
    ada.wait_for(&has_member(right));
    ada.wait_for(&format!(
        "[...document.querySelectorAll('.event')].some((event) => event.textContent === '{right} joined' && \
         event.querySelector('bdi').textContent === '{right}')"
    ));
    say(&bo, "hello");
    ada.wait_for(&shows_message(right, "hello"));
    for place in [".event bdi", "#members .called", ".message .from bdi", "#me bdi", "#mine .called"] {
        ada.wait_for(&format!(
            "getComputedStyle(document.querySelector('{place}')).unicodeBidi === 'isolate'"
        ));
    }
    // The direction of what follows would be turned around.
    let turned = open(&driver, &chat, "?name=%E2%80%AEadA&room=lobby", DESKTOP);
    turned.wait_for("document.querySelector('#name-error').textContent.includes('cannot be seen')");
    turned.wait_for("!document.querySelector('#enter').hidden");
}

#[test]
#[ignore = "needs chromium and chromium-driver"]
fn a_page_tells_that_the_server_goes_down() {
    let mut chat = Chat::start();
    let driver = Driver::start();
    let page = open(&driver, &chat, "?name=Dee", PHONE);
    page.wait_for(ONLINE);
    // It is said until the next attempt fails, which may be no longer than a quarter of a second.
    page.run(
        "window.said = []; const trouble = document.querySelector('#trouble-text'); \
         new MutationObserver(() => said.push(trouble.textContent)).observe(trouble, { childList: true });",
    );
    chat.signal(rustix::process::Signal::INT);
    page.wait_for("said.some((text) => text.startsWith('The server is going down'))");
    assert!(chat.exit_within(Duration::from_secs(20)).success());
    page.save("11-going-down");
}

#[test]
#[ignore = "needs chromium and chromium-driver"]
fn a_page_talks_compressed_with_contexts_and_without() {
    const TALK: &str = "window.heard = []; window.socket = new WebSocket(`ws://${location.host}/echo`); \
        socket.onmessage = (event) => heard.push(event.data); \
        socket.onopen = () => { for (const n of [10, 1000, 20000]) socket.send('hello, '.repeat(n)); };";
    let driver = Driver::start();
    for takeover in [None, Some(Takeover::default())] {
        let mut compression = Compression::default();
        compression.takeover = takeover;
        let server = Server::with(listener(None), |_| {}, |builder| builder.compression(compression));
        // Any page of the same host may open a WebSocket.
        let page = driver.open(&format!("http://{}/healthz", server.address), DESKTOP);
        page.run(TALK);
        page.wait_for("heard.map((text) => text.length / 7).join() === '10,1000,20000'");
        page.wait_for("heard.every((text) => text === 'hello, '.repeat(text.length / 7))");
        page.wait_for("socket.extensions.startsWith('permessage-deflate')");
        let stats = server.hub.compression_stats();
        match takeover {
            None => assert_eq!((stats.inflated, stats.deflated), (3, 2), "{stats:?}"),
            Some(_) => assert_eq!((stats.keepers, stats.deflated), (1, 0), "{stats:?}"),
        }
    }
}
