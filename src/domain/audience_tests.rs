//! Properties of the audience: two clocks, nobody twice, nobody forgotten.

use super::*;
use crate::domain::agreement::{AgreementWord, Party, Said, Scope};
use crate::domain::contact::example;
use crate::domain::newsroom::LanguagePolicy;
use crate::domain::schedule::Start;
use crate::domain::send_window::SendWindow;
use jiff::SignedDuration;
use proptest::prelude::*;

#[derive(Debug, Clone)]
struct Person {
    agreed: bool,
    zone: Option<&'static str>,
    country: &'static str,
    window: Option<&'static str>,
    list: u8,
    suppressed: bool,
    word: Option<bool>,
}

fn people() -> impl Strategy<Value = Vec<Person>> {
    let zones = prop::option::of(prop::sample::select(vec![
        "Asia/Almaty",
        "America/New_York",
        "Pacific/Kiritimati",
        "Etc/GMT+12",
        "Africa/Casablanca",
        "Australia/Lord_Howe",
    ]));
    let countries = prop::sample::select(vec!["", "CH", "RU", "KZ", "XX"]);
    let windows = prop::option::of(prop::sample::select(vec![
        "always",
        "mon-fri 08:00-20:00",
        "sat,sun",
        "22:00-23:00",
    ]));
    let person = (
        any::<bool>(),
        zones,
        countries,
        windows,
        0u8..4,
        prop::bool::weighted(0.2),
        prop::option::of(any::<bool>()),
    )
        .prop_map(
            |(agreed, zone, country, window, list, suppressed, word)| Person {
                agreed,
                zone,
                country,
                window,
                list,
                suppressed,
                word,
            },
        );
    prop::collection::vec(person, 1..12)
}

fn contact(n: usize, person: &Person) -> Contact {
    let mut contact = example(&format!("p{n}@example.org"));
    contact.embargo_agreement = person
        .agreed
        .then_some(crate::domain::contact::EmbargoAgreement { since: None });
    contact.time_zone = person.zone.map(|zone| Zone::parse(zone).unwrap());
    contact.country = person.country.to_owned();
    contact.send_window = person
        .window
        .map(|window| SendWindow::parse(window).unwrap());
    contact.lists = vec![format!("list{}", person.list)];
    contact
}

fn word(n: usize, granted: bool) -> AgreementWord {
    AgreementWord {
        party: Party::Contact(format!("p{n}@example.org").parse().unwrap()),
        said: if granted {
            Said::Granted
        } else {
            Said::Revoked
        },
        scope: Scope::All,
        since: None,
        until: None,
        recorded_by: "vera".to_owned(),
        recorded_at: Timestamp::UNIX_EPOCH,
        note: String::new(),
    }
}

proptest! {
    #[test]
    fn both_phases_part_the_audience_and_nobody_is_early(
        people in people(),
        start in 0u8..3,
        lift in prop::option::of(-100_000i64..1_000_000),
        gap in 0i64..10_000,
        not_after in prop::option::of(1i64..2_000_000),
        now in 1_700_000_000i64..1_900_000_000,
    ) {
        let (release, languages) = (ReleaseId::parse("r").unwrap(), vec![Language::parse("en").unwrap()]);
        let now = Timestamp::from_second(now).unwrap();
        let embargo = lift.map(|ahead| Embargo { until: now + SignedDuration::from_secs(ahead), zone: Zone::utc() });
        let list = |n| Segment::parse(&format!("list:list{n}"), &format!("'list{n}' in contact.lists")).unwrap();
        let rule = Rule { to: vec![list(0), list(1), list(2)], not: vec![list(2)] };
        let agreements = Agreements::new(people.iter().enumerate().filter_map(|(n, person)| Some(word(n, person.word?))));
        let suppressed = people.iter().enumerate().filter(|(_, person)| person.suppressed)
            .map(|(n, _)| (format!("p{n}@example.org"), SuppressionReason::OptOut)).collect();
        let schedule = Schedule {
            start: match start { 0 => Start::At { at: now }, 1 => Start::OnLift, _ => crate::domain::schedule::parse_local("09:00").unwrap() },
            wave_gap: SignedDuration::from_secs(gap),
            not_after: not_after.map(|end| now + SignedDuration::from_secs(end)),
            ..Schedule::now(now)
        };
        let selection = Selection {
            release: &release, rule: &rule, languages: &languages, embargo: embargo.as_ref(), policy: &LanguagePolicy::default(),
            newsroom_zone: &Zone::parse("Europe/Zurich").unwrap(), schedule: &schedule, now, agreements: &agreements,
            suppressed: &suppressed, already: &HashMap::new(),
        };
        for (n, person) in people.iter().enumerate() {
            let contact = contact(n, person);
            let included = match judge(&contact, &selection, &Matcher::default()) {
                Verdict::Included(included) => included,
                Verdict::Excluded(why) => {
                    let expected = person.list >= 2 || person.suppressed || why.name() == "too_late";
                    prop_assert!(expected, "{} left out: {why:?}", contact.email);
                    continue;
                }
            };
            prop_assert!(person.list < 2 && !person.suppressed);
            let agreed = person.word.unwrap_or(person.agreed);
            let barred = embargo.as_ref().filter(|embargo| embargo.until > now);
            prop_assert!(included.not_before >= now);
            prop_assert!(!schedule.is_stale(included.not_before));
            prop_assert!(included.permitted_from.is_none_or(|from| included.not_before >= from));
            prop_assert_eq!(included.window.unwrap_or(SendWindow::ALWAYS), contact.send_window.unwrap_or(schedule.window));
            let lift = barred.map(|embargo| EarlyCopy { lift: embargo.until, agreed_until: None });
            prop_assert_eq!(included.early, lift.filter(|_| included.phase == Phase::Advance));
            match (included.phase, barred) {
                (Phase::Immediate, barred) => prop_assert!(barred.is_none()),
                (Phase::Advance, barred) => prop_assert!(agreed && barred.is_some_and(|embargo| included.not_before < embargo.until)),
                (Phase::General, barred) => {
                    let lift = barred.map(|embargo| embargo.until);
                    prop_assert!(lift.is_some() && included.permitted_from == lift && Some(included.not_before) >= lift);
                }
            }
        }
    }
}

