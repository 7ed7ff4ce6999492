//! What is remembered, and what is told of it.

use super::ground::*;
use dateline::domain::agreement::{AgreementWord, Party, Said, Scope};
use dateline::domain::approval::{Approval, ContentPrint};
use dateline::domain::clock_guard::{Heartbeat, MachineTime};
use dateline::domain::course::Course;
use dateline::domain::delivery::DeliveryState;
use dateline::domain::embargo::Embargo;
use dateline::domain::log_search::{LogSearch, LogWay};
use dateline::domain::outcomes::{Breakdown, Outcomes};
use dateline::domain::suppression::{Suppression, SuppressionReason};
use dateline::domain::zone::Zone;
use dateline::store::{Imported, Reach, Revision};
use std::collections::{BTreeMap, BTreeSet};

fn counted(pairs: &[(&str, u64)]) -> BTreeMap<String, u64> {
    let pairs = pairs.iter().map(|(name, n)| ((*name).to_owned(), *n));
    pairs.collect()
}

pub(super) async fn contacts_are_known_by_their_address(ground: &Ground) {
    let store = ground.open().await;
    let first: Vec<_> = (0..1200).map(contact).collect();
    let done = store.import(&first).await.unwrap();
    let expected = Imported {
        added: 1200,
        ..Imported::default()
    };
    assert_eq!(done, expected);
    let mut second = vec![contact(0), contact(1), contact(5000)];
    second[0].outlet = "Another".into();
    second[0].id = contact(77).id;
    let done = store.import(&second).await.unwrap();
    assert_eq!((done.added, done.changed, done.unchanged), (1, 1, 1));
    let found = store.contact(&email(0)).await.unwrap().unwrap();
    assert_eq!(
        (found.id, found.outlet.as_str()),
        (contact(0).id, "Another")
    );
    assert_eq!(store.contact(&email(9999)).await.unwrap(), None);
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = store.contacts(after.as_ref(), 500).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(last.email.clone());
        seen.extend(page.iter().map(|one| one.email.to_string()));
    }
    assert_eq!(seen.len(), 1201);
    assert!(seen.is_sorted(), "octet by octet, on every backend");
}

pub(super) async fn the_weightiest_bar_of_an_address_stands(ground: &Ground) {
    let store = ground.open().await;
    let bar = |n, reason| Suppression {
        email: email(n),
        reason,
        at: at(0),
        source: "a test".into(),
        note: String::new(),
    };
    let first = [
        bar(1, SuppressionReason::OptOut),
        bar(2, SuppressionReason::HardBounce),
    ];
    store.suppress(&first).await.unwrap();
    let second = [bar(1, SuppressionReason::Manual)];
    assert_eq!(
        store.suppress(&second).await.unwrap(),
        0,
        "the weightier stays"
    );
    store.suppress(&[]).await.unwrap();
    let all = store.suppressed().await.unwrap();
    assert_eq!(all.len(), 2);
    assert_eq!(all[&email(1).to_string()], SuppressionReason::OptOut);
    let later = Suppression {
        at: at(9),
        ..bar(4, SuppressionReason::HardBounce)
    };
    let both = [
        bar(4, SuppressionReason::HardBounce),
        later,
        bar(4, SuppressionReason::OptOut),
    ];
    assert_eq!(store.suppress(&both[..2]).await.unwrap(), 1);
    let first = store.suppression(&email(4)).await.unwrap().unwrap();
    assert_eq!(first, both[0], "of two alike the first stays");
    let opted_out = store.suppress(&both).await.unwrap();
    assert_eq!(opted_out, 1, "an opt-out takes the place of a bounce");
    let stands = store.suppression(&email(4)).await.unwrap().unwrap();
    assert_eq!(stands, both[2]);
    assert!(
        !store.lift(&first).await.unwrap(),
        "it is another bar by now"
    );
    let asked = store.is_suppressed(&[email(2), email(3)]).await.unwrap();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[&email(2).to_string()], SuppressionReason::HardBounce);
}

