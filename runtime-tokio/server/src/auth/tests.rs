//! Tokens against the keys of a config. What a client gets to hear is tested over sockets in `tests/auth.rs`.

use super::check::verify;
use super::make::{Signing, make};
use super::{BadToken, Claims};
use crate::config::Auth;
use crate::config::token_keys::{JwksSource, PublicKey};
use crate::config::types::Algorithm;
use crate::config::value::{Secret, Setting, Whole};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jsonwebtoken::{EncodingKey, Header};
use serde_json::{Value, json};
use std::time::{SystemTime, UNIX_EPOCH};

const KEYS: [(&str, &[u8], &str, &str); 4] = [
    (
        "rsa",
        include_bytes!("../../tests/keys/rsa.pem"),
        "RS256",
        include_str!("../../tests/keys/rsa.pub.pem"),
    ),
    (
        "p256",
        include_bytes!("../../tests/keys/p256.pem"),
        "ES256",
        include_str!("../../tests/keys/p256.pub.pem"),
    ),
    (
        "p384",
        include_bytes!("../../tests/keys/p384.pem"),
        "ES384",
        include_str!("../../tests/keys/p384.pub.pem"),
    ),
    (
        "ed",
        include_bytes!("../../tests/keys/ed25519.pem"),
        "EdDSA",
        include_str!("../../tests/keys/ed25519.pub.pem"),
    ),
];
const SET: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/keys/set.json");

fn check(auth: &Auth, token: &str) -> Result<Claims, BadToken> {
    verify(auth, None, token)
}

fn with_secret(text: &str) -> Auth {
    Auth { secret: Some(Secret::read(&text.into()).unwrap()), ..Auth::default() }
}

fn with_public_keys(keys: &[&str]) -> Auth {
    let keys = keys.iter().map(|key| PublicKey::read(&Value::from(*key)).unwrap());
    Auth { public_keys: keys.collect(), ..Auth::default() }
}

fn with_set() -> Auth {
    Auth { jwks: Some(JwksSource::read(&SET.into()).unwrap()), ..Auth::default() }
}

fn ann() -> Claims {
    Claims { sub: "ann".into(), channels: vec!["lobby".into()], ..Claims::default() }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

fn encoded(value: &Value) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(value.to_string())
}

fn signed(header: &Header, claims: &Value, secret: &[u8]) -> String {
    super::signatures::install();
    jsonwebtoken::encode(header, claims, &EncodingKey::from_secret(secret)).unwrap()
}

fn algorithm(token: &str) -> String {
    let head = BASE64_URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap();
    serde_json::from_slice::<Value>(&head).unwrap()["alg"].as_str().unwrap().into()
}

#[test]
fn a_token_that_was_made_is_valid() {
    for algorithm in [Algorithm::Hs256, Algorithm::Hs384, Algorithm::Hs512] {
        let auth = Auth {
            algorithm,
            audience: Some("chat".into()),
            issuer: Some("us".into()),
            ..with_secret("hush")
        };
        let token = make(&auth, &Signing::Secret(b"hush"), None, ann()).unwrap();
        let read = check(&auth, &token).unwrap();
        assert_eq!((read.sub, read.channels), (ann().sub, ann().channels));
    }
    for (name, private, expected, public) in KEYS {
        let auth = with_public_keys(&[public]);
        let token = make(&auth, &Signing::Private(private), None, ann()).unwrap();
        assert_eq!(algorithm(&token), expected);
        assert_eq!(check(&auth, &token), Ok(ann()), "{name}");
        // With all of them, and by the set: with and without the name of the key.
        assert_eq!(check(&with_public_keys(&KEYS.map(|key| key.3)), &token), Ok(ann()), "{name}");
        assert_eq!(check(&with_set(), &token), Ok(ann()), "{name}");
        let token = make(&auth, &Signing::Private(private), Some(name), ann()).unwrap();
        assert_eq!(check(&with_set(), &token), Ok(ann()), "{name}");
    }
}

