//! Keys as they come in, and mail that only their owners read.

use super::*;
use crate::domain::address::EmailAddress;
use crate::domain::encryption::{Obstacle, PublicKey};
use crate::entropy::Entropy;
use jiff::Timestamp;
use pgp::composed::{
    ArmorOptions, Deserializable, DetachedSignature, EncryptionCaps, KeyType, Message,
    SecretKeyParamsBuilder, SignedPublicKey, SignedSecretKey, SubkeyParamsBuilder,
};
use pgp::crypto::ecc_curve::ECCCurve;
use pgp::crypto::hash::HashAlgorithm;
use pgp::packet::{RevocationCode, SignatureConfig, SignatureType, Subpacket, SubpacketData};
use pgp::ser::Serialize;
use pgp::types::{KeyDetails, KeyVersion, Password, SecretParams, Tag};
use proptest::prelude::*;
use std::sync::LazyLock;

const ANNA: &str = "Anna Kim <anna@example.org>";

fn anna() -> EmailAddress {
    EmailAddress::parse("anna@example.org").unwrap()
}

/// What a key for tests is made of.
struct Plan {
    version: KeyVersion,
    primary: KeyType,
    encrypts: Option<KeyType>,
    user_id: &'static str,
}

const V4: Plan = Plan {
    version: KeyVersion::V4,
    primary: KeyType::Ed25519Legacy,
    encrypts: Some(KeyType::ECDH(ECCCurve::Curve25519Legacy)),
    user_id: ANNA,
};
const V6: Plan = Plan {
    version: KeyVersion::V6,
    primary: KeyType::Ed25519,
    encrypts: Some(KeyType::X25519),
    user_id: ANNA,
};

fn made(plan: Plan) -> SignedSecretKey {
    let mut params = SecretKeyParamsBuilder::default();
    params
        .version(plan.version)
        .key_type(plan.primary)
        .can_certify(true)
        .can_sign(true)
        .primary_user_id(plan.user_id.to_owned());
    if let Some(encrypts) = plan.encrypts {
        let sub = SubkeyParamsBuilder::default()
            .version(plan.version)
            .key_type(encrypts)
            .can_encrypt(EncryptionCaps::All)
            .build()
            .unwrap();
        params.subkey(sub);
    }
    params
        .build()
        .unwrap()
        .generate(Entropy.openpgp_source())
        .unwrap()
}

static KEY: LazyLock<SignedSecretKey> = LazyLock::new(|| made(V4));
static NEW_KEY: LazyLock<SignedSecretKey> = LazyLock::new(|| made(V6));

fn public(key: &SignedSecretKey) -> String {
    let public = SignedPublicKey::from(key.clone());
    public.to_armored_string(ArmorOptions::default()).unwrap()
}

fn read(text: &str) -> Result<PublicKey, String> {
    read_key(text.as_bytes(), &anna()).map_err(|fault| fault.to_string())
}

fn now() -> Timestamp {
    // Keys for tests are made by the machine's clock.
    "2100-01-01T00:00:00Z".parse().unwrap()
}

#[test]
fn keys_of_both_kinds_are_read_and_read_again_alike() {
    for (key, version, primary) in [(&KEY, 4, "Ed25519"), (&NEW_KEY, 6, "Ed25519")] {
        let facts = read(&public(key)).unwrap();
        assert_eq!(
            (facts.version, facts.algorithm.as_str()),
            (version, primary)
        );
        assert_eq!(facts.parts[0].algorithm, "X25519");
        assert_eq!(facts.user_ids, [ANNA]);
        assert!(facts.names(&anna()) && !facts.revoked);
        assert_eq!(facts.usable(now()).unwrap(), &facts.parts[0]);
        assert_eq!(read(&facts.armored).unwrap(), facts);
        let binary = SignedPublicKey::from((**key).clone()).to_bytes().unwrap();
        assert_eq!(read_key(&binary, &anna()).unwrap(), facts);
    }
}

fn opened(sealed: &str, key: &SignedSecretKey, by: Option<&NewsroomKey>) -> Vec<u8> {
    assert!(sealed.lines().all(|line| line.len() <= 76));
    assert_eq!(sealed.matches('\n').count(), sealed.matches("\r\n").count());
    let (message, _) = Message::from_armor(sealed.as_bytes()).unwrap();
    let mut message = message.decrypt(&Password::empty(), key).unwrap();
    if message.is_compressed() {
        message = message.decompress().unwrap();
    }
    let octets = message.as_data_vec().unwrap();
    if by.is_some() {
        message.verify(&SignedPublicKey::from(KEY.clone())).unwrap();
    }
    octets
}

