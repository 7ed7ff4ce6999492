//! A private key to sign with, read from PEM.

use crate::domain::said::{Said, Tell};
use crate::entropy::Entropy;
use crate::{said, shown_as_said};
use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use rsa::Pkcs1v15Sign;
use rsa::pkcs1::{ALGORITHM_ID, DecodeRsaPrivateKey, RsaPrivateKeyRef};
use rsa::pkcs8::der::asn1::BitStringRef;
use rsa::pkcs8::der::{Decode, Encode};
use rsa::pkcs8::spki::SubjectPublicKeyInfoRef;
use rsa::pkcs8::{ObjectIdentifier, PrivateKeyInfoRef, SecretDocument};
use serde::Serialize;
use std::fmt;

/// Signers must not use shorter RSA keys (RFC 8301 3.2).
const LEAST_BITS: usize = 1024;
/// Verifiers need not take longer RSA keys (RFC 8301 3.2).
const MOST_BITS: usize = 4096;
/// Signers should use RSA keys of at least so many bits (RFC 8301 3.2).
const SOUND_BITS: usize = 2048;
/// id-Ed25519 (RFC 8410 3).
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");

/// Algorithms that verifiers know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyKind {
    /// Every verifier knows it.
    Rsa,
    /// Shorter and quicker; a verifier that does not know it passes over it (RFC 8463).
    Ed25519,
}

impl KeyKind {
    /// What stands in DNS after `k=` (RFC 6376 3.6.1), and in `a=` before the hash.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rsa => "rsa",
            Self::Ed25519 => "ed25519",
        }
    }
}

impl fmt::Display for KeyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rsa => "RSA",
            Self::Ed25519 => "Ed25519",
        })
    }
}

/// Why a text is no key to sign with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// It is no PEM.
    NotPem,
    /// A passphrase would be needed.
    Encrypted,
    /// PEM of something else.
    Kind(Said),
    /// The key is damaged.
    Damaged(String),
    /// An RSA key that verifiers refuse.
    Bits(usize),
}

impl Tell for KeyError {
    fn said(&self) -> Said {
        match self {
            Self::NotPem => {
                said!("holds no private key in PEM; expected `-----BEGIN PRIVATE KEY-----`")
            }
            Self::Encrypted => said!(
                "holds a key under a passphrase; write it without one: openssl pkey -in FILE -out FILE"
            ),
            Self::Kind(what) => said!("holds {what}; expected a private key, RSA or Ed25519", what),
            Self::Damaged(cause) => said!("holds a damaged key: {cause}", cause),
            Self::Bits(bits) => said!(
                "holds an RSA key of {bits} bits; expected {least_bits} to {most_bits} (RFC 8301 3.2)",
                bits,
                least_bits = LEAST_BITS,
                most_bits = MOST_BITS
            ),
        }
    }
}

shown_as_said!(KeyError);

/// A private key and its public half.
pub struct SigningKey {
    secret: Secret,
    /// What stands in DNS after `p=`, before base64.
    public: Vec<u8>,
    bits: usize,
}

enum Secret {
    Ed25519(Ed25519KeyPair),
    Rsa(RsaKeyPair),
    /// A key that `ring` does not sign with: one under 2048 bits, mostly.
    UnusualRsa(Box<rsa::PrivateKey>),
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "SigningKey({}, {} bits, …)",
            self.kind().name(),
            self.bits
        )
    }
}

