//! The chat's page in a real browser, whose screenshots of the key moments are left in `artefacts/`; and compression.

mod support;

use std::thread;
use std::time::Duration;

use support::chat::Chat;
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
