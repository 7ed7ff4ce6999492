//! New keys.

use super::{KeyError, SigningKey};
use crate::domain::said::{Said, Tell};
use crate::entropy::Entropy;
use rsa::pkcs8::der::pem::LineEnding;
use rsa::pkcs8::der::zeroize::Zeroizing;
use rsa::pkcs8::{EncodePrivateKey, SecretDocument};
use rsa::rand_core::TryRng;
use std::fmt;

/// A key that was made just now.
#[derive(Debug)]
pub struct NewKey {
    /// Ready to sign.
    pub key: SigningKey,
    pem: Unshown,
}

struct Unshown(Zeroizing<String>);

impl fmt::Debug for Unshown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// An Ed25519 key in PKCS #8, up to its 32 octets (RFC 8410 7). `ring` would
/// write its public half too, which not every OpenSSL reads.
const ED25519_PKCS8: [u8; 16] =
    *b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20";

impl NewKey {
    /// Makes an Ed25519 key.
    ///
    /// # Errors
    /// In words: the system has no random numbers.
    pub fn ed25519() -> Result<Self, Said> {
        let mut der = Zeroizing::new([0; 48]);
        der[..16].copy_from_slice(&ED25519_PKCS8);
        Entropy
            .source()
            .try_fill_bytes(&mut der[16..])
            .map_err(Said::verbatim)?;
        let document = SecretDocument::try_from(&der[..]).map_err(Said::verbatim)?;
        Self::from_document(&document)
    }

    /// Makes an RSA key of so many bits; that takes a moment.
    ///
    /// # Errors
    /// In words: the system has no random numbers.
    pub fn rsa(bits: usize) -> Result<Self, Said> {
        let key = rsa::PrivateKey::new(&mut Entropy.source(), bits);
        let document = key
            .map_err(Said::verbatim)?
            .to_pkcs8_der()
            .map_err(Said::verbatim)?;
        Self::from_document(&document)
    }

    /// Reads back what will stand in the file, as sending will.
    fn from_document(document: &SecretDocument) -> Result<Self, Said> {
        let pem = document
            .to_pem("PRIVATE KEY", LineEnding::LF)
            .map_err(Said::verbatim)?;
        let key = SigningKey::from_pem(&pem).map_err(|error: KeyError| error.said())?;
        Ok(Self {
            key,
            pem: Unshown(pem),
        })
    }

    /// The whole secret, for its file.
    pub fn pem(&self) -> &str {
        &self.pem.0
    }
}
