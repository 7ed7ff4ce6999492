//! Which algorithms still hold, and their names in words.

use crate::domain::said::Said;
use crate::said;
use pgp::crypto::ecc_curve::ECCCurve;
use pgp::crypto::hash::HashAlgorithm;
use pgp::ser::Serialize;
use pgp::types::{EcdhPublicParams, EcdsaPublicParams, EddsaLegacyPublicParams, PublicParams};

/// Shorter RSA keys must not be encrypted to or believed (RFC 9580 12.4).
const LEAST_RSA_BITS: u16 = 2048;

/// What a key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    Sign,
    Encrypt,
}

/// A key's algorithm in words.
///
/// # Errors
/// In words: it is weak, unknown, or not for this.
pub(super) fn algorithm(params: &PublicParams, purpose: Use) -> Result<String, Said> {
    match params {
        PublicParams::RSA(_) => rsa(params),
        PublicParams::DSA(_) => Err(said!("DSA, which is not believed any more")),
        PublicParams::Elgamal(_) => Err(said!("Elgamal, which nobody should encrypt by")),
        PublicParams::ECDSA(params) => ecdsa(params),
        PublicParams::EdDSALegacy(EddsaLegacyPublicParams::Ed25519 { .. }) => {
            sign(purpose, "Ed25519")
        }
        PublicParams::EdDSALegacy(params) => Err(unknown(&params.curve())),
        PublicParams::Ed25519(_) => sign(purpose, "Ed25519"),
        PublicParams::Ed448(_) => sign(purpose, "Ed448"),
        PublicParams::ECDH(params) => ecdh(params),
        PublicParams::X25519(_) => encrypt(purpose, "X25519"),
        PublicParams::X448(_) => encrypt(purpose, "X448"),
        PublicParams::Unknown { .. } => Err(said!("an algorithm that Dateline does not know")),
    }
}

fn sign(purpose: Use, name: &str) -> Result<String, Said> {
    match purpose {
        Use::Sign => Ok(name.to_owned()),
        Use::Encrypt => Err(said!("{name}, which signs and does not encrypt", name)),
    }
}

fn encrypt(purpose: Use, name: &str) -> Result<String, Said> {
    match purpose {
        Use::Encrypt => Ok(name.to_owned()),
        Use::Sign => Err(said!("{name}, which encrypts and does not sign", name)),
    }
}

fn rsa(params: &PublicParams) -> Result<String, Said> {
    // The modulus comes first, after its length in bits (RFC 9580 3.2).
    let octets = params.to_bytes().unwrap_or_default();
    let bits = octets
        .first_chunk::<2>()
        .map_or(0, |length| u16::from_be_bytes(*length));
    if bits < LEAST_RSA_BITS {
        return Err(said!(
            "RSA of {bits} bits; expected {least} or more",
            bits,
            least = LEAST_RSA_BITS
        ));
    }
    Ok(format!("RSA {bits}"))
}

fn ecdsa(params: &EcdsaPublicParams) -> Result<String, Said> {
    match params {
        EcdsaPublicParams::P256 { .. }
        | EcdsaPublicParams::P384 { .. }
        | EcdsaPublicParams::P521 { .. }
        | EcdsaPublicParams::Secp256k1 { .. } => Ok(format!("ECDSA {}", params.curve().name())),
        EcdsaPublicParams::Unsupported { .. } => Err(unknown(&params.curve())),
    }
}

fn ecdh(params: &EcdhPublicParams) -> Result<String, Said> {
    match params {
        EcdhPublicParams::Curve25519Legacy { .. } => Ok("X25519".to_owned()),
        EcdhPublicParams::P256 { .. }
        | EcdhPublicParams::P384 { .. }
        | EcdhPublicParams::P521 { .. } => Ok(format!("ECDH {}", params.curve().name())),
        EcdhPublicParams::Brainpool256 { .. }
        | EcdhPublicParams::Brainpool384 { .. }
        | EcdhPublicParams::Brainpool512 { .. }
        | EcdhPublicParams::Unsupported { .. } => Err(unknown(&params.curve())),
    }
}

fn unknown(curve: &ECCCurve) -> Said {
    said!(
        "the curve {curve}, which Dateline does not know",
        curve = curve.name()
    )
}

/// Whether a signature by a hash is believed: MD5, SHA-1 and RIPEMD-160 are not
/// (RFC 9580 9.5).
pub(super) fn is_strong(hash: HashAlgorithm) -> bool {
    matches!(
        hash,
        HashAlgorithm::Sha224
            | HashAlgorithm::Sha256
            | HashAlgorithm::Sha384
            | HashAlgorithm::Sha512
            | HashAlgorithm::Sha3_256
            | HashAlgorithm::Sha3_512
    )
}
