//! Keys that check signatures: secrets, public keys in PEM, and the keys of a JWK set.

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey};
use serde::de::Deserialize;
use serde_json::Value;

/// The most keys of a JWK set. A larger set is refused.
const MOST_KEYS: usize = 100;
/// The fewest bytes of an RSA modulus: 2,048 bits.
const RSA_BYTES: usize = 256;

const RSA: &[Algorithm] = &[
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
];

/// A public key, and the algorithms for which it may be used.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    /// The name of the key in a JWK set.
    pub(crate) id: Option<String>,
    pub(crate) algorithms: Vec<Algorithm>,
    pub(crate) key: DecodingKey,
}

impl Key {
    /// A public key in PEM: `BEGIN PUBLIC KEY` or `BEGIN RSA PUBLIC KEY`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn of_pem(pem: &str) -> Result<Self, String> {
        if pem.contains("PRIVATE KEY-----") {
            return Err("is a private key: the program only checks tokens, and needs the public key".into());
        }
        if pem.contains("BEGIN CERTIFICATE-----") {
            return Err(
                "is a certificate: take the public key out of it by `openssl x509 -pubkey -noout`".into()
            );
        }
        let bytes = pem.as_bytes();
        let key = DecodingKey::from_rsa_pem(bytes)
            .or_else(|_| DecodingKey::from_ec_pem(bytes))
            .or_else(|_| DecodingKey::from_ed_pem(bytes))
            .map_err(|_| "is no public key of RSA, P-256, P-384 or Ed25519 in PEM (BEGIN PUBLIC KEY)")?;
        let der = key.try_get_as_bytes().unwrap_or_default();
        let algorithms = match (key.family(), der.len()) {
            (AlgorithmFamily::Rsa, length) if length > RSA_BYTES => RSA.to_vec(),
            (AlgorithmFamily::Rsa, _) => return Err("is an RSA key of less than 2048 bits".into()),
            // An uncompressed point: a byte and two coordinates.
            (AlgorithmFamily::Ec, 65) => vec![Algorithm::ES256],
            (AlgorithmFamily::Ec, 97) => vec![Algorithm::ES384],
            (AlgorithmFamily::Ed, 32) => vec![Algorithm::EdDSA],
            _ => return Err("is a key of another curve than P-256, P-384 and Ed25519".into()),
        };
        Ok(Self { id: None, algorithms, key })
    }

    /// A key of a JWK set; an error says why it is none for signatures of tokens.
    fn of_jwk(value: &Value) -> Result<Self, String> {
        let jwk = Jwk::deserialize(value).map_err(|error| error.to_string())?;
        if matches!(jwk.common.public_key_use, Some(ref usage) if *usage != PublicKeyUse::Signature) {
            return Err("its use is not \"sig\"".into());
        }
        let by_kind = match &jwk.algorithm {
            AlgorithmParameters::RSA(_) => RSA,
            AlgorithmParameters::EllipticCurve(point) => match point.curve {
                EllipticCurve::P256 => &[Algorithm::ES256][..],
                EllipticCurve::P384 => &[Algorithm::ES384],
                _ => return Err("its curve is not P-256 or P-384".into()),
            },
            AlgorithmParameters::OctetKeyPair(pair) if pair.curve == EllipticCurve::Ed25519 => {
                &[Algorithm::EdDSA]
            }
            AlgorithmParameters::OctetKeyPair(_) => return Err("its curve is not Ed25519".into()),
            // A set is public, a secret is not.
            AlgorithmParameters::OctetKey(_) => return Err("it is a secret: use auth.secret".into()),
            _ => return Err("its kty is not RSA, EC or OKP".into()),
        };
        let mut algorithms = by_kind.to_vec();
        if let Some(only) = jwk.common.key_algorithm {
            algorithms.retain(|algorithm| of_jwk(*algorithm) == Some(only));
        }
        if algorithms.is_empty() {
            return Err("its alg is not supported, or not one of its kty".into());
        }
        let key = match &jwk.algorithm {
            AlgorithmParameters::RSA(numbers) => rsa(&numbers.n, &numbers.e)?,
            _ => DecodingKey::from_jwk(&jwk).map_err(|error| error.to_string())?,
        };
        Ok(Self { id: jwk.common.key_id, algorithms, key })
    }
}

/// An RSA key of two numbers. Some programs write them with zeros at their beginning, which ring does not take.
fn rsa(modulus: &str, exponent: &str) -> Result<DecodingKey, String> {
    use base64::Engine;
    let number = |text: &str| {
        let bytes = base64::prelude::BASE64_URL_SAFE_NO_PAD.decode(text.trim_end_matches('='));
        let bytes = bytes.map_err(|error| error.to_string())?;
        Ok::<_, String>(bytes.into_iter().skip_while(|byte| *byte == 0).collect::<Vec<u8>>())
    };
    let (modulus, exponent) = (number(modulus)?, number(exponent)?);
    if modulus.len() < RSA_BYTES {
        return Err("it is an RSA key of less than 2048 bits".into());
    }
    Ok(DecodingKey::from_rsa_raw_components(&modulus, &exponent))
}

const fn of_jwk(algorithm: Algorithm) -> Option<KeyAlgorithm> {
    Some(match algorithm {
        Algorithm::RS256 => KeyAlgorithm::RS256,
        Algorithm::RS384 => KeyAlgorithm::RS384,
        Algorithm::RS512 => KeyAlgorithm::RS512,
        Algorithm::PS256 => KeyAlgorithm::PS256,
        Algorithm::PS384 => KeyAlgorithm::PS384,
        Algorithm::PS512 => KeyAlgorithm::PS512,
        Algorithm::ES256 => KeyAlgorithm::ES256,
        Algorithm::ES384 => KeyAlgorithm::ES384,
        Algorithm::EdDSA => KeyAlgorithm::EdDSA,
        _ => return None,
    })
}

/// The keys of a JWK set (RFC 7517, section 5) that can check tokens, and why the others cannot.
#[derive(Clone, Debug, Default)]
pub(crate) struct KeySet {
    pub(crate) keys: Vec<Key>,
    pub(crate) left_out: Vec<String>,
}

impl KeySet {
    /// Reads a set. A key that cannot be used is left out, as section 5 says: the set is for other programs, too.
    ///
    /// # Errors
    /// It is no set, or has no key that can be used.
    pub(crate) fn read(json: &[u8]) -> Result<Self, String> {
        let set: Value = serde_json::from_slice(json).map_err(|error| format!("is no JSON: {error}"))?;
        let keys =
            set.get("keys").and_then(Value::as_array).ok_or("is no JWK set: it has no list \"keys\"")?;
        if keys.len() > MOST_KEYS {
            return Err(format!("has {} keys: at most {MOST_KEYS} are allowed", keys.len()));
        }
        let mut read = Self::default();
        for (at, value) in (1..).zip(keys) {
            match Key::of_jwk(value) {
                Ok(key) => read.keys.push(key),
                Err(why) => read.left_out.push(format!("key {at} is not used: {why}")),
            }
        }
        match (read.keys.is_empty(), read.left_out.is_empty()) {
            (false, _) => Ok(read),
            (true, true) => Err("has no key".into()),
            (true, false) => Err(format!("has no key that can be used: {}", read.left_out.join("; "))),
        }
    }
}
