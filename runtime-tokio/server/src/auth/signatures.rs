//! Signatures by ring, the cryptography that TLS uses here, too: what jsonwebtoken leaves to a provider.

use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{ErrorKind, Result};
use jsonwebtoken::signature::{Error, Signer, Verifier};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, DecodingKeyKind, EncodingKey};
use ring::rand::SystemRandom;
use ring::signature::{
    self as rings, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, RsaEncoding, RsaKeyPair,
    RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey, VerificationAlgorithm,
};
use ring::{hmac, rsa};

/// Makes jsonwebtoken use ring. Without it, jsonwebtoken panics at the first token. Later calls change nothing.
pub(super) fn install() {
    static PROVIDER: CryptoProvider = CryptoProvider {
        signer_factory: signer,
        verifier_factory: verifier,
        // Only for turning keys into JWKs, which nothing here does.
        key_utils: KeyUtils::new_unimplemented(),
    };
    let _ = PROVIDER.install_default();
}

fn of_hmac(algorithm: Algorithm) -> Option<hmac::Algorithm> {
    Some(match algorithm {
        Algorithm::HS256 => hmac::HMAC_SHA256,
        Algorithm::HS384 => hmac::HMAC_SHA384,
        Algorithm::HS512 => hmac::HMAC_SHA512,
        _ => return None,
    })
}

/// The parameters for checking and for signing. Keys have 2,048 to 8,192 bits.
fn of_rsa(algorithm: Algorithm) -> Option<(&'static RsaParameters, &'static dyn RsaEncoding)> {
    Some(match algorithm {
        Algorithm::RS256 => (&rings::RSA_PKCS1_2048_8192_SHA256, &rings::RSA_PKCS1_SHA256),
        Algorithm::RS384 => (&rings::RSA_PKCS1_2048_8192_SHA384, &rings::RSA_PKCS1_SHA384),
        Algorithm::RS512 => (&rings::RSA_PKCS1_2048_8192_SHA512, &rings::RSA_PKCS1_SHA512),
        Algorithm::PS256 => (&rings::RSA_PSS_2048_8192_SHA256, &rings::RSA_PSS_SHA256),
        Algorithm::PS384 => (&rings::RSA_PSS_2048_8192_SHA384, &rings::RSA_PSS_SHA384),
        Algorithm::PS512 => (&rings::RSA_PSS_2048_8192_SHA512, &rings::RSA_PSS_SHA512),
        _ => return None,
    })
}

fn of_curve(
    algorithm: Algorithm,
) -> Option<(&'static dyn VerificationAlgorithm, Option<&'static EcdsaSigningAlgorithm>)> {
    Some(match algorithm {
        Algorithm::ES256 => (&rings::ECDSA_P256_SHA256_FIXED, Some(&rings::ECDSA_P256_SHA256_FIXED_SIGNING)),
        Algorithm::ES384 => (&rings::ECDSA_P384_SHA384_FIXED, Some(&rings::ECDSA_P384_SHA384_FIXED_SIGNING)),
        Algorithm::EdDSA => (&rings::ED25519, None),
        _ => return None,
    })
}

/// What checks or makes signatures, and for which algorithm.
struct With<K>(Algorithm, K);

/// Checks a signature of a message.
type Check = Box<dyn Fn(&[u8], &[u8]) -> bool>;
/// Signs a message.
type Sign = Box<dyn Fn(&[u8]) -> Option<Vec<u8>>>;

impl Verifier<Vec<u8>> for With<Check> {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> core::result::Result<(), Error> {
        if (self.1)(message, signature) { Ok(()) } else { Err(Error::new()) }
    }
}

impl JwtVerifier for With<Check> {
    fn algorithm(&self) -> Algorithm {
        self.0
    }
}

impl Signer<Vec<u8>> for With<Sign> {
    fn try_sign(&self, message: &[u8]) -> core::result::Result<Vec<u8>, Error> {
        (self.1)(message).ok_or_else(Error::new)
    }
}

