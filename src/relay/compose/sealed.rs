//! A composed message encrypted or signed by OpenPGP (PGP/MIME, RFC 3156), with its
//! header protected (RFC 9788).
//!
//! The message becomes the payload: its fields go in, in front of its own MIME
//! structure, and whoever knows of header protection shows those and not the ones
//! outside. Clients that know only the older `protected-headers="v1"` (Thunderbird,
//! K-9) find the subject by that. There is no legacy display part (RFC 9788 3.3):
//! the headline stands at the top of every mail anyway.

use super::{ComposedMessage, Piece};
use crate::dkim::fields;
use crate::domain::encryption::PublicKey;
use crate::domain::ids::DeliveryId;
use crate::openpgp::{NewsroomKey, SealError, seal};
use jiff::Timestamp;
use std::fmt::Write;

/// What stands for the subject outside (RFC 9788 3.2.1, `hcp_baseline`).
const NO_SUBJECT: &str = "Subject: [...]\r\n";

/// A message in its parts.
struct Parted<'a> {
    /// Fields that say something of the message as a whole.
    of_message: Vec<&'a str>,
    /// Fields of its MIME structure (RFC 9788 1.9), the version left out.
    of_body: Vec<&'a str>,
    /// What follows the empty line.
    body: &'a str,
}

impl<'a> Parted<'a> {
    fn of(text: &'a str) -> Self {
        let (head, body) = match text.find("\r\n\r\n") {
            Some(end) => (&text[..end + 2], &text[end + 4..]),
            None => (text, ""),
        };
        let of_mime =
            |field: &&str| has_name(field, "content-") || has_name(field, "mime-version:");
        let (of_body, of_message) = fields(head).partition(of_mime);
        Self {
            of_message,
            of_body,
            body,
        }
    }

    /// The message to be protected, `hp` saying how (RFC 9788 2.1.1).
    fn payload(&self, hp: &str, outer: &[&str]) -> String {
        let length: usize = self.of_message.iter().map(|field| field.len()).sum();
        let mut payload = String::with_capacity(self.body.len() + 2 * length + 256);
        payload.extend(self.of_message.iter().copied());
        for field in outer {
            // What stands outside is told, so that nobody can change it unseen (2.2).
            let _ = write!(payload, "HP-Outer: {field}");
        }
        for field in &self.of_body {
            if has_name(field, "content-type:") {
                let field = field.trim_end();
                let _ = write!(
                    payload,
                    "{field};\r\n hp=\"{hp}\"; protected-headers=\"v1\"\r\n"
                );
            } else if !has_name(field, "mime-version:") {
                payload.push_str(field);
            }
        }
        payload.push_str("\r\n");
        payload.push_str(self.body);
        payload
    }
}

fn has_name(field: &str, beginning: &str) -> bool {
    field
        .get(..beginning.len())
        .is_some_and(|begun| begun.eq_ignore_ascii_case(beginning))
}

impl ComposedMessage {
    /// The message encrypted to a part of a key, and signed inside where the
    /// newsroom has a key (RFC 3156 4 and 6.2). Its subject stands only inside.
    ///
    /// # Errors
    /// A key does not do it.
    pub fn encrypted(
        self,
        delivery: DeliveryId,
        (key, part): (&PublicKey, &str),
        signer: Option<&NewsroomKey>,
        at: Timestamp,
    ) -> Result<Self, SealError> {
        let text = self.whole();
        let parted = Parted::of(&text);
        let of_message = parted.of_message.iter();
        let outer: Vec<_> = of_message
            .map(|field| match has_name(field, "subject:") {
                true => NO_SUBJECT,
                false => field,
            })
            .collect();
        let payload = parted.payload("cipher", &outer);
        let armored = seal(payload.into_bytes(), (key, part), signer, at)?;
        let mut head = outer.concat();
        let boundary = format!("=_e_{delivery}");
        let _ = write!(
            head,
            "MIME-Version: 1.0\r\nContent-Type: multipart/encrypted;\r\n protocol=\"application/pgp-encrypted\";\r\n boundary=\"{boundary}\"\r\n\r\n\
             --{boundary}\r\nContent-Type: application/pgp-encrypted\r\nContent-Description: PGP/MIME version identification\r\n\r\nVersion: 1\r\n\r\n\
             --{boundary}\r\nContent-Type: application/octet-stream; name=\"encrypted.asc\"\r\nContent-Description: OpenPGP encrypted message\r\nContent-Disposition: inline; filename=\"encrypted.asc\"\r\n\r\n\
             {armored}\r\n--{boundary}--\r\n"
        );
        Ok(Self::new(vec![Piece::Own(head)]))
    }

    /// The message signed, and readable by all (RFC 3156 5).
    ///
    /// # Errors
    /// The newsroom's key has ended, or does not sign.
    pub fn openly_signed(
        self,
        delivery: DeliveryId,
        signer: &NewsroomKey,
        at: Timestamp,
    ) -> Result<Self, SealError> {
        let text = self.whole();
        let parted = Parted::of(&text);
        let payload = without_from(parted.payload("clear", &[]));
        let signed = signer.sign(payload.as_bytes(), at)?;
        let mut head = parted.of_message.concat();
        let boundary = format!("=_s_{delivery}");
        let _ = write!(
            head,
            "MIME-Version: 1.0\r\nContent-Type: multipart/signed; micalg={};\r\n protocol=\"application/pgp-signature\";\r\n boundary=\"{boundary}\"\r\n\r\n--{boundary}\r\n",
            signed.micalg
        );
        let end = format!(
            "\r\n--{boundary}\r\nContent-Type: application/pgp-signature; name=\"signature.asc\"\r\nContent-Description: OpenPGP digital signature\r\nContent-Disposition: attachment; filename=\"signature.asc\"\r\n\r\n{}\r\n--{boundary}--\r\n",
            signed.armored
        );
        head.push_str(&payload);
        head.push_str(&end);
        Ok(Self::new(vec![Piece::Own(head)]))
    }

    fn whole(&self) -> String {
        let pieces: Vec<_> = self.pieces.iter().map(Piece::as_str).collect();
        pieces.concat()
    }
}

/// Old mailboxes change lines that begin with `From `, which would break a
/// signature (RFC 3156 3). Only quoted-printable has such lines: a soft line break
/// after the first letter says the same.
fn without_from(payload: String) -> String {
    if payload.contains("\r\nFrom ") {
        payload.replace("\r\nFrom ", "\r\nF=\r\nrom ")
    } else {
        payload
    }
}
