//! The second factor: time-based codes (TOTP, RFC 6238).

use super::DeskError;
use crate::domain::account::SecondFactor;
use crate::domain::said::Said;
use crate::entropy::Entropy;
use crate::said;
use jiff::Timestamp;
use totp_rs::{Builder, Secret, Totp};

/// Seconds that a code is good for; authenticators know no other.
const STEP: u64 = 30;

/// A secret that was offered and not yet confirmed by a code.
#[derive(Debug, Clone)]
pub struct Offer {
    /// The secret in base32, to be typed in.
    pub secret: String,
    /// What an authenticator reads from a QR code.
    pub url: String,
}

fn totp(secret: &str, account: &str, issuer: &str) -> Result<Totp, DeskError> {
    let wrong = |error: &dyn std::fmt::Display| {
        DeskError::request(said!("the second factor: {error}", error))
    };
    let secret = Secret::try_from_base32(secret).map_err(|error| wrong(&error))?;
    Builder::new()
        .with_secret(secret)
        // Each step is asked about by itself, so that its number is known.
        .with_skew(0)
        // A colon would end the issuer's part of the label.
        .with_account_name(account.replace(':', " "))
        .with_issuer(Some(issuer.replace(':', " ")))
        .build()
        .map_err(|error| wrong(&error))
}

/// A new secret of 160 bits (RFC 4226 4, R6).
pub(super) fn offer(account: &str, issuer: &str) -> Result<Offer, DeskError> {
    let bits = Entropy.secret().into_iter().take(20).collect::<Vec<_>>();
    let secret = Secret::from(bits).to_base32();
    again(&secret, account, issuer)
}

/// The same offer once more.
pub(super) fn again(secret: &str, account: &str, issuer: &str) -> Result<Offer, DeskError> {
    let url = totp(secret, account, issuer)?
        .to_url()
        .map_err(|error| DeskError::request(Said::verbatim(error)))?;
    Ok(Offer {
        secret: secret.to_owned(),
        url,
    })
}

/// The factor with this code used up, where the code is right: of this step or
/// one beside it (RFC 6238 5.2), and later than the last one used.
pub(super) fn redeem(factor: &SecondFactor, code: &str, now: Timestamp) -> Option<SecondFactor> {
    let totp = totp(&factor.secret, "account", "issuer").ok()?;
    let code: String = code.chars().filter(|c| !c.is_whitespace()).collect();
    let second = u64::try_from(now.as_second()).ok()?;
    let this = second / STEP;
    let step = (this.saturating_sub(1)..=this + 1)
        .find(|step| *step > factor.last_step && totp.check(&code, step * STEP).is_some())?;
    Some(SecondFactor {
        last_step: step,
        ..factor.clone()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B: the secret `12345678901234567890`, SHA-1, the last six digits.
    const SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

    fn factor(last_step: u64) -> SecondFactor {
        SecondFactor {
            secret: SECRET.into(),
            last_step,
        }
    }

    #[test]
    fn the_codes_are_those_of_the_standard() {
        for (second, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (2_000_000_000, "279037"),
        ] {
            let now = Timestamp::from_second(second).unwrap();
            let used = redeem(&factor(0), code, now).unwrap();
            assert_eq!(used.last_step, u64::try_from(second).unwrap() / STEP);
            assert_eq!(redeem(&used, code, now), None, "no code counts twice");
            assert_eq!(redeem(&factor(0), "000000", now), None);
        }
    }

    #[test]
    fn a_clock_may_be_a_step_off_and_no_more() {
        let at = |second| Timestamp::from_second(second).unwrap();
        assert!(redeem(&factor(0), "287 082", at(59 + 30)).is_some());
        assert!(redeem(&factor(0), "287082", at(29)).is_some());
        assert!(redeem(&factor(0), "287082", at(59 + 61)).is_none());
    }

    #[test]
    fn an_offer_can_be_read_by_an_authenticator() {
        let offer = offer("vera", "Rivers: Watch").unwrap();
        assert_eq!(offer.secret.len(), 32);
        assert!(offer.url.starts_with("otpauth://totp/"), "{}", offer.url);
        assert!(offer.url.contains(&offer.secret));
    }
}
