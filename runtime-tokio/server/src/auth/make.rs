//! Tokens for trying.

use super::claims::Claims;
use super::signatures;
use crate::config::Auth;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};

/// With what a token is signed.
#[derive(Debug)]
pub(crate) enum Signing<'a> {
    /// `auth.secret`.
    Secret(&'a [u8]),
    /// A private key in PEM.
    Private(&'a [u8]),
}

/// A token with these claims, and the audience and issuer of the config. `id` is the key's name in a JWK set.
///
/// # Errors
/// The key cannot sign.
pub(crate) fn make(
    auth: &Auth,
    with: &Signing<'_>,
    id: Option<&str>,
    claims: Claims,
) -> Result<String, String> {
    signatures::install();
    let claims = Claims { aud: auth.audience.clone().map(Into::into), iss: auth.issuer.clone(), ..claims };
    let signed = |algorithm: Algorithm, key: &EncodingKey| {
        let header = Header { kid: id.map(Into::into), ..Header::new(algorithm) };
        encode(&header, &claims, key).map_err(|error| error.to_string())
    };
    match with {
        Signing::Secret(secret) => signed(auth.algorithm.of_library(), &EncodingKey::from_secret(secret)),
        Signing::Private(pem) => {
            const BEGIN: &[u8] = b"PRIVATE KEY-----";
            const NONE: &str =
                "the file has no private key of RSA, P-256, P-384 or Ed25519 in PEM (BEGIN PRIVATE KEY)";
            if !pem.windows(BEGIN.len()).any(|part| part == BEGIN) {
                return Err(NONE.into());
            }
            if let Ok(key) = EncodingKey::from_rsa_pem(pem) {
                return signed(Algorithm::RS256, &key);
            }
            if let Ok(key) = EncodingKey::from_ec_pem(pem) {
                // A key is of one curve, and only the algorithm of that curve can sign with it.
                return signed(Algorithm::ES256, &key).or_else(|_| signed(Algorithm::ES384, &key));
            }
            signed(Algorithm::EdDSA, &EncodingKey::from_ed_pem(pem).map_err(|_| NONE)?)
        }
    }
}