impl SigningKey {
    /// Reads a key: PKCS #8, or PKCS #1 for RSA.
    ///
    /// # Errors
    /// See [`KeyError`].
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        if pem.contains("ENCRYPTED") {
            return Err(KeyError::Encrypted);
        }
        let (label, document) = SecretDocument::from_pem(pem).map_err(|_| KeyError::NotPem)?;
        match label {
            "PRIVATE KEY" => Self::from_pkcs8(document.as_bytes()),
            "RSA PRIVATE KEY" => Self::from_pkcs1(document.as_bytes()),
            other => Err(KeyError::Kind(Said::verbatim(format_args!(
                "`{}`",
                other.escape_debug()
            )))),
        }
    }

    fn from_pkcs8(der: &[u8]) -> Result<Self, KeyError> {
        let info = PrivateKeyInfoRef::try_from(der).map_err(damaged)?;
        match info.algorithm.oid {
            ED25519 => Self::ed25519(der),
            oid if oid == ALGORITHM_ID.oid => Self::from_pkcs1(info.private_key.as_bytes()),
            oid => Err(KeyError::Kind(said!("a key of the algorithm {oid}", oid))),
        }
    }

    fn ed25519(pkcs8: &[u8]) -> Result<Self, KeyError> {
        // Other programs leave the public half out, which `from_pkcs8` would not take.
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(pkcs8).map_err(damaged)?;
        Ok(Self {
            public: pair.public_key().as_ref().to_vec(),
            bits: 256,
            secret: Secret::Ed25519(pair),
        })
    }

    fn from_pkcs1(der: &[u8]) -> Result<Self, KeyError> {
        let numbers = RsaPrivateKeyRef::from_der(der).map_err(damaged)?;
        let bits = bits(numbers.modulus.as_bytes());
        if !(LEAST_BITS..=MOST_BITS).contains(&bits) {
            return Err(KeyError::Bits(bits));
        }
        let public = public_key_info(&numbers).map_err(damaged)?;
        let secret = match RsaKeyPair::from_der(der) {
            Ok(pair) => Secret::Rsa(pair),
            Err(_) => rsa::PrivateKey::from_pkcs1_der(der)
                .map(|key| Secret::UnusualRsa(Box::new(key)))
                .map_err(damaged)?,
        };
        Ok(Self {
            secret,
            public,
            bits,
        })
    }

    /// Its algorithm.
    pub fn kind(&self) -> KeyKind {
        match &self.secret {
            Secret::Ed25519(_) => KeyKind::Ed25519,
            Secret::Rsa(_) | Secret::UnusualRsa(_) => KeyKind::Rsa,
        }
    }

    /// Its length.
    pub fn bits(&self) -> usize {
        self.bits
    }

    /// Whether it is shorter than a signer should use.
    pub fn is_short(&self) -> bool {
        self.kind() == KeyKind::Rsa && self.bits < SOUND_BITS
    }

    /// Its public half: an RSA key as `SubjectPublicKeyInfo` (RFC 6376 3.6.1, as
    /// verifiers read it), an Ed25519 key as it is (RFC 8463 4.2).
    pub(super) fn public(&self) -> &[u8] {
        &self.public
    }

    /// Signs data: their SHA-256 by PKCS #1 v1.5 (RFC 6376 3.3.2), or by
    /// `PureEdDSA` (RFC 8463 3). `None` where the key does not do it.
    pub(super) fn sign(&self, data: &[u8]) -> Option<Vec<u8>> {
        match &self.secret {
            Secret::Ed25519(pair) => {
                let hash = digest(&SHA256, data);
                Some(pair.sign(hash.as_ref()).as_ref().to_vec())
            }
            Secret::Rsa(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                // This padding needs no chance, though `ring` asks for some.
                let chance = SystemRandom::new();
                pair.sign(&RSA_PKCS1_SHA256, &chance, data, &mut signature)
                    .ok()?;
                Some(signature)
            }
            Secret::UnusualRsa(key) => {
                let padding = Pkcs1v15Sign::new::<rsa::sha2::Sha256>();
                let hash = digest(&SHA256, data);
                key.sign_with_rng(&mut Entropy.source(), padding, hash.as_ref())
                    .ok()
            }
        }
    }
}

fn damaged(error: impl fmt::Display) -> KeyError {
    KeyError::Damaged(error.to_string())
}

/// The length of a number that has no zero octets before it.
fn bits(number: &[u8]) -> usize {
    let first = number.first().map_or(8, |octet| octet.leading_zeros());
    number.len() * 8 - usize::try_from(first).unwrap_or_default()
}

