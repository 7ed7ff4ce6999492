//! Passwords: Argon2id, as RFC 9106 has it, and nothing of them kept but the hash.

use super::DeskError;
use crate::domain::said::Said;
use crate::said;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use icu::normalizer::ComposingNormalizer;
use std::sync::LazyLock;
use tokio::sync::Semaphore;

/// The shortest password (NIST SP 800-63B 3.1.1.2 asks for 8 beside a second
/// factor and 15 alone; a second factor is offered, not forced).
const SHORTEST: usize = 12;
/// The longest, in octets: beyond this it only costs time.
const LONGEST: usize = 1024;
/// OWASP's first choice: 19 MiB, 2 passes, 1 lane.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// Hashes at once: each takes the memory above and a core, and whoever knocks at
/// the door must not take the machine from those who send.
static DOOR: Semaphore = Semaphore::const_new(2);

/// What a password is compared with where nobody has that name, so that the
/// answer takes as long.
static NOBODY: LazyLock<String> =
    LazyLock::new(|| make("nobody has this password").unwrap_or_default());

fn hasher() -> Result<Argon2<'static>, DeskError> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|error| {
        DeskError::request(said!("the password cannot be hashed: {error}", error))
    })?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// One password, however its letters are composed (NIST SP 800-63B 3.1.1.2).
fn normal(password: &str) -> String {
    ComposingNormalizer::new_nfkc()
        .normalize(password)
        .into_owned()
}

fn make(password: &str) -> Result<String, DeskError> {
    let hash = hasher()?.hash_password(normal(password).as_bytes());
    hash.map(|hash| hash.to_string())
        .map_err(|error| DeskError::request(said!("the password cannot be hashed: {error}", error)))
}

fn fits(password: &str, hash: &str) -> bool {
    let Ok(hash) = PasswordHash::new(hash) else {
        return false;
    };
    hasher().is_ok_and(|hasher| {
        hasher
            .verify_password(normal(password).as_bytes(), &hash)
            .is_ok()
    })
}

/// Runs what takes a core for a while where it holds nobody up.
async fn apart<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, DeskError> {
    let busy = |cause: Said| {
        DeskError::request(said!("passwords cannot be looked at now: {cause}", cause))
    };
    let _turn = DOOR
        .acquire()
        .await
        .map_err(|error| busy(Said::verbatim(error)))?;
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| busy(Said::verbatim(error)))
}

/// A new password's hash.
///
/// # Errors
/// It is too short or too long.
pub(super) async fn hash(password: &str) -> Result<String, DeskError> {
    let length = password.chars().count();
    if length < SHORTEST || password.len() > LONGEST {
        return Err(DeskError::request(said!(
            "the password has {length} characters; expected at least {least}, and at most {most} octets",
            length,
            least = SHORTEST,
            most = LONGEST
        )));
    }
    let password = password.to_owned();
    apart(move || make(&password)).await?
}

/// Whether a password is the one that was hashed; without a hash it never is,
/// and takes as long.
pub(super) async fn matches(password: &str, hash: Option<&str>) -> Result<bool, DeskError> {
    if password.len() > LONGEST {
        return Ok(false);
    }
    let (password, hash) = (password.to_owned(), hash.map(str::to_owned));
    apart(move || match hash {
        Some(hash) => fits(&password, &hash),
        None => {
            fits(&password, &NOBODY);
            false
        }
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_fits_its_hash_alone() {
        let made = hash("река течёт на север").await.unwrap();
        assert!(
            made.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{made}"
        );
        let other = hash("река течёт на север").await.unwrap();
        assert_ne!(made, other, "each has a salt of its own");
        // The same letters, composed otherwise.
        let apart = "река теч\u{435}\u{308}т на север";
        assert!(matches(apart, Some(&made)).await.unwrap());
        assert!(!matches("река течёт на юг", Some(&made)).await.unwrap());
        assert!(!matches("река течёт на север", None).await.unwrap());
        assert!(!matches("x", Some("no hash")).await.unwrap());
    }

    #[tokio::test]
    async fn short_and_endless_passwords_are_refused() {
        assert!(hash("12345678901").await.is_err());
        assert!(hash(&"x".repeat(1025)).await.is_err());
        assert!(!matches(&"x".repeat(10_000), None).await.unwrap());
    }
}
