//! Encrypting to a contact's key, signed by the newsroom where it has a key.

use super::certificate::{Certificate, Found, cause};
use super::choice::read_again;
use super::signing::NewsroomKey;
use crate::domain::encryption::PublicKey;
use crate::domain::said::{Said, Tell};
use crate::entropy::Entropy;
use crate::{said, shown_as_said};
use jiff::Timestamp;
use pgp::composed::{ArmorOptions, Encryption, MessageBuilder};
use pgp::crypto::aead::{AeadAlgorithm, ChunkSize};
use pgp::crypto::sym::SymmetricKeyAlgorithm;
use pgp::types::CompressionAlgorithm;

/// A mail was not encrypted or signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The reader's key does not encrypt. In words.
    Recipient(Said),
    /// The newsroom's key does not sign. In words.
    Newsroom(Said),
}

impl Tell for SealError {
    fn said(&self) -> Said {
        match self {
            Self::Recipient(said) | Self::Newsroom(said) => said.clone(),
        }
    }
}

shown_as_said!(SealError);

impl SealError {
    #[expect(
        clippy::needless_pass_by_value,
        reason = "it is the end of the error, and `map_err` gives it by value"
    )]
    pub(super) fn recipient(error: pgp::errors::Error) -> Self {
        Self::Recipient(Said::verbatim(cause(&error)))
    }

    #[expect(
        clippy::needless_pass_by_value,
        reason = "it is the end of the error, and `map_err` gives it by value"
    )]
    pub(super) fn newsroom(error: pgp::errors::Error) -> Self {
        Self::Newsroom(Said::verbatim(cause(&error)))
    }
}

type Plain<'a> = MessageBuilder<'a>;

/// Encrypts octets to a part of a key: an armored OpenPGP message in CRLF lines,
/// signed inside (RFC 3156 6.2) where the newsroom has a key.
///
/// To a key that takes AEAD by version 2 of the protected data packet (RFC 9580
/// 5.13.2), else by version 1, which all know.
///
/// # Errors
/// In words: the key cannot be read again, or does not encrypt.
pub fn seal(
    octets: Vec<u8>,
    (key, part): (&PublicKey, &str),
    signer: Option<&NewsroomKey>,
    at: Timestamp,
) -> Result<String, SealError> {
    let certificate = read_again(key).map_err(|fault| SealError::Recipient(fault.said()))?;
    let found = certificate
        .find(part)
        .ok_or_else(|| SealError::Recipient(said!("the key has no part {part}", part)))?;
    let mut plain = MessageBuilder::from_bytes("", octets);
    if let Some(compression) = compression(&certificate) {
        plain.compression(compression);
    }
    if let Some(signer) = signer {
        signer.sign_within(&mut plain, at)?;
    }
    let cipher = cipher(&certificate);
    let armored = if takes_aead(&certificate) {
        encrypted_v2(plain, &found, cipher)
    } else {
        encrypted_v1(plain, &found, cipher)
    };
    armored
        .map(|text| crlf(&text))
        .map_err(SealError::recipient)
}

fn encrypted_v1(
    plain: Plain<'_>,
    to: &Found<'_>,
    cipher: SymmetricKeyAlgorithm,
) -> pgp::errors::Result<String> {
    let mut chance = Entropy.openpgp_source();
    let mut builder = plain.seipd_v1(&mut chance, cipher);
    match to {
        Found::Primary(key) => builder.encrypt_to_key(&mut chance, *key)?,
        Found::Sub(key) => builder.encrypt_to_key(&mut chance, *key)?,
    };
    armored(builder)
}

fn encrypted_v2(
    plain: Plain<'_>,
    to: &Found<'_>,
    cipher: SymmetricKeyAlgorithm,
) -> pgp::errors::Result<String> {
    let mut chance = Entropy.openpgp_source();
    // OCB is the one that all know (RFC 9580 9.6).
    let mut builder = plain.seipd_v2(&mut chance, cipher, AeadAlgorithm::Ocb, ChunkSize::C64KiB);
    match to {
        Found::Primary(key) => builder.encrypt_to_key(&mut chance, *key)?,
        Found::Sub(key) => builder.encrypt_to_key(&mut chance, *key)?,
    };
    armored(builder)
}

fn armored<E: Encryption>(
    builder: MessageBuilder<'_, std::io::Cursor<Vec<u8>>, E>,
) -> pgp::errors::Result<String> {
    // The checksum is left out where all know AEAD; others may ask for it (RFC 9580 6.1).
    builder.to_armored_string(Entropy.openpgp_source(), ArmorOptions::default())
}

/// The cipher: AES-256 where the key's owner takes it, else AES-128, which all
/// must know (RFC 9580 9.3).
fn cipher(certificate: &Certificate) -> SymmetricKeyAlgorithm {
    let wishes = certificate.word.preferred_symmetric_algs();
    if wishes.is_empty() && certificate.facts.version == 6 {
        return SymmetricKeyAlgorithm::AES256;
    }
    if wishes.contains(&SymmetricKeyAlgorithm::AES256) {
        SymmetricKeyAlgorithm::AES256
    } else {
        SymmetricKeyAlgorithm::AES128
    }
}

/// Compression that the key's owner takes: attachments are base64 inside, and
/// armor would make them a third longer once more.
fn compression(certificate: &Certificate) -> Option<CompressionAlgorithm> {
    let known = [CompressionAlgorithm::ZLIB, CompressionAlgorithm::ZIP];
    let wishes = certificate.word.preferred_compression_algs();
    wishes.iter().find(|one| known.contains(one)).copied()
}

fn takes_aead(certificate: &Certificate) -> bool {
    certificate
        .word
        .features()
        .is_some_and(|features| features.seipd_v2())
}

/// Armor in lines that end in CRLF, as mail has them.
pub(super) fn crlf(armor: &str) -> String {
    let mut lines = String::with_capacity(armor.len() + armor.len() / 32);
    for line in armor.lines() {
        lines.push_str(line);
        lines.push_str("\r\n");
    }
    lines
}
