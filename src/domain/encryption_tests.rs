//! When a key can be used, and what becomes of a mail where it cannot.

use super::*;
use proptest::prelude::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[test]
fn the_newest_good_part_is_encrypted_to() {
    let mut key = example_key();
    let mut newer = key.parts[0].clone();
    newer.fingerprint = "C3".repeat(20);
    newer.created = at("2021-01-01T00:00:00Z");
    key.parts.push(newer);
    let used = |key: &PublicKey, now: &str| key.usable(at(now)).unwrap().fingerprint.clone();
    assert_eq!(used(&key, "2020-06-01T00:00:00Z"), "B2".repeat(20));
    assert_eq!(used(&key, "2021-06-01T00:00:00Z"), "C3".repeat(20));
    key.parts[1].revoked = true;
    assert_eq!(used(&key, "2021-06-01T00:00:00Z"), "B2".repeat(20));
}

#[test]
fn a_key_that_cannot_be_used_says_why() {
    let now = at("2022-01-01T00:00:00Z");
    let with = |change: fn(&mut PublicKey)| {
        let mut key = example_key();
        change(&mut key);
        key.usable(now).unwrap_err()
    };
    let end = at("2022-01-01T00:00:00Z");
    assert_eq!(with(|key| key.revoked = true), Obstacle::Revoked);
    assert_eq!(with(|key| key.parts[0].revoked = true), Obstacle::Revoked);
    let expired = |key: &mut PublicKey| key.expires = Some(at("2022-01-01T00:00:00Z"));
    assert_eq!(with(expired), Obstacle::Expired { at: end });
    let part = |key: &mut PublicKey| key.parts[0].expires = Some(at("2022-01-01T00:00:00Z"));
    assert_eq!(with(part), Obstacle::Expired { at: end });
    let from = at("2023-01-01T00:00:00Z");
    let later = |key: &mut PublicKey| key.created = at("2023-01-01T00:00:00Z");
    assert_eq!(with(later), Obstacle::NotYet { from });
}

#[test]
fn an_older_copy_takes_no_revocation_back() {
    let old = example_key();
    let mut part = old.clone();
    part.parts[0].revoked = true;
    let mut whole = old.clone();
    whole.revoked = true;
    for revoked in [&part, &whole] {
        assert!(revoked.outlives(&old));
        assert!(!old.outlives(revoked) && !revoked.outlives(revoked));
        let mut another = old.clone();
        another.fingerprint = "D4".repeat(20);
        assert!(!revoked.outlives(&another));
    }
    // A newer copy that keeps the revocation, and has another part.
    let mut newer = part.clone();
    newer.parts.push(KeyPart {
        fingerprint: "C3".repeat(20),
        ..old.parts[0].clone()
    });
    assert!(!part.outlives(&newer));
}

#[test]
fn a_key_ends_with_the_last_of_its_parts() {
    let mut key = example_key();
    assert_eq!(key.ends(), None);
    key.parts[0].expires = Some(at("2024-01-01T00:00:00Z"));
    assert_eq!(key.ends(), Some(at("2024-01-01T00:00:00Z")));
    key.expires = Some(at("2023-01-01T00:00:00Z"));
    assert_eq!(key.ends(), Some(at("2023-01-01T00:00:00Z")));
}

#[test]
fn a_user_identity_names_an_address() {
    let address = EmailAddress::parse("anna@example.org").unwrap();
    for (id, names) in [
        ("Anna <anna@example.org>", true),
        ("Anna (press) <Anna@EXAMPLE.org>", true),
        ("anna@example.org", true),
        ("Anna <anna@example.com>", false),
        ("anna@example.org <other@example.com>", false),
        ("Anna", false),
        ("", false),
    ] {
        let mut key = example_key();
        key.user_ids = vec!["x".into(), id.into()];
        assert_eq!(key.names(&address), names, "{id}");
    }
}

#[test]
fn what_was_planned_is_not_loosened() {
    let now = at("2022-01-01T00:00:00Z");
    let loose = Protection::default().at_least(EncryptionPolicy::Required);
    assert_eq!(loose.decide(now), Decision::Withhold(Obstacle::NoKey));
    let strict = Protection {
        policy: EncryptionPolicy::Required,
        key: Some(example_key()),
    };
    let kept = strict.at_least(EncryptionPolicy::Off);
    assert!(matches!(kept.decide(now), Decision::Encrypt(..)));
}

fn instant() -> impl Strategy<Value = Timestamp> {
    (0i64..4_000_000_000).prop_map(|seconds| Timestamp::from_second(seconds).unwrap())
}

fn part() -> impl Strategy<Value = KeyPart> {
    (instant(), proptest::option::of(instant()), any::<bool>()).prop_map(
        |(created, expires, revoked)| KeyPart {
            fingerprint: "B2".repeat(20),
            algorithm: "X25519".into(),
            created,
            expires,
            revoked,
        },
    )
}

fn key() -> impl Strategy<Value = PublicKey> {
    let parts = proptest::collection::vec(part(), 0..4);
    (
        instant(),
        proptest::option::of(instant()),
        any::<bool>(),
        parts,
    )
        .prop_map(|(created, expires, revoked, parts)| PublicKey {
            created,
            expires,
            revoked,
            parts,
            ..example_key()
        })
}

proptest! {
    #[test]
    fn required_never_goes_in_the_clear(key in proptest::option::of(key()), now in instant()) {
        let decision = decide(EncryptionPolicy::Required, key.as_ref(), now);
        prop_assert!(matches!(decision, Decision::Encrypt(..) | Decision::Withhold(_)));
    }

    #[test]
    fn what_is_encrypted_to_is_good_at_that_instant(key in key(), now in instant()) {
        if let Decision::Encrypt(key, part) = decide(EncryptionPolicy::Preferred, Some(&key), now) {
            prop_assert!(!key.revoked && !part.revoked);
            for (created, expires) in [(key.created, key.expires), (part.created, part.expires)] {
                prop_assert!(created <= now && expires.is_none_or(|end| now < end));
            }
        }
    }

    #[test]
    fn off_is_always_in_the_clear(key in proptest::option::of(key()), now in instant()) {
        prop_assert_eq!(decide(EncryptionPolicy::Off, key.as_ref(), now), Decision::Clear);
    }
}