#[test]
fn what_is_sealed_its_owner_opens_and_nobody_else() {
    let newsroom = newsroom_key();
    for (key, version) in [(&KEY, "v1"), (&NEW_KEY, "v2")] {
        let facts = read(&public(key)).unwrap();
        let part = facts.parts[0].fingerprint.clone();
        for signer in [None, Some(&newsroom)] {
            let octets = "Subject: Реки\r\n\r\nПолный текст\r\n".repeat(500);
            let sealed = seal(octets.clone().into_bytes(), (&facts, &part), signer, now()).unwrap();
            assert_eq!(opened(&sealed, key, signer), octets.as_bytes(), "{version}");
            let other = made(V4);
            let (message, _) = Message::from_armor(sealed.as_bytes()).unwrap();
            assert!(message.decrypt(&Password::empty(), &other).is_err());
        }
    }
}

/// A newsroom's key for tests, here and elsewhere.
pub(crate) fn newsroom_key() -> NewsroomKey {
    let armor = KEY.to_armored_string(ArmorOptions::default()).unwrap();
    NewsroomKey::from_armor(&armor, None).unwrap()
}

#[test]
fn a_signature_apart_verifies_and_names_its_hash() {
    let key = newsroom_key();
    let octets = b"Content-Type: text/plain\r\n\r\nOne.\r\n";
    let signed = key.sign(octets, now()).unwrap();
    let (signature, _) = DetachedSignature::from_string(&signed.armored).unwrap();
    let public = SignedPublicKey::from(KEY.clone());
    signature.verify(&public, octets).unwrap();
    assert!(signature.verify(&public, b"Two.\r\n").is_err());
    let hash = signature.signature.hash_alg().unwrap();
    let named = format!("pgp-{}", hash.to_string().to_lowercase());
    assert_eq!(signed.micalg, named);
    let made = signature.signature.created().unwrap().as_secs();
    assert_eq!(i64::from(made), now().as_second());
}

#[test]
fn the_newsrooms_key_opens_by_its_passphrase_and_never_shows_itself() {
    let mut locked = made(V4);
    let word = Password::from("open sesame");
    locked
        .primary_key
        .set_password(Entropy.openpgp_source(), &word)
        .unwrap();
    assert!(matches!(locked.secret_params(), SecretParams::Encrypted(_)));
    let armor = locked.to_armored_string(ArmorOptions::default()).unwrap();
    let opened = |word| NewsroomKey::from_armor(&armor, word);
    assert_eq!(opened(None).unwrap_err(), SecretFault::Locked);
    assert!(matches!(
        opened(Some("open barley")).unwrap_err(),
        SecretFault::Passphrase(_)
    ));
    let key = opened(Some("open sesame")).unwrap();
    let shown = format!("{key:?} {:?}", Signatory::new(key.clone(), true));
    assert_eq!(shown.matches(key.fingerprint()).count(), 2, "{shown}");
    assert!(shown.len() < 200, "{shown}");
    key.sign(b"x\r\n", now()).unwrap();
    let public = public(&locked);
    assert_eq!(
        NewsroomKey::from_armor(&public, None).unwrap_err(),
        SecretFault::NotSecret
    );
}

#[test]
fn bad_files_are_told_apart() {
    let sound = public(&KEY);
    let secret = KEY.to_armored_string(ArmorOptions::default()).unwrap();
    let cut = sound.lines().take(5).collect::<Vec<_>>().join("\n");
    let middle: Vec<_> = sound.lines().collect();
    let torn = [&middle[..5], &middle[8..]].concat().join("\n");
    let large = format!("{sound}{}", "x".repeat(10 * 1024 * 1024));
    for (text, words) in [
        ("", "no OpenPGP public key"),
        ("Dear Vera, here is my key.", "no OpenPGP public key"),
        (cut.as_str(), "is cut short"),
        (secret.as_str(), "SECRET key"),
        (&format!("{sound}\n{secret}"), "SECRET key"),
        (
            large.as_str(),
            "octets; expected a public key of at most 1 MiB",
        ),
    ] {
        let told = read(text).unwrap_err();
        assert!(told.contains(words), "{words}: {told}");
        assert!(told.len() < 400, "{told}");
    }
    // What is left of a torn file may still be packets, whose signatures are none.
    let told = read(&torn).unwrap_err();
    let refused = ["damaged", "without a valid signature"];
    assert!(refused.iter().any(|words| told.contains(words)), "{told}");
    let binary = KEY.to_bytes().unwrap();
    assert_eq!(read_key(&binary, &anna()), Err(KeyFault::Secret));
}

#[test]
fn of_several_keys_the_one_that_names_the_contact_is_meant() {
    let plan = |user_id| Plan { user_id, ..V4 };
    let (boris, vera) = (
        public(&made(plan("Boris <boris@example.org>"))),
        public(&made(plan("Vera <vera@example.org>"))),
    );
    let own = public(&KEY);
    let facts = read(&format!("{boris}{own}{vera}")).unwrap();
    assert_eq!(facts, read(&own).unwrap());
    assert_eq!(
        read(&format!("{own}{own}")).unwrap(),
        facts,
        "twice is once"
    );
    let told = read(&format!("{boris}{vera}")).unwrap_err();
    assert!(
        told.contains("none names") && told.contains("boris@example.org"),
        "{told}"
    );
    let told = read(&format!("{own}{}", public(&made(V4)))).unwrap_err();
    assert!(told.contains("more than one names"), "{told}");
}