pub(super) async fn what_is_put_on_record_comes_back_in_order(ground: &Ground) {
    let store = ground.open().await;
    let approval = |by: &str| Approval {
        release: release(),
        by: by.into(),
        at: at(1),
        print: ContentPrint::default(),
        parity_ok: true,
    };
    for by in ["vera", "ivan", "vera"] {
        store.approve(&approval(by)).await.unwrap();
    }
    let found = store.approvals(&release()).await.unwrap();
    assert_eq!(found, ["vera", "ivan", "vera"].map(approval));
    let word = |said| AgreementWord {
        party: Party::Outlet("Steppe Post".into()),
        scope: Scope::All,
        said,
        since: None,
        until: None,
        recorded_at: at(2),
        recorded_by: "vera".into(),
        note: "a letter".into(),
    };
    let words = [word(Said::Granted), word(Said::Revoked)];
    for one in &words {
        store.record_agreement(one).await.unwrap();
    }
    assert_eq!(store.agreements().await.unwrap(), words);
    assert_eq!(store.last_beat().await.unwrap(), None);
    let known = Heartbeat {
        at: at(3),
        machine: Some(MachineTime {
            steady: jiff::SignedDuration::from_micros(5_000_001),
            boot: "a".into(),
        }),
    };
    let unknown = Heartbeat {
        at: at(4),
        machine: None,
    };
    for beat in [known.clone(), unknown, known] {
        store.beat(&beat).await.unwrap();
        assert_eq!(store.last_beat().await.unwrap(), Some(beat));
    }
    let time = store.time().await.unwrap();
    assert_eq!(time.is_some(), ground.is_postgres());
    if let Some(time) = time {
        let off = time.duration_since(crate::support::now()).abs();
        assert!(off < jiff::SignedDuration::from_secs(5), "{off}");
    }
}

pub(super) async fn deliveries_are_counted(ground: &Ground) {
    let store = ground.open().await;
    let of = distribution();
    let mut rows = deliveries(&of, 6);
    rows[5].not_before = at(100);
    plan(store.as_ref(), &of, &rows).await;
    let lease = leased(store.as_ref(), 60).await;
    let turned = claim(store.as_ref(), lease, 1, 3).await;
    let records = [
        outcome(&turned.claimed[0], lease, accepted(2)),
        outcome(&turned.claimed[1], lease, deferred(50)),
    ];
    assert!(store.record(&records).await.unwrap().is_empty());
    let counts = store.counts(of.id, at(2)).await.unwrap();
    let expected = counted(&[
        ("accepted", 1),
        ("claimed", 1),
        ("deferred", 1),
        ("due", 2),
        ("planned", 1),
    ]);
    assert_eq!(counts.by_state, expected);
    assert_eq!(counts.by_language, counted(&[("en", 3), ("ru", 3)]));
    assert_eq!(counts.by_phase, counted(&[("immediate", 6)]));
    let domains: Vec<_> = counts.by_domain.iter().map(|(_, n)| *n).collect();
    assert_eq!(domains, [2, 2, 2]);
    let outcomes = store.outcomes(of.id).await.unwrap();
    let told = outcomes.by_domain.iter();
    let told = told.map(|one| (one.domain.clone(), one.outcomes.total()));
    assert_eq!(told.collect::<Vec<_>>(), counts.by_domain);
    let whole = Outcomes {
        accepted: 1,
        waiting: 5,
        ..Outcomes::default()
    };
    assert_eq!(Outcomes::of(&counts.by_state), whole);
    let by_domain = outcomes.by_domain.iter().map(|one| one.outcomes);
    let by_language = outcomes.by_language.values().copied();
    for all in [by_domain.collect::<Vec<_>>(), by_language.collect()] {
        let sum = |part: fn(&Outcomes) -> u64| all.iter().map(part).sum::<u64>();
        assert_eq!((sum(|one| one.accepted), sum(|one| one.waiting)), (1, 5));
        assert_eq!(sum(Outcomes::total), 6);
    }
    let languages = outcomes.by_language.iter();
    let languages = languages.map(|(name, one)| (name.clone(), one.total()));
    assert_eq!(languages.collect::<BTreeMap<_, _>>(), counts.by_language);
    let nothing = store.outcomes(distribution().id).await.unwrap();
    assert_eq!(nothing, Breakdown::default());
    let later = store.counts(of.id, at(60)).await.unwrap();
    assert_eq!(later.in_state("due"), 3, "what is deferred falls due");
    for (counts, at) in [(&counts, at(2)), (&later, at(60))] {
        let alone = store.counts_by_state(of.id, at, 6).await.unwrap();
        assert_eq!(alone, counts.by_state);
    }
    let due = store.due_times(of.id).await.unwrap();
    assert_eq!(due.iter().map(|(_, n)| n).sum::<u64>(), 5, "{due:?}");
    assert!(due.is_sorted(), "{due:?}");
    let deferred = store.standing(Some(of.id), "deferred", 10).await.unwrap();
    assert_eq!(deferred[0].delivery.id, turned.claimed[1].delivery.id);
    let elsewhere = distribution();
    assert!(
        store
            .standing(Some(elsewhere.id), "deferred", 10)
            .await
            .unwrap()
            .is_empty()
    );
    let ids = [rows[0].id, rows[4].id];
    let emails = store.addresses_of(&ids).await.unwrap();
    assert_eq!(emails.len(), 2);
    for row in [&rows[0], &rows[4]] {
        assert_eq!(emails[&row.id.to_string()], row.recipient.email.to_string());
    }
    let census = store.census(at(2)).await.unwrap();
    assert_eq!(census.by_state["planned"], 3);
    assert_eq!(census.by_course, counted(&[("under_way", 1)]));
    assert_eq!(census.oldest_due, Some(at(0)));
    assert_eq!(census.first_lease_end, Some(at(60)));
    let claimed = store.standing(None, "claimed", 10).await.unwrap();
    assert_eq!(claimed.len(), 1);
    let DeliveryState::Claimed { until, .. } = claimed[0].state else {
        panic!("{:?}", claimed[0].state);
    };
    assert_eq!((until, claimed[0].attempts), (at(60), 1));
    let states = store.states(None, 4).await.unwrap();
    let rest = store.states(Some(states[3].0), 10).await.unwrap();
    assert_eq!((states.len(), rest.len()), (4, 2));
    assert_eq!(verified(store.as_ref()).await, 12);
}

