//! Tokens over real sockets: where a client may show one, and which are refused.

#![allow(clippy::unwrap_used)]

mod support;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use support::jwks::{KEYS, KeyServer, key, set_of};
use support::{PATIENCE, Program, closed, next, output_of, refusal, soon, text, throng};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};

/// A program that knows every kind of key, logs everything, and lets nobody in without a token.
fn config(more: &str) -> String {
    format!(
        "listen: 127.0.0.1:0\nlog: {{ filter: trace }}\nclients: {{ rooms: [all] }}\napi: {{ keys: [key] }}\nauth:\n  secret: hush\n  \
         public_keys: [{KEYS}/rsa.pub.pem, {KEYS}/p256.pub.pem]\n  audience: chat\n  issuer: us\n{more}"
    )
}

/// A token of `throng token` with these arguments, and the audience and issuer of [`config`].
fn made(arguments: &[&str]) -> String {
    let claims = ["--set", "auth.audience=chat", "--set", "auth.issuer=us"];
    let made = output_of(&[&["token"], arguments, &claims].concat());
    assert!(made.status.success(), "{made:?}");
    String::from_utf8(made.stdout).unwrap().trim().to_owned()
}

fn of_secret(user: &str) -> String {
    made(&[user, "--set", "auth.secret=hush"])
}

fn encoded(value: &Value) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(value.to_string())
}