/// The phase of early copy at a time, under an agreement of some days.
fn phase(at: &str, since: Option<&str>, until: Option<&str>) -> (Phase, Option<Timestamp>) {
    let instant = |text: &str| -> Timestamp { text.parse().unwrap() };
    let now = instant("2026-11-28T12:00:00Z");
    let embargo = Embargo::parse("2026-12-03T10:00[UTC]").unwrap();
    let mut granted = word(1, true);
    granted.since = since.map(|day| day.parse().unwrap());
    granted.until = until.map(|day| day.parse().unwrap());
    let contact = example("p1@example.org");
    let release = ReleaseId::parse("r").unwrap();
    let zurich = Zone::parse("Europe/Zurich").unwrap();
    let consent = Agreements::new([granted]).consent(&contact, &[&release], &zurich);
    let schedule = Schedule {
        start: Start::At { at: instant(at) },
        ..Schedule::now(now)
    };
    let spot = Spot {
        zone: &zurich,
        window: None,
        permitted_from: None,
        wave: 0,
    };
    let timing = time_it(Some(&embargo), &consent, &schedule, now, spot);
    (
        timing.phase,
        timing.early.and_then(|early| early.agreed_until),
    )
}

#[test]
fn an_agreement_must_stand_when_the_early_copy_leaves() {
    let midnight = Some("2026-11-30T23:00:00Z".parse().unwrap());
    // It stands today, and not any more on the day of the start.
    let last = Some("2026-11-30");
    assert_eq!(phase("2026-12-01T08:00:00Z", None, last).0, Phase::General);
    // It does not stand yet, but will.
    let first = Some("2026-11-30");
    assert_eq!(phase("2026-11-29T08:00:00Z", first, None).0, Phase::General);
    assert_eq!(phase("2026-11-30T08:00:00Z", first, None).0, Phase::Advance);
    // The day is the newsroom's; its end is written down.
    let evening = phase("2026-11-30T22:59:59Z", None, last);
    assert_eq!(evening, (Phase::Advance, midnight));
    assert_eq!(phase("2026-11-30T23:00:00Z", None, last).0, Phase::General);
}

#[test]
fn a_zone_comes_from_the_contact_the_country_or_the_newsroom() {
    let newsroom = Zone::parse("Europe/Zurich").unwrap();
    let mut contact = example("a@example.org");
    contact.country = "UZ".to_owned();
    assert_eq!(zone_of(&contact, &newsroom).1, ZoneFrom::Newsroom);
    contact.country = "KG".to_owned();
    let (zone, from) = zone_of(&contact, &newsroom);
    assert_eq!((zone.name(), from), ("Asia/Bishkek", ZoneFrom::Country));
    contact.time_zone = Some(Zone::utc());
    assert_eq!(zone_of(&contact, &newsroom).1, ZoneFrom::Own);
}
