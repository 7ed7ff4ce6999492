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
    stands(imported, words, at("2026-11-30T12:00:00Z")).is_some()
}

fn stands(imported: bool, words: &[AgreementWord], at: Timestamp) -> Option<Agreed> {
    let agreements = Agreements::new(words.iter().cloned());
    let consent = agreements.consent(&contact(imported), &[&release()], &zone());
    consent.stands(at)
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn zone() -> Zone {
    Zone::parse("Asia/Almaty").unwrap()
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

#[test]
fn its_days_are_the_newsrooms() {
    let mut first = word(1, true, Said::Granted, Scope::All);
    (first.since, first.until) = (Some(DAY), Some(DAY));
    let end = at("2026-11-30T19:00:00Z");
    let one = std::slice::from_ref(&first);
    assert_eq!(stands(false, one, at("2026-11-29T18:59:59Z")), None);
    for now in ["2026-11-29T19:00:00Z", "2026-11-30T18:59:59Z"] {
        let agreed = stands(false, one, at(now));
        assert_eq!(agreed, Some(Agreed { until: Some(end) }));
    }
    assert_eq!(stands(false, one, end), None);
    // One that follows on without a gap carries it on.
    let mut next = word(2, false, Said::Granted, Scope::All);
    next.since = DAY.tomorrow().ok();
    let both = [first, next];
    assert_eq!(
        stands(false, &both, at("2026-11-30T12:00:00Z")),
        Some(Agreed { until: None })
    );
}

#[test]
fn the_order_of_the_record_decides_and_not_its_clock() {
    let granted = word(9_000, true, Said::Granted, Scope::All);
    // Recorded after it, when the clock had been set back.
    let revoked = word(1_000, true, Said::Revoked, Scope::All);
    assert!(!permits(false, &[granted.clone(), revoked.clone()]));
    assert!(permits(false, &[revoked, granted.clone()]));
    let outlet = word(1_000, false, Said::Revoked, Scope::All);
    assert!(!permits(true, &[granted, outlet]));
}

#[test]
fn a_correction_goes_by_the_words_on_its_original_too() {
    let correction = ReleaseId::parse("2027-03-12-correction").unwrap();
    let stands = |words: &[AgreementWord]| {
        let agreements = Agreements::new(words.iter().cloned());
        let both = [&correction, &release()];
        let consent = agreements.consent(&contact(false), &both, &zone());
        !consent.is_none()
    };
    let on = |said, release: &ReleaseId| word(1, true, said, Scope::Release(release.clone()));
    let (granted, revoked) = (Said::Granted, Said::Revoked);
    assert!(stands(&[on(granted, &release())]));
    let all = word(1, true, granted, Scope::All);
    assert!(!stands(&[all, on(revoked, &release())]));
    assert!(!stands(&[
        on(granted, &release()),
        on(revoked, &correction)
    ]));
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