/// Signs with HMAC-SHA256 by the example of RFC 7515, with the program's own means: `throng token` cannot make bad tokens.
fn signed(header: &Value, claims: &Value, secret: &[u8]) -> String {
    let message = format!("{}.{}", encoded(header), encoded(claims));
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, secret);
    let signature = ring::hmac::sign(&key, message.as_bytes());
    format!("{message}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// Bad tokens, each with the reason in the metric.
fn bad_tokens() -> Vec<(String, &'static str)> {
    let (now, hs256) = (now(), json!({"alg": "HS256", "typ": "JWT"}));
    let good = json!({"sub": "ann", "aud": "chat", "iss": "us", "exp": now + 600});
    let with = |name: &str, value: Value| {
        let mut claims = good.clone();
        claims[name] = value;
        signed(&hs256, &claims, b"hush")
    };
    let without = |name: &str| {
        let mut claims = good.clone();
        claims.as_object_mut().unwrap().remove(name);
        signed(&hs256, &claims, b"hush")
    };
    let head = |header: Value| signed(&header, &good, b"hush");
    let valid = of_secret("ann");
    let [first, second, third] = valid.split('.').collect::<Vec<_>>()[..] else { panic!("{valid}") };
    let public = std::fs::read(format!("{KEYS}/rsa.pub.pem")).unwrap();
    let of_file = |name: &str| made(&["ann", "--key", &key(name)]);
    let rsa = of_file("rsa.pem");
    let (of_rsa, signature_of_rsa) = rsa.rsplit_once('.').unwrap();
    let mut bad = vec![
        (String::new(), "malformed"),
        (".".into(), "malformed"),
        ("..".into(), "malformed"),
        ("hello".into(), "malformed"),
        (format!("{first}.{second}"), "malformed"),
        (format!("{valid}.{third}"), "malformed"),
        (format!("{first}.{second}.{third}="), "signature"),
        (format!("{}.{second}.{third}", encoded(&json!([]))), "malformed"),
        (format!("!.{second}.{third}"), "malformed"),
        (format!("{}.{}.", encoded(&json!({"alg": "none"})), encoded(&good)), "malformed"),
        (head(json!({"alg": "none"})), "malformed"),
        (head(json!({"alg": "NONE"})), "malformed"),
        (head(json!({"alg": "ES512"})), "malformed"),
        (head(json!({"typ": "JWT"})), "malformed"),
        (head(json!({"alg": ["HS256"]})), "malformed"),
        (head(json!({"alg": "HS384"})), "algorithm"),
        (head(json!({"alg": "HS512"})), "algorithm"),
        (head(json!({"alg": "ES384"})), "algorithm"),
        (head(json!({"alg": "EdDSA"})), "algorithm"),
        (head(json!({"alg": "HS256", "crit": ["b64"], "b64": false})), "critical_header"),
        (head(json!({"alg": "HS256", "crit": []})), "critical_header"),
        (head(json!({"alg": "RS256"})), "signature"),
        (head(json!({"alg": "ES256"})), "signature"),
        (signed(&hs256, &good, b"other"), "signature"),
        // The public key taken for a secret.
        (signed(&hs256, &good, &public), "signature"),
        (format!("{first}.{}.{third}", encoded(&json!({"sub": "bob"}))), "signature"),
        (format!("{first}.{second}."), "signature"),
        (format!("{}.{second}.{third}", encoded(&json!({"alg": "HS256"}))), "signature"),
        (format!("{of_rsa}.{}", &signature_of_rsa[4..]), "signature"),
        (of_file("p384.pem"), "algorithm"),
        (of_file("ed25519.pem"), "algorithm"),
        (with("exp", (now - 1_000).into()), "expired"),
        (with("exp", 0.into()), "expired"),
        (with("exp", (-5).into()), "claims"),
        (with("exp", "tomorrow".into()), "claims"),
        (with("nbf", (now + 1_000).into()), "not_yet_valid"),
        (with("aud", "others".into()), "audience"),
        (without("aud"), "audience"),
        (with("iss", "them".into()), "issuer"),
        (without("iss"), "issuer"),
        (without("sub"), "claims"),
        (with("sub", json!(["ann"])), "claims"),
        (with("channels", "lobby".into()), "claims"),
    ];
    // Too long for a token, and not for the head of a request, which has 8 KiB in all: as the first message.
    bad.push((with("more", "x".repeat(9_000).into()), "too_long"));
    bad
}

fn refused(program: &Program, reason: &str) -> u64 {
    let name = format!("throng_server_clients_refused_total{{reason=\"{reason}\"}} ");
    let page = program.get("/metrics").body;
    page.lines().find_map(|line| line.strip_prefix(&name)).map_or(0, |count| count.parse().unwrap())
}

#[tokio::test]
async fn bad_tokens_are_refused_counted_by_reason_and_never_logged() {
    let program = Program::start(&config("  first_message: true\n"));
    let bad = bad_tokens();
    assert!(bad.len() >= 40);
    for (token, reason) in &bad {
        let before = refused(&program, reason);
        let token = token.as_str();
        // In the query, and as the first message.
        if token.len() < 4_000 {
            let (status, body) = refusal(program.try_connect(&format!("/ws?token={token}"), &[]).await);
            assert!(status == 401 && body.starts_with("The token "), "{token}: {status} {body}");
            assert_eq!(refused(&program, reason), before + 1, "{token}: {reason}");
        }
        let mut socket = program.connect("/ws").await;
        socket.send(text(token)).await.unwrap();
        let (code, why) = closed(&mut socket).await;
        assert!(code == 1008 && why.starts_with("the token "), "{token}: {code} {why}");
        let expected = before + if token.len() < 4_000 { 2 } else { 1 };
        soon(reason, || (refused(&program, reason) == expected).then_some(())).await;
    }
    let log = program.log.lock().unwrap().clone();
    for (token, _) in bad.iter().filter(|(token, _)| token.len() > 5) {
        assert!(!log.contains(token.as_str()), "{token}");
    }
    assert!(log.contains("a client was refused"), "{log:.1000}");
}

#[tokio::test]
async fn every_place_of_a_token_is_read_in_the_documented_order() {
    let program = Program::start(&config(""));
    let (ann, bob) = (of_secret("ann"), made(&["bob", "--key", &key("rsa.pem")]));
    let cid = made(&["cid", "--key", &key("p256.pem")]);
    let send = |user: &str| {
        let body = format!(r#"{{"user": "{user}", "data": "{user}"}}"#);
        program.post("/api/send", &[("X-API-Key", "key")], &body).json()
    };
    let bearer = format!("Bearer {bob}");
    let offered = format!("chat, throng.token.{cid}, throng");
    for (path, headers, user) in [
        (format!("/ws?token={ann}"), vec![], "ann"),
        ("/ws".into(), vec![("Authorization", bearer.as_str())], "bob"),
        (format!("/ws?a=b&token={ann}"), vec![("Authorization", bearer.as_str())], "ann"),
        ("/ws".into(), vec![("Sec-WebSocket-Protocol", offered.as_str())], "cid"),
        ("/ws".into(), vec![("Authorization", bearer.as_str()), ("Sec-WebSocket-Protocol", &offered)], "bob"),
    ] {
        let mut request = format!("ws://{}{path}", program.address).into_client_request().unwrap();
        for (name, value) in &headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        let (mut socket, answer) = tokio_tungstenite::connect_async(request).await.unwrap();
        let chosen = answer.headers().get("sec-websocket-protocol").map(|name| name.to_str().unwrap());
        let offers = headers.iter().any(|(name, _)| *name == "Sec-WebSocket-Protocol");
        assert_eq!(chosen, offers.then_some("throng"), "the token is not sent back");
        soon("the client is there", || (send(user)["result"]["queued"] == 1).then_some(())).await;
        assert_eq!(next(&mut socket).await, text(&format!("\"{user}\"")));
        socket.close(None).await.unwrap();
    }
    let wrong = program.try_connect("/ws?token=x", &[("Authorization", &bearer)]).await;
    assert_eq!(refusal(wrong).0, 401, "the query goes first, also if it is wrong");
    let (status, body) = refusal(program.try_connect("/ws", &[]).await);
    assert!(status == 401 && body.contains("Nobody knows this client"), "{body}");
    assert_eq!(refused(&program, "no_token"), 1);
    let log = program.log.lock().unwrap().clone();
    for token in [ann, bob, cid] {
        assert!(!log.contains(&token), "{token}");
    }
}

#[tokio::test]
async fn a_token_may_come_as_the_first_message_if_the_config_says_so() {
    let program =
        Program::start(&config("  first_message: true\nhub: { hooks: { authentication: 500ms } }\n"));
    let publish = |data: &str| {
        let body = format!(r#"{{"channel": "all", "data": "{data}"}}"#);
        program.post("/api/publish", &[("X-API-Key", "key")], &body).json()
    };
    let mut ann = program.connect("/ws").await;
    publish("before");
    ann.send(text(&format!("{}\n", of_secret("ann")))).await.unwrap();
    let clients = || program.post("/api/channels", &[("X-API-Key", "key")], "{}").json();
    soon("she is in the room", || (clients()["result"]["channels"]["all"]["num_clients"] == 1).then_some(()))
        .await;
    publish("after");
    assert_eq!(next(&mut ann).await, text("\"after\""), "nothing of before");
    // Who says nothing has no more time than the config says.
    let mut silent = program.connect("/ws").await;
    let ended = tokio::time::timeout(PATIENCE, silent.next()).await.unwrap();
    assert!(matches!(ended, Some(Ok(Message::Close(Some(_))))), "{ended:?}");
    // Binary is no reason to refuse a token.
    let mut bob = program.connect("/ws").await;
    bob.send(Message::binary(of_secret("bob").into_bytes())).await.unwrap();
    soon("he is there", || (clients()["result"]["channels"]["all"]["num_clients"] == 2).then_some(())).await;
}

#[tokio::test]
async fn a_jwk_set_is_fetched_again_when_its_keys_change() {
    let keys = KeyServer::start(set_of(&["rsa"]));
    let program = Program::start(&format!(
        "listen: 127.0.0.1:0\nauth: {{ jwks: '{}', jwks_retry: 2 }}\n",
        keys.url("http")
    ));
    program.logs("the JWK set was fetched");
    let connect = async |kid: &str, file: &str| {
        let token = output_of(&["token", "ann", "--key", &key(file), "--kid", kid]);
        let token = String::from_utf8(token.stdout).unwrap();
        program.try_connect(&format!("/ws?token={}", token.trim()), &[]).await
    };
    let is_refused = |answer: Result<_, Error>, part: &str| {
        let (status, body) = refusal(answer);
        assert!(status == 401 && body.contains(part), "{status} {body}");
    };
    assert!(connect("rsa", "rsa.pem").await.is_ok());
    // A new key: the set is asked again, at most once in `jwks_retry`.
    tokio::time::sleep(Duration::from_millis(2_100)).await;
    keys.say(200, set_of(&["rsa", "p256"]));
    let before = keys.count();
    assert!(connect("p256", "p256.pem").await.is_ok());
    assert_eq!(keys.count(), before + 1);
    for _ in 0..5 {
        is_refused(connect("other", "p256.pem").await, "no key of its \"kid\"");
    }
    assert!(keys.count() <= before + 2, "{} fetches", keys.count() - before);
    // Stale keys stay while the URL is down, and whatever else it says.
    for (status, body) in [
        (500, String::new()),
        (302, set_of(&["rsa"])),
        (200, "no JSON".into()),
        (200, "{\"keys\": []}".into()),
        (200, format!("{{\"keys\": [], \"more\": \"{}\"}}", "x".repeat(300_000))),
    ] {
        let before = keys.count();
        keys.say(status, body);
        tokio::time::sleep(Duration::from_millis(2_100)).await;
        is_refused(connect("other", "p256.pem").await, "no key of its \"kid\"");
        soon("it was asked", || (keys.count() > before).then_some(())).await;
        assert!(connect("p256", "p256.pem").await.is_ok());
    }
    for why in ["302; 200 is needed, and redirects are not followed", "its body has more than 262144 bytes"] {
        program.logs(why);
    }
    program.logs("its last keys stay in use");
    // A key that was taken away.
    keys.say(200, set_of(&["ed"]));
    tokio::time::sleep(Duration::from_millis(2_100)).await;
    let _ = connect("ed", "ed25519.pem").await;
    soon("the set has one key", || {
        program.get("/metrics").body.contains("throng_server_jwks_keys 1\n").then_some(())
    })
    .await;
    assert!(connect("ed", "ed25519.pem").await.is_ok());
    is_refused(connect("rsa", "rsa.pem").await, "no key of its \"kid\"");
    assert!(program.get("/metrics").body.contains("throng_server_jwks_fetches_total{outcome=\"failed\"} "));
}

#[tokio::test]
async fn a_jwk_set_that_is_down_at_the_start_is_fetched_once_it_is_up() {
    let keys = KeyServer::start(set_of(&["rsa"]));
    keys.say(503, String::new());
    let program = Program::start(&format!("listen: 127.0.0.1:0\nauth: {{ jwks: '{}' }}\n", keys.url("http")));
    let token = output_of(&["token", "ann", "--key", &key("rsa.pem")]);
    let path = format!("/ws?token={}", String::from_utf8(token.stdout).unwrap().trim());
    let (status, body) = refusal(program.try_connect(&path, &[]).await);
    assert!(status == 503 && body.contains("have not been fetched"), "{status} {body}");
    assert!(refused(&program, "keys_away") >= 1);
    keys.say(200, set_of(&["rsa"]));
    program.logs("the JWK set was fetched");
    assert!(program.try_connect(&path, &[]).await.is_ok());
}

#[tokio::test]
async fn a_jwk_set_over_https_needs_a_certificate_that_is_trusted() {
    let keys = KeyServer::start_secure(set_of(&["rsa"]));
    let url = keys.url("https");
    let trusting =
        format!("listen: 127.0.0.1:0\nauth: {{ jwks: '{url}', jwks_ca: '{}' }}\n", keys.authority());
    let program = Program::start(&trusting);
    program.logs("the JWK set was fetched");
    let other = KeyServer::start_secure(set_of(&["rsa"]));
    let program = Program::start(&trusting.replace(&keys.authority(), &other.authority()));
    program.logs("invalid peer certificate");
    let mut command = throng();
    let broken = command.args(["--set", &format!("auth.jwks={url}"), "--set", "auth.jwks_ca=missing.pem"]);
    let broken = broken.output().unwrap();
    let told = String::from_utf8_lossy(&broken.stderr);
    assert!(
        !broken.status.success() && told.contains("auth.jwks_ca: \"missing.pem\" is not allowed"),
        "{told}"
    );
}

#[test]
fn tokens_for_trying_are_made_with_private_keys_too() {
    for (arguments, part) in [
        (vec!["ann"], "no auth.secret"),
        (vec!["ann", "--key", "missing.pem"], "missing.pem cannot be read"),
        (vec!["ann", "--key", concat!(env!("CARGO_MANIFEST_DIR"), "/tests/keys/rsa.pub.pem")], "private key"),
        (vec!["ann", "--key", concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")], "no private key"),
    ] {
        let made = output_of(&[vec!["token"], arguments.clone()].concat());
        let told = String::from_utf8_lossy(&made.stderr);
        assert!(made.status.code() == Some(2) && told.contains(part), "{arguments:?}: {told}");
    }
    // The options come after the word.
    assert_eq!(output_of(&["--set", "auth.secret=hush", "token", "ann"]).status.code(), Some(2));
}
