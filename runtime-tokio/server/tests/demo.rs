//! The program as somebody tries it, without a config: what is where, and the demo over real sockets.

mod support;

use serde_json::{Value, json};
use support::{Program, Socket, closed, next, refusal, request, text};
use tokio_tungstenite::tungstenite::Message;

const SESSION: &str = "0123456789abcdef0123456789abcdef";

/// Without a config file.
fn tried(arguments: &[&str]) -> Program {
    Program::start_with("", "", &[&["--listen", "127.0.0.1:0"], arguments].concat())
}

async fn enter(program: &Program, query: &str) -> Socket {
    program.connect(&format!("/demo/ws?{query}")).await
}

async fn news(socket: &mut Socket) -> Value {
    match next(socket).await {
        Message::Text(text) => serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}")),
        other => panic!("{other:?} in place of news"),
    }
}

fn names(news: &Value) -> Vec<&str> {
    let members = news["members"].as_array().expect("a list of members");
    let mut names: Vec<_> = members.iter().map(|member| member["name"].as_str().expect("a name")).collect();
    names.sort_unstable();
    names
}

/// The parts of the curl line that the program prints: the key and the body.
fn printed(program: &Program) -> (String, String) {
    let line = support::within("the program prints a curl line", || {
        let said = program.said.lock().expect("no reader panics");
        said.lines().find(|line| line.trim_start().starts_with("curl ")).map(str::to_owned)
    });
    let quoted: Vec<&str> = line.split('\'').collect();
    let key = quoted[1].strip_prefix("X-API-Key: ").expect("the header");
    assert_eq!(quoted[4].trim(), format!("http://{}/api/publish", program.address));
    (key.into(), quoted[3].into())
}

#[tokio::test]
async fn without_a_config_it_says_where_the_pages_are_and_how_to_publish() {
    let program = tried(&[]);
    let (key, body) = printed(&program);
    let said = program.said.lock().unwrap().clone();
    let address = program.address;
    for part in ["/demo ", "/admin ", "/healthz ", &format!("/admin#key={key}")] {
        assert!(said.contains(&format!("http://{address}{part}")), "{part}: {said}");
    }
    let mut ann = enter(&program, "room=lobby&name=Ann").await;
    assert_eq!(news(&mut ann).await["type"], "room");
    let answer = program.post("/api/publish", &[("X-API-Key", &key)], &body);
    assert_eq!((answer.status, answer.json()["result"]["offset"].as_u64()), (200, Some(1)));
    assert_eq!(news(&mut ann).await, json!({"text": "Hello by the API"}));
    // Another start has another key.
    assert_ne!(printed(&tried(&[])).0, key);
}

#[tokio::test]
async fn with_a_config_file_nothing_of_it_is_there_until_the_config_says_so() {
    let program = Program::start("listen: 127.0.0.1:0\n");
    assert!(!program.said.lock().unwrap().contains("#key="));
    for path in ["/demo", "/admin"] {
        assert_eq!(program.get(path).status, 404, "{path}");
    }
    assert_eq!(refusal(program.try_connect("/demo/ws?room=a&name=b", &[]).await).0, 404);
    assert!(program.post("/api/info", &[], "").body.contains("The API is off"));
    program.rewrite("listen: 127.0.0.1:0\ndemo: { enabled: true }\nadmin: { key: correct horse }\n");
    program.signal(rustix::process::Signal::HUP);
    program.logs("the config was reloaded");
    for path in ["/demo", "/admin"] {
        // To everybody: the config says so.
        let answer = request(program.address, "GET", path, &[("Host", "throng.example")], b"");
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
    }
    let mut ann = enter(&program, "room=lobby&name=Ann").await;
    assert_eq!(names(&news(&mut ann).await), ["Ann"]);
    program.rewrite("listen: 127.0.0.1:0\n");
    program.signal(rustix::process::Signal::HUP);
    support::within("the pages are gone", || (program.get("/demo").status == 404).then_some(()));
    assert_eq!(program.get("/admin").status, 404);
}

#[tokio::test]
async fn what_is_on_by_itself_is_for_peers_of_this_machine() {
    let program = tried(&[]);
    let (key, body) = printed(&program);
    // A page of the web whose name leads here; a proxy on this machine.
    for header in [("Host", "evil.example"), ("X-Forwarded-For", "192.0.2.1"), ("Forwarded", "for=192.0.2.1")]
    {
        for path in ["/demo", "/admin"] {
            let answer = request(program.address, "GET", path, &[header], b"");
            assert!(
                answer.status == 403 && answer.body.contains("this machine"),
                "{path} {header:?}: {answer:?}"
            );
        }
        let key = ("X-API-Key", key.as_str());
        let answer = request(program.address, "POST", "/api/publish", &[header, key], body.as_bytes());
        assert!(answer.status == 403 && answer.body.contains("admin.key"), "{header:?}: {answer:?}");
    }
    let rebound = program.try_connect("/demo/ws?room=a&name=b", &[("Host", "evil.example")]).await;
    assert_eq!(refusal(rebound).0, 403);
    let foreign = program.try_connect("/demo/ws?room=a&name=b", &[("Origin", "https://evil.example")]).await;
    assert_eq!(refusal(foreign).0, 403);
    for wrong in ["", "wrong", &format!("{key}x"), &key[1..]] {
        assert_eq!(program.post("/api/info", &[("X-API-Key", wrong)], "").status, 401, "{wrong:?}");
    }
}

