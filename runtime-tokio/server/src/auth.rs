//! JSON web tokens: who a client is, which rooms it begins in, and until when it may stay.

use crate::config::Auth;
use crate::config::value::Secret;
use jsonwebtoken::errors::Error;
use jsonwebtoken::{DecodingKey, EncodingKey, Header, Validation};
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize};

/// What a token says. The names are those of Centrifugo's connection tokens; other claims are ignored.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Claims {
    /// The user; empty for a client of nobody.
    pub(crate) sub: String,
    /// When the authorisation ends, in seconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "seconds")]
    pub(crate) exp: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) aud: Option<serde_json::Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) iss: Option<String>,
    /// The rooms that the client is in from its beginning.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) channels: Vec<String>,
}

/// Reads a time of RFC 7519, section 2 (`NumericDate`), which may have a fraction of a second.
pub(crate) fn seconds<'de, D: Deserializer<'de>>(claim: D) -> Result<Option<u64>, D::Error> {
    let claim = Option::<serde_json::Number>::deserialize(claim)?;
    let whole = |number: serde_json::Number| {
        let rounded = number.as_f64().filter(|seconds| *seconds >= 0.0).map(|seconds| seconds as u64);
        number
            .as_u64()
            .or(rounded)
            .ok_or_else(|| D::Error::custom(format_args!("{number} is no time since 1970")))
    };
    claim.map(whole).transpose()
}

/// The claims of a valid token.
///
/// # Errors
/// The signature is wrong or of another algorithm, the time is over or has not begun, or a claim is missing or wrong.
pub(crate) fn check<C: DeserializeOwned>(auth: &Auth, secret: &Secret, token: &str) -> Result<C, Error> {
    let mut validation = Validation::new(auth.algorithm.of_library());
    // Each is checked if it is there.
    validation.required_spec_claims.clear();
    validation.validate_nbf = true;
    validation.leeway = auth.leeway.0;
    validation.validate_aud = false;
    if let Some(audience) = &auth.audience {
        validation.validate_aud = true;
        validation.set_audience(&[audience]);
        validation.required_spec_claims.insert("aud".into());
    }
    if let Some(issuer) = &auth.issuer {
        validation.set_issuer(&[issuer]);
        validation.required_spec_claims.insert("iss".into());
    }
    let key = DecodingKey::from_secret(secret.bytes());
    Ok(jsonwebtoken::decode::<C>(token, &key, &validation)?.claims)
}

/// A token with these claims, and the audience and issuer of the config.
///
/// # Errors
/// The library cannot sign it.
pub(crate) fn make(auth: &Auth, secret: &Secret, claims: Claims) -> Result<String, Error> {
    let claims = Claims { aud: auth.audience.clone().map(Into::into), iss: auth.issuer.clone(), ..claims };
    let key = EncodingKey::from_secret(secret.bytes());
    jsonwebtoken::encode(&Header::new(auth.algorithm.of_library()), &claims, &key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::types::Algorithm;
    use crate::config::value::{Setting, Whole};
    use base64::Engine;
    use base64::prelude::BASE64_URL_SAFE_NO_PAD;
    use serde_json::{Value, json};
    use std::time::{SystemTime, UNIX_EPOCH};

    fn secret(text: &str) -> Secret {
        Secret::read(&text.into()).unwrap()
    }

    fn signed(claims: &Value, algorithm: Algorithm, with: &str) -> String {
        let key = EncodingKey::from_secret(with.as_bytes());
        jsonwebtoken::encode(&Header::new(algorithm.of_library()), claims, &key).unwrap()
    }

    #[test]
    fn a_token_that_was_made_is_valid() {
        let auth = Auth { audience: Some("chat".into()), issuer: Some("us".into()), ..Auth::default() };
        let claims = Claims { sub: "ann".into(), channels: vec!["lobby".into()], ..Claims::default() };
        for algorithm in [Algorithm::Hs256, Algorithm::Hs384, Algorithm::Hs512] {
            let auth = Auth { algorithm, ..auth.clone() };
            let token = make(&auth, &secret("hush"), claims.clone()).unwrap();
            let read: Claims = check(&auth, &secret("hush"), &token).unwrap();
            assert_eq!((read.sub, read.channels), (claims.sub.clone(), claims.channels.clone()));
        }
    }

    #[test]
    fn bad_tokens_are_refused() {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let auth = Auth {
            audience: Some("chat".into()),
            issuer: Some("us".into()),
            leeway: Whole(5),
            ..Auth::default()
        };
        let good = json!({"sub": "ann", "aud": ["other", "chat"], "iss": "us", "exp": now + 60, "nbf": now - 60, "more": 1});
        let with = |name: &str, value: Value| {
            let mut claims = good.clone();
            match value {
                Value::Null => _ = claims.as_object_mut().unwrap().remove(name),
                value => claims[name] = value,
            }
            claims
        };
        let hs256 = |claims: &Value| signed(claims, Algorithm::Hs256, "hush");
        let is_valid = |token: &str| check::<Claims>(&auth, &secret("hush"), token).is_ok();
        assert!(is_valid(&hs256(&good)));
        assert!(is_valid(&hs256(&with("exp", Value::Null))), "a token may be for ever");
        assert!(is_valid(&hs256(&with("exp", (now - 3).into()))), "within the leeway");
        assert!(is_valid(&hs256(&with("exp", (now as f64 + 60.5).into()))), "a fraction of a second");
        let encoded = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        let unsigned = format!("{}.{}.", encoded(&json!({"alg": "none", "typ": "JWT"})), encoded(&good));
        let (head, rest) =
            hs256(&good).split_once('.').map(|(head, rest)| (head.to_owned(), rest.to_owned())).unwrap();
        let (_, signature) = rest.split_once('.').unwrap();
        let forged = format!("{head}.{}.{signature}", encoded(&with("sub", "bob".into())));
        for bad in [
            String::new(),
            "..".into(),
            "x".repeat(100_000),
            unsigned,
            forged,
            signed(&good, Algorithm::Hs256, "other"),
            signed(&good, Algorithm::Hs512, "hush"),
            hs256(&with("exp", (now - 60).into())),
            hs256(&with("exp", "soon".into())),
            hs256(&with("exp", (-1).into())),
            hs256(&with("exp", (now as f64 - 60.5).into())),
            hs256(&with("exp", (-1.5).into())),
            hs256(&with("nbf", (now + 60).into())),
            hs256(&with("aud", "other".into())),
            hs256(&with("aud", Value::Null)),
            hs256(&with("iss", "them".into())),
            hs256(&with("iss", Value::Null)),
            hs256(&with("sub", Value::Null)),
            hs256(&with("sub", 7.into())),
            hs256(&with("channels", "lobby".into())),
            hs256(&json!([])),
        ] {
            assert!(!is_valid(&bad), "{bad:.200}");
        }
    }
}