#[test]
fn every_algorithm_of_rsa_is_taken() {
    super::signatures::install();
    let (_, private, _, public) = KEYS[0];
    let key = EncodingKey::from_rsa_pem(private).unwrap();
    for name in ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"] {
        let token = jsonwebtoken::encode(&Header::new(name.parse().unwrap()), &ann(), &key).unwrap();
        assert_eq!(check(&with_public_keys(&[public]), &token), Ok(ann()), "{name}");
        // The key of the set says that it is for RS256.
        assert_eq!(check(&with_set(), &token).is_ok(), name == "RS256", "{name}");
    }
}

#[test]
fn claims_that_do_not_fit_are_refused() {
    let now = now();
    let auth = Auth {
        audience: Some("chat".into()),
        issuer: Some("us".into()),
        leeway: Whole(5),
        ..with_secret("hush")
    };
    let good = json!({"sub": "ann", "aud": ["other", "chat"], "iss": "us", "exp": now + 60, "nbf": now - 60, "more": 1});
    let with = |name: &str, value: Value| {
        let mut claims = good.clone();
        match value {
            Value::Null => _ = claims.as_object_mut().unwrap().remove(name),
            value => claims[name] = value,
        }
        signed(&Header::default(), &claims, b"hush")
    };
    let label = |token: &str| check(&auth, token).err().map(|bad| bad.label());
    assert_eq!(label(&with("more", 2.into())), None);
    assert_eq!(label(&with("exp", Value::Null)), None, "a token may be for ever");
    assert_eq!(label(&with("exp", (now - 3).into())), None, "within the leeway");
    assert_eq!(label(&with("exp", (now as f64 + 60.5).into())), None, "a fraction of a second");
    for (name, value, expected) in [
        ("exp", (now - 60).into(), "expired"),
        ("exp", "soon".into(), "claims"),
        ("exp", (-1).into(), "claims"),
        ("exp", (now as f64 - 60.5).into(), "expired"),
        ("exp", (-1.5).into(), "claims"),
        ("exp", json!([]), "claims"),
        ("nbf", (now + 60).into(), "not_yet_valid"),
        ("nbf", json!({}), "claims"),
        ("aud", "other".into(), "audience"),
        ("aud", Value::Null, "audience"),
        ("aud", json!(7), "audience"),
        ("iss", "them".into(), "issuer"),
        ("iss", Value::Null, "issuer"),
        ("sub", Value::Null, "claims"),
        ("sub", 7.into(), "claims"),
        ("channels", "lobby".into(), "claims"),
        ("channels", json!([1]), "claims"),
    ] {
        assert_eq!(label(&with(name, value.clone())), Some(expected), "{name}: {value}");
    }
    assert_eq!(label(&signed(&Header::default(), &json!([]), b"hush")), Some("claims"));
}

