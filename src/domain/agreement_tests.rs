//! Tests of agreements.

use super::*;
use crate::domain::contact::EmbargoAgreement;
use proptest::prelude::*;

fn contact(imported: bool) -> Contact {
    let mut contact = crate::domain::contact::example("anna@example.org");
    contact.outlet = "Steppe Post".to_owned();
    contact.embargo_agreement = imported.then_some(EmbargoAgreement { since: None });
    contact
}

fn word(n: i64, own: bool, said: Said, scope: Scope) -> AgreementWord {
    AgreementWord {
        party: if own {
            Party::Contact(EmailAddress::parse("anna@example.org").unwrap())
        } else {
            Party::Outlet(" steppe POST".to_owned())
        },
        said,
        scope,
        since: None,
        until: None,
        recorded_by: "vera".to_owned(),
        recorded_at: Timestamp::from_second(n).unwrap(),
        note: String::new(),
    }
}

fn release() -> ReleaseId {
    ReleaseId::parse("2027-03-11-river").unwrap()
}

const DAY: Date = Date::constant(2026, 11, 30);

fn permits(imported: bool, words: &[AgreementWord]) -> bool {
    Agreements::new(words.iter().cloned()).permit(&contact(imported), &release(), DAY)
}

#[test]
fn the_last_word_counts() {
    use Said::{Granted, Revoked};
    assert!(!permits(false, &[]));
    assert!(permits(true, &[]));
    assert!(!permits(true, &[word(1, true, Revoked, Scope::All)]));
    assert!(permits(
        true,
        &[
            word(1, true, Revoked, Scope::All),
            word(2, true, Granted, Scope::All)
        ]
    ));
    assert!(permits(false, &[word(1, false, Granted, Scope::All)]));
    // The outlet's revocation ends what its people had.
    assert!(!permits(
        true,
        &[
            word(1, true, Granted, Scope::All),
            word(2, false, Revoked, Scope::All)
        ]
    ));
    // Their own revocation stands, whatever the outlet grants later.
    assert!(!permits(
        true,
        &[
            word(1, true, Revoked, Scope::All),
            word(2, false, Granted, Scope::All)
        ]
    ));
}

#[test]
fn a_word_on_another_release_or_another_day_does_not_count() {
    let other: ReleaseId = ReleaseId::parse("2027-04-01-other").unwrap();
    assert!(!permits(
        false,
        &[word(1, true, Said::Granted, Scope::Release(other.clone()))]
    ));
    assert!(permits(
        true,
        &[word(1, true, Said::Revoked, Scope::Release(other))]
    ));
    assert!(permits(
        false,
        &[word(1, true, Said::Granted, Scope::Release(release()))]
    ));
    let mut early = word(1, true, Said::Granted, Scope::All);
    early.since = Some(Date::constant(2026, 12, 1));
    assert!(!permits(false, &[early.clone()]));
    early.since = Some(DAY);
    early.until = Some(DAY);
    assert!(permits(false, &[early]));
}

proptest! {
    #[test]
    fn after_an_own_revocation_nothing_but_an_own_grant_helps(words in prop::collection::vec((any::<bool>(), any::<bool>()), 0..8), imported: bool) {
        let mut all: Vec<_> = words.iter().enumerate().map(|(n, (own, granted))| {
            word(i64::try_from(n).unwrap(), *own, if *granted { Said::Granted } else { Said::Revoked }, Scope::All)
        }).collect();
        all.push(word(100, true, Said::Revoked, Scope::All));
        prop_assert!(!permits(imported, &all));
        all.push(word(101, false, Said::Granted, Scope::All));
        prop_assert!(!permits(imported, &all));
        all.push(word(102, true, Said::Granted, Scope::All));
        prop_assert!(permits(imported, &all));
    }
}
