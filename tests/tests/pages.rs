//! The pages of the program `throng` in a real browser: the demo and the admin page. Screenshots are left in `artefacts/`.

mod support;

use std::time::{Duration, Instant};

use serde_json::json;
use support::program::Program;
use support::webdriver::{DESKTOP, DESKTOP_DARK, Driver, Look, PHONE, PHONE_DARK, Page};
use tokio_tungstenite::connect_async;

const ONLINE: &str = "document.querySelector('#state').dataset.state === 'online'";
/// If anything of a peer's name runs or becomes an element, one of these is so.
const IS_HACKED: &str = "window.hacked || document.querySelector('#view img, #view script, #view svg[onload], #view b, #chat img:not([alt]), #chat b')";
const HOSTILE: &str = "<img src=x onerror=\"window.hacked=1\"><b>&quot;'";
const SCRIPT: &str = "</td><script>window.hacked=1</script>";

const TAB: char = '\u{E004}';

fn demo(driver: &Driver, program: &Program, look: Look) -> Page {
    driver.open(&format!("http://{}/demo", program.address), look)
}

fn enter(page: &Page, name: &str, room: &str) {
    page.wait_for("document.activeElement.id === 'name'");
    page.run("document.querySelector('#room').value = '';");
    page.type_into("#room", room);
    page.type_into("#name", &format!("{name}\n"));
    page.wait_for(ONLINE);
}

fn has_text(selector: &str, text: &str) -> String {
    let text = json!(text);
    format!(
        "[...document.querySelectorAll({})].some((it) => it.textContent.includes({text}))",
        json!(selector)
    )
}

fn is_narrow(page: &Page) {
    page.wait_for("document.scrollingElement.scrollWidth <= innerWidth");
}

fn is_safe(page: &Page) {
    page.wait_for(&format!("!({IS_HACKED})"));
}

#[test]
#[ignore = "needs chromium and chromium-driver"]
fn two_windows_of_the_demo_talk_lose_the_connection_and_come_back() {
    let program = Program::start(&[]);
    let driver = Driver::start();
    let start = driver.open(&format!("http://{}/", program.address), DESKTOP);
    start.click("a[href='/demo']");
    start.wait_for("location.pathname === '/demo'");
    let ada = start;
    enter(&ada, "Ada", "tea corner");
    let bo = demo(&driver, &program, DESKTOP_DARK);
    enter(&bo, HOSTILE_SHORT, "tea corner");
    ada.wait_for(&has_text("#members li", HOSTILE_SHORT));
    ada.wait_for(&has_text("#log .event", &format!("{HOSTILE_SHORT} came")));
    bo.wait_for("document.querySelectorAll('#members li').length === 2");

    ada.type_into("#text", "Hello, who are you?\n");
    bo.wait_for(&has_text("#log .message", "Ada: Hello, who are you?"));
    bo.type_into("#text", &format!("{HOSTILE}\n"));
    ada.wait_for(&has_text("#log .message .text", HOSTILE));
    is_safe(&ada);
    is_safe(&bo);
    ada.save("demo-1-talk");
    bo.save("demo-2-talk-dark");

    // A reload is a short absence.
    bo.run("location.reload();");
    ada.wait_for(&has_text("#log .event", &format!("{HOSTILE_SHORT} is back")));
    bo.wait_for(&has_text("#log .message .text", HOSTILE));

    // The program ends and comes back.
    let address = program.address.to_string();
    drop(program);
    ada.wait_for("document.querySelector('#state').dataset.state === 'offline'");
    ada.type_into("#text", "lost\n");
    ada.wait_for(&has_text("#log .lost", "there is no connection"));
    ada.save("demo-3-offline");
    let _program = Program::start_at(&address, &[]);
    for page in [&ada, &bo] {
        page.wait_for(ONLINE);
        page.wait_for("document.querySelectorAll('#members li').length === 2");
    }
    // What was not sent is still there to be sent.
    ada.type_into("#text", "\n");
    bo.wait_for(&has_text("#log .message .text", "lost"));

    // A phone; leaving.
    for look in [PHONE, PHONE_DARK] {
        bo.set_look(look);
        is_narrow(&bo);
    }
    bo.save("demo-4-phone-dark");
    bo.click("#leave");
    bo.wait_for("document.activeElement.id === 'name'");
    ada.wait_for("document.querySelectorAll('#members li').length === 1");
}

/// Names have at most 40 characters.
const HOSTILE_SHORT: &str = "<img src=x onerror='window.hacked=1'>";

/// The browser builds no HTML of texts in this page, and an element that came into it would be seen.
fn checks_see_what_they_look_for(page: &Page) {
    let outcome = page.run("try { document.createElement('p').innerHTML = '<b>'; return 'built'; } catch (error) { return error.name; }");
    assert_eq!(outcome, "TypeError");
    page.run("const made = document.createElement('b'); made.id = 'made'; document.querySelector('#view').append(made);");
    page.wait_for(IS_HACKED);
    page.run("document.querySelector('#made').remove();");
    is_safe(page);
}

/// Opens a view by its button, and waits until it shows this.
fn view(page: &Page, title: &str, shows: &str) {
    page.run(&format!(
        "[...document.querySelectorAll('#nav button')].find((it) => it.textContent === '{title}').click();"
    ));
    page.wait_for(&format!("document.querySelector('#nav [aria-current=page]')?.textContent === '{title}'"));
    page.wait_for(shows);
}

