//! Whether a token is valid.

use super::jwks::{Jwks, Known};
use super::signatures;
use crate::config::Auth;
use crate::config::token_keys::{JwksSource, PublicKey};
use crate::json;
use crate::keys::Key;
use crate::live::Live;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, Header, Validation};
use serde::de::DeserializeOwned;
use std::fmt;
use std::sync::Arc;

/// A longer token is refused without reading it.
const MOST_BYTES: usize = 8 << 10;
/// With so many keys a token is tried at most, since each try takes time: all of `auth.public_keys`, then those of the JWK set.
const MOST_TRIED: usize = 16;

/// Checks tokens by the config in force.
#[derive(Debug)]
pub(crate) struct Tokens {
    live: Arc<Live>,
    /// Set if the config has a URL of a JWK set.
    jwks: Option<Arc<Jwks>>,
}

/// Why a token is not valid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum BadToken {
    TooLong,
    Malformed,
    /// The header has `crit`: what it names must be understood, and nothing is.
    Critical,
    /// No key of the config is for this algorithm, as always for "none".
    Algorithm,
    Signature,
    UnknownKey,
    Expired,
    NotYet,
    Audience,
    Issuer,
    /// A claim is missing or of a wrong type.
    Claims(String),
    /// The config has no keys.
    NoKeys,
    /// The JWK set has not been fetched yet.
    KeysAway,
}

impl BadToken {
    /// The reason as a label of a metric.
    pub(crate) const fn label(&self) -> &'static str {
        match self {
            Self::TooLong => "too_long",
            Self::Malformed => "malformed",
            Self::Critical => "critical_header",
            Self::Algorithm => "algorithm",
            Self::Signature => "signature",
            Self::UnknownKey => "unknown_key",
            Self::Expired => "expired",
            Self::NotYet => "not_yet_valid",
            Self::Audience => "audience",
            Self::Issuer => "issuer",
            Self::Claims(_) => "claims",
            Self::NoKeys => "no_keys",
            Self::KeysAway => "keys_away",
        }
    }
}

impl fmt::Display for BadToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => write!(f, "the token is too long: at most {MOST_BYTES} bytes are allowed"),
            Self::Malformed => {
                f.write_str("the token is not valid: it is no JSON web token with a supported algorithm")
            }
            Self::Critical => {
                f.write_str("the token is not valid: its header has \"crit\", and no extension is supported")
            }
            Self::Algorithm => {
                f.write_str("the token is not valid: no key of the server is for its algorithm")
            }
            Self::Signature => f.write_str("the token is not valid: its signature is wrong"),
            Self::UnknownKey => f.write_str("the token is not valid: the server has no key of its \"kid\""),
            Self::Expired => f.write_str("the token has expired: get a new one"),
            Self::NotYet => f.write_str("the token is not valid yet: its claim \"nbf\" is in the future"),
            Self::Audience => f.write_str(
                "the token is not valid here: its claim \"aud\" is missing or for another audience",
            ),
            Self::Issuer => {
                f.write_str("the token is not valid here: its claim \"iss\" is missing or of another issuer")
            }
            Self::Claims(why) => write!(f, "the token is not valid: {why}"),
            Self::NoKeys => f.write_str("the token cannot be checked: the config has no key in `auth`"),
            Self::KeysAway => {
                f.write_str("the token cannot be checked yet: the keys have not been fetched; try again")
            }
        }
    }
}

impl Tokens {
    /// Begins to fetch the JWK set, if the config has the URL of one.
    ///
    /// # Errors
    /// The certificates for HTTPS cannot be read.
    pub(crate) fn begin(live: Arc<Live>) -> Result<Self, String> {
        signatures::install();
        let config = live.config();
        let jwks = match &config.auth.jwks {
            Some(JwksSource::Url(url)) => Some(Jwks::begin(url.clone(), &config.auth, Arc::clone(&live))?),
            _ => None,
        };
        Ok(Self { live, jwks })
    }

    /// The claims of a valid token: [`Claims`](super::Claims), or others. A key that is not known is asked for, which may take seconds.
    ///
    /// # Errors
    /// The token is not valid. The error is a sentence for the person who has it.
    pub(crate) async fn check<T: DeserializeOwned>(&self, token: &str) -> Result<T, BadToken> {
        let config = self.live.config();
        let Some(jwks) = &self.jwks else { return verify(&config.auth, None, token) };
        let known = jwks.known();
        match verify(&config.auth, Some(&known), token) {
            Err(BadToken::UnknownKey | BadToken::KeysAway) if jwks.ask(&known).await => {
                verify(&config.auth, Some(&jwks.known()), token)
            }
            outcome => outcome,
        }
    }
}