#[test]
fn keys_that_cannot_be_encrypted_to_are_refused() {
    let signs = made(Plan {
        encrypts: None,
        ..V4
    });
    let told = read(&public(&signs)).unwrap_err();
    assert!(
        told.contains("cannot be encrypted to: it only signs"),
        "{told}"
    );
    for (text, words) in [
        (include_str!("keys/dsa.asc"), "DSA, which is not believed"),
        (
            include_str!("keys/rsa1024.asc"),
            "RSA of 1024 bits; expected 2048",
        ),
        (&vouched_by_sha1(), "vouches for itself by SHA1"),
    ] {
        let told = read(text).unwrap_err();
        assert!(told.contains(words), "{words}: {told}");
    }
}

/// A key whose word on itself is signed as it was long ago.
fn vouched_by_sha1() -> String {
    let key = made(Plan {
        primary: KeyType::Rsa(2048),
        ..V4
    });
    let mut public = SignedPublicKey::from(key.clone());
    assert_eq!(read(&self::public(&key)).unwrap().algorithm, "RSA 2048");
    let mut config = SignatureConfig::v4(
        SignatureType::CertPositive,
        key.primary_key.algorithm(),
        HashAlgorithm::Sha1,
    );
    let said = [
        SubpacketData::IssuerFingerprint(key.primary_key.fingerprint()),
        SubpacketData::SignatureCreationTime(key.primary_key.created_at()),
    ];
    let said = said
        .into_iter()
        .map(|data| Subpacket::regular(data).unwrap());
    config.hashed_subpackets = said.collect();
    let user = &mut public.details.users[0];
    let signature = config
        .sign_certification(
            &key.primary_key,
            &public.primary_key,
            &Password::empty(),
            Tag::UserId,
            &user.id,
        )
        .unwrap();
    user.signatures = vec![signature];
    public.details.direct_signatures.clear();
    public.to_armored_string(ArmorOptions::default()).unwrap()
}

/// The public key with a revocation of the whole, as `gpg --gen-revoke` makes it.
fn revoked(key: &SignedSecretKey) -> SignedPublicKey {
    let mut config = SignatureConfig::v4(
        SignatureType::KeyRevocation,
        key.primary_key.algorithm(),
        HashAlgorithm::Sha256,
    );
    let said = [
        SubpacketData::IssuerFingerprint(key.primary_key.fingerprint()),
        SubpacketData::SignatureCreationTime(key.primary_key.created_at()),
        SubpacketData::RevocationReason(RevocationCode::KeyRetired, b"".as_slice().into()),
    ];
    config.hashed_subpackets = said
        .into_iter()
        .map(|data| Subpacket::regular(data).unwrap())
        .collect();
    let public = SignedPublicKey::from(key.clone());
    let signature = config
        .sign_key(&key.primary_key, &Password::empty(), &public.primary_key)
        .unwrap();
    let mut public = public;
    public.details.revocation_signatures.push(signature);
    public
}

#[test]
fn a_revocation_counts_where_the_key_made_it() {
    let gone = revoked(&KEY)
        .to_armored_string(ArmorOptions::default())
        .unwrap();
    let facts = read(&gone).unwrap();
    assert!(facts.revoked);
    assert_eq!(facts.usable(now()).unwrap_err(), Obstacle::Revoked);
    assert_eq!(read(&facts.armored).unwrap(), facts);
    // Somebody else's revocation says nothing.
    let mut other = SignedPublicKey::from(made(V4));
    other.details.revocation_signatures = revoked(&KEY).details.revocation_signatures;
    let forged = other.to_armored_string(ArmorOptions::default()).unwrap();
    assert!(!read(&forged).unwrap().revoked);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn no_octets_panic_and_none_make_another_key(
        edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in proptest::option::of(any::<prop::sample::Index>()),
        new in any::<bool>(),
    ) {
        let key: &SignedSecretKey = if new { &NEW_KEY } else { &KEY };
        let mut octets = SignedPublicKey::from(key.clone()).to_bytes().unwrap();
        let sound = read_key(&octets, &anna()).unwrap();
        for (place, value) in edits {
            let place = place.index(octets.len());
            octets[place] = value;
        }
        if let Some(cut) = cut {
            octets.truncate(cut.index(octets.len()));
        }
        // A forger gains no part that the key itself did not vouch for.
        if let Ok(read) = read_key(&octets, &anna())
            && read.fingerprint == sound.fingerprint
        {
            prop_assert!(read.parts.iter().all(|part| sound.parts.contains(part)));
            prop_assert!(read.user_ids.iter().all(|id| sound.user_ids.contains(id)));
        }
    }
}