#[tokio::test]
async fn guests_see_who_is_there_and_what_is_said() {
    let program = tried(&[]);
    let mut ann = enter(&program, "room=tea+corner&name=Ann").await;
    let room = news(&mut ann).await;
    assert_eq!(
        (room["type"].as_str(), room["room"].as_str(), names(&room)),
        (Some("room"), Some("tea corner"), vec!["Ann"])
    );
    let mut bob = enter(&program, "room=tea%20corner&name=B%C3%B6b").await;
    assert_eq!(names(&news(&mut bob).await), ["Ann", "Böb"]);
    let came = news(&mut ann).await;
    assert_eq!(
        (&came["change"], &came["who"]["name"], names(&came)),
        (&"joined".into(), &"Böb".into(), vec!["Ann", "Böb"])
    );

    bob.send_text("Hello <b>Ann</b>").await;
    for socket in [&mut ann, &mut bob] {
        let said = news(socket).await;
        assert_eq!(
            (&said["type"], &said["from"]["name"], &said["text"]),
            (&"message".into(), &"Böb".into(), &"Hello <b>Ann</b>".into())
        );
    }
    // Who comes later gets it, too.
    let mut cy = enter(&program, "room=tea+corner&name=Cy").await;
    assert_eq!(news(&mut cy).await["messages"][0]["text"], "Hello <b>Ann</b>");
    drop(cy);
    for change in ["joined", "left"] {
        assert_eq!(news(&mut ann).await["change"], change);
    }
    // Another room hears nothing of it.
    let mut dee = enter(&program, "room=other&name=Dee").await;
    assert_eq!(
        (&news(&mut dee).await["messages"], news(&mut bob).await["change"].as_str()),
        (&json!([]), Some("joined"))
    );
}

#[tokio::test]
async fn what_a_guest_cannot_say_is_refused_to_it_alone() {
    let program = tried(&[]);
    let mut ann = enter(&program, "room=a&name=Ann").await;
    news(&mut ann).await;
    for (message, why) in [
        (text("  "), "not empty"),
        (Message::binary(b"hello".to_vec()), "is a text"),
        (text(&"x".repeat(2_001)), "2001 characters, at most 2000"),
    ] {
        ann.send_message(message).await;
        let refused = news(&mut ann).await;
        assert!(refused["type"] == "refused" && refused["why"].as_str().unwrap().contains(why), "{refused}");
    }
    ann.send_text(&"x".repeat(2_000)).await;
    assert_eq!(news(&mut ann).await["type"], "message");
    let long = "n".repeat(41);
    for bad in [
        "",
        "room=a",
        "name=b",
        "room=a&name=",
        "room=a&name=%00",
        "room=a&name=+",
        &format!("room=a&name={long}"),
        &format!("room={long}&name=b"),
        "room=a&name=b&session=short",
        &format!("room=a&name=b&session={}", "s".repeat(65)),
    ] {
        let (status, why) = refusal(program.try_connect(&format!("/demo/ws?{bad}"), &[]).await);
        assert!(
            status == 400 && (why.contains("must") || why.contains("at most 40")),
            "{bad}: {status} {why}"
        );
    }
}

#[tokio::test]
async fn a_guest_that_lost_its_connection_is_away_and_comes_back_and_has_missed_nothing() {
    let program = tried(&[]);
    let mut ann = enter(&program, "room=a&name=Ann").await;
    news(&mut ann).await;
    let query = format!("room=a&name=Bob&session={SESSION}");
    let mut bob = enter(&program, &query).await;
    let id = news(&mut bob).await["you"].clone();
    assert_eq!(news(&mut ann).await["change"], "joined");
    drop(bob);
    let away = news(&mut ann).await;
    assert_eq!(
        (&away["change"], &away["who"]["away"], names(&away)),
        (&"away".into(), &true.into(), vec!["Ann", "Bob"])
    );
    ann.send_text("Where are you?").await;
    assert_eq!(news(&mut ann).await["type"], "message");
    let mut bob = enter(&program, &query).await;
    let room = loop {
        // What waited for the client comes first.
        let heard = news(&mut bob).await;
        if heard["type"] == "room" {
            break heard;
        }
    };
    assert_eq!((&room["you"], &room["messages"][0]["text"]), (&id, &"Where are you?".into()));
    assert_eq!(news(&mut ann).await["change"], "back");
    // A goodbye ends it at once.
    bob.close(None).await.unwrap();
    let left = news(&mut ann).await;
    assert_eq!((&left["change"], names(&left)), (&"left".into(), vec!["Ann"]));
}