impl JwtSigner for With<Sign> {
    fn algorithm(&self) -> Algorithm {
        self.0
    }
}

fn verifier(algorithm: &Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>> {
    let algorithm = *algorithm;
    // A public key is no secret: whoever takes it for one would accept tokens that everybody can sign.
    if key.family() != family(algorithm).ok_or(ErrorKind::InvalidAlgorithm)? {
        return Err(ErrorKind::InvalidKeyFormat.into());
    }
    let key = key.kind().clone();
    let check: Check = if let Some(hash) = of_hmac(algorithm) {
        let DecodingKeyKind::SecretOrDer(secret) = &key else {
            return Err(ErrorKind::InvalidKeyFormat.into());
        };
        let secret = hmac::Key::new(hash, secret);
        Box::new(move |message, signature| hmac::verify(&secret, message, signature).is_ok())
    } else if let Some((parameters, _)) = of_rsa(algorithm) {
        Box::new(move |message, signature| match &key {
            DecodingKeyKind::SecretOrDer(der) => {
                UnparsedPublicKey::new(parameters, der).verify(message, signature).is_ok()
            }
            DecodingKeyKind::RsaModulusExponent { n, e } => {
                RsaPublicKeyComponents { n, e }.verify(parameters, message, signature).is_ok()
            }
        })
    } else {
        let (curve, _) = of_curve(algorithm).ok_or(ErrorKind::InvalidAlgorithm)?;
        Box::new(move |message, signature| match &key {
            DecodingKeyKind::SecretOrDer(point) => {
                UnparsedPublicKey::new(curve, point).verify(message, signature).is_ok()
            }
            DecodingKeyKind::RsaModulusExponent { .. } => false,
        })
    };
    Ok(Box::new(With(algorithm, check)))
}

fn signer(algorithm: &Algorithm, key: &EncodingKey) -> Result<Box<dyn JwtSigner>> {
    let algorithm = *algorithm;
    if key.family() != family(algorithm).ok_or(ErrorKind::InvalidAlgorithm)? {
        return Err(ErrorKind::InvalidKeyFormat.into());
    }
    let random = SystemRandom::new();
    let sign: Sign = if let Some(hash) = of_hmac(algorithm) {
        let secret = hmac::Key::new(hash, key.as_bytes());
        Box::new(move |message| Some(hmac::sign(&secret, message).as_ref().to_vec()))
    } else if let Some((_, encoding)) = of_rsa(algorithm) {
        let pair =
            RsaKeyPair::from_der(key.as_bytes()).map_err(|why| ErrorKind::InvalidRsaKey(why.to_string()))?;
        Box::new(move |message| {
            let mut signature = vec![0; rsa::PublicKey::modulus_len(pair.public())];
            pair.sign(encoding, &random, message, &mut signature).ok()?;
            Some(signature)
        })
    } else if let Some((_, Some(curve))) = of_curve(algorithm) {
        let pair = EcdsaKeyPair::from_pkcs8(curve, key.as_bytes(), &random);
        let pair = pair.map_err(|_| ErrorKind::InvalidEcdsaKey)?;
        Box::new(move |message| Some(pair.sign(&random, message).ok()?.as_ref().to_vec()))
    } else {
        // OpenSSL writes the private key alone, from which the public key follows.
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(key.as_bytes());
        let pair = pair.map_err(|_| ErrorKind::InvalidEddsaKey)?;
        Box::new(move |message| Some(pair.sign(message).as_ref().to_vec()))
    };
    Ok(Box::new(With(algorithm, sign)))
}

/// The kind of key that an algorithm needs; `None` for one that is not supported.
fn family(algorithm: Algorithm) -> Option<AlgorithmFamily> {
    [AlgorithmFamily::Hmac, AlgorithmFamily::Rsa, AlgorithmFamily::Ec, AlgorithmFamily::Ed]
        .into_iter()
        .find(|family| family.algorithms().contains(&algorithm))
}