#[test]
fn signatures_and_headers_that_do_not_fit_are_refused() {
    let secret = with_secret("hush");
    let claims = json!({"sub": "ann"});
    let hs256 = signed(&Header::default(), &claims, b"hush");
    let (head, rest) = hs256.split_once('.').unwrap();
    let (_, signature) = rest.split_once('.').unwrap();
    let own = |header: Value| format!("{}.{}.{signature}", encoded(&header), encoded(&claims));
    let critical = Header { crit: Some(vec!["b64".into()]), ..Header::default() };
    let (_, private, _, public) = KEYS[0];
    let rs256 = make(&Auth::default(), &Signing::Private(private), None, ann()).unwrap();
    let confused = signed(&Header::default(), &claims, public.as_bytes());
    let unknown = make(&Auth::default(), &Signing::Private(private), Some("other"), ann()).unwrap();
    let of_another = make(&Auth::default(), &Signing::Private(KEYS[1].1), Some("rsa"), ann()).unwrap();
    let oct = Header { kid: Some("oct".into()), ..Header::default() };
    let rsa = with_public_keys(&[public]);
    for (auth, token, expected) in [
        (&secret, String::new(), BadToken::Malformed),
        (&secret, "..".into(), BadToken::Malformed),
        (&secret, "x".repeat(9_000), BadToken::TooLong),
        (&secret, own(json!({"alg": "none"})), BadToken::Malformed),
        (&secret, own(json!({"alg": "None", "typ": "JWT"})), BadToken::Malformed),
        (&secret, own(json!({"alg": "HS999"})), BadToken::Malformed),
        (&secret, own(json!({"typ": "JWT"})), BadToken::Malformed),
        (&secret, own(json!({"alg": "HS512"})), BadToken::Algorithm),
        (&secret, own(json!({"alg": "RS256"})), BadToken::Algorithm),
        (&secret, signed(&critical, &claims, b"hush"), BadToken::Critical),
        (&secret, signed(&Header::default(), &claims, b"other"), BadToken::Signature),
        (&secret, format!("{head}.{}.{signature}", encoded(&json!({"sub": "bob"}))), BadToken::Signature),
        (&secret, format!("{head}.{}.", encoded(&claims)), BadToken::Signature),
        (&secret, format!("{hs256}."), BadToken::Malformed),
        (&secret, rs256.clone(), BadToken::Algorithm),
        // Signed with the public key as if it were a secret.
        (&rsa, confused.clone(), BadToken::Algorithm),
        (&rsa, hs256.clone(), BadToken::Algorithm),
        (&with_public_keys(&[KEYS[1].3]), rs256.clone(), BadToken::Algorithm),
        (&with_set(), confused, BadToken::Algorithm),
        // The set has this secret, which everybody can read.
        (&with_set(), signed(&oct, &claims, b"public secret"), BadToken::Algorithm),
        (&with_set(), unknown, BadToken::UnknownKey),
        (&with_set(), of_another, BadToken::Algorithm),
        (&Auth::default(), rs256, BadToken::NoKeys),
        (&Auth::default(), hs256.clone(), BadToken::NoKeys),
    ] {
        assert_eq!(check(auth, &token), Err(expected), "{token:.200}");
    }
}

#[test]
fn settings_that_are_no_keys_are_refused() {
    let of = |name: &str| {
        let path = format!("{}/tests/keys/{name}", env!("CARGO_MANIFEST_DIR"));
        PublicKey::read(&path.into()).err().unwrap_or_default()
    };
    assert_eq!(of("rsa.pub.pem"), "", "a path");
    for (name, part) in [
        ("rsa.pem", "is a private key"),
        ("p256.pem", "is a private key"),
        ("rsa1024.pub.pem", "less than 2048 bits"),
        ("p521.pub.pem", "another curve"),
        ("set.json", "is no public key"),
        ("missing.pem", "cannot be opened"),
    ] {
        assert!(of(name).contains(part), "{name}: {}", of(name));
    }
    for (json, part) in [
        ("", "is no JSON"),
        ("[]", "has no list"),
        (r#"{"keys": []}"#, "has no key"),
        (r#"{"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}"#, "it is a secret"),
        (r#"{"keys": [{"kty": "RSA", "n": "AQAB", "e": "AQAB"}]}"#, "less than 2048 bits"),
        (r#"{"keys": [{"kty": "RSA", "n": "*", "e": "AQAB"}]}"#, "key 1 is not used"),
        (r#"{"keys": [{"kty": "EC", "crv": "P-521", "x": "AA", "y": "AA"}]}"#, "not P-256 or P-384"),
        (r#"{"keys": [{"kty": "EC", "crv": "P-256", "alg": "ES384", "x": "AA", "y": "AA"}]}"#, "its alg"),
        (r#"{"keys": [7]}"#, "key 1 is not used"),
    ] {
        let told = crate::keys::KeySet::read(json.as_bytes()).err().unwrap_or_default();
        assert!(told.contains(part), "{json}: {told}");
    }
    let many = json!({"keys": vec![json!({}); 101]}).to_string();
    assert!(crate::keys::KeySet::read(many.as_bytes()).unwrap_err().contains("at most 100"));
    for url in ["https://", "ftp://example.com/", "https://user@example.com/", "https://exa mple.com/"] {
        assert!(JwksSource::read(&url.into()).is_err(), "{url}");
    }
    let shown = JwksSource::read(&"https://id.example.com:8443/jwks?key=hush".into()).unwrap();
    assert_eq!(shown.write(), "https://id.example.com:8443/jwks");
}