/// Checks a token with these keys. `known` is the JWK set that was fetched.
pub(super) fn verify<T: DeserializeOwned>(
    auth: &Auth,
    known: Option<&Known>,
    token: &str,
) -> Result<T, BadToken> {
    signatures::install();
    if token.len() > MOST_BYTES {
        return Err(BadToken::TooLong);
    }
    let header = jsonwebtoken::decode_header(token).map_err(|_| BadToken::Malformed)?;
    if header.crit.is_some() {
        return Err(BadToken::Critical);
    }
    let (keys, otherwise) = candidates(auth, known, &header);
    for key in keys {
        match jsonwebtoken::decode(token, &key, &validation(auth, header.alg)) {
            Ok(read) => return Ok(read.claims),
            Err(error) => match told(error.into_kind()) {
                BadToken::Signature => {}
                bad => return Err(bad),
            },
        }
    }
    Err(otherwise)
}

/// The keys that may have signed a token with this header: only those that are made for its algorithm. And what is wrong with the token
/// if none of them has.
fn candidates(auth: &Auth, known: Option<&Known>, header: &Header) -> (Vec<DecodingKey>, BadToken) {
    if AlgorithmFamily::Hmac.algorithms().contains(&header.alg) {
        let secret = auth.secret.as_ref().filter(|_| auth.algorithm.of_library() == header.alg);
        return match secret {
            Some(secret) => (vec![DecodingKey::from_secret(secret.bytes())], BadToken::Signature),
            None if auth.has_keys() => (Vec::new(), BadToken::Algorithm),
            None => (Vec::new(), BadToken::NoKeys),
        };
    }
    let fetched = known.and_then(Known::keys);
    let set: &[Key] = match &auth.jwks {
        Some(JwksSource::File(file)) => file.keys(),
        Some(JwksSource::Url(_)) => fetched.unwrap_or_default(),
        None => &[],
    };
    let is_named = |key: &&Key| header.kid.is_none() || header.kid == key.id;
    let keys = auth.public_keys.iter().map(PublicKey::key).chain(set.iter().filter(is_named));
    let fitting = keys.filter(|key| key.algorithms.contains(&header.alg));
    let fitting: Vec<_> = fitting.take(MOST_TRIED).map(|key| key.key.clone()).collect();
    let otherwise = match &auth.jwks {
        Some(JwksSource::Url(_)) if fetched.is_none() => BadToken::KeysAway,
        Some(_) if !set.iter().any(|key| is_named(&key)) => BadToken::UnknownKey,
        _ if !fitting.is_empty() => BadToken::Signature,
        _ if auth.has_keys() => BadToken::Algorithm,
        _ => BadToken::NoKeys,
    };
    (fitting, otherwise)
}

fn validation(auth: &Auth, algorithm: Algorithm) -> Validation {
    let mut validation = Validation::new(algorithm);
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
    validation
}

/// What an error of the library means. Nothing of the token is told but names of claims.
fn told(error: ErrorKind) -> BadToken {
    match error {
        // The header was read, and the claims are only read once the signature is right.
        ErrorKind::InvalidSignature | ErrorKind::Base64(_) => BadToken::Signature,
        ErrorKind::ExpiredSignature => BadToken::Expired,
        ErrorKind::ImmatureSignature => BadToken::NotYet,
        ErrorKind::InvalidAudience => BadToken::Audience,
        ErrorKind::InvalidIssuer => BadToken::Issuer,
        ErrorKind::InvalidAlgorithm | ErrorKind::InvalidKeyFormat => BadToken::Algorithm,
        ErrorKind::MissingRequiredClaim(claim) if claim == "aud" => BadToken::Audience,
        ErrorKind::MissingRequiredClaim(claim) if claim == "iss" => BadToken::Issuer,
        ErrorKind::MissingRequiredClaim(claim) => BadToken::Claims(format!("its claim {claim:?} is missing")),
        ErrorKind::InvalidClaimFormat(claim) => {
            BadToken::Claims(format!("its claim {claim:?} is of a wrong type"))
        }
        ErrorKind::Json(error) => {
            BadToken::Claims(format!("its claims cannot be read: {}", json::told(&error)))
        }
        _ => BadToken::Malformed,
    }
}