/// What was begun may have to be sent again, and then the clock must be right.
pub(super) async fn what_was_begun_under_an_embargo_hangs_on_the_clock(ground: &Ground) {
    let store = ground.open().await;
    let store = store.as_ref();
    let mut of = distribution();
    of.embargo = Some(Embargo {
        until: at(500),
        zone: Zone::parse("UTC").unwrap(),
    });
    let one = delivery(&of, 0, 5);
    plan(store, &of, std::slice::from_ref(&one)).await;
    let lease = leased(store, 60).await;
    assert_eq!(claim(store, lease, 10, 1).await.claimed.len(), 1);
    assert_eq!(store.waiting_beyond(at(30)).await.unwrap(), [of.id]);
    store.end_lease(lease, at(20)).await.unwrap();
    let doubt = state_of(store, one.id).await;
    assert_eq!(doubt, DeliveryState::InDoubt { attempt: 1 });
    assert_eq!(store.waiting_beyond(at(30)).await.unwrap(), [of.id]);
    assert_eq!(store.waiting_beyond(at(500)).await.unwrap(), []);
    let (reached, told) = (accepted(21), event(&one, "accepted", 21));
    assert!(store.decide(one.id, &doubt, &reached, told).await.unwrap());
    assert_eq!(store.waiting_beyond(at(30)).await.unwrap(), []);
}

pub(super) async fn what_waits_is_told(ground: &Ground) {
    let store = ground.open().await;
    let store = store.as_ref();
    assert_eq!(store.next_due(None).await.unwrap(), None);
    assert_eq!(store.due(None, at(9), 10).await.unwrap(), 0);
    let mut one = distribution();
    one.schedule.not_after = Some(at(1000));
    let rows = [0, 1, 2].map(|n| delivery(&one, n, 10 + i64::try_from(n).unwrap()));
    plan(store, &one, &rows).await;
    let mut two = distribution();
    two.embargo = Some(Embargo {
        until: at(500),
        zone: Zone::parse("UTC").unwrap(),
    });
    plan(store, &two, &[delivery(&two, 0, 5), delivery(&two, 1, 20)]).await;
    let over = distribution();
    plan(store, &over, &[]).await;
    assert_eq!(store.next_due(None).await.unwrap(), Some(at(5)));
    assert_eq!(store.next_due(Some(one.id)).await.unwrap(), Some(at(10)));
    assert_eq!(store.next_due(Some(over.id)).await.unwrap(), None);
    assert_eq!(store.due(None, at(11), 10).await.unwrap(), 3);
    assert_eq!(store.due(None, at(11), 2).await.unwrap(), 2);
    assert_eq!(store.due(Some(one.id), at(11), 10).await.unwrap(), 2);
    assert_eq!(
        store.due(None, at(2000), 10).await.unwrap(),
        2,
        "one is stale"
    );
    let overdue = store.overdue(at(7)).await.unwrap();
    assert_eq!(overdue, [(two.id, at(5))]);
    let sorted = |mut ids: Vec<_>| {
        ids.sort_unstable();
        ids
    };
    assert_eq!(
        sorted(store.waiting_beyond(at(11)).await.unwrap()),
        [one.id, two.id]
    );
    assert_eq!(
        store.waiting_beyond(at(30)).await.unwrap(),
        [two.id],
        "its lift"
    );
    assert_eq!(store.over(at(999)).await.unwrap(), []);
    assert_eq!(store.over(at(1000)).await.unwrap(), [one.id]);
    let times = store.due_times(one.id).await.unwrap();
    assert_eq!(times, [10, 11, 12].map(|second| (at(second), 1)));
    let countdowns = store.countdowns(at(499)).await.unwrap();
    assert_eq!(countdowns.len(), 1);
    assert_eq!(
        (countdowns[0].distribution, countdowns[0].lift),
        (two.id, at(500))
    );
    assert!(store.countdowns(at(500)).await.unwrap().is_empty());
    let held = Revision {
        from: &two,
        to: &dateline::domain::distribution::Distribution {
            course: Course::Held {
                since: at(6),
                by: "vera".into(),
                why: "a doubt".into(),
                cause: dateline::domain::course::HoldCause::Person,
            },
            ..two.clone()
        },
        content: None,
        events: vec![word(&two, "held")],
        reach: Reach::Claimed,
        moves: &|_| None,
    };
    assert_eq!(store.revise(held).await.unwrap(), Some(0));
    assert_eq!(store.next_due(None).await.unwrap(), Some(at(10)));
    assert_eq!(store.due(None, at(11), 10).await.unwrap(), 2);
    assert_eq!(store.overdue(at(7)).await.unwrap(), []);
    assert!(store.countdowns(at(30)).await.unwrap().is_empty());
    assert_eq!(store.census(at(7)).await.unwrap().oldest_due, None);
    let all: Vec<_> = store.distributions().await.unwrap();
    assert_eq!(all.len(), 3);
    assert_eq!(all[0].id, over.id, "the newest first");
    assert!(
        !store
            .distribution(two.id)
            .await
            .unwrap()
            .unwrap()
            .course
            .is_under_way()
    );
}

