//! Encrypting and signing a composed mail, before DKIM signs it.
//!
//! Invariant: a mail that must be encrypted leaves here encrypted, or not at all.
//! It is work for the processor, of milliseconds and more, and is done beside the
//! reactor; a mail that is neither encrypted nor signed passes through untouched.

use crate::domain::encryption::{Decision, Obstacle, PublicKey};
use crate::domain::ids::DeliveryId;
use crate::domain::said::{Said, Tell};
use crate::openpgp::{NewsroomKey, SealError, Signatory};
use crate::relay::ComposedMessage;
use crate::{said, shown_as_said};
use jiff::Timestamp;

/// Why a mail is not ready to leave.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unready {
    /// It must be encrypted, and cannot be: this one mail does not leave.
    Withheld(Obstacle),
    /// Every mail would fail alike.
    Fault(Said),
}

impl Tell for Unready {
    fn said(&self) -> Said {
        match self {
            Self::Withheld(obstacle) => {
                said!("the mail must be encrypted, and {obstacle}", obstacle)
            }
            Self::Fault(said) => said.clone(),
        }
    }
}

shown_as_said!(Unready);

/// What is to be done to a mail.
enum Work {
    Encrypt(Box<PublicKey>, String, Option<NewsroomKey>),
    Sign(NewsroomKey),
}

/// Does to a mail what was decided for its reader.
///
/// # Errors
/// See [`Unready`].
pub async fn protect(
    message: ComposedMessage,
    delivery: DeliveryId,
    decision: Decision<'_>,
    signatory: &Signatory,
    now: Timestamp,
) -> Result<ComposedMessage, Unready> {
    let work = match decision {
        Decision::Withhold(obstacle) => return Err(Unready::Withheld(obstacle)),
        Decision::Encrypt(key, part) => Work::Encrypt(
            Box::new(key.clone()),
            part.fingerprint.clone(),
            signatory.key().cloned(),
        ),
        Decision::Clear | Decision::ClearFor(_) => match signatory.openly() {
            Some(key) => Work::Sign(key.clone()),
            None => return Ok(message),
        },
    };
    let done = tokio::task::spawn_blocking(move || work.on(message, delivery, now)).await;
    let done = done.map_err(|torn| Unready::Fault(said!("OpenPGP failed: {torn}", torn)))?;
    done.map_err(|error| match error {
        SealError::Recipient(cause) => Unready::Withheld(Obstacle::Failed {
            cause: cause.to_string(),
        }),
        SealError::Newsroom(cause) => Unready::Fault(cause),
    })
}

impl Work {
    fn on(
        self,
        message: ComposedMessage,
        delivery: DeliveryId,
        now: Timestamp,
    ) -> Result<ComposedMessage, SealError> {
        match self {
            Self::Encrypt(key, part, signer) => {
                message.encrypted(delivery, (&key, &part), signer.as_ref(), now)
            }
            Self::Sign(key) => message.openly_signed(delivery, &key, now),
        }
    }
}