fn click_in_row(page: &Page, text: &str, button: &str) {
    let row = format!(
        "[...document.querySelectorAll('#view tbody tr')].find((it) => it.textContent.includes({}))",
        json!(text)
    );
    page.wait_for(&row);
    page.run(&format!(
        "[...{row}.querySelectorAll('button')].find((it) => it.textContent === '{button}').click();"
    ));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromium and chromium-driver"]
async fn the_admin_page_shows_hostile_names_as_they_are_and_disconnects_publishes_and_drains() {
    let mut program = Program::start(&[
        "--set",
        "auth.secret=hush-hush",
        "--set",
        "hub.history.by_prefix={'</td>': {messages: 5}}",
    ]);
    let token = Program::token("hush-hush", HOSTILE, &format!("{HOSTILE},{SCRIPT}"));
    let (mut hostile, _) = connect_async(format!("ws://{}/ws?token={token}", program.address)).await.unwrap();
    // Refused, with a name that is in the log.
    assert!(connect_async(format!("ws://{}/ws?token={}", program.address, "%3Cb%3E")).await.is_err());

    let driver = Driver::start();
    let page = driver.open(&program.admin, DESKTOP);
    page.wait_for(ONLINE);
    // The key is not left in the address, and nothing of the page is a cookie.
    page.wait_for("location.hash === '' && document.cookie === ''");
    page.wait_for(&has_text(".numbers .card", "Clients1"));
    page.wait_for("document.querySelectorAll('.charts svg path').length >= 18");
    page.save("admin-1-overview");

    view(&page, "Rooms", &has_text("#view td", SCRIPT));
    page.type_into("#view input[type=search]", "script");
    page.wait_for("document.querySelectorAll('#view tbody tr').length === 1");
    view(&page, "Publish", "document.querySelector('#target')");
    page.run(&format!(
        "document.querySelector('#target').value = {}; document.querySelector('#data').value = {};",
        json!(SCRIPT),
        json!(json!({"text": HOSTILE}).to_string())
    ));
    page.click("#view form button");
    page.wait_for(&has_text("#outcome", "Sent: "));
    let sent = futures_util::StreamExt::next(&mut hostile).await.expect("a message").expect("no error");
    assert_eq!(sent.to_text().unwrap(), json!({"text": HOSTILE}).to_string());
    view(&page, "Rooms", &has_text("#view td", SCRIPT));
    click_in_row(&page, SCRIPT, "Show");
    page.wait_for(&has_text("#view section td code", "onerror"));
    page.wait_for(&has_text("#view section td", HOSTILE));
    is_safe(&page);
    page.save("admin-2-room");
    view(&page, "Users", &has_text("#view td", HOSTILE));
    is_safe(&page);
    view(&page, "Config", &has_text("#view td", "auth.secret"));
    page.wait_for(&format!("!{}", has_text("#view td", "hush-hush")));
    view(&page, "Log", &has_text("#view td", "the token is not valid"));
    view(&page, "Clients", &has_text("#view td", HOSTILE));
    is_safe(&page);
    click_in_row(&page, HOSTILE, "Disconnect");
    page.wait_for("document.querySelector('#ask').open && document.activeElement.value === 'no'");
    is_safe(&page);
    page.click("#ask-yes");
    page.wait_for(&format!("!{}", has_text("#view td", HOSTILE)));

    // By keyboard, from the beginning.
    page.run("document.activeElement.blur();");
    page.type_into("#nav button", "\n");
    page.wait_for("document.querySelector('#nav [aria-current=page]')?.textContent === 'Overview'");
    page.type_into("#nav button", &format!("{TAB}{TAB}\n"));
    page.wait_for("document.querySelector('#nav [aria-current=page]')?.textContent === 'Clients'");
    checks_see_what_they_look_for(&page);
    // On a phone.
    for (look, name) in [(PHONE, "admin-3-phone"), (PHONE_DARK, "admin-4-phone-dark")] {
        page.set_look(look);
        for title in ["Rooms", "Clients", "Users", "Publish", "Config", "Log", "Overview"] {
            view(&page, title, "document.querySelector('#view h2')");
            is_narrow(&page);
        }
        page.save(name);
    }
    page.wait_for(&has_text("#view button", "Drain this node"));
    page.run("[...document.querySelectorAll('#view button')].find((it) => it.textContent === 'Drain this node').click();");
    page.click("#ask-yes");
    let begun = Instant::now();
    while !program.has_ended() {
        assert!(begun.elapsed() < Duration::from_secs(60), "the program does not end");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    page.wait_for("document.querySelector('#state').dataset.state === 'offline'");
}

#[test]
#[ignore = "needs chromium and chromium-driver"]
fn a_wrong_key_opens_nothing_and_a_reload_keeps_the_right_one() {
    let program = Program::start(&[]);
    let driver = Driver::start();
    let page = driver.open(&format!("http://{}/admin", program.address), DESKTOP_DARK);
    page.wait_for("document.activeElement.id === 'key'");
    for wrong in ["wrong", "schlüssel", "\u{2603}"] {
        page.type_into("#key", &format!("{wrong}\n"));
        page.wait_for("document.querySelector('#why').textContent !== ''");
        page.wait_for("document.querySelector('#admin').hidden && sessionStorage.length === 0");
        page.run("document.querySelector('#why').textContent = '';");
    }
    page.save("admin-5-key-dark");
    page.type_into("#key", &format!("{}\n", program.key()));
    page.wait_for(ONLINE);
    page.run("location.reload();");
    page.wait_for(ONLINE);
    // Closed, the page knows no key.
    page.click("#forget");
    page.wait_for("document.activeElement.id === 'key' && sessionStorage.length === 0");
    // The name of another host does not get the page at all.
    let rebound = driver.open(&format!("http://evil.localhost:{}/admin", program.address.port()), DESKTOP);
    rebound.wait_for("document.body.innerText.includes('peers of this machine')");
}