pub(super) async fn who_has_a_release_is_told(ground: &Ground) {
    let store = ground.open().await;
    let store = store.as_ref();
    let (of, rows) = planned(store, 4).await;
    let lease = leased(store, 60).await;
    let turned = claim(store, lease, 1, 2).await;
    let cancelled = DeliveryState::Cancelled { by: "vera".into() };
    let records = [
        outcome(&turned.claimed[0], lease, accepted(2)),
        outcome(&turned.claimed[1], lease, cancelled),
    ];
    store.record(&records).await.unwrap();
    let recipients = store.recipients_of(&release()).await.unwrap();
    assert_eq!(recipients.len(), 3, "one was cancelled");
    assert!(recipients.values().all(|id| *id == of.id));
    let receivers = store.receivers_of(&release()).await.unwrap();
    assert_eq!(receivers.len(), 1);
    assert_eq!(receivers[&email(0).to_string()], rows[0]);
    let none = dateline::domain::ids::ReleaseId::parse("another").unwrap();
    assert!(store.recipients_of(&none).await.unwrap().is_empty());
    let bytes = store.content("content-hash").await.unwrap();
    assert_eq!(bytes.as_deref(), Some(b"frozen \x00 content".as_slice()));
    assert_eq!(store.content("another").await.unwrap(), None);
}

/// Records are compared and hashed as they were written.
pub(super) async fn text_comes_back_as_it_was(ground: &Ground) {
    let store = ground.open().await;
    let store = store.as_ref();
    let mut of = distribution();
    of.headline = "  Два\u{202f}пробела, \u{0}\u{1f}, \"кавычки\" \\ и 🌊 \u{feff} ".into();
    let rows = deliveries(&of, 1);
    plan(store, &of, &rows).await;
    assert_eq!(store.distribution(of.id).await.unwrap().unwrap(), of);
    let lease = leased(store, 60).await;
    let turned = claim(store, lease, 1, 1).await;
    let odd = DeliveryState::Deferred {
        until: at(9),
        reply: "\u{0} \r\n \u{7f} ï \\u0000 {\"b\":1,  \"a\":2}".into(),
    };
    let record = outcome(&turned.claimed[0], lease, odd.clone());
    assert!(store.record(&[record]).await.unwrap().is_empty());
    assert_eq!(state_of(store, rows[0].id).await, odd);
    let entry = event(&rows[0], "due", 3);
    let decided = store
        .decide(rows[0].id, &odd, &DeliveryState::Due, entry)
        .await;
    assert!(decided.unwrap(), "the state it was read in is found again");
    verified(store).await;
}