fn public_key_info(numbers: &RsaPrivateKeyRef<'_>) -> rsa::pkcs8::der::Result<Vec<u8>> {
    let public = numbers.public_key().to_der()?;
    let info = SubjectPublicKeyInfoRef {
        algorithm: ALGORITHM_ID,
        subject_public_key: BitStringRef::from_bytes(&public)?,
    };
    info.to_der()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dkim::NewKey;

    fn refused(pem: &str) -> String {
        SigningKey::from_pem(pem).unwrap_err().to_string()
    }

    #[test]
    fn a_new_key_reads_back_and_does_not_show_itself() {
        let new = NewKey::ed25519().unwrap();
        let read = SigningKey::from_pem(new.pem()).unwrap();
        assert_eq!(read.public(), new.key.public());
        assert_eq!(
            format!("{read:?} {:?}", new.key),
            "SigningKey(ed25519, 256 bits, …) SigningKey(ed25519, 256 bits, …)"
        );
        let shown = format!("{new:?}");
        let secret = new.pem().lines().nth(1).unwrap();
        assert!(!shown.contains(secret), "{shown}");
    }

    #[test]
    fn what_is_no_key_is_told() {
        for (text, words) in [
            ("", "holds no private key in PEM"),
            (
                "-----BEGIN PRIVATE KEY-----\ngarbage",
                "holds no private key in PEM",
            ),
            (
                "-----BEGIN PRIVATE KEY-----\nMAMCAQA=\n-----END PRIVATE KEY-----\n",
                "damaged key",
            ),
            (
                "-----BEGIN CERTIFICATE-----\nMAMCAQA=\n-----END CERTIFICATE-----\n",
                "holds `CERTIFICATE`; expected a private key",
            ),
            (
                "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAMCAQA=\n-----END ENCRYPTED PRIVATE KEY-----\n",
                "under a passphrase",
            ),
            (P256, "a key of the algorithm 1.2.840.10045.2.1"),
            (RSA_512, "an RSA key of 512 bits; expected 1024 to 4096"),
        ] {
            let said = refused(text);
            assert!(said.contains(words), "{words}: {said}");
        }
    }

    #[test]
    fn a_short_rsa_key_signs() {
        let key = SigningKey::from_pem(RSA_1024).unwrap();
        assert!(key.is_short());
        assert_eq!((key.kind(), key.bits()), (KeyKind::Rsa, 1024));
        assert_eq!(
            key.sign(b"a press release").unwrap(),
            key.sign(b"a press release").unwrap()
        );
        assert_eq!(key.sign(b"a press release").unwrap().len(), 128);
    }

    // Made for this test by `openssl genpkey`; nothing else is signed with them.
    const P256: &str = "-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgh+Pb6JksSyZihE53
Cl3xA+V630pGbVIu/p6TvC1+P82hRANCAARWYdZKkOgoGN/dNjJvu7lJJg9JDQOT
TJQuQL91qibGBW+0Xr/UF2kuvfat69PzthjQhUOoCFpP+ELRmG+NhPof
-----END PRIVATE KEY-----";
    const RSA_512: &str = "-----BEGIN RSA PRIVATE KEY-----
MIIBOgIBAAJBAMPUFd9slPaqGqnt5sXC/40ZF5CUWeBfzK54ohFIKzmRpSriY9AJ
3VolRGk1wj+57iUUM7wFcup2xmtpYRpYNjcCAwEAAQJADaoV4KI1/sQ92g+ko7YI
mPLgRxFi+BoXMTFvtZ8AjSKyCdw/h2c73Ub+Kt3klVAs87cdAl9mz52RSKTDkpoJ
eQIhAP/wFXxZ6eFuE3v9fXg4z+Qo2fUVB1/SDLzGC19RUywNAiEAw+BDcxjRe+vo
1gguxnXwA5wMhhzPGLFGxoNiXIJzJlMCICocN3zJUnj74orRD3bbaiExM4NmnVr/
tYbN0wsw1011AiEAjvo+gd9V2l0DYmgqrJceEaRwx9xzlxSgEvuIavqVzx0CIDBw
Ac+ivZSjNIeTs3IRcYH8DOAoFHejFqyzcYJfzPd3
-----END RSA PRIVATE KEY-----";
    const RSA_1024: &str = "-----BEGIN PRIVATE KEY-----
MIICdgIBADANBgkqhkiG9w0BAQEFAASCAmAwggJcAgEAAoGBALhLIeuTkC83qzoF
Tzk34xyEgazyf5rKvse+l0uxxa3EWgqmOXxUtCiBLmeQXxwoF6GRfZQLJvnXD0qi
wkMCTGzzf+ItSDPM8VgNEBs6S2ixP2R/d4CFSQkmwyj8+az6c7HXw343Ygp//s7c
3jS6Oeoa7nrmSMacGB2KrzxPbrLzAgMBAAECgYEAhuwajUmfSbJL3VJ9ybosv3gT
J/bxjPXZ7oqOYZBo1OrnsNw5QdkRfIX230NHHmoLwvGtKnFvu4HDZDT8W+qW3/z1
FyGfKyhUmvJHY7ejDJNkLKubYxk77QYJvmOf5NyBwm1m42Dz3pswb0j0StbzmsdF
pT9xsmtFiEiTsqeFAkECQQDyrnfrXjqaULWzmgDGpM143nsqPiqd/3pBAL+nl3uV
3O449SEMstLiMd1q4Np1sBvcw1qLPe2iRjjbJI714rfLAkEAwmhYyPoExJaV+heB
AaA5T3eDNiY9vaHsn0BUDEusnuyxkbzWeg9otWOKwqpgCL7lV1QktCFld3DEZ666
b878eQJAOGR8b1A1M/i/UF3gAkj3ijfAzR8nDhH42bQP1STpTfjJzqh/ppDDWlaW
Cij3+tMSlmk62BJq7wN8YMgNBGxLowJAcex+IwBIrP9l0hHV+qLvEr+Bd8j/I1Jx
fH1RA4eRF+yyvinAMfU3shwsI5l9/4IGmZ9ohtqPQGgn4G6HOKA+WQJAcIPFxOsH
n7nevtIUPoZJVkSux8pHIODR1CCp/VVQZJmivvTSYafZuRNAulVI4deT8hUiguSO
lrZxz5hluzf8wA==
-----END PRIVATE KEY-----";
}
