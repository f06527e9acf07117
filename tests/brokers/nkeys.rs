//! Logins at NATS by keys: bare ones, and those of a JWT.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rcgen::{KeyPair, PKCS_ED25519, PublicKeyData, SigningKey};
use serde_json::{Value, json};

use crate::support::Link;
use throng_tests::servers::Nats;
use throng_tokio::cluster::Broker;
use throng_tokio::nats;

/// Whose key it is: the first letter of its text.
#[derive(Clone, Copy)]
enum Owner {
    Account = 0,
    Operator = 14,
    User = 20,
}

fn crc16(bytes: &[u8]) -> u16 {
    let step = |crc: u16, _| if crc & 0x8000 == 0 { crc << 1 } else { crc << 1 ^ 0x1021 };
    bytes.iter().fold(0, |crc, byte| (0..8).fold(crc ^ u16::from(*byte) << 8, step))
}

/// A public key as NATS writes it: base32 of a prefix, the key, and a checksum.
fn public(key: &KeyPair, owner: Owner) -> String {
    let mut bytes = vec![(owner as u8) << 3];
    bytes.extend(key.der_bytes());
    bytes.extend(crc16(&bytes).to_le_bytes());
    let mut text = String::new();
    let (mut bits, mut count) = (0_u32, 0);
    for byte in bytes {
        (bits, count) = (bits << 8 | u32::from(byte), count + 8);
        while count >= 5 {
            count -= 5;
            text.push(char::from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[(bits >> count & 31) as usize]));
        }
    }
    // 35 bytes are 56 digits.
    text
}

fn key() -> KeyPair {
    KeyPair::generate_for(&PKCS_ED25519).expect("a key")
}

/// What an issuer says of a subject, signed.
fn token(issuer: (&KeyPair, Owner), subject: &str, kind: &str) -> String {
    let encoded = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let claims = json!({
        "jti": format!("{kind}-of-the-test"),
        "iat": 1_700_000_000,
        "iss": public(issuer.0, issuer.1),
        "sub": subject,
        "name": kind,
        "nats": claims_of(kind),
    });
    let text = format!("{}.{}", encoded(&json!({ "typ": "JWT", "alg": "ed25519-nkey" })), encoded(&claims));
    let signature = issuer.0.sign(text.as_bytes()).expect("a signature");
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn claims_of(kind: &str) -> Value {
    match kind {
        "account" => json!({
            "type": kind, "version": 2,
            "limits": { "subs": -1, "data": -1, "payload": -1, "imports": -1, "exports": -1, "wildcards": true, "conn": -1, "leaf": -1 },
        }),
        "user" => {
            json!({ "type": kind, "version": 2, "pub": {}, "sub": {}, "subs": -1, "data": -1, "payload": -1 })
        }
        _ => json!({ "type": kind, "version": 2 }),
    }
}

async fn logs_in(broker: &nats::Nats) {
    Link::open(broker).await.subscribed("r").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bare_key_logs_in_and_another_one_does_not() {
    let user = Arc::new(key());
    let public = public(&user, Owner::User);
    let server = Nats::start(&format!("authorization {{ users: [{{ nkey: {public} }}] }}"));
    let broker = nats::Nats::new([server.url().as_str()]).expect("a URL");
    let sign = move |nonce: &[u8]| user.sign(nonce).expect("a signature");
    logs_in(&broker.clone().nkey(public.as_str(), sign)).await;
    let other = key();
    let broker = broker.nkey(public, move |nonce: &[u8]| other.sign(nonce).expect("a signature"));
    let error = broker.connect().await.expect_err("it is another key").to_string();
    assert!(error.ends_with("refuses: Authorization Violation"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_jwt_logs_in_and_one_of_another_account_does_not() {
    let (operator, account, user) = (key(), key(), Arc::new(key()));
    let of_operator = token((&operator, Owner::Operator), &public(&operator, Owner::Operator), "operator");
    let account_name = public(&account, Owner::Account);
    let of_account = token((&operator, Owner::Operator), &account_name, "account");
    let settings = format!(
        "operator: \"{of_operator}\"\nresolver: MEMORY\nresolver_preload: {{ {account_name}: \"{of_account}\" }}"
    );
    let server = Nats::start(&settings);
    let broker = nats::Nats::new([server.url().as_str()]).expect("a URL");
    let of_user = |issuer: &KeyPair| token((issuer, Owner::Account), &public(&user, Owner::User), "user");
    let signing = Arc::clone(&user);
    let sign = move |nonce: &[u8]| signing.sign(nonce).expect("a signature");
    logs_in(&broker.clone().credentials(of_user(&account), sign.clone())).await;
    let error =
        broker.credentials(of_user(&key()), sign).connect().await.expect_err("nobody knows it").to_string();
    assert!(error.ends_with("refuses: Authorization Violation"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_for_a_server_that_asks_for_none_are_an_error() {
    let server = Nats::start("");
    let broker = nats::Nats::new([server.url().as_str()]).expect("a URL");
    let error =
        broker.credentials("jwt", |_: &[u8]| vec![0; 64]).connect().await.expect_err("no nonce").to_string();
    assert!(error.ends_with("has no use for credentials: it asks for no signature"), "{error}");
}