pub(super) async fn the_log_is_searched(ground: &Ground) {
    let store = ground.open().await;
    let (one, rows) = planned(store.as_ref(), 6).await;
    let (other, _) = planned(store.as_ref(), 3).await;
    let lease = leased(store.as_ref(), 60).await;
    let turned = claim_of(store.as_ref(), Some(one.id), lease, 1, 2).await;
    let mut records = outcomes(&turned, lease, &accepted(2));
    records[0].event.as_mut().unwrap().at = at(2) + jiff::SignedDuration::from_millis(100);
    store.record(&records).await.unwrap();
    let found = async |search: &LogSearch, way| {
        let rows = store.search_log(search, way, 100).await.unwrap();
        rows.iter().map(|row| row.entry.seq).collect::<Vec<_>>()
    };
    let all = LogSearch::default();
    let everything = found(&all, LogWay::Onward(0)).await;
    assert_eq!(everything, (1..=15).collect::<Vec<_>>());
    assert_eq!(found(&all, LogWay::Back(Some(3))).await, [2, 1]);
    assert_eq!(found(&all, LogWay::Back(None)).await.len(), 15);
    // No text of PostgreSQL's holds NUL: what has one in it is nowhere.
    let odd = LogSearch {
        event: Some("\0".into()),
        ..LogSearch::default()
    };
    assert_eq!(found(&odd, LogWay::Back(None)).await, [] as [u64; 0]);
    let some = LogSearch {
        stretches: vec![4..=6],
        ..LogSearch::default()
    };
    assert_eq!(found(&some, LogWay::Back(None)).await, [6, 5, 4]);
    assert_eq!(found(&some, LogWay::Onward(4)).await, [5, 6]);
    let apart = LogSearch {
        stretches: vec![2..=3, 7..=7, 12..=u64::MAX],
        ..LogSearch::default()
    };
    assert_eq!(found(&apart, LogWay::Onward(2)).await[..3], [3, 7, 12]);
    assert_eq!(found(&apart, LogWay::Back(Some(13))).await, [12, 7, 3, 2]);
    let last = store.last_entries().await.unwrap();
    for id in [one.id, other.id] {
        let of_it = LogSearch {
            distribution: Some(id),
            ..LogSearch::default()
        };
        assert_eq!(found(&of_it, LogWay::Back(None)).await[0], last[&id]);
    }
    let of = |id| LogSearch {
        distribution: Some(id),
        ..LogSearch::default()
    };
    assert_eq!(found(&of(one.id), LogWay::Onward(0)).await.len(), 11);
    assert_eq!(found(&of(other.id), LogWay::Onward(0)).await.len(), 4);
    // To one address: planned twice, and what became of the first.
    let to = LogSearch {
        emails: Some([rows[0].recipient.email.clone()].into()),
        ..LogSearch::default()
    };
    let entries = found(&to, LogWay::Onward(0)).await;
    assert!(entries.len() >= 2 && entries.len() <= 4, "{entries:?}");
    let in_stretches = LogSearch {
        stretches: entries.iter().map(|seq| *seq..=*seq).collect(),
        ..to.clone()
    };
    assert_eq!(found(&in_stretches, LogWay::Onward(0)).await, entries);
    let second = LogSearch {
        emails: Some([rows[1].recipient.email.clone()].into()),
        ..LogSearch::default()
    };
    let others = found(&second, LogWay::Onward(0)).await;
    let both = LogSearch {
        emails: Some(
            rows[..2]
                .iter()
                .map(|one| one.recipient.email.clone())
                .collect(),
        ),
        ..LogSearch::default()
    };
    let mut either: Vec<_> = entries.iter().chain(&others).copied().collect();
    either.sort_unstable();
    assert_eq!(found(&both, LogWay::Onward(0)).await, either);
    let nobody = LogSearch {
        emails: Some(BTreeSet::new()),
        ..LogSearch::default()
    };
    assert!(found(&nobody, LogWay::Onward(0)).await.is_empty());
    let accepted = LogSearch {
        event: Some("accepted".into()),
        since: Some(at(2)),
        until: Some(at(3)),
        ..LogSearch::default()
    };
    assert_eq!(found(&accepted, LogWay::Onward(0)).await.len(), 2);
    // Lines leave the zeros at a fraction's end out: `.1` is before `.100001`.
    let between = LogSearch {
        since: Some(at(2) + jiff::SignedDuration::from_micros(100_001)),
        ..accepted.clone()
    };
    assert_eq!(found(&between, LogWay::Onward(0)).await.len(), 1);
    let later = LogSearch {
        since: Some(at(3)),
        ..accepted
    };
    assert!(found(&later, LogWay::Onward(0)).await.is_empty());
}
