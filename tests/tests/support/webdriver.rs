//! Chromium, driven through Debian's chromedriver by the W3C's WebDriver protocol: JSON over HTTP.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::http;

/// A chromedriver. Dropped, it is killed; its pages must be gone by then.
pub(crate) struct Driver {
    child: Child,
    address: SocketAddr,
}

/// How a page is looked at.
#[derive(Clone, Copy)]
pub(crate) struct Look {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) scheme: &'static str,
}

pub(crate) const DESKTOP: Look = Look { width: 1280, height: 800, scheme: "light" };
pub(crate) const DESKTOP_DARK: Look = Look { scheme: "dark", ..DESKTOP };
pub(crate) const PHONE: Look = Look { width: 390, height: 844, scheme: "light" };
pub(crate) const PHONE_DARK: Look = Look { scheme: "dark", ..PHONE };

/// A page in a Chromium of its own. Dropped, that is closed.
pub(crate) struct Page {
    driver: SocketAddr,
    session: String,
    profile: PathBuf,
}

impl Driver {
    pub(crate) fn start() -> Self {
        let mut child = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .spawn()
            .expect("chromedriver starts: on Debian, apt-get install chromium chromium-driver");
        let lines = BufReader::new(child.stdout.take().expect("its output is piped")).lines();
        let port = lines.map_while(Result::ok).find_map(|line| {
            line.strip_suffix('.')?.split_once("successfully on port ")?.1.parse::<u16>().ok()
        });
        let port = port.expect("chromedriver names its port");
        Self { child, address: SocketAddr::from(([127, 0, 0, 1], port)) }
    }

    pub(crate) fn open(&self, url: &str, look: Look) -> Page {
        let profile = fresh_folder();
        let arguments = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--hide-scrollbars",
            &format!("--user-data-dir={}", profile.display()),
        ];
        let capabilities =
            json!({"capabilities": {"alwaysMatch": {"goog:chromeOptions": {"args": arguments}}}});
        let value = command(self.address, "POST", "/session", &capabilities);
        let session = value["sessionId"].as_str().expect("a session has an id").to_owned();
        let page = Page { driver: self.address, session, profile };
        page.set_look(look);
        page.command("POST", "url", &json!({"url": url}));
        page
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Page {
    pub(crate) fn set_look(&self, look: Look) {
        let Look { width, height, scheme } = look;
        let is_phone = width < 600;
        self.devtools(
            "Emulation.setDeviceMetricsOverride",
            &json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": is_phone}),
        );
        let features = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        self.devtools("Emulation.setEmulatedMedia", &features);
    }

    /// What a script in the page returns.
    pub(crate) fn run(&self, script: &str) -> Value {
        self.command("POST", "execute/sync", &json!({"script": script, "args": []}))
    }

    /// Waits until a JavaScript expression is true.
    pub(crate) fn wait_for(&self, expression: &str) {
        const PATIENCE: Duration = Duration::from_secs(30);
        let script = format!("return Boolean({expression});");
        let since = Instant::now();
        while self.run(&script) != true {
            if since.elapsed() > PATIENCE {
                self.save("failed");
                let text = self.run("return document.body.innerText;");
                panic!("not within {PATIENCE:?}: {expression}\nThe page says: {text}");
            }
            thread::sleep(Duration::from_millis(50));
        }
    }

    pub(crate) fn click(&self, selector: &str) {
        let element = self.find(selector);
        self.command("POST", &format!("element/{element}/click"), &json!({}));
    }

    /// Types like a person: `\n` is the Enter key.
    pub(crate) fn type_into(&self, selector: &str, text: &str) {
        let element = self.find(selector);
        self.command("POST", &format!("element/{element}/value"), &json!({"text": text}));
    }

    /// A screenshot in `artefacts/`.
    pub(crate) fn save(&self, name: &str) {
        let shot = self.command("GET", "screenshot", &Value::Null);
        let png = BASE64_STANDARD.decode(shot.as_str().expect("a screenshot is text")).expect("in base64");
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../artefacts");
        fs::create_dir_all(&folder).expect("the folder can be made");
        fs::write(folder.join(format!("{name}.png")), png).expect("the file can be written");
    }

    fn find(&self, selector: &str) -> String {
        let found = self.command("POST", "element", &json!({"using": "css selector", "value": selector}));
        // The specification names this key by a number that means "element".
        found["element-6066-11e4-a52e-4f735466cecf"].as_str().expect("an element has an id").to_owned()
    }

    fn devtools(&self, name: &str, parameters: &Value) {
        self.command("POST", "goog/cdp/execute", &json!({"cmd": name, "params": parameters}));
    }

    fn command(&self, method: &str, path: &str, body: &Value) -> Value {
        command(self.driver, method, &format!("/session/{}/{path}", self.session), body)
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        let _ = http::ask(self.driver, "DELETE", &format!("/session/{}", self.session), "");
        let _ = fs::remove_dir_all(&self.profile);
    }
}

fn command(driver: SocketAddr, method: &str, path: &str, body: &Value) -> Value {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let answer = http::ask(driver, method, path, &body).expect("chromedriver answers");
    assert_eq!(answer.status, 200, "{method} {path}: {}", answer.body);
    let mut answer: Value = serde_json::from_str(&answer.body).expect("in JSON");
    answer["value"].take()
}

fn fresh_folder() -> PathBuf {
    use std::sync::atomic::{AtomicU32, Ordering};
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    std::env::temp_dir().join(format!("throng-chromium-{}-{count}", std::process::id()))
}