#[tokio::test]
async fn a_room_of_the_demo_has_at_most_100_members() {
    let program = tried(&[]);
    let mut guests = Vec::new();
    for number in 0..100 {
        let mut guest = enter(&program, &format!("room=a&name=n{number}")).await;
        assert_eq!(news(&mut guest).await["type"], "room");
        guests.push(guest);
    }
    let mut late = enter(&program, "room=a&name=late").await;
    assert_eq!(closed(&mut late).await, (4000, "the room is full: 100 members".into()));
    let mut other = enter(&program, "room=b&name=late").await;
    assert_eq!(names(&news(&mut other).await), ["late"]);
}

#[tokio::test]
async fn guests_reach_no_room_but_those_of_the_demo() {
    let program = tried(&["--set", "clients.anonymous=true", "--set", "clients.rooms=[lobby]"]);
    let mut listener = program.connect("/ws").await;
    let mut ann = enter(&program, "room=lobby&name=Ann").await;
    news(&mut ann).await;
    ann.send_text("hello").await;
    assert_eq!(news(&mut ann).await["text"], "hello");
    let (key, _) = printed(&program);
    let rooms = program.post("/api/channels", &[("X-API-Key", &key)], "").json();
    assert_eq!(
        rooms["result"]["channels"],
        json!({"lobby": {"num_clients": 1}, "demo:lobby": {"num_clients": 1}})
    );
    program.post("/api/publish", &[("X-API-Key", &key)], r#"{"channel":"lobby","data":"first"}"#);
    assert_eq!(next(&mut listener).await, text("\"first\""));
}

#[test]
fn the_pages_load_nothing_from_elsewhere_and_run_nothing_of_others() {
    let program = tried(&[]);
    let index = request(program.address, "GET", "/", &[("Accept", "text/html,*/*;q=0.8")], b"");
    assert!(index.body.contains("<a href=\"/demo\">"), "{index:?}");
    assert!(program.get("/").body.starts_with("throng "), "programs get a text");
    let pages = [index, program.get("/demo"), program.get("/admin")];
    let mut files: Vec<String> = Vec::new();
    for page in &pages {
        let names = page.body.split('"').filter_map(|part| part.strip_prefix("/assets/"));
        files.extend(names.map(str::to_owned));
        assert!(
            !page.body.contains("style=")
                && !page.body.contains("<style")
                && !page.body.contains("<script>")
                && !page.body.contains(" onclick"),
            "{page:?}"
        );
    }
    // Those that scripts import.
    files.extend(["api.js", "chart.js", "dom.js", "views.js"].map(str::to_owned));
    let assets: Vec<_> = files.iter().map(|file| (file, program.get(&format!("/assets/{file}")))).collect();
    for (file, asset) in &assets {
        assert_eq!(asset.status, 200, "{file}");
        let kind = match file.rsplit('.').next() {
            Some("js") => "text/javascript",
            Some("css") => "text/css",
            _ => "image/svg+xml",
        };
        assert!(asset.head.contains(&format!("content-type: {kind}")), "{file}: {}", asset.head);
        let body = asset.body.replace("http://www.w3.org/2000/svg", "");
        assert!(!body.contains("://") || *file == "demo.js", "{file} names another place");
        for risky in
            ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function"]
        {
            assert!(!body.contains(risky), "{file}: {risky}");
        }
    }
    for answer in pages.iter().chain(assets.iter().map(|(_, asset)| asset)) {
        for header in [
            "content-security-policy: default-src 'none'; script-src 'self'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
            "x-content-type-options: nosniff",
            "referrer-policy: no-referrer",
            "x-frame-options: DENY",
        ] {
            assert!(answer.head.contains(header), "{header}: {}", answer.head);
        }
        assert!(!answer.head.contains("set-cookie"));
    }
    assert_eq!(program.get("/assets/..%2fCargo.toml").status, 404);
}

/// Sends, and knows that it works.
trait Say {
    async fn send_message(&mut self, message: Message);
    async fn send_text(&mut self, said: &str) {
        self.send_message(text(said)).await;
    }
}

impl Say for Socket {
    async fn send_message(&mut self, message: Message) {
        futures_util::SinkExt::send(self, message).await.expect("the socket is open");
    }
}
