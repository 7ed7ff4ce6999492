//! A claim knows how its mail is protected: as the contact's record says now, and
//! no more loosely than planned.

use super::ground::{Ground, at, claim, contact, delivery, distribution, event, leased, plan};
use dateline::domain::contact::Contact;
use dateline::domain::delivery::DeliveryState;
use dateline::domain::encryption::{
    Decision, EncryptionPolicy, KeyPart, Obstacle, Protection, PublicKey,
};
use dateline::store::{Claim, Store, Taken};
use std::collections::HashMap;

fn key(n: u8) -> PublicKey {
    PublicKey {
        fingerprint: format!("{n:040X}"),
        version: 4,
        algorithm: "Ed25519".into(),
        created: at(-100),
        expires: None,
        revoked: false,
        user_ids: vec!["Анна \"A\" <anna@example.org>".into()],
        parts: vec![KeyPart {
            fingerprint: format!("{:040X}", n + 100),
            algorithm: "X25519".into(),
            created: at(-100),
            expires: Some(at(50)),
            revoked: false,
        }],
        armored: "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n…\n".into(),
    }
}

fn guarded(n: u64, policy: EncryptionPolicy, with: Option<PublicKey>) -> Contact {
    Contact {
        encryption: policy,
        public_key: with.map(Box::new),
        // A text that reads like the field, and is none.
        notes: "\"encryption\":\"required\"".into(),
        ..contact(n)
    }
}

async fn protections(store: &dyn Store, seconds: i64) -> HashMap<String, Protection> {
    let lease = leased(store, 600).await;
    let turned = claim(store, lease, seconds, 10).await;
    let claimed = turned.claimed.into_iter();
    claimed
        .map(|one| (one.delivery.recipient.email.to_string(), one.protection))
        .collect()
}

pub(super) async fn a_claim_knows_how_its_mail_is_protected(ground: &Ground) {
    use EncryptionPolicy::{Off, Preferred, Required};
    let store = ground.open().await;
    let store = store.as_ref();
    let contacts = [
        guarded(0, Required, Some(key(1))),
        guarded(1, Preferred, None),
        guarded(2, Off, Some(key(2))),
        guarded(3, Off, None),
        guarded(4, Required, Some(key(4))),
        guarded(5, Off, None),
    ];
    store.import(&contacts).await.unwrap();
    for (n, known) in contacts.iter().enumerate() {
        let found = store.contact(&known.email).await.unwrap().unwrap();
        assert_eq!(found.public_key, known.public_key, "{n}");
    }
    let of = distribution();
    let rows: Vec<_> = (0..6)
        .map(|n| {
            let mut row = delivery(&of, n, 0);
            row.recipient = contacts[usize::try_from(n).unwrap()].recipient();
            row
        })
        .collect();
    plan(store, &of, &rows).await;
    // After planning: one loosens, one asks for more, and one goes.
    let loosened = guarded(0, Off, None);
    let stricter = guarded(5, Required, Some(key(5)));
    for (from, to) in [(&contacts[0], &loosened), (&contacts[5], &stricter)] {
        assert!(store.change_contact(from, to).await.unwrap());
    }
    ground.sql(&format!(
        "DELETE FROM contact WHERE email = '{}'",
        contacts[4].email
    ));
    let found = protections(store, 1).await;
    assert_eq!(found.len(), 6);
    let of = |n: usize| &found[&contacts[n].email.to_string()];
    assert_eq!(
        of(0),
        &Protection {
            policy: Required,
            key: None
        }
    );
    assert_eq!(
        of(1),
        &Protection {
            policy: Preferred,
            key: None
        }
    );
    // Whose policy is off is looked for no further.
    assert_eq!(of(2).decide(at(1)), Decision::Clear);
    assert_eq!(of(3), &Protection::default());
    assert_eq!(
        of(4),
        &Protection {
            policy: Required,
            key: None
        }
    );
    assert_eq!(
        of(5),
        &Protection {
            policy: Required,
            key: Some(key(5))
        }
    );
}

pub(super) async fn what_was_begun_stands_while_its_protection_does(ground: &Ground) {
    let store = ground.open().await;
    let store = store.as_ref();
    let known = guarded(0, EncryptionPolicy::Preferred, Some(key(1)));
    store.import(std::slice::from_ref(&known)).await.unwrap();
    let of = distribution();
    let mut row = delivery(&of, 0, 0);
    row.recipient = known.recipient();
    plan(store, &of, std::slice::from_ref(&row)).await;
    let lease = leased(store, 600).await;
    let claimed = claim(store, lease, 1, 1).await.claimed.remove(0);
    let stands = async || {
        let asked = store.still_stands(&claimed.delivery, &claimed.protection, lease, at(2));
        asked.await.unwrap()
    };
    assert!(stands().await);
    let mut now = known.clone();
    now.outlet = "Another".into();
    assert!(store.change_contact(&known, &now).await.unwrap());
    assert!(stands().await, "nothing that matters here");
    for change in [
        |contact: &mut Contact| contact.encryption = EncryptionPolicy::Required,
        |contact: &mut Contact| contact.public_key.as_mut().unwrap().revoked = true,
        |contact: &mut Contact| contact.public_key = None,
    ] {
        let mut other = now.clone();
        change(&mut other);
        assert!(store.change_contact(&now, &other).await.unwrap());
        assert!(!stands().await, "{other:?}");
        assert!(store.change_contact(&other, &now).await.unwrap());
        assert!(stands().await);
    }
}

pub(super) async fn what_is_withheld_is_over_and_nobody_has_it(ground: &Ground) {
    let store = ground.open().await;
    let store = store.as_ref();
    let guarded = guarded(0, EncryptionPolicy::Required, Some(key(1)));
    store.import(std::slice::from_ref(&guarded)).await.unwrap();
    let of = distribution();
    let mut row = delivery(&of, 0, 0);
    row.recipient = guarded.recipient();
    plan(store, &of, std::slice::from_ref(&row)).await;
    let lease = leased(store, 600).await;
    let take = |claimed: &dateline::store::Claimed| match claimed.protection.decide(at(50)) {
        Decision::Withhold(obstacle) => {
            assert_eq!(obstacle, Obstacle::Expired { at: at(50) });
            let state = DeliveryState::Withheld { obstacle };
            Taken::Ends(state, event(&claimed.delivery, "withheld", 50))
        }
        other @ (Decision::Clear | Decision::ClearFor(_) | Decision::Encrypt(..)) => {
            panic!("{other:?}")
        }
    };
    let claim = Claim {
        distribution: None,
        now: at(50),
        lease,
        limit: 10,
        take: &take,
    };
    let turned = store.turn(&[], Some(claim)).await.unwrap();
    assert!(turned.claimed.is_empty());
    let standing = store.delivery(row.id).await.unwrap().unwrap();
    let obstacle = Obstacle::Expired { at: at(50) };
    assert_eq!(standing.state, DeliveryState::Withheld { obstacle });
    assert_eq!(standing.attempts, 0);
    let has_it = store.recipients_of(&of.release).await.unwrap();
    assert!(has_it.is_empty(), "{has_it:?}");
    let counts = store.counts(of.id, at(51)).await.unwrap();
    assert_eq!((counts.in_state("withheld"), counts.failed()), (1, 1));
    assert_eq!(super::ground::verified(store).await, 3);
}
